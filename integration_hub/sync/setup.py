"""What happens when people set up a Connection: its rows, its checks, and its buttons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.utils import get_datetime, get_url, now_datetime

from integration_hub.connectors import UnknownConnector
from integration_hub.connectors.contract import Connector, ListsLocations, ReceivesWebhooks
from integration_hub.connectors.http import Exchange, is_loopback
from integration_hub.erp import mapping
from integration_hub.failures import NotAuthorised
from integration_hub.sync import attempts, connections, pull, push, replay, resources, rights, wake
from integration_hub.sync.failing import sort
from integration_hub.sync.messages import subscriptions
from integration_hub.sync.words import as_text

RENEW = "integration_hub.tasks.renew_webhooks"
#: seconds for a job that registers webhooks: dozens of calls, some of them after a pause
RENEW_SECONDS = 600

# --- the form ---------------------------------------------------------------------------------------------

#: what workers write into a Connection and its Resources while somebody has the form open
_WORKERS_WORD = (
	"paused",
	"paused_reason",
	"failing_since",
	"account_name",
	"refused_webhooks",
	"last_refused_at",
	"last_webhook_at",
	"registered_address",
	"last_registration",
	"last_check",
)
_PROGRESS = ("last_run_at", "last_result", "page_cursor", "newest_seen")


def keep_what_workers_wrote(doc: Any) -> None:
	"""A form that was opened an hour ago must not put a pull back to where it was then, nor end (or begin) a pause: what
	workers write is taken from the database. A point in time that a person has set makes the list be walked anew from
	there."""
	stored = doc.get_doc_before_save()
	if not stored:
		return
	for field in _WORKERS_WORD:
		doc.set(field, stored.get(field))
	rows = {row.name: row for row in stored.resources}
	for row in doc.resources:
		if not (before := rows.get(row.name)):
			continue
		for field in _PROGRESS:
			row.set(field, before.get(field))
		if _moment(row.since) != _moment(before.since):
			row.page_cursor = row.newest_seen = None


def _moment(value: Any) -> Any:
	return get_datetime(value).replace(microsecond=0) if value else None


def complete_rows(doc: Any) -> None:
	"""Draw the credential and Resource rows from the connector; what was entered stays."""
	kind = _class(doc)
	doc.category = kind.category  # the form shows the tabs of this kind of vendor
	if not doc.webhook_key:
		doc.webhook_key = frappe.generate_hash(length=32)
	entered = {row.setting: row for row in doc.credentials}
	rows = []
	for setting in kind.settings:
		row = entered.get(setting.name) or doc.append(
			"credentials", {"setting": setting.name, "value": setting.default}
		)
		row.label, row.help, row.is_secret = setting.label, setting.help, int(setting.secret)
		if setting.secret and row.value:
			# typed into the wrong column: keep it where it is encrypted
			row.secret, row.value = row.value, None
		if setting.made and not (row.secret or row.value):
			# Frappe keeps passwords by the row's name, and names rows that come up in `validate` after that
			row.name = row.name or frappe.generate_hash(length=10)
			row.set("secret" if setting.secret else "value", setting.made())
		rows.append(row)
	_set_rows(doc, "credentials", rows)
	if doc.is_new() and not doc.field_mappings and hasattr(kind, "crm_defaults"):
		for row in mapping.defaults(kind):
			doc.append("field_mappings", row)
	have = {(row.resource, row.direction): row for row in doc.resources}
	_set_rows(
		doc,
		"resources",
		[
			have.get((resource, direction))
			or doc.append(
				"resources", {"resource": resource, "direction": direction, "enabled": 0, "every_minutes": 10}
			)
			for resource, direction in _offered(kind)
		],
	)


def _offered(kind: type[Connector]) -> list[tuple[str, str]]:
	return [(offer.resource, offer.direction) for offer in resources.of(kind)]


def _set_rows(doc: Any, table: str, rows: list[Any]) -> None:
	for index, row in enumerate(rows, start=1):
		row.idx = index
	doc.set(table, rows)


def _class(doc: Any) -> type[Connector]:
	try:
		return connections.class_of(doc)
	except UnknownConnector:
		frappe.throw(_("There is no connector “{0}” on this site.").format(doc.connector))


def validate(doc: Any) -> None:
	"""Refuse what cannot work, in the user's words."""
	_check_sandbox(doc)
	_check_company(doc)
	mapping.check(doc)
	subscriptions.check(doc)
	rights.keep_keys_at_home(doc)
	refusal = _class(doc).refuses(connections.open_settings(doc)) if doc.enabled else ""
	if refusal:
		frappe.throw(_(refusal))
	if doc.create_payment and not doc.payment_methods:
		frappe.throw(_("Create Payment Entries needs rows under Payment Methods."))
	if doc.create_invoice != "Never" and not doc.submit_orders:
		frappe.throw(_("A draft Sales Order cannot be invoiced: switch on Submit Sales Orders too."))
	if doc.enabled:
		missing = [
			row.label
			for row, setting in _credentials(doc)
			if setting.required and not (row.value or row.secret)
		]
		if missing:
			frappe.throw(_("Enter {0} before enabling the Connection.").format(", ".join(missing)))


def _credentials(doc: Any):
	settings = {setting.name: setting for setting in _class(doc).settings}
	return [(row, settings[row.setting]) for row in doc.credentials]


def _check_sandbox(doc: Any) -> None:
	if doc.environment != "Sandbox":
		doc.sandbox_url = None
	elif doc.sandbox_url and not (
		doc.sandbox_url.startswith("https://") or is_loopback(urlsplit(doc.sandbox_url).hostname or "")
	):
		frappe.throw(
			_("Sandbox Address must be https://…, or http://127.0.0.1:… for a server on this machine.")
		)


def _check_company(doc: Any) -> None:
	named = [("Account", row.account) for row in (*doc.accounts, *doc.payment_methods) if row.account]
	named += [("Warehouse", row.warehouse) for row in doc.locations if row.warehouse]
	if doc.warehouse:
		named.append(("Warehouse", doc.warehouse))
	for doctype, name in named:
		company = frappe.get_cached_value(doctype, name, "company")
		if company and company != doc.company:
			frappe.throw(
				_("{0} {1} belongs to {2}, not to {3}.").format(_(doctype), name, company, doc.company)
			)


def connection_saved(doc: Any) -> None:
	"""After a save: what was parked for a mapping goes on (if it is still missing, it parks again)."""
	replay.waiting(doc.name)
	subscriptions.forget()
	if doc.enabled:
		wake.wake_after_commit(doc.name)


def renamed() -> None:
	subscriptions.forget()


def forget(doc: Any) -> None:
	"""A deleted Connection takes its Events, Attempts, Links, stock levels, Audits, questions, parcels and secrets along;
	ERPNext documents stay."""
	subscriptions.forget()
	# Frappe forgets the passwords of a document, but not those of its rows
	secrets = [row.name for row in doc.credentials if row.is_secret]
	if secrets:
		frappe.db.delete("__Auth", {"doctype": "Integration Credential", "name": ("in", secrets)})
	for doctype in (
		"Integration Event",
		"Integration Attempt",
		"Integration Link",
		"Integration Stock Level",
	):
		frappe.db.delete(doctype, {"connection": doc.name})
	for doctype in ("Integration Audit", "Integration Match", "Integration Parcel"):
		for name in frappe.get_all(doctype, filters={"connection": doc.name}, pluck="name"):
			frappe.delete_doc(doctype, name, ignore_permissions=True)  # safe: as the rows above


def webhook_address(doc: Any) -> str:
	if not doc.webhook_key:
		return ""
	return get_url(f"/api/method/integration_hub.api.webhooks.receive?key={doc.webhook_key}")


# --- the buttons ------------------------------------------------------------------------------------------


def test(doc: Any) -> dict[str, Any]:
	"""Call the vendor, in this request because a person waits for the answer."""
	try:
		identity = connections.open_connector(doc).check()
	except Exception as error:  # noqa: BLE001 - whatever a connector does, the person who waits is told in a sentence
		failure = sort(error)
		said = f"{now_datetime():%Y-%m-%d %H:%M} {as_text(failure.sentence)}"
		doc.db_set("last_check", said, update_modified=False)
		return {"ok": False, "message": failure.sentence, "warnings": []}
	message = _("Connected to {0}").format(as_text(identity.account))
	doc.db_set(
		{
			"account_name": as_text(identity.account),
			"last_check": f"{now_datetime():%Y-%m-%d %H:%M} {message}",
		},
		update_modified=False,
	)
	return {"ok": True, "message": message, "detail": identity.detail, "warnings": list(identity.warnings)}


def pull_now(doc: Any) -> str:
	rows = [
		row.resource
		for row in doc.resources
		if row.enabled and row.direction == "In" and pull.pullable(doc, row.resource)
	]
	for resource in rows:
		pull.enqueue(doc.name, resource)
	return (
		_("Pulling {0} in the background.").format(", ".join(rows))
		if rows
		else _("No inbound Resource is switched on.")
	)


def push_now(doc: Any) -> str:
	if connections.row_of(doc, "stock", "Out") is None:
		return _("Stock is not switched on.")
	push.enqueue(doc.name, also_refused=True)
	return _("Telling the stock differences in the background.")


def resume(doc: Any) -> str:
	doc.db_set({"paused": 0, "paused_reason": None, "failing_since": None}, update_modified=False)
	connections.budget_of(doc).reset()
	wake.wake_after_commit(doc.name)
	return _("The Connection works again.")


def register_webhooks(doc: Any) -> list[str]:
	"""What was changed at the vendor, a sentence each. From here on it is done again each day."""
	connector = connections.open_connector(doc)
	if not isinstance(connector, ReceivesWebhooks):
		return [_("{0} sends no webhooks.").format(connector.title)]
	address = webhook_address(doc)
	changed = _register(connector, address)
	doc.db_set("registered_address", address, update_modified=False)
	_note_registration(doc, changed)
	return changed


def _register(connector: ReceivesWebhooks, address: str) -> list[str]:
	return list(connector.register_webhooks(address)) or [_("All webhooks were registered already.")]


def _note_registration(doc: Any, sentences: Iterable[str]) -> None:
	said = f"{now_datetime():%Y-%m-%d %H:%M} {as_text(' '.join(sentences))}"
	doc.db_set("last_registration", said, update_modified=False)


def fetch_locations(doc: Any) -> list[dict[str, Any]]:
	connector = connections.open_connector(doc)
	if not isinstance(connector, ListsLocations):
		return []
	return [location.model_dump() for location in connector.list_locations()]


# --- each day ---------------------------------------------------------------------------------------------


def renew_all_webhooks() -> None:
	"""Register again wherever people have registered webhooks: vendors end subscriptions, or switch them off after a few
	deliveries that failed. A job for each Connection, so that a vendor that is slow or refuses holds up no other."""
	registered = {"enabled": 1, "paused": 0, "registered_address": ("is", "set")}
	for name in frappe.get_all(connections.DOCTYPE, filters=registered, pluck="name"):
		with wake.quietly(name):
			wake.start(
				RENEW,
				queue="long",
				timeout=RENEW_SECONDS,
				job_id=wake.job_id_of(name, "webhooks"),
				deduplicate=True,
				connection=name,
			)


def renew_webhooks(name: str) -> None:
	"""Register the webhooks of a Connection again, at the address that the button registered: a background job does not know
	by which name the site is reached. How it went stands in the Connection. Commits."""
	doc = frappe.get_doc(connections.DOCTYPE, name)
	if not doc.registered_address or not connections.is_working(doc):
		return
	exchanges: list[Exchange] = []
	try:
		connector = connections.open_connector(doc, on_exchange=exchanges.append)
		said = _register(connector, doc.registered_address)
	except Exception as error:  # noqa: BLE001 - the border of a background job: sorted, written down, people told
		frappe.db.rollback()
		failure = sort(error)
		if isinstance(failure, NotAuthorised):
			connections.pause(name, failure)
		said = [failure.sentence]
	if exchanges:
		attempts.add_exchanges(name, None, exchanges)
	_note_registration(doc, said)
	frappe.db.commit()  # the end of a background job


# --- what is mended elsewhere -----------------------------------------------------------------------------


def item_made(doc: Any) -> None:
	"""A new Item (or barcode): orders that were parked for its SKU go on."""
	codes = [doc.item_code, *(row.barcode for row in doc.get("barcodes") or ())]
	replay.go_on([f"item:{code}"[:180] for code in codes if code])
