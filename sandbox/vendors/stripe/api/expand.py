"""`expand[]`: ids that are shown as objects, and fields that are shown only on request."""

from sandbox.vendors.stripe import billing
from sandbox.vendors.stripe.account import Account
from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.render import plain
from sandbox.vendors.stripe.versions import adapted

DEEPEST = 4
EXPANDABLE = {
	"balance_transaction": "source",
	"charge": "balance_transaction customer failure_balance_transaction payment_intent",
	"checkout.session": "customer invoice payment_intent payment_link subscription",
	"customer": "default_source invoice_settings.default_payment_method",
	"dispute": "charge payment_intent",
	"invoice": "customer default_payment_method parent.subscription_details.subscription",
	"invoice_payment": "invoice payment.payment_intent payment.charge",
	"line_item": "pricing.price_details.price",
	"payment_intent": "customer latest_charge payment_method",
	"payment_method": "customer",
	"payout": "balance_transaction failure_balance_transaction",
	"price": "product",
	"product": "default_price",
	"refund": "balance_transaction charge customer failure_balance_transaction payment_intent payment_method",
	"subscription": "customer default_payment_method latest_invoice",
}


def _list(rows: list[dict], url: str) -> dict:
	return {"object": "list", "data": rows[:10], "has_more": len(rows) > 10, "url": url}


def _line_items(account: Account, owner: dict) -> dict:
	folder = "checkout/sessions" if owner["object"] == "checkout.session" else "payment_links"
	return _list(owner["_line_items"], f"/v1/{folder}/{owner['id']}/line_items")


def _of_customer(kind: str):
	def rows(account: Account, owner: dict) -> dict:
		found = [
			one for one in account.all(kind) if one["customer"] == owner["id"] and one["status"] != "canceled"
		]
		return _list(found, f"/v1/customers/{owner['id']}/{kind}s")

	return rows


INCLUDABLE = {
	("charge", "refunds"): lambda account, owner: _list(
		[one for one in account.all("refund") if one["charge"] == owner["id"]],
		f"/v1/charges/{owner['id']}/refunds",
	),
	("checkout.session", "line_items"): _line_items,
	("customer", "subscriptions"): _of_customer("subscription"),
	("customer", "tax_ids"): lambda account, owner: _list(
		owner["_tax_ids"], f"/v1/customers/{owner['id']}/tax_ids"
	),
	("invoice", "payments"): lambda account, owner: _list(
		billing.payments_of(account, owner), f"/v1/invoice_payments?invoice={owner['id']}"
	),
	("payment_link", "line_items"): _line_items,
}


def shown(account: Account, value: dict, paths: list[str], version: str) -> dict:
	"""A copy of what is answered, with these paths expanded. Raises Refusal."""
	copy = adapted(plain(value), version)
	for row in copy["data"] if copy.get("object") == "list" else ():
		adapted(row, version)
	for path in paths:
		parts = path.split(".")
		if len(parts) - parts.count("data") > DEEPEST:
			raise Refusal(
				f"You cannot expand more than {DEEPEST} levels of a property: {path}.", param="expand"
			)
		_walk(account, copy, parts, "", [], version)
	return copy


def _walk(account: Account, node, parts: list[str], kind: str, trail: list[str], version: str) -> None:
	if isinstance(node, list):
		for one in node:
			_walk(account, one, parts, kind, trail, version)
		return
	if not parts or not isinstance(node, dict):
		return
	if node.get("object") not in (None, "list"):
		kind, trail = node["object"], []
	part, rest = parts[0], parts[1:]
	trail = [*trail, part] if part != "data" else []
	name = ".".join(trail)
	if (kind, name) in INCLUDABLE:
		if part not in node:
			node[part] = plain(INCLUDABLE[kind, name](account, account.any(node["id"])))
	elif name in EXPANDABLE.get(kind, "").split():
		if isinstance(node.get(part), str):
			found = account.any(node[part])
			node[part] = adapted(plain(found), version) if found else node[part]
	elif not isinstance(node.get(part), dict | list) or not rest:
		message = f"This property cannot be expanded ({part})."
		raise Refusal(message, param="expand")
	if rest:
		_walk(account, node.get(part), rest, kind, trail, version)
