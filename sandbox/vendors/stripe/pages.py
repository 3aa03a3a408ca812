"""What a customer sees in a browser: pages to pay on, plain, with a button for each thing that can happen."""

from html import escape
from typing import TYPE_CHECKING

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.vendors.stripe.money import shown

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account

FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{{font:16px system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}}
button{{display:block;width:100%;padding:.8rem;margin:.6rem 0;font:inherit}}</style>
<h1>{title}</h1>{body}</html>"""
BUTTONS = """<form method="post"><button name="do" value="pay">Pay</button>
<button name="do" value="delayed">Pay by direct debit (the bank answers later)</button>
<button name="do" value="decline">Pay with a card that is declined</button></form>"""


def page(account: "Account", request: Request) -> Response | None:
	"""The answer to a path that is a page, else None."""
	parts = request.path.strip("/").split("/")
	if parts[0] == "l" and len(parts) == 2:
		return _link(account, parts[1])
	if parts[:2] == ["c", "pay"] and len(parts) == 3:
		return _session(account, request, parts[2])
	if parts[0] == "i" and len(parts) == 2:
		return _invoice(account, request, parts[1])
	return None


def _html(title: str, body: str, status: int = 200) -> Response:
	return Response(
		FRAME.format(title=escape(title), body=body), status, content_type="text/html; charset=utf-8"
	)


def _link(account: "Account", name: str) -> Response:
	with account.lock:
		link = account.tables.get("payment_link", {}).get(f"plink_1{name.removeprefix('test_')}")
		if link is None:
			return _html("Not found", "", 404)
		if not link["active"]:
			return _html("This link is no longer active", escape(link["inactive_message"] or ""))
		return redirect(account.open_link(link["id"])["url"], 303)


def _session(account: "Account", request: Request, id: str) -> Response:
	with account.lock:
		session = account.tables.get("checkout.session", {}).get(id)
		if session is None:
			return _html("Not found", "", 404)
		if session["status"] != "open":
			return _html(f"This payment page is {session['status']}", "")
		said = ""
		if request.method == "POST":
			how = request.form.get("do", "pay")
			account.pay(id, delayed=how == "delayed", decline="generic_decline" if how == "decline" else None)
			if session["status"] == "complete":
				return _done(session)
			said = "<p>Your card was declined.</p>"
		what = "".join(
			f"<p>{one['quantity']} × {escape(one['description'])}</p>" for one in session["_line_items"]
		)
		return _html(f"Pay {shown(session['amount_total'], session['currency'])}", said + what + BUTTONS)


def _done(session: dict) -> Response:
	if session["success_url"]:
		return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)
	return _html("Thank you", "")


def _invoice(account: "Account", request: Request, id: str) -> Response:
	with account.lock:
		invoice = account.tables.get("invoice", {}).get(id)
		if invoice is None:
			return _html("Not found", "", 404)
		if request.method == "POST" and invoice["status"] == "open":
			account.pay(id, decline="generic_decline" if request.form.get("do") == "decline" else None)
		title = f"Invoice {invoice['number']}: {shown(invoice['amount_due'], invoice['currency'])}"
		return _html(title, BUTTONS if invoice["status"] == "open" else f"<p>{invoice['status']}</p>")
