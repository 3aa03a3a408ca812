"""A receiver of webhooks on a plain socket, so that it can misbehave in every way that a real one does.

`Sink().behave(...)` names what it does with each delivery to come, "ok" when nothing is left. A delivery counts as
acknowledged when it was answered with a whole 2xx.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: what `behave` takes → what goes onto the line; a callable gets the connection
ANSWERS: dict[str, bytes | Callable[[socket.socket, threading.Event], None]] = {}


def _answer(status: str, *headers: str, body: bytes = b"") -> bytes:
	lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
	return "\r\n".join(lines).encode() + body


def _endless(line: socket.socket, stopping: threading.Event) -> None:
	line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")
	while not stopping.is_set():
		line.sendall(b"x" * 65536)


def _drip(line: socket.socket, stopping: threading.Event) -> None:
	for byte in _answer("200 OK", body=b"slow"):
		line.sendall(bytes([byte]))
		if stopping.wait(1):
			return


def _silent(_line: socket.socket, stopping: threading.Event) -> None:
	stopping.wait(60)


def _cut(line: socket.socket, _stopping: threading.Event) -> None:
	line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{")


def _hang_up(_line: socket.socket, _stopping: threading.Event) -> None:
	return


ANSWERS.update(
	{
		"ok": _answer("200 OK", body=b"taken"),
		"no content": _answer("204 No Content"),
		"error": _answer("500 Internal Server Error", body=b"broken"),
		"unavailable": _answer("503 Service Unavailable", "Retry-After: 120"),
		"too many": _answer("429 Too Many Requests", "Retry-After: 60"),
		"not found": _answer("404 Not Found"),
		"refused": _answer("400 Bad Request", body=b"no"),
		"unauthorised": _answer("401 Unauthorized"),
		"redirect": _answer("302 Found", "Location: https://example.com/elsewhere"),
		"redirect inside": _answer("307 Temporary Redirect", "Location: http://169.254.169.254/latest/meta-data/"),
		"nonsense": b"\x00\x01\x02 not HTTP at all\r\n\r\n",
		"bomb": _answer("500 Internal Server Error", "Content-Encoding: gzip", body=b"\x1f\x8b\x08" + b"\x00" * 4096),
		"gone": _answer("410 Gone"),
		"hang up": _hang_up,
		"cut": _cut,
		"endless": _endless,
		"drip": _drip,
		"silent": _silent,
	}
)  # fmt: skip


@dataclass
class Delivery:
	headers: dict[str, str]
	body: bytes
	how: str
	at: float = field(default_factory=time.time)

	@property
	def id(self) -> str:
		return self.headers.get("webhook-id", "")


class Sink:
	def __init__(self):
		self.seen: list[Delivery] = []
		self.plan: list[str] = []
		self.always = "ok"
		self._lock = threading.Lock()
		self.stopping = threading.Event()
		self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
		self.port = self.server.getsockname()[1]
		self.url = f"http://127.0.0.1:{self.port}/hook"
		self.thread = threading.Thread(target=self._serve, daemon=True)
		self.thread.start()

	def behave(self, *how: str, always: str | None = None) -> None:
		with self._lock:
			self.plan = list(how)
			if always:
				self.always = always

	def taken(self) -> list[Delivery]:
		"""What was acknowledged, in its order."""
		with self._lock:
			return [one for one in self.seen if one.how in ("ok", "no content")]

	def stop(self) -> None:
		self.stopping.set()
		self.server.shutdown(socket.SHUT_RDWR)  # closing alone would not wake `accept`
		self.server.close()
		self.thread.join(5)

	def _serve(self) -> None:
		while not self.stopping.is_set():
			try:
				line, _address = self.server.accept()
			except OSError:
				return
			threading.Thread(target=self._talk, args=(line,), daemon=True).start()

	def _talk(self, line: socket.socket) -> None:
		with line:
			line.settimeout(30)
			try:
				asked = self._read(line)
				if asked is None:
					return
				with self._lock:
					asked.how = self.plan.pop(0) if self.plan else self.always
					self.seen.append(asked)
				answer = ANSWERS[asked.how]
				if callable(answer):
					answer(line, self.stopping)
				else:
					line.sendall(answer)
			except OSError:
				return  # the hub hung up, as it must on some of these

	@staticmethod
	def _read(line: socket.socket) -> Delivery | None:
		data = b""
		while b"\r\n\r\n" not in data:
			more = line.recv(65536)
			if not more:
				return None
			data += more
		head, _blank, body = data.partition(b"\r\n\r\n")
		lines = head.decode("latin-1").split("\r\n")[1:]
		headers = {
			name.lower(): value.strip() for name, _colon, value in (one.partition(":") for one in lines)
		}
		while len(body) < int(headers.get("content-length", 0)):
			body += line.recv(65536)
		return Delivery(headers, body, "")
