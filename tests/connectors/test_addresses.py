"""Calls to addresses that somebody else chooses never lead into our own network: every spelling, names that lead there,
names that change their mind, redirects and proxies. And what makes HTTPS HTTPS is still there."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.connectors import addresses
from integration_hub.connectors.addresses import is_public, is_public_literal
from integration_hub.connectors.http import Http
from integration_hub.connectors.webhooks import Webhooks
from integration_hub.failures import Rejected, Unreachable

#: networks that no call may reach, each with an address of it
INSIDE = {
	"this network": "0.0.0.0",
	"this network, another": "0.1.2.3",
	"private 10": "10.0.0.1",
	"private 10, its end": "10.255.255.255",
	"shared by providers (CGNAT)": "100.64.0.1",
	"CGNAT, its end": "100.127.255.254",
	"Alibaba's metadata (CGNAT)": "100.100.100.200",
	"loopback": "127.0.0.1",
	"loopback, another": "127.8.9.10",
	"link-local": "169.254.1.1",
	"metadata of AWS, Google, Azure": "169.254.169.254",
	"metadata of AWS's tasks": "169.254.170.2",
	"private 172": "172.16.0.1",
	"private 172, its end": "172.31.255.255",
	"IETF assignments, Oracle's metadata": "192.0.0.192",
	"documentation 1": "192.0.2.1",
	"6to4 relay": "192.88.99.1",
	"private 192": "192.168.0.1",
	"benchmarks": "198.18.0.1",
	"documentation 2": "198.51.100.1",
	"documentation 3": "203.0.113.1",
	"multicast": "224.0.0.1",
	"multicast, local": "239.255.255.250",
	"reserved": "240.0.0.1",
	"broadcast": "255.255.255.255",
	"IPv6 unspecified": "::",
	"IPv6 loopback": "::1",
	"IPv6 loopback in full": "0:0:0:0:0:0:0:1",
	"IPv4-compatible": "::10.0.0.1",
	"IPv4-mapped private": "::ffff:10.0.0.1",
	"IPv4-mapped loopback in hex": "::ffff:7f00:1",
	"IPv4-mapped metadata": "::ffff:169.254.169.254",
	"IPv4-translated": "::ffff:0:7f00:1",
	"6to4 of a private address": "2002:a00:1::",
	"6to4 of loopback": "2002:7f00:1::1",
	"6to4 of metadata": "2002:a9fe:a9fe::",
	"NAT64 of a private address": "64:ff9b::10.0.0.1",
	"NAT64 of metadata": "64:ff9b::a9fe:a9fe",
	"NAT64 for local use": "64:ff9b:1::808:808",
	"Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
	"ORCHID": "2001:20::1",
	"IPv6 documentation": "2001:db8::1",
	"IPv6 documentation, newer": "3fff::1",
	"IPv6 discard": "100::1",
	"unique local": "fc00::1",
	"unique local, usual": "fd12:3456:789a::1",
	"AWS's metadata on IPv6": "fd00:ec2::254",
	"IPv6 link-local": "fe80::1",
	"IPv6 link-local with its zone": "fe80::1%eth0",
	"old site-local": "fec0::1",
	"segment routing": "5f00::1",
	"IPv6 multicast": "ff02::1",
}
#: other spellings of inside addresses, which the C library takes
SPELLINGS = {
	"decimal": "2130706433",
	"hex": "0x7f000001",
	"octal": "017700000001",
	"parts in octal": "0177.0.0.1",
	"parts in hex": "0x7f.0x0.0x0.0x1",
	"one part hex": "0x7f.1",
	"two parts": "127.1",
	"three parts": "10.0.1",
	"zero": "0",
	"metadata decimal": "2852039166",
	"metadata hex": "0xA9FEA9FE",
	"metadata mixed": "0xa9.0376.43518",
	"leading zeros": "0000177.0.0.1",
}
OUTSIDE = (
	"1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1", "172.15.0.1",
	"172.32.0.1", "192.167.1.1", "192.169.1.1", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e",
	"::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::8.8.8.8",
)  # fmt: skip
PUBLIC = "93.184.216.34"
NAME = "hooks.example"


def bracketed(host: str) -> str:
	return f"[{host}]" if ":" in host else host


@pytest.fixture
def nothing_is_sent(monkeypatch):
	def forbidden(*_arguments, **_more):
		raise AssertionError("nothing may be connected to")

	monkeypatch.setattr("socket.socket.connect", forbidden)


@pytest.fixture
def resolver(monkeypatch):
	"""What names lead to: `resolver[name] = [first answer, second, …]`, each a list of addresses; the last one stays.
	`resolver.asked` has the names that were looked up."""

	class Answers(dict):
		asked: list[str] = []

	answers = Answers()
	answers.asked = []
	real = socket.getaddrinfo

	def look_up(host, port, *arguments, **more):
		if host not in answers:
			with contextlib.suppress(ValueError):
				ipaddress.ip_address(host.partition("%")[0])
				return real(host, port, *arguments, **more)
			if is_public_literal(host) is not None:
				return real(host, port, *arguments, **more)
			raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
		answers.asked.append(host)
		found = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
		return [
			(
				socket.AF_INET6 if ":" in one else socket.AF_INET,
				socket.SOCK_STREAM,
				socket.IPPROTO_TCP,
				"",
				(one, port, 0, 0) if ":" in one else (one, port),
			)
			for one in found
		]

	monkeypatch.setattr(socket, "getaddrinfo", look_up)
	return answers


# --- what an address is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE)
def test_an_inside_address_is_none_of_the_public_internet(address):
	assert not is_public(address)
	assert is_public_literal(bracketed(address)) is False


@pytest.mark.parametrize("host", SPELLINGS.values(), ids=SPELLINGS)
def test_other_spellings_are_seen_through(host):
	assert is_public_literal(host) is False


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_internet_is_public(address):
	assert is_public(address) and is_public_literal(bracketed(address)) is True


@pytest.mark.parametrize(
	"name", ["hooks.example.com", "10.example.com", "localhost", "0x7f.example", "a", "1.2.3.4.5"]
)
def test_a_name_is_no_address(name):
	assert is_public_literal(name) is None


_PRIVATE = [
	ipaddress.ip_network(one)
	for one in (
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
	)
]  # fmt: skip
inside = st.sampled_from(_PRIVATE).flatmap(lambda network: st.ip_addresses(v=4, network=network))


@st.composite
def spelt(draw):
	"""An inside IPv4 address as one to four numbers, each decimal, octal or hexadecimal."""
	address = int(draw(inside))
	count = draw(st.integers(1, 4))
	numbers = [(address >> (24 - 8 * place)) & 0xFF for place in range(count - 1)]
	numbers.append(address & ((1 << (8 * (5 - count))) - 1))
	ways = draw(
		st.lists(st.sampled_from(("{}", "0{:o}", "0x{:x}", "0X{:X}")), min_size=count, max_size=count)
	)
	return ".".join(way.format(number) for way, number in zip(ways, numbers, strict=True))


@given(spelt())
def test_every_spelling_of_every_inside_address_is_refused(host):
	assert is_public_literal(host) is False


@given(inside)
def test_an_inside_address_in_ipv6_clothes_is_refused(address):
	number = int(address)
	for dressed in (
		ipaddress.IPv6Address(number),
		ipaddress.IPv6Address((0xFFFF << 32) | number),
		ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
		ipaddress.IPv6Address((0x64FF9B << 96) | number),
	):
		assert not is_public(str(dressed)), dressed


@given(st.ip_addresses())
def test_nothing_is_public_that_python_does_not_hold_for_global(address):
	if is_public(str(address)):
		inner = addresses._inner(address) if address.version == 6 else None
		assert (inner or address).is_global and not (inner or address).is_multicast


# --- what is called ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [*map(bracketed, INSIDE.values()), *SPELLINGS.values(), "localhost"])
def test_no_call_goes_to_an_inside_address(host, nothing_is_sent):
	http = Http("https://unused.example", public_only=True)
	with pytest.raises((Rejected, Unreachable)) as refused:
		http.request("POST", f"https://{host}/x", data=b"{}")
	if "%" not in host:  # a zone is no part of an address: some libraries do not even begin
		assert isinstance(refused.value, Rejected) and "inside this network" in refused.value.sentence


@pytest.mark.parametrize(
	"host", [*map(bracketed, INSIDE.values()), *SPELLINGS.values(), "localhost", "a.localhost"]
)
def test_an_endpoint_there_cannot_even_be_entered(host):
	assert Webhooks.refuses({"url": f"https://{host}/hook", "environment": "Production"})


@pytest.mark.parametrize(
	"url",
	[
		"", "hooks.example.com", "//hooks.example.com", "http://hooks.example.com", "ftp://hooks.example.com", "file:///etc/passwd",
		"gopher://hooks.example.com", "https://", "https:///x", "https://:443/", "https://u@hooks.example.com", "https://u:p@hooks.example.com",
		"https://hooks.example.com:70000/", "https://hooks.example.com:port/", "https://[::1", "https://hooks.example.com/#x",
	],
)  # fmt: skip
def test_what_is_no_whole_https_address_cannot_be_entered(url):
	assert Webhooks.refuses({"url": url, "environment": "Production"})


@pytest.mark.parametrize(
	"url", ["https://hooks.example.com", "https://hooks.example.com:8443/a?b=c", "https://1.1.1.1/x"]
)
def test_a_good_address_can_be_entered(url):
	assert Webhooks.refuses({"url": url, "environment": "Production"}) == ""


def test_a_sandbox_opens_this_machine_only():
	def refused(address):
		return Webhooks.refuses({"url": "", "environment": "Sandbox", "sandbox_url": address})

	assert refused("http://127.0.0.1:8000/hook") == refused("http://localhost:8000/hook") == ""
	for address in (
		"http://10.0.0.1/",
		"https://10.0.0.1/",
		"http://169.254.169.254/",
		"http://hooks.example.com/",
	):
		assert refused(address), address


@pytest.mark.parametrize(
	"found",
	[["10.0.0.5"], ["127.0.0.1"], ["169.254.169.254"], ["::1"], ["fd00::1"], [PUBLIC, "10.0.0.5"], ["10.0.0.5", PUBLIC], [PUBLIC, "::ffff:10.0.0.5"]],
	ids=str,
)  # fmt: skip
@pytest.mark.parametrize("sandbox", [False, True])
def test_a_name_that_leads_inside_is_refused(found, sandbox, resolver, nothing_is_sent):
	"""Also when it leads outside, too: which of them is taken is not ours to say."""
	resolver[NAME] = [found]
	http = Http("https://unused.example", public_only=True, allow_loopback_http=sandbox)
	with pytest.raises(Rejected, match="inside this network"):
		http.request("POST", f"https://{NAME}/x", data=b"{}")
	assert resolver.asked == [NAME]


@pytest.mark.parametrize("name", ["①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "127.0.0.1."])
def test_letters_that_become_digits_lead_nowhere(name, nothing_is_sent):
	http = Http("https://unused.example", public_only=True)
	with pytest.raises((Rejected, Unreachable)):
		http.request("POST", f"https://{name}/x", data=b"{}")


def test_a_name_that_does_not_exist_is_tried_again_later(resolver, nothing_is_sent):
	with pytest.raises(Unreachable, match="could not be reached"):
		Http("https://unused.example", public_only=True).request("POST", f"https://{NAME}/x", data=b"{}")


# --- a public server --------------------------------------------------------------------------------------


def certificate(folder, *names: str) -> str:
	key = ec.generate_private_key(ec.SECP256R1())
	subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
	now = datetime.now(timezone.utc)
	made = (
		x509.CertificateBuilder()
		.subject_name(subject)
		.issuer_name(subject)
		.public_key(key.public_key())
		.serial_number(x509.random_serial_number())
		.not_valid_before(now - timedelta(days=1))
		.not_valid_after(now + timedelta(days=1))
		.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
		.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
		.sign(key, hashes.SHA256())
	)
	pem = folder / f"{names[0]}.pem"
	pem.write_bytes(
		made.public_bytes(serialization.Encoding.PEM)
		+ key.private_bytes(
			serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
		)
	)
	return str(pem)


class Server:
	"""An HTTPS server "in the internet": its certificate is for hooks.example, and connections to PUBLIC addresses end up
	at it. `connected` has every address that was connected to, `answers` what it says next."""

	def __init__(self, monkeypatch, pem):
		self.connected: list[tuple] = []
		self.names: list[str | None] = []
		self.asked: list[str] = []
		self.answers: list[tuple[int, dict[str, str]]] = []
		self.dead: set[str] = set()
		server = self

		class Handler(BaseHTTPRequestHandler):
			protocol_version = "HTTP/1.1"

			def do_POST(self):
				self.rfile.read(int(self.headers.get("Content-Length") or 0))
				server.asked.append(f"{self.command} {self.headers['Host']}{self.path}")
				status, headers = server.answers.pop(0) if server.answers else (200, {})
				self.send_response(status)
				for name, value in headers.items():
					self.send_header(name, value)
				self.send_header("Content-Length", "2")
				self.end_headers()
				self.wfile.write(b"{}")

			do_GET = do_POST

			def log_message(self, *_arguments):
				pass

		self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		context.load_cert_chain(pem)
		context.sni_callback = lambda _line, name, _context: self.names.append(name)
		self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
		self.port = self.http.server_address[1]
		threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
		real = socket.socket.connect

		def connect(line, address):
			self.connected.append(address)
			if address[0] in self.dead:
				raise ConnectionRefusedError("nobody there")
			assert is_public(address[0]), f"connected to {address}"
			return real(line, ("127.0.0.1", self.port))

		monkeypatch.setattr("socket.socket.connect", connect)


@pytest.fixture
def server(monkeypatch, tmp_path):
	pem = certificate(tmp_path, NAME)
	monkeypatch.setenv("REQUESTS_CA_BUNDLE", pem)
	one = Server(monkeypatch, pem)
	yield one
	one.http.shutdown()
	one.http.server_close()


def way(**options) -> Http:
	return Http(f"https://{NAME}", public_only=True, timeouts=(2.0, 5.0), **options)


def test_it_is_called_by_its_name_at_the_address_that_was_found(server, resolver):
	resolver[NAME] = [[PUBLIC]]
	assert way().request("POST", "x", data=b"{}").status == 200
	assert server.connected == [(PUBLIC, 443)] and server.names == [NAME]
	assert server.asked == [f"POST {NAME}/x"]


def test_the_certificate_is_checked_against_the_name(server, resolver):
	resolver["other.example"] = [[PUBLIC]]
	with pytest.raises(Unreachable, match="certificate"):
		way().request("POST", "https://other.example/x", data=b"{}")
	assert server.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused(server, resolver, monkeypatch):
	monkeypatch.delenv("REQUESTS_CA_BUNDLE")
	resolver[NAME] = [[PUBLIC]]
	with pytest.raises(Unreachable, match="certificate"):
		way().request("POST", "x", data=b"{}")
	assert server.asked == []


def test_a_connection_is_used_again(server, resolver):
	resolver[NAME] = [[PUBLIC], ["10.0.0.5"]]
	http = way()
	for _time in range(3):
		http.request("POST", "x", data=b"{}")
	assert len(server.connected) == 1 and len(server.asked) == 3 and resolver.asked == [NAME]


def test_a_name_that_changes_its_mind_leads_nowhere(server, resolver):
	"""DNS rebinding: the answer that was checked is the one that is connected to; a new connection asks and checks anew."""
	resolver[NAME] = [[PUBLIC], ["127.0.0.1"]]
	assert way().request("POST", "x", data=b"{}").status == 200
	assert resolver.asked == [NAME], "looked up once: a second answer could be another one"
	with pytest.raises(Rejected, match="inside this network"):
		way().request("POST", "x", data=b"{}")
	assert server.connected == [(PUBLIC, 443)]


def test_a_connection_that_was_lost_is_checked_anew(server, resolver):
	resolver[NAME] = [[PUBLIC], ["169.254.169.254"]]
	server.answers = [(200, {"Connection": "close"})]
	http = way()
	http.request("POST", "x", data=b"{}")
	with pytest.raises(Rejected, match="inside this network"):
		http.request("POST", "x", data=b"{}")
	assert len(server.connected) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
	"target",
	["https://10.0.0.5/", "http://169.254.169.254/latest/", "//127.0.0.1/", "/elsewhere", "https://[::1"],
)
def test_a_message_is_redirected_nowhere(server, resolver, status, target):
	resolver[NAME] = [[PUBLIC]]
	server.answers = [(status, {"Location": target})]
	with pytest.raises(Rejected, match="redirects"):
		way().request("POST", "x", data=b"{}")
	assert len(server.connected) == 1 and len(server.asked) == 1


def test_a_read_is_redirected_within_its_host_only_and_checked_again(server, resolver):
	resolver[NAME] = [[PUBLIC], ["10.0.0.5"]]
	server.answers = [(302, {"Location": "/there", "Connection": "close"})]
	with pytest.raises(Rejected, match="inside this network"):
		way().request("GET", "x")
	assert len(server.connected) == 1


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_is_not_asked(server, resolver, monkeypatch, variable):
	"""It would look the name up by itself, and reach what we may not."""
	monkeypatch.setenv(variable, "http://10.9.9.9:3128")
	resolver[NAME] = [[PUBLIC]]
	assert way().request("POST", "x", data=b"{}").status == 200
	assert server.connected == [(PUBLIC, 443)]


def test_a_dead_address_is_passed_over_and_not_many_are_tried(server, resolver):
	dead = ["1.1.1.1", "1.0.0.1", "8.8.8.8"]
	server.dead = set(dead)
	resolver[NAME] = [[dead[0], PUBLIC]]
	assert way().request("POST", "x", data=b"{}").status == 200
	assert [address[0] for address in server.connected] == [dead[0], PUBLIC]
	server.connected.clear()
	resolver[NAME] = [[*dead, PUBLIC]]
	with pytest.raises(Unreachable, match="could not be reached"):
		way().request("POST", "x", data=b"{}")
	assert [address[0] for address in server.connected] == dead[: addresses.MOST_TRIED]


def test_whoever_never_finishes_the_handshake_is_left(server, resolver, monkeypatch):
	"""A byte now and then keeps each single read alive; the handshake as a whole has its time."""
	slow = socket.create_server(("127.0.0.1", 0))
	stop = threading.Event()

	def drip():
		line, _address = slow.accept()
		with line, contextlib.suppress(OSError):
			for byte in b"\x16\x03\x03\x40\x00" + b"\x02" * 60:
				line.sendall(bytes([byte]))
				if stop.wait(0.3):
					return

	thread = threading.Thread(target=drip, daemon=True)
	thread.start()
	server.port = slow.getsockname()[1]
	resolver[NAME] = [[PUBLIC]]
	began = time.monotonic()
	try:
		with pytest.raises(Unreachable):
			Http(f"https://{NAME}", public_only=True, timeouts=(1.0, 1.0), longest_answer=2.0).request(
				"POST", "x", data=b"{}"
			)
		assert time.monotonic() - began < 5
	finally:
		stop.set()
		slow.close()
		thread.join(5)
