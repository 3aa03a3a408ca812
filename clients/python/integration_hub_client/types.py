# Made of the API's description by clients/generate.py (`make generated`): do not edit.
"""Shapes of what the API takes and gives. Fields of answers may be absent: `fields` asks for fewer, and
permission levels hide some."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from typing_extensions import NotRequired, TypedDict

#: an aware moment; in answers it is a string, ISO 8601 in UTC
Moment = str | datetime
#: a day, YYYY-MM-DD
Day = str | date
#: an amount in major units; in answers it is a string
Money = str | int | float | Decimal


class Alive(TypedDict):
	status: NotRequired[str]


class Approval(TypedDict):
	doctype: NotRequired[str]
	name: NotRequired[str]
	title: NotRequired[str | None]
	workflow_state: NotRequired[str]
	docstatus: NotRequired[int]
	actions: NotRequired[list[str]]
	problem: NotRequired[str | None]
	owner: NotRequired[str]
	modified: NotRequired[str]


class ApprovalDocument(TypedDict):
	doctype: NotRequired[str]
	name: NotRequired[str]
	title: NotRequired[str | None]
	workflow_state: NotRequired[str]
	docstatus: NotRequired[int]
	actions: NotRequired[list[str]]
	problem: NotRequired[str | None]
	owner: NotRequired[str]
	modified: NotRequired[str]
	comments: NotRequired[list[Remark]]


class Asked(TypedDict):
	message: NotRequired[str]


class Box(TypedDict):
	length: NotRequired[int]
	width: NotRequired[int]
	height: NotRequired[int]
	weight: NotRequired[float]
	count: NotRequired[int]


class BulkResult(TypedDict):
	"""One result for each row, in the order sent. Rows that failed changed nothing; the others are
	kept."""

	results: list[RowResult]
	done: int
	failed: int
	not_tried: int


class Call(TypedDict):
	name: NotRequired[str]
	called_at: NotRequired[str]
	caller: NotRequired[str | None]
	user: NotRequired[str | None]
	api_key: NotRequired[str | None]
	method: NotRequired[str | None]
	verb: NotRequired[str | None]
	http_status: NotRequired[int]
	error_type: NotRequired[str | None]
	address: NotRequired[str | None]
	milliseconds: NotRequired[int]
	marks: NotRequired[str | None]
	modified: NotRequired[str]


class Carrier(TypedDict):
	name: NotRequired[str]
	title: NotRequired[str]
	quotes_rates: NotRequired[bool]
	rule: NotRequired[str | None]


class Carriers(TypedDict):
	rows: NotRequired[list[Carrier]]


class CreditedItem(TypedDict):
	name: str
	qty: float


class Customer(TypedDict):
	name: NotRequired[str]
	customer_name: NotRequired[str]
	customer_type: NotRequired[str | None]
	customer_group: NotRequired[str | None]
	territory: NotRequired[str | None]
	tax_id: NotRequired[str | None]
	email_id: NotRequired[str | None]
	mobile_no: NotRequired[str | None]
	default_currency: NotRequired[str | None]
	default_price_list: NotRequired[str | None]
	disabled: NotRequired[bool]
	creation: NotRequired[str]
	modified: NotRequired[str]


class Decision(TypedDict):
	doctype: str
	name: str
	action: NotRequired[str]
	workflow_state: NotRequired[str | None]
	reason: NotRequired[str | None]


class Deleted(TypedDict):
	name: NotRequired[str]


class Delivery(TypedDict):
	delivery_note: NotRequired[str | None]
	grand_total: NotRequired[str]


class Event(TypedDict):
	name: NotRequired[str]
	connection: NotRequired[str]
	direction: NotRequired[str]
	resource: NotRequired[str]
	action: NotRequired[str]
	outside_id: NotRequired[str | None]
	label: NotRequired[str | None]
	status: NotRequired[str]
	failure: NotRequired[str | None]
	message: NotRequired[str | None]
	tries: NotRequired[int]
	reference_doctype: NotRequired[str | None]
	reference_name: NotRequired[str | None]
	due_at: NotRequired[str | None]
	done_at: NotRequired[str | None]
	creation: NotRequired[str]
	modified: NotRequired[str]


class EventType(TypedDict):
	event: NotRequired[str]
	description: NotRequired[str]
	document_type: NotRequired[str]
	field_names: NotRequired[list[str]]


class EventTypes(TypedDict):
	rows: NotRequired[list[EventType]]


class Filter(TypedDict):
	field: str
	operator: NotRequired[Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in"]]
	value: str | int | float | bool | list[str | int | float | bool | None] | None


class FilterShown(TypedDict):
	field: NotRequired[str]
	operator: NotRequired[str]
	value: NotRequired[Any]


class Health(TypedDict):
	stopped: NotRequired[bool]
	queued: NotRequired[int]
	retrying: NotRequired[int]
	parked: NotRequired[int]
	dead: NotRequired[int]
	oldest_due_at: NotRequired[str | None]
	oldest_due_seconds: NotRequired[int]
	paused_connections: NotRequired[list[str]]


class Invoice(TypedDict):
	name: NotRequired[str]
	customer: NotRequired[str]
	customer_name: NotRequired[str | None]
	company: NotRequired[str]
	posting_date: NotRequired[str]
	due_date: NotRequired[str | None]
	po_no: NotRequired[str | None]
	status: NotRequired[str]
	docstatus: NotRequired[int]
	is_return: NotRequired[bool]
	return_against: NotRequired[str | None]
	currency: NotRequired[str]
	conversion_rate: NotRequired[float]
	net_total: NotRequired[str]
	total_taxes_and_charges: NotRequired[str]
	grand_total: NotRequired[str]
	rounded_total: NotRequired[str]
	outstanding_amount: NotRequired[str]
	party_account_currency: NotRequired[str | None]
	creation: NotRequired[str]
	modified: NotRequired[str]
	items: NotRequired[list[InvoiceItem]]
	taxes: NotRequired[list[InvoiceTax]]


class InvoiceItem(TypedDict):
	name: NotRequired[str]
	item_code: NotRequired[str | None]
	item_name: NotRequired[str | None]
	qty: NotRequired[float]
	uom: NotRequired[str | None]
	rate: NotRequired[str]
	amount: NotRequired[str]
	sales_order: NotRequired[str | None]
	delivery_note: NotRequired[str | None]


class InvoiceTax(TypedDict):
	charge_type: NotRequired[str | None]
	account_head: NotRequired[str | None]
	description: NotRequired[str | None]
	rate: NotRequired[float]
	tax_amount: NotRequired[str]


class Item(TypedDict):
	name: NotRequired[str]
	item_code: NotRequired[str]
	item_name: NotRequired[str | None]
	item_group: NotRequired[str | None]
	description: NotRequired[str | None]
	stock_uom: NotRequired[str | None]
	is_stock_item: NotRequired[bool]
	is_sales_item: NotRequired[bool]
	disabled: NotRequired[bool]
	has_variants: NotRequired[bool]
	variant_of: NotRequired[str | None]
	weight_per_unit: NotRequired[float]
	weight_uom: NotRequired[str | None]
	creation: NotRequired[str]
	modified: NotRequired[str]
	barcodes: NotRequired[list[ItemBarcode]]


class ItemBarcode(TypedDict):
	barcode: NotRequired[str | None]
	barcode_type: NotRequired[str | None]


class Job(TypedDict):
	"""Work in the background, as it stands. `status`: "Queued", "Working", "Done" or "Failed"
	(`message` says why)."""

	name: str
	method: str
	status: str
	message: str | None
	result: Any
	file_name: str | None


class Lead(TypedDict):
	name: NotRequired[str]
	lead_name: NotRequired[str | None]
	first_name: NotRequired[str | None]
	last_name: NotRequired[str | None]
	company_name: NotRequired[str | None]
	email_id: NotRequired[str | None]
	mobile_no: NotRequired[str | None]
	phone: NotRequired[str | None]
	website: NotRequired[str | None]
	status: NotRequired[str | None]
	lead_owner: NotRequired[str | None]
	territory: NotRequired[str | None]
	creation: NotRequired[str]
	modified: NotRequired[str]


class Level(TypedDict):
	name: NotRequired[str]
	item_code: NotRequired[str]
	warehouse: NotRequired[str]
	stock_uom: NotRequired[str | None]
	actual_qty: NotRequired[float]
	reserved_qty: NotRequired[float]
	ordered_qty: NotRequired[float]
	projected_qty: NotRequired[float]
	modified: NotRequired[str]


class MadeWebhook(TypedDict):
	name: NotRequired[str]
	url: NotRequired[str]
	company: NotRequired[str]
	webhook_user: NotRequired[str]
	enabled: NotRequired[bool]
	paused: NotRequired[bool]
	paused_reason: NotRequired[str | None]
	failing_since: NotRequired[str | None]
	give_up_after_days: NotRequired[int]
	creation: NotRequired[str]
	modified: NotRequired[str]
	subscriptions: NotRequired[list[Subscription]]
	secret: NotRequired[str]


class NewAdjustment(TypedDict):
	item_code: str
	warehouse: str
	qty: NotRequired[float | None]
	change: NotRequired[float | None]
	valuation_rate: NotRequired[Money | None]
	if_qty: NotRequired[float | None]


class NewBox(TypedDict):
	weight: float
	length: float
	width: float
	height: float
	count: NotRequired[int]


class NewCustomer(TypedDict):
	customer_name: str
	customer_type: NotRequired[str]
	customer_group: NotRequired[str | None]
	territory: NotRequired[str | None]
	tax_id: NotRequired[str | None]
	email_id: NotRequired[str | None]
	mobile_no: NotRequired[str | None]
	default_currency: NotRequired[str | None]
	default_price_list: NotRequired[str | None]


class NewInvoice(TypedDict):
	sales_order: NotRequired[str | None]
	delivery_note: NotRequired[str | None]
	customer: NotRequired[str | None]
	company: NotRequired[str | None]
	posting_date: NotRequired[Day | None]
	due_date: NotRequired[Day | None]
	po_no: NotRequired[str | None]
	currency: NotRequired[str | None]
	items: NotRequired[list[IntegrationhubApiRestSalesNewItem]]
	taxes: NotRequired[list[NewTax]]
	expected_total: NotRequired[Money | None]
	submit: NotRequired[bool]


class NewLead(TypedDict):
	first_name: NotRequired[str | None]
	last_name: NotRequired[str | None]
	company_name: NotRequired[str | None]
	email_id: NotRequired[str | None]
	mobile_no: NotRequired[str | None]
	phone: NotRequired[str | None]
	website: NotRequired[str | None]
	territory: NotRequired[str | None]


class NewOrder(TypedDict):
	customer: str
	company: NotRequired[str | None]
	transaction_date: NotRequired[Day | None]
	delivery_date: NotRequired[Day | None]
	po_no: NotRequired[str | None]
	currency: NotRequired[str | None]
	selling_price_list: NotRequired[str | None]
	customer_address: NotRequired[str | None]
	shipping_address_name: NotRequired[str | None]
	items: list[IntegrationhubApiRestSalesNewItem]
	taxes: NotRequired[list[NewTax]]
	expected_total: NotRequired[Money | None]
	submit: NotRequired[bool]


class NewPayment(TypedDict):
	party: str
	amount: Money
	payment_type: NotRequired[Literal["Receive", "Pay"]]
	company: NotRequired[str | None]
	references: NotRequired[list[Settles]]
	mode_of_payment: NotRequired[str | None]
	account: NotRequired[str | None]
	bank_amount: NotRequired[Money | None]
	reference_no: NotRequired[str | None]
	reference_date: NotRequired[Day | None]
	posting_date: NotRequired[Day | None]
	submit: NotRequired[bool]


class NewPrice(TypedDict):
	item_code: str
	price_list: str
	price_list_rate: Money
	uom: NotRequired[str | None]
	valid_from: NotRequired[Day | None]


class NewSecret(TypedDict):
	token: NotRequired[str]
	former_works_until: NotRequired[str | None]


class NewShipment(TypedDict):
	delivery_note: NotRequired[str | None]
	pick_list: NotRequired[str | None]
	parcels: list[NewBox]
	cod_amount: NotRequired[Money | None]


class NewSubscription(TypedDict):
	event: str
	document_type: NotRequired[str | None]
	doc_event: NotRequired[
		Literal["Created", "Updated", "Submitted", "Cancelled", "Changed After Submission", "Deleted"] | None
	]
	filters: NotRequired[list[Filter]]
	changed_fields: NotRequired[list[str]]
	field_names: NotRequired[list[str]]
	ordered: NotRequired[bool]
	enabled: NotRequired[bool]


class NewTax(TypedDict):
	account_head: str
	description: str
	tax_amount: Money


class Order(TypedDict):
	name: NotRequired[str]
	customer: NotRequired[str]
	customer_name: NotRequired[str | None]
	company: NotRequired[str]
	transaction_date: NotRequired[str]
	delivery_date: NotRequired[str | None]
	po_no: NotRequired[str | None]
	status: NotRequired[str]
	docstatus: NotRequired[int]
	currency: NotRequired[str]
	conversion_rate: NotRequired[float]
	net_total: NotRequired[str]
	total_taxes_and_charges: NotRequired[str]
	grand_total: NotRequired[str]
	rounded_total: NotRequired[str]
	advance_paid: NotRequired[str]
	per_delivered: NotRequired[float]
	per_billed: NotRequired[float]
	customer_address: NotRequired[str | None]
	shipping_address_name: NotRequired[str | None]
	contact_person: NotRequired[str | None]
	creation: NotRequired[str]
	modified: NotRequired[str]
	items: NotRequired[list[OrderItem]]
	taxes: NotRequired[list[OrderTax]]


class OrderItem(TypedDict):
	name: NotRequired[str]
	item_code: NotRequired[str]
	item_name: NotRequired[str | None]
	qty: NotRequired[float]
	uom: NotRequired[str | None]
	rate: NotRequired[str]
	amount: NotRequired[str]
	warehouse: NotRequired[str | None]
	delivery_date: NotRequired[str | None]
	delivered_qty: NotRequired[float]


class OrderTax(TypedDict):
	charge_type: NotRequired[str | None]
	account_head: NotRequired[str | None]
	description: NotRequired[str | None]
	rate: NotRequired[float]
	tax_amount: NotRequired[str]


class Paper(TypedDict):
	file_name: NotRequired[str]
	creation: NotRequired[str]


class Papers(TypedDict):
	rows: NotRequired[list[Paper]]


class Parcel(TypedDict):
	name: NotRequired[str]
	tracking_number: NotRequired[str | None]
	tracking_url: NotRequired[str | None]
	carrier: NotRequired[str | None]
	service: NotRequired[str | None]
	status: NotRequired[str]
	status_text: NotRequired[str | None]
	status_at: NotRequired[str | None]
	arrives_on: NotRequired[str | None]
	delivered_at: NotRequired[str | None]
	received_by: NotRequired[str | None]
	shipment: NotRequired[str | None]
	delivery_note: NotRequired[str | None]
	is_return: NotRequired[bool]
	cod_amount: NotRequired[str]
	currency: NotRequired[str | None]
	modified: NotRequired[str]
	scans: NotRequired[list[Scan]]


class Payment(TypedDict):
	name: NotRequired[str]
	payment_type: NotRequired[str]
	party_type: NotRequired[str | None]
	party: NotRequired[str | None]
	party_name: NotRequired[str | None]
	company: NotRequired[str]
	posting_date: NotRequired[str]
	mode_of_payment: NotRequired[str | None]
	reference_no: NotRequired[str | None]
	reference_date: NotRequired[str | None]
	status: NotRequired[str | None]
	docstatus: NotRequired[int]
	paid_from_account_currency: NotRequired[str | None]
	paid_to_account_currency: NotRequired[str | None]
	paid_amount: NotRequired[str]
	received_amount: NotRequired[str]
	total_allocated_amount: NotRequired[str]
	unallocated_amount: NotRequired[str]
	creation: NotRequired[str]
	modified: NotRequired[str]
	references: NotRequired[list[Reference]]


class Price(TypedDict):
	name: NotRequired[str]
	item_code: NotRequired[str]
	price_list: NotRequired[str]
	currency: NotRequired[str]
	uom: NotRequired[str | None]
	price_list_rate: NotRequired[str]
	selling: NotRequired[bool]
	buying: NotRequired[bool]
	customer: NotRequired[str | None]
	valid_from: NotRequired[str | None]
	valid_upto: NotRequired[str | None]
	creation: NotRequired[str]
	modified: NotRequired[str]


class Problem(TypedDict):
	field: str
	message: str


class Reference(TypedDict):
	reference_doctype: NotRequired[str | None]
	reference_name: NotRequired[str | None]
	allocated_amount: NotRequired[str]


class Remark(TypedDict):
	at: NotRequired[str]
	by: NotRequired[str]
	text: NotRequired[str]


class Replayed(TypedDict):
	count: NotRequired[int]


class Report(TypedDict):
	name: NotRequired[str]
	report_type: NotRequired[str | None]
	ref_doctype: NotRequired[str]
	modified: NotRequired[str]


class RowError(TypedDict):
	type: str
	message: str
	fields: list[Problem]


class RowResult(TypedDict):
	"""What became of one row. `status`: "created", "updated", "unchanged", "done", "failed", or
	"not_tried" when time was up: send those again."""

	row: int
	status: str
	name: NotRequired[str | None]
	error: NotRequired[RowError | None]


class Scan(TypedDict):
	at: NotRequired[str | None]
	status: NotRequired[str | None]
	text: NotRequired[str | None]
	location: NotRequired[str | None]


class Sent(TypedDict):
	delivery: NotRequired[str]


class Settles(TypedDict):
	reference_doctype: Literal["Sales Invoice", "Sales Order"]
	reference_name: str
	allocated_amount: NotRequired[Money | None]


class Shipment(TypedDict):
	name: NotRequired[str]
	docstatus: NotRequired[int]
	status: NotRequired[str]
	pickup_company: NotRequired[str | None]
	delivery_customer: NotRequired[str | None]
	delivery_company: NotRequired[str | None]
	delivery_to: NotRequired[str | None]
	value_of_goods: NotRequired[str]
	pickup_date: NotRequired[str | None]
	service_provider: NotRequired[str | None]
	carrier: NotRequired[str | None]
	carrier_service: NotRequired[str | None]
	shipment_id: NotRequired[str | None]
	awb_number: NotRequired[str | None]
	tracking_url: NotRequired[str | None]
	tracking_status: NotRequired[str | None]
	tracking_status_info: NotRequired[str | None]
	shipment_amount: NotRequired[str]
	creation: NotRequired[str]
	modified: NotRequired[str]
	shipment_parcel: NotRequired[list[Box]]
	shipment_delivery_note: NotRequired[list[Delivery]]


class SigningSecret(TypedDict):
	secret: NotRequired[str]
	former_works_until: NotRequired[str]


class Subscription(TypedDict):
	event: NotRequired[str]
	document_type: NotRequired[str | None]
	doc_event: NotRequired[str | None]
	filters: NotRequired[list[FilterShown]]
	changed_fields: NotRequired[list[str]]
	field_names: NotRequired[list[str]]
	ordered: NotRequired[bool]
	enabled: NotRequired[bool]


class Webhook(TypedDict):
	name: NotRequired[str]
	url: NotRequired[str]
	company: NotRequired[str]
	webhook_user: NotRequired[str]
	enabled: NotRequired[bool]
	paused: NotRequired[bool]
	paused_reason: NotRequired[str | None]
	failing_since: NotRequired[str | None]
	give_up_after_days: NotRequired[int]
	creation: NotRequired[str]
	modified: NotRequired[str]
	subscriptions: NotRequired[list[Subscription]]


class WebhookAttempt(TypedDict):
	started_at: NotRequired[str]
	status_code: NotRequired[int | None]
	milliseconds: NotRequired[int]
	response: NotRequired[str | None]
	message: NotRequired[str | None]


class WebhookDelivery(TypedDict):
	name: NotRequired[str]
	webhook_id: NotRequired[str]
	type: NotRequired[str]
	status: NotRequired[str]
	message: NotRequired[str | None]
	tries: NotRequired[int]
	reference_doctype: NotRequired[str | None]
	reference_name: NotRequired[str | None]
	due_at: NotRequired[str | None]
	done_at: NotRequired[str | None]
	creation: NotRequired[str]
	modified: NotRequired[str]
	attempts: NotRequired[list[WebhookAttempt]]


class Whoami(TypedDict):
	user: NotRequired[str]
	key: NotRequired[str | None]
	roles: NotRequired[list[str]]
	calls_per_minute: NotRequired[int]
	expires_on: NotRequired[str | None]


class IntegrationhubApiRestSalesNewItem(TypedDict):
	item_code: str
	qty: float
	rate: NotRequired[Money | None]
	uom: NotRequired[str | None]
	warehouse: NotRequired[str | None]


class ItemsNewItem(TypedDict):
	item_code: str
	item_name: NotRequired[str | None]
	item_group: str
	stock_uom: str
	description: NotRequired[str | None]
	is_stock_item: NotRequired[bool]
	weight_per_unit: NotRequired[float | None]
	weight_uom: NotRequired[str | None]


class JobsJob(TypedDict):
	name: NotRequired[str]
	method: NotRequired[str]
	status: NotRequired[str]
	message: NotRequired[str | None]
	result: NotRequired[Any]
	file_name: NotRequired[str | None]
