"""What every sandbox vendor shares: the server, the request log, the knobs, the courier and the control API.

A vendor derives from `Vendor`, answers requests in `handle`, names them in `operations`, speaks its own error
bodies in `refuse`, and lists in `actions` what tests and the demo may do to its world (place an order, ...).

Control API (JSON, for other processes; the same things are attributes in this process):

| | |
|---|---|
| `GET /_sandbox/` | what can be asked and done here |
| `GET /_sandbox/state` | the vendor's own summary |
| `POST /_sandbox/do/ACTION` | an action with its arguments as a JSON object; answers `{"result": ...}` |
| `GET, DELETE /_sandbox/log[?operation=&method=&path=&count=1]` | requests so far |
| `GET, POST, DELETE /_sandbox/troubles` | see `sandbox.vendors.troubles` |
| `GET, DELETE /_sandbox/webhooks` | deliveries with their attempts |
| `POST /_sandbox/webhooks` | `{"copies": 8, "retries": [..], "hold": true, "release": "shuffled", "again": id, "wait": s}` |
"""

import contextlib
import inspect
import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from sandbox.vendors.deliveries import Courier
from sandbox.vendors.troubles import KINDS, Trouble, Troubles

CONTROL = "/_sandbox/"
KEPT_BODY = 256 * 1024  # bytes of a request kept in the log


@dataclass
class Entry:
	"""One request: what was asked, and the status it got (None: no answer was sent)."""

	number: int
	at: float
	method: str
	path: str
	operations: list[str]
	status: int | None
	seconds: float
	trouble: str
	body: str


class RequestLog:
	"""Requests so far, oldest first. Headers are not kept: they hold the token."""

	def __init__(self):
		self.entries: list[Entry] = []
		self.lock = threading.Lock()

	def add(self, **known) -> None:
		with self.lock:
			self.entries.append(Entry(number=len(self.entries) + 1, **known))

	def find(self, operation: str = "", method: str = "", path: str = "") -> list[Entry]:
		"""Entries whose operations, method and path match these shell patterns."""
		wanted = Trouble("", operation=operation, method=method, path=path)
		with self.lock:
			entries = list(self.entries)
		return [entry for entry in entries if wanted.matches(entry.operations, entry.method, entry.path)]

	def count(self, operation: str = "", method: str = "", path: str = "") -> int:
		return len(self.find(operation, method, path))

	def clear(self) -> None:
		with self.lock:
			self.entries.clear()


class _Handler(WSGIRequestHandler):
	def log(self, type: str, message: str, *args) -> None:
		logging.getLogger("sandbox.vendors").debug(message, *args)


class Running:
	"""A vendor that listens. Use as a context manager (gives the URL), or call `stop` yourself."""

	def __init__(self, vendor: "Vendor", port: int = 0):
		self.vendor = vendor
		self.server = make_server("127.0.0.1", port, vendor, threaded=True, request_handler=_Handler)
		self.server.daemon_threads = True
		self.url = f"http://127.0.0.1:{self.server.server_port}"
		vendor.url = self.url
		vendor.stopping.clear()
		self.thread = threading.Thread(
			target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, name=vendor.key, daemon=True
		)
		self.thread.start()

	def stop(self) -> None:
		"""Stop listening and delivering; requests that hang on purpose are let go."""
		self.vendor.stopping.set()
		self.vendor.courier.stop()
		threading.Thread(target=self.server.shutdown, daemon=True).start()
		if threading.current_thread() is not self.thread:
			self.thread.join(5)
		self.server.server_close()

	def join(self) -> None:
		while self.thread.is_alive():
			self.thread.join(0.5)

	def __enter__(self) -> str:
		return self.url

	def __exit__(self, *_) -> None:
		self.stop()


class Vendor:
	"""A vendor's server. One instance is one account; start two for two accounts."""

	key = ""
	title = ""
	kinds: tuple[str, ...] = KINDS  # of trouble; a vendor adds its own

	def __init__(self):
		self.url = ""
		self.lock = threading.RLock()  # around all state
		self.log = RequestLog()
		self.troubles = Troubles(self.kinds)
		self.courier = Courier()
		self.stopping = threading.Event()
		self.actions: dict[str, Callable] = {}

	# ---- what a vendor brings

	@classmethod
	def from_seed(cls, seed: dict) -> "Vendor":
		"""A vendor with the world that a seed file describes."""
		raise NotImplementedError

	def credentials(self) -> dict:
		"""What a client needs to sign in, for the line printed at the start."""
		return {}

	def state(self) -> dict:
		"""A short summary of the vendor's world."""
		return {}

	def operations(self, request: Request) -> list[str]:
		"""Names for a request, as the vendor's documentation calls it; troubles and the log use them."""
		return [f"{request.method} {request.path}"]

	def handle(self, request: Request) -> Response:
		raise NotImplementedError

	def refuse(self, trouble: Trouble, request: Request) -> Response:
		"""The vendor's own way of saying `rate_limited`, `error`, `unauthorised` and its own kinds."""
		status = {"rate_limited": 429, "unauthorised": 401}.get(trouble.kind, trouble.status)
		answer = json_response({"error": trouble.kind}, status)
		if trouble.kind == "rate_limited":
			answer.headers["Retry-After"] = str(trouble.retry_after)
		return answer

	# ---- serving

	def start(self, port: int = 0) -> Running:
		"""Listen on 127.0.0.1 in this process: `with vendor.start() as url: ...`"""
		return Running(self, port)

	def __call__(self, environ, start_response):
		request = Request(environ)
		if request.path.startswith(CONTROL):
			answer = self._control(request)
		else:
			answer = self._serve(request, environ)
		return answer(environ, start_response)

	def _serve(self, request: Request, environ) -> Response:
		began = time.time()
		body = request.get_data(cache=True)
		operations = self.operations(request)
		trouble = self.troubles.pick(operations, request.method, request.path)
		kind = trouble.kind if trouble else ""
		silent = kind in ("timeout", "drop", "drop_before")
		try:
			if kind == "slow":
				self.stopping.wait(trouble.seconds)
			if trouble and kind not in ("slow", "timeout", "drop", "error_after"):
				answer = Response(status=444) if silent else self.refuse(trouble, request)
			else:
				answer = self._answer(request)
			if kind == "error_after":
				answer = self.refuse(trouble, request)
			if kind == "timeout":
				self.stopping.wait(trouble.seconds)
		finally:
			self.log.add(
				at=began,
				method=request.method,
				path=request.path,
				operations=operations,
				status=None if silent else answer.status_code,
				seconds=time.time() - began,
				trouble=kind,
				body=body[:KEPT_BODY].decode("utf-8", "replace"),
			)
		if silent:
			_hang_up(environ)
		return answer

	def _answer(self, request: Request) -> Response:
		try:
			return self.handle(request)
		except HTTPException as problem:
			return problem.get_response()

	# ---- control

	def _control(self, request: Request) -> Response:
		try:
			return json_response(self._controlled(request))
		except HTTPException as problem:
			return json_response({"error": problem.description}, problem.code or 500)
		except (TypeError, ValueError, LookupError) as problem:
			return json_response({"error": f"{type(problem).__name__}: {problem}"}, 400)

	def _controlled(self, request: Request):
		what = request.path[len(CONTROL) :].strip("/")
		arguments = request.get_json() if request.get_data() else {}
		if what == "":
			return {
				"vendor": self.key,
				"url": self.url,
				"troubles": list(self.kinds),
				"actions": {name: str(inspect.signature(act)) for name, act in self.actions.items()},
			}
		if what == "state":
			return self.state()
		if what == "log":
			return self._control_log(request)
		if what == "troubles":
			return self._control_troubles(request, arguments)
		if what == "webhooks":
			return self._control_webhooks(request, arguments)
		if what.startswith("do/") and request.method == "POST":
			name = what.removeprefix("do/")
			if name not in self.actions:
				raise NotFound(f"No action {name}; there are: {', '.join(sorted(self.actions))}")
			return {"result": self.actions[name](**arguments)}
		raise NotFound(f"Nothing at {request.method} {request.path}")

	def _control_log(self, request: Request):
		if request.method == "DELETE":
			self.log.clear()
			return {}
		wanted = {name: request.args.get(name, "") for name in ("operation", "method", "path")}
		found = self.log.find(**wanted)
		return {"count": len(found)} if request.args.get("count") else [asdict(entry) for entry in found]

	def _control_troubles(self, request: Request, arguments: dict):
		if request.method == "DELETE":
			self.troubles.clear()
		elif request.method == "POST":
			self.troubles.add(**arguments)
		return self.troubles.as_json()

	def _control_webhooks(self, request: Request, arguments: dict):
		courier, answer = self.courier, {}
		if request.method == "GET":
			return [delivery.as_json() for delivery in list(courier.deliveries)]
		if request.method == "DELETE":
			courier.clear()
			return {}
		if "copies" in arguments:
			courier.copies = int(arguments["copies"])
		if "retries" in arguments:
			courier.retries = tuple(float(seconds) for seconds in arguments["retries"])
		if arguments.get("hold"):
			courier.hold()
		if "release" in arguments:
			answer["released"] = courier.release(arguments["release"])
		if "again" in arguments:
			courier.again(int(arguments["again"]))
		if "wait" in arguments:
			answer["idle"] = courier.wait(float(arguments["wait"]))
		return answer


def json_response(data, status: int = 200, headers: dict | None = None) -> Response:
	return Response(
		json.dumps(data, default=str), status, headers=headers, content_type="application/json; charset=utf-8"
	)


def _hang_up(environ) -> None:
	"""Close the client's connection without a byte of an answer."""
	connection = environ.get("werkzeug.socket")
	if connection is not None:
		with contextlib.suppress(OSError):  # the client may have gone first
			connection.shutdown(socket.SHUT_RDWR)
