"""Events of communications and consents with CRMs, both ways."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe import _

from integration_hub.connectors.contract import LogsCommunications, ManagesConsent
from integration_hub.erp import communications
from integration_hub.erp import crm as erp_crm
from integration_hub.erp.context import Context, Result
from integration_hub.failures import Invalid, Waiting
from integration_hub.sync import connections, store, wake
from integration_hub.sync.crm import changes, incoming, outgoing
from integration_hub.sync.failing import sort_aside
from integration_hub.sync.handling import Handler, Route, context, inbound

CONSENTS = "consents"


def communication_made(doc: Any) -> None:
	"""An e-mail, call or note about somebody that a CRM may know. In the transaction that made it."""
	if not communications.is_told(doc):
		return
	_store_for_takers(
		communications.RESOURCE,
		doc,
		store.Draft(
			direction="Out",
			resource=communications.RESOURCE,
			outside_id=f"Communication/{doc.name}",
			dedupe_key=f"communication:{doc.name}",
			label=(doc.subject or doc.name)[:140],
			reference=(doc.doctype, doc.name),
		),
	)


def consent_changed(doc: Any) -> None:
	"""A Contact or Lead was subscribed or unsubscribed. In the user's own transaction."""
	before = doc.get_doc_before_save()
	was = int(before.unsubscribed or 0) if before else 0
	if not doc.email_id or was == int(doc.unsubscribed or 0):
		return
	_store_for_takers(
		CONSENTS,
		doc,
		store.Draft(
			direction="Out",
			resource=CONSENTS,
			outside_id=doc.email_id,
			dedupe_key=f"consent:{doc.email_id}:{doc.modified}",
			label=doc.email_id,
			reference=(doc.doctype, doc.name),
		),
	)


def _store_for_takers(resource: str, doc: Any, draft: store.Draft) -> None:
	for name in connections.taking(resource):
		if name != doc.flags.integration_origin and store.store(name, [draft]):
			wake.wake_after_commit(name)


def _prepare_communications(
	connection: Any, connector: LogsCommunications, works: Sequence[Any]
) -> Mapping[str, Any]:
	ctx = context(connection)
	prepared: dict[str, Any] = {one.name: None for one in works}
	wanted: dict[str, Any] = {}
	for one in works:
		if not frappe.db.exists("Communication", one.reference_name):
			continue
		try:
			doc = frappe.get_doc("Communication", one.reference_name)
			record = communications.record_of(doc, ctx)
			if record.related:
				wanted[record.id] = (one, record)
			else:
				prepared[one.name] = _awaited(connection, doc)
		except Exception as error:  # noqa: BLE001 - one that cannot be written down holds up no other
			prepared[one.name] = sort_aside(error)
	frappe.db.rollback()  # nothing is open while we talk
	if wanted:
		outcomes = connector.push_communications(
			[record for _one, record in wanted.values()],
			key=_key(works),
			look_first=any(one.look_first for one in works),
		)
		for outcome in outcomes:
			prepared[wanted[outcome.key][0].name] = outcome.failure or outcome
	return prepared


def _awaited(connection: Any, doc: Any) -> Waiting | None:
	"""None of those it is about is known outside. Somebody who is still to be told is waited for."""
	for doctype, name in communications.about(doc):
		resource = changes.RESOURCE_OF.get(doctype)
		if not resource or not connections.row_of(connection, resource, "Out"):
			continue
		if frappe.db.exists(doctype, name) and not _was_there(connection, doctype, name, resource):
			return Waiting(
				_("Waits until {0} is known there.").format(name),
				waits_for=outgoing.waits_for_document(doctype, name),
			)
	return None


def _was_there(connection: Any, doctype: str, name: str, resource: str) -> bool:
	"""Was it deleted there? Then it is not told again."""
	found = (erp_crm.known(link) for link in context(connection).links.of(doctype, name, resource))
	return any(one and one.deleted and not one.ended for one in found)


def _apply_in(record: Any, ctx: Context) -> Result:
	"""A communication about somebody who is not here yet waits for them."""
	result = communications.apply(record, ctx)
	if result.status == "Ignored" and not ctx.links.get(communications.RESOURCE, record.id):
		related = {resource: ids[:1] for resource, ids in record.related.items()}
		resources = [
			row.resource for row in ctx.connection.resources if row.direction == "In" and row.enabled
		]
		if missing := erp_crm.not_here(related, ctx, resources):
			incoming.fetch(ctx.connection, missing)
			raise erp_crm.wait_for(missing)
	return result


def _key(works: Sequence[Any]) -> str:
	return hashlib.sha256("|".join(one.key for one in works).encode()).hexdigest()[:40]


def _apply_communication(connection: Any, one: Any, outcome: Any) -> Result:
	if outcome is None:
		return Result(
			one.reference_doctype, one.reference_name, _("About nobody who is known there."), "Ignored"
		)
	links = context(connection).links
	if links.claim(communications.RESOURCE, outcome.outside_id) is None:
		links.fill(
			communications.RESOURCE,
			outcome.outside_id,
			one.reference_doctype,
			one.reference_name,
			version=outcome.version,
			label=one.label,
		)
	return Result(one.reference_doctype, one.reference_name, _("Told"))


def _prepare_consents(connection: Any, connector: ManagesConsent, works: Sequence[Any]) -> Mapping[str, Any]:
	ctx = context(connection)
	prepared: dict[str, Any] = {one.name: None for one in works}
	wanted: dict[str, tuple[Any, Any]] = {}
	for one in works:
		said = communications.consent_of(one.outside_id, ctx)
		if said is None:
			continue
		if said.state == "subscribed" and not said.legal_basis:
			prepared[one.name] = Invalid(
				_("To subscribe {0} again, enter the legal basis in the Connection.").format(one.outside_id),
				fix=ctx.fix,
				waits_for="consent_basis",
			)
			continue
		wanted[said.email] = (one, said)
	frappe.db.rollback()  # nothing is open while we talk
	if wanted:
		for outcome in connector.push_consents([said for _one, said in wanted.values()]):
			prepared[wanted[outcome.key][0].name] = outcome.failure or outcome
	return prepared


def _apply_consent(_connection: Any, one: Any, outcome: Any) -> Result:
	if outcome is None:
		return Result(None, None, _("Nobody here has this address any more."), "Ignored")
	return Result(one.reference_doctype, one.reference_name, _("Told"))


def _nothing(_outside_id: str, _ctx: Any) -> Result:
	return Result(None, None, _("Nothing to take back."), "Ignored")


ROUTES = (
	Route(
		"In",
		communications.RESOURCE,
		LogsCommunications,
		inbound("fetch_communications", "read_communication", _apply_in, communications.removed),
	),
	Route(
		"Out",
		communications.RESOURCE,
		LogsCommunications,
		Handler(_prepare_communications, _apply_communication),
	),
	Route(
		"In",
		CONSENTS,
		ManagesConsent,
		inbound("fetch_consents", "read_consent", communications.consent, _nothing),
	),
	Route("Out", CONSENTS, ManagesConsent, Handler(_prepare_consents, _apply_consent)),
)
