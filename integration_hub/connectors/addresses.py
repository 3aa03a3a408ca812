"""Which addresses a call may go to, and the connection that goes to no other.

A name that somebody else chooses (an endpoint of a subscriber, the file that a vendor names) must not lead into our own
network. To look a name up, find it harmless and then let a library look it up again is no protection: the second answer
may be another one (DNS rebinding). So the name is looked up once, by the connection itself, every address found must be
public, and the connection goes to one of exactly these. The certificate is still checked against the name.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

#: so many addresses of a name are tried: each that does not answer costs the whole time to connect
MOST_TRIED = 2
#: Networks that lead somewhere else than to a public host, whatever the version of Python says of them: IETF protocol
#: assignments, 6to4 relays, discard-only, segment routing, documentation (RFC 9637), old site-local, IPv4-compatible
_NOT_PUBLIC = tuple(
	map(
		ipaddress.ip_network,
		(
			"192.0.0.0/24",
			"192.88.99.0/24",
			"100.64.0.0/10",
			"100::/64",
			"100:0:0:1::/64",
			"2001::/23",
			"5f00::/16",
			"3fff::/20",
			"fec0::/10",
			"64:ff9b:1::/48",
		),
	)
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")


class InsideAddress(Exception):
	"""The name leads (also) to an address that is not public. Nothing was sent."""


def is_public(address: str) -> bool:
	"""Whether an IP address is one of the public internet. An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) counts
	as itself."""
	one = ipaddress.ip_address(address.partition("%")[0])
	if isinstance(one, ipaddress.IPv6Address):
		inner = _inner(one)
		if inner is not None:
			return is_public(str(inner))
	if any(one in network for network in _NOT_PUBLIC if network.version == one.version):
		return False
	return one.is_global and not (
		one.is_multicast or one.is_reserved or one.is_unspecified or one.is_link_local or one.is_loopback
	)


def _inner(one: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
	if one.ipv4_mapped:
		return one.ipv4_mapped
	if one.sixtofour:
		return one.sixtofour
	if one in _NAT64 or one in _COMPATIBLE:
		return ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)
	return None


def is_public_literal(host: str) -> bool | None:
	"""Whether a host that is written as an IP address is public; None for a name. Also in the spellings that the C library
	takes for one: 2130706433, 0x7f.1, 127.1."""
	host = host.strip("[]")
	try:
		return is_public(host)
	except ValueError:
		pass
	try:
		return is_public(socket.inet_ntoa(socket.inet_aton(host)))
	except (OSError, UnicodeError, ValueError):
		return None


@contextmanager
def hung_up_after(connected: Any, seconds: float) -> Iterator[threading.Event]:
	"""Hangs a socket (anything with `fileno`) up after so many seconds; the event tells whether that happened.

	`requests` limits the pause between two bytes only: without this, whoever sends a byte now and then holds a worker for
	hours.
	"""
	# a number of its own: the connection's may be closed and given to another while the timer runs
	line = socket.socket(fileno=os.dup(connected.fileno()))
	hung_up = threading.Event()

	def hang_up() -> None:
		hung_up.set()
		try:
			line.shutdown(socket.SHUT_RDWR)
		except OSError:
			pass  # the other side was quicker

	timer = threading.Timer(max(seconds, 0.0), hang_up)
	timer.daemon = True
	timer.start()
	try:
		yield hung_up
	finally:
		timer.cancel()
		timer.join()  # so that it cannot strike a connection that is in use again
		line.close()


class GuardedAdapter(HTTPAdapter):
	"""Connections that wait no longer than `longest` seconds for the head of an answer, however slowly it drips in, and,
	when `public_only`, that go to public addresses alone."""

	def __init__(self, *, longest: float, public_only: bool):
		self._guard = {"longest": longest, "public_only": public_only}
		super().__init__()

	def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
		super().init_poolmanager(*arguments, **options)
		self.poolmanager.pool_classes_by_scheme = {
			scheme: type(
				pool.__name__, (pool,), {"ConnectionCls": type(kind.__name__, (_Guard, kind), self._guard)}
			)
			for scheme, pool, kind in (
				("http", HTTPConnectionPool, HTTPConnection),
				("https", HTTPSConnectionPool, HTTPSConnection),
			)
		}


class _Guard:
	longest: float
	public_only: bool

	def _new_conn(self) -> socket.socket:
		return _to_public_address(self) if self.public_only else super()._new_conn()

	def getresponse(self, *arguments: Any, **options: Any) -> Any:
		with hung_up_after(self.sock, self.longest):
			return super().getresponse(*arguments, **options)


def _to_public_address(connection: Any) -> socket.socket:
	"""As urllib3's own `_new_conn`, to nothing but what was checked."""
	host = connection.host.strip("[]")
	try:
		found = socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
	except (OSError, UnicodeError) as error:
		raise NewConnectionError(connection, f"Failed to resolve {host!r}: {error}") from error
	if not found or not all(is_public(str(one[4][0])) for one in found):
		raise InsideAddress(host)
	for place, (family, kind, protocol, _name, address) in enumerate(found[:MOST_TRIED], start=1):
		line = socket.socket(family, kind, protocol)
		try:
			for option in connection.socket_options or ():
				line.setsockopt(*option)
			line.settimeout(connection.timeout)
			line.connect(address)
			return line
		except OSError as error:
			line.close()
			if place < min(len(found), MOST_TRIED):
				continue
			if isinstance(error, TimeoutError):
				raise ConnectTimeoutError(connection, f"{host} did not answer in time") from error
			raise NewConnectionError(connection, f"Failed to connect: {error}") from error
	raise AssertionError("the last address returns or raises")
