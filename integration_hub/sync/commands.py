"""Things a person or another system asks for and waits for: a payment link, a label, a refund.

They take the same road as everything that goes out: an Event is stored and committed first, then worked on, here at
once instead of by a worker. So the answer is there while the person looks, and a request that dies half-way is
finished by the next worker, which looks first what the vendor has done.
"""

from __future__ import annotations

from dataclasses import dataclass

import frappe
from frappe import _

from integration_hub.sync import connections, replay, store, wake, worker

#: a person who asks again has mended something, or hopes for better luck
AGAIN = ("Parked", "Dead", "Retrying", "Ignored")


@dataclass(frozen=True)
class Answer:
	"""What became of it so far. `status` is the Event's; `message` its sentence; `name` the Event."""

	name: str
	status: str
	message: str
	reference_doctype: str | None = None
	reference_name: str | None = None

	@property
	def done(self) -> bool:
		return self.status == "Done"


def ask(connection_name: str, draft: store.Draft) -> Answer:
	"""Store an Event and do it now. Asking for the same again (same dedupe key) tries what had failed once more, as
	it is asked for now; what is done stays done, and its answer is given again.

	Commits what the caller has open: check rights and input before. Raises frappe.ValidationError when the Connection
	is off, paused or stopped, in the user's words.
	"""
	must_work(connections.get(connection_name))
	new = store.store(connection_name, [draft])
	# asked for means stored: what follows may be killed. And what was asked for twice at the same moment is seen from here
	frappe.db.commit()
	name, status = frappe.db.get_value(
		store.DOCTYPE,
		{"connection": connection_name, "dedupe_key": store.short_key(draft.dedupe_key)},
		["name", "status"],
	)
	if not new and status in AGAIN:
		frappe.db.set_value(store.DOCTYPE, name, "payload", draft.payload, update_modified=False)
		replay.replay([name])
		frappe.db.commit()  # due again, for whoever takes it
	worker.do_now(connection_name, name)
	answer = answer_of(name)
	if answer.status in ("Queued", "Retrying"):
		wake.wake(connection_name)
	return answer


def answer_of(event: str) -> Answer:
	frappe.db.rollback()  # see what the worker has committed
	row = frappe.db.get_value(
		store.DOCTYPE,
		event,
		["name", "status", "message", "reference_doctype", "reference_name"],
		as_dict=True,
	)
	return Answer(**{**row, "message": row.message or _(row.status)})


def must_work(connection) -> None:
	"""Say at once why nothing would be done, instead of storing or enqueueing it."""
	if connections.stopped():
		frappe.throw(_("The hub is stopped. Switch off Stop All Integrations in Integration Settings first."))
	if not connection.enabled:
		frappe.throw(_("{0} is not enabled. Tick Enabled and save first.").format(connection.title))
	if connection.paused:
		frappe.throw(
			_("{0} is paused: {1} Press Resume first.").format(
				connection.title, connection.paused_reason or ""
			)
		)
