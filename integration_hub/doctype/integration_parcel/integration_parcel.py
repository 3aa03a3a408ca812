"""One parcel that a carrier knows: where it is, for which documents, and of what the customer was told."""

import frappe
from frappe.model.document import Document

from integration_hub import database


class IntegrationParcel(Document):
	pass


def on_doctype_update():
	"""Indices, each with the query it serves.

	- unique (connection, tracking_number): a booking that is written twice makes one parcel; tracking finds it.
	- (connection, watched): "which parcels are on their way", each poll.
	"""
	database.keep_exact("Integration Parcel", ["tracking_number"])
	frappe.db.add_unique("Integration Parcel", ["connection", "tracking_number"], "hub_parcel_number")
	frappe.db.add_index("Integration Parcel", ["connection", "watched"], "hub_parcel_watched")
