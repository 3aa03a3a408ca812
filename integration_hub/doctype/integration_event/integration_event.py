"""One thing to be done, stored before it is done. The only queue of the hub.

Life: Queued → Working → Done, or → Retrying (tried again by itself) → …, or → Parked (a person must mend
something; goes on by itself when mended) or Dead (refused for good). Parked and Dead can be replayed.
Ignored: stored, but nothing of interest.

`due_at` is set exactly while the Event may be claimed; `lane` and `lease*` exactly while a worker has it.
"""

import frappe
from frappe.model.document import Document

from integration_hub import database


class IntegrationEvent(Document):
	pass


def on_doctype_update():
	"""Indices, each with the query it serves.

	- unique (connection, dedupe_key): the same change told twice is stored once (inbox and outbox inserts).
	- unique (lane): two workers cannot hold one outside thing at a time (the claim's UPDATE fails).
	- (connection, due_at): a worker's "what is due for this Connection, oldest first", and the sweep's
	  "which Connections have anything due", both answered from the index alone.
	- (lease_until): the sweep's "whose worker died".
	- (waits_for): "what was parked for this mapping", when it is saved.
	- (connection, resource, outside_id): everything about one outside thing; covering older Events.
	- (status, done_at): payloads to forget; what was done today.
	- (fix_name): what names a document that is renamed.
	- (status) and (reference_name) come from the DocType: list filters and the form's connections.
	"""
	database.keep_exact("Integration Event", ["dedupe_key", "lane", "outside_id"])
	frappe.db.add_unique("Integration Event", ["connection", "dedupe_key"], "hub_event_dedupe")
	frappe.db.add_unique("Integration Event", ["lane"], "hub_event_lane")
	frappe.db.add_index("Integration Event", ["connection", "due_at"], "hub_event_due")
	frappe.db.add_index("Integration Event", ["lease_until"], "hub_event_lease")
	frappe.db.add_index("Integration Event", ["waits_for"], "hub_event_waits_for")
	frappe.db.add_index("Integration Event", ["connection", "resource", "outside_id"], "hub_event_thing")
	frappe.db.add_index("Integration Event", ["status", "done_at"], "hub_event_done")
	frappe.db.add_index("Integration Event", ["fix_name"], "hub_event_fix")
