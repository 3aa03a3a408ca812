"""Where outside systems deliver webhooks:

	POST /api/method/integration_hub.api.webhooks.receive?key=<webhook key of the Connection>

Order of events: find the Connection, verify the signature over the raw bytes, store Events in one insert,
commit, answer 200, wake a worker. Nothing is worked on in the request.

Answers: 200 stored (or known already), in the vendor's own words where it wants some · 401 wrong signature · 404 unknown
key, or a Connection that takes no webhooks · 405 not POST, where the vendor does not ask by GET · 413 body over 5 MB ·
429 too many of 401 and 404 for one address within a minute · 503 its connector is not installed, or the vendor's key
cannot be had. Bodies of errors say nothing about what exists here.
"""

from __future__ import annotations

import frappe
from frappe.utils import get_url
from werkzeug.wrappers import Request, Response

from integration_hub.api.rest import callers, limits
from integration_hub.connectors.contract import (
	AnswersWebhooks,
	ReceivesWebhooks,
	WebhookAnswer,
	WebhookRequest,
)
from integration_hub.connectors.http import Exchange
from integration_hub.failures import BadSignature
from integration_hub.sync import attempts, connections, refusals, store, unread, wake
from integration_hub.sync.failing import sort

MAX_BODY = 5 * 1024 * 1024


#: what a vendor wants to read may be what it has sent: no browser shall take it for a page of this site
GUARDED = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
PATH = "/api/method/integration_hub.api.webhooks.receive"


@frappe.whitelist(allow_guest=True, methods=["POST", "GET"])
def receive() -> Response:
	"""Take one webhook delivery. Guests may call it: the signature is the permission. By GET only vendors may ask whose
	connector says so; it stores what is announced all the same, in a commit of its own."""
	frappe.flags.integration_hub_received = True
	return _receive(frappe.request)


def after_request(response: Response | None, request: Request) -> None:
	"""Take deliveries whose body Frappe itself cannot parse.

	Frappe reads a JSON body before it looks at the address, and answers 500 when that fails. A shop that sends
	broken JSON with a good signature must still be heard, so the delivery is taken here and the answer replaced.
	"""
	if response is None or request.path != PATH or request.method != "POST":
		return
	if frappe.flags.integration_hub_received:
		return
	if not frappe.db:
		frappe.connect(set_admin_as_user=False)
		frappe.set_user("Guest")
	answer = _receive(request)
	response.status_code = answer.status_code
	response.mimetype = answer.mimetype
	for name in ("Retry-After", *GUARDED):
		if name in answer.headers:
			response.headers[name] = answer.headers[name]
	response.set_data(answer.get_data())


def _receive(request: Request) -> Response:
	if (request.content_length or 0) > MAX_BODY:
		return _answer(413, "too large")
	body = request.get_data(cache=True)
	if len(body) > MAX_BODY:
		return _answer(413, "too large")
	name = _connection_of(request.args.get("key") or "")
	if name is None:
		return _refused(404, "not found")
	connection = connections.get(name)
	if not connections.is_installed(connection):
		return _answer(503, "not available")  # the vendor tries again; the app may come back
	exchanges: list[Exchange] = []
	connector = connections.verifier(connection, exchanges.append)
	if not connection.enabled or not isinstance(connector, ReceivesWebhooks):
		return _answer(404, "not found")
	if request.method != "POST" and not isinstance(connector, AnswersWebhooks):
		return _answer(405, "not allowed")
	delivery = WebhookRequest(
		headers={key.lower(): value for key, value in request.headers.items()},
		body=body,
		url=get_url(request.full_path),
		query=dict(request.args),
		method=request.method,
	)
	try:
		connector.verify(delivery)
	except BadSignature:
		refusals.count(name)
		return _refused(401, "signature does not match")
	except Exception as error:  # noqa: BLE001 - whatever goes wrong at the door, the vendor is asked to come again
		failure = sort(error)
		frappe.db.commit()  # the Error Log's row, if there is one
		frappe.logger("integration_hub").warning(
			f"webhook of {name} cannot be verified now: {failure.sentence}"
		)
		return _answer(503, "not available")  # the vendor tries again
	finally:
		if exchanges:
			attempts.add_exchanges(name, None, exchanges)
			frappe.db.commit()  # what was called is told, whatever became of it
	if store.store(name, _drafts(connector, delivery)):
		frappe.db.commit()  # acknowledged means stored: promise 1
		wake.wake(name)
	return _in_words(connector, delivery)


def _in_words(connector, delivery: WebhookRequest) -> Response:
	if not isinstance(connector, AnswersWebhooks):
		return _answer(200, "ok")
	said: WebhookAnswer = connector.answer_webhook(delivery)
	return Response(said.body, status=200, mimetype=said.media_type, headers=GUARDED)


def _refused(status: int, text: str) -> Response:
	"""Whoever guesses keys or signatures is told nothing more after a while."""
	if limits.guessed(callers.address(), "webhooks"):
		answer = _answer(429, "too many")
		answer.headers["Retry-After"] = "60"
		return answer
	return _answer(status, text)


def _connection_of(key: str) -> str | None:
	"""The Connection with this webhook key. Keys are 32 random letters, so a look-up by index tells nothing."""
	if not key or len(key) > 40:
		return None
	return frappe.db.get_value(connections.DOCTYPE, {"webhook_key": key}, "name", cache=True)


def _drafts(connector, delivery: WebhookRequest) -> list[store.Draft]:
	"""Events for a verified delivery; what cannot be read is kept as a dead letter that can be replayed."""
	try:
		return [store.draft(notice) for notice in connector.notices(delivery)]
	except Exception as error:  # noqa: BLE001 - a vendor does not come for ever: what its connector cannot read is kept
		return [unread.draft(delivery, sort(error))]


def _answer(status: int, text: str) -> Response:
	return Response(f'{{"message":"{text}"}}', status=status, mimetype="application/json")
