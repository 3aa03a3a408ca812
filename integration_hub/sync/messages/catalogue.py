"""The events that an outside system can subscribe to, by the name that its messages carry as `type`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: Frappe calls it after every save, and for what is written past one with `Document.db_set`: ERPNext does so to an invoice
#: that gets paid, Frappe to a ticket that a reply opens again
CHANGE = "on_change"
#: after a save and nothing else; for our own documents, each state of which is told
SAVE = "on_update"
#: what people choose for a document of any DocType → (Frappe's event, last part of the message's type)
MOMENTS: dict[str, tuple[str, str]] = {
	"Created": ("after_insert", "created"),
	"Updated": (CHANGE, "updated"),
	"Submitted": ("on_submit", "submitted"),
	"Cancelled": ("on_cancel", "cancelled"),
	"Changed After Submission": ("on_update_after_submit", "changed"),
	"Deleted": ("on_trash", "deleted"),
}
CUSTOM = "custom"
#: fields of a row of the form that say what is wanted
WISH = ("event", "document_type", "doc_event", "filters", "changed_fields", "field_names")
#: Frappe's events that are listened to
METHODS = (*(method for method, _word in MOMENTS.values()), SAVE)

_ROWS = ("items.item_code", "items.item_name", "items.qty", "items.uom", "items.rate", "items.amount")
_INVOICE = (
	"customer", "customer_name", "company", "posting_date", "due_date", "currency", "net_total",
	"total_taxes_and_charges", "grand_total", "rounded_total", "outstanding_amount", "status", "is_return",
	"return_against", "po_no", *_ROWS,
)  # fmt: skip
_CUSTOMER = (
	"customer_name", "customer_type", "customer_group", "territory", "email_id", "mobile_no", "tax_id", "disabled",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
	"""One event: documents of `doctype` in these of Frappe's events, where `when` holds. `fields` are told unless the
	subscriber chooses its own; those that a version of ERPNext does not have are left out."""

	key: str
	says: str
	doctype: str
	methods: Sequence[str]
	fields: Sequence[str] = ()
	when: Callable[[Any, str], bool] | None = None


def saved_again(doc: Any, method: str) -> bool:
	"""Frappe calls these for new, submitted and cancelled documents, too."""
	return method not in (CHANGE, SAVE) or (
		not doc.flags.get("in_insert") and getattr(doc, "_action", "save") == "save"
	)


def _received(doc: Any, _method: str) -> bool:
	return doc.payment_type == "Receive"


def _got_paid(doc: Any, _method: str) -> bool:
	return doc.docstatus == 1 and doc.status == "Paid" and doc.has_value_changed("status")


def _status_changed(doc: Any, method: str) -> bool:
	return method == "after_insert" or (saved_again(doc, method) and doc.has_value_changed("status"))


KINDS: dict[str, Kind] = {
	kind.key: kind
	for kind in (
		Kind(
			"order.submitted",
			"A Sales Order was submitted.",
			"Sales Order",
			("on_submit",),
			(
				"customer", "customer_name", "company", "transaction_date", "delivery_date", "currency", "grand_total",
				"rounded_total", "status", "po_no", *_ROWS,
			),
		),
		Kind("order.cancelled", "A Sales Order was cancelled.", "Sales Order", ("on_cancel",), ("customer", "status")),
		Kind("invoice.submitted", "A Sales Invoice or credit note was submitted.", "Sales Invoice", ("on_submit",), _INVOICE),
		Kind("invoice.paid", "Nothing is owed on a Sales Invoice any more: its status became Paid.", "Sales Invoice", (CHANGE,), _INVOICE, _got_paid),
		Kind("invoice.cancelled", "A Sales Invoice was cancelled.", "Sales Invoice", ("on_cancel",), _INVOICE),
		Kind("customer.created", "A new Customer.", "Customer", ("after_insert",), _CUSTOMER),
		Kind("customer.updated", "A Customer was changed.", "Customer", (CHANGE,), _CUSTOMER, saved_again),
		Kind(
			"payment.confirmed",
			"Money came in: a Payment Entry of the type Receive was submitted.",
			"Payment Entry",
			("on_submit",),
			(
				"party_type", "party", "party_name", "company", "posting_date", "paid_from_account_currency",
				"paid_amount", "paid_to_account_currency", "received_amount", "unallocated_amount", "mode_of_payment",
				"reference_no", "reference_date", "references.reference_doctype", "references.reference_name",
				"references.allocated_amount",
			),
			_received,
		),
		Kind(
			"stock.changed",
			"The quantity of an Item in a Warehouse changed. One message for each pair in a transaction, with what is there now.",
			"Bin",
			(),
			("item_code", "warehouse", "stock_uom", "actual_qty", "reserved_qty", "ordered_qty", "projected_qty"),
		),
		Kind(
			"shipment.status",
			"A parcel was booked, or its status changed.",
			"Integration Parcel",
			("after_insert", SAVE),
			(
				"connection", "carrier", "service", "tracking_number", "tracking_url", "status", "status_text", "status_at",
				"arrives_on", "delivered_at", "received_by", "shipment", "delivery_note", "is_return",
			),
			_status_changed,
		),
		Kind(
			"purchase_order.approved",
			"A Purchase Order was submitted, by a Workflow or by hand.",
			"Purchase Order",
			("on_submit",),
			(
				"supplier", "supplier_name", "company", "transaction_date", "schedule_date", "currency", "grand_total",
				"rounded_total", "status", "workflow_state", *_ROWS,
			),
		),
		Kind(
			"lead.created",
			"A new Lead.",
			"Lead",
			("after_insert",),
			("lead_name", "company_name", "email_id", "mobile_no", "phone", "status", "source", "territory", "lead_owner"),
		),
		Kind(
			"issue.created",
			"A support ticket (Issue) was opened.",
			"Issue",
			("after_insert",),
			("subject", "status", "priority", "issue_type", "customer", "contact", "raised_by", "opening_date"),
		),
		Kind(
			"issue.updated",
			"A support ticket (Issue) was changed.",
			"Issue",
			(CHANGE,),
			(
				"subject", "status", "priority", "issue_type", "customer", "contact", "raised_by", "opening_date",
				"resolution_details",
			),
			saved_again,
		),
		Kind(
			"attendance.submitted",
			"An Attendance was submitted (with Frappe HR).",
			"Attendance",
			("on_submit",),
			(
				"employee", "employee_name", "attendance_date", "status", "shift", "in_time", "out_time", "working_hours",
				"company",
			),
		),
	)
}  # fmt: skip


def type_of(event: str, document_type: str | None, moment: str | None) -> str:
	"""What messages of a subscription carry as `type`: "item.updated" for a document of any DocType."""
	if event != CUSTOM:
		return event
	return f"{(document_type or '').lower().replace(' ', '_')}.{MOMENTS[moment or ''][1]}"
