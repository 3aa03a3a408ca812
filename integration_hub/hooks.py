"""Everything Frappe calls, nothing else. The entry points themselves are in `tasks.py` and `api/`."""

app_name = "integration_hub"
app_title = "Integration Hub"
app_publisher = "Integration Hub contributors"
app_description = "Connects ERPNext with shops, payment gateways, carriers, CRMs and marketing"
app_email = "hello@example.com"
app_license = "GPL-3.0-or-later"
app_icon = "octicon octicon-plug"
app_color = "blue"

# with its owner, because for a bare name Frappe v15 asks a web service whose app this is
required_apps = ["frappe/erpnext"]

after_install = "integration_hub.install.after_install"
after_migrate = ["integration_hub.install.after_migrate"]
before_uninstall = "integration_hub.install.before_uninstall"
after_uninstall = "integration_hub.install.after_uninstall"

# Buttons on ERPNext's forms
doctype_js = {
	"Delivery Note": ["public/js/shipping.js"],
	"Pick List": ["public/js/shipping.js"],
	"Shipment": ["public/js/shipping.js"],
	"Sales Invoice": ["public/js/payments.js"],
	"Sales Order": ["public/js/payments.js"],
	"Payment Request": ["public/js/payments.js"],
	"Subscription": ["public/js/payments.js"],
}
doctype_list_js = {"Shipment": ["public/js/shipping_list.js"]}

# A user's save only ever writes an Event or marks stock as changed: no vendor is called from here.
doc_events = {
	"Delivery Note": {"on_submit": "integration_hub.tasks.delivery_note_submitted"},
	"Sales Invoice": {
		"before_print": "integration_hub.tasks.document_printed",
		"on_submit": "integration_hub.tasks.invoice_submitted",
		"on_update_after_submit": "integration_hub.tasks.payable_changed",
		"on_cancel": "integration_hub.tasks.payable_changed",
	},
	"Payment Request": {"on_cancel": "integration_hub.tasks.payable_changed"},
	"Payment Entry": {
		"on_submit": "integration_hub.tasks.money_moved",
		"on_cancel": "integration_hub.tasks.money_moved",
	},
	"Journal Entry": {
		"on_submit": "integration_hub.tasks.money_moved",
		"on_cancel": "integration_hub.tasks.money_moved",
	},
	"Subscription": {"on_update": "integration_hub.tasks.subscription_saved"},
	"Shipment": {"on_cancel": "integration_hub.tasks.shipment_cancelled"},
	"Stock Ledger Entry": {"after_insert": "integration_hub.tasks.stock_moved"},
	"Sales Order": {
		"before_print": "integration_hub.tasks.document_printed",
		"on_submit": ["integration_hub.tasks.stock_reserved", "integration_hub.tasks.document_amended"],
		"on_update_after_submit": "integration_hub.tasks.payable_changed",
		"on_cancel": ["integration_hub.tasks.stock_reserved", "integration_hub.tasks.payable_changed"],
	},
	"Item": {
		"after_insert": "integration_hub.tasks.something_was_fixed",
		"after_delete": "integration_hub.tasks.document_deleted",
	},
	"Customer": {
		"on_update": "integration_hub.tasks.crm_document_changed",
		"after_rename": "integration_hub.tasks.crm_document_renamed",
		"on_trash": "integration_hub.tasks.crm_document_deleted",
		"after_delete": "integration_hub.tasks.document_deleted",
	},
	"Contact": {
		"on_update": ["integration_hub.tasks.crm_document_changed", "integration_hub.tasks.consent_changed"],
		"after_rename": "integration_hub.tasks.crm_document_renamed",
		"on_trash": "integration_hub.tasks.crm_document_deleted",
	},
	"Lead": {
		"on_update": ["integration_hub.tasks.crm_document_changed", "integration_hub.tasks.consent_changed"],
		"after_rename": "integration_hub.tasks.crm_document_renamed",
		"on_trash": "integration_hub.tasks.crm_document_deleted",
	},
	"Opportunity": {
		"on_update": "integration_hub.tasks.crm_document_changed",
		"after_rename": "integration_hub.tasks.crm_document_renamed",
		"on_trash": "integration_hub.tasks.crm_document_deleted",
	},
	"Address": {
		"on_update": "integration_hub.tasks.address_changed",
		"after_delete": "integration_hub.tasks.document_deleted",
	},
	"Communication": {"after_insert": "integration_hub.tasks.communication_made"},
	"Integration Settings": {"on_update": "integration_hub.tasks.settings_changed"},
	"Integration Parcel": {"on_update": "integration_hub.tasks.something_happened"},
	"*": {
		"after_rename": "integration_hub.tasks.document_renamed",
		**dict.fromkeys(
			("after_insert", "on_change", "on_submit", "on_cancel", "on_update_after_submit", "on_trash"),
			"integration_hub.tasks.something_happened",
		),
	},
}

# What hangs on a Connection is seen by whoever may see the Connection's company.
_RECORDS = (
	"Integration Event",
	"Integration Attempt",
	"Integration Link",
	"Integration Stock Level",
	"Integration Parcel",
	"Integration Audit",
	"Integration Match",
)
has_permission = dict.fromkeys(_RECORDS, "integration_hub.sync.rights.may")
permission_query_conditions = dict.fromkeys(_RECORDS, "integration_hub.sync.rights.visible")

# webhooks whose body Frappe cannot parse are taken after it has given up on them
after_request = [
	"integration_hub.api.webhooks.after_request",
	"integration_hub.api.rest.border.after_request",
]
# keys of the public API
auth_hooks = ["integration_hub.api.rest.keys.authenticate"]
before_request = ["integration_hub.api.rest.callers.begin"]

# /integration-hub/api: read the public API's description and try it
page_renderer = ["integration_hub.api.reader.ApiPage"]

scheduler_events = {
	"cron": {"* * * * *": ["integration_hub.tasks.sweep"]},
	"hourly_long": ["integration_hub.tasks.review_payment_pages"],
	"daily_long": [
		"integration_hub.tasks.forget_old_data",
		"integration_hub.tasks.review_api_keys",
		"integration_hub.tasks.tell_what_waits",
		"integration_hub.tasks.renew_all_webhooks",
	],
}

# Integration documents are found by reference; they must not keep ERPNext documents from being deleted
# or cancelled.
ignore_links_on_delete = [
	"Integration Event",
	"Integration Attempt",
	"Integration Link",
	"Integration Stock Level",
	"Integration Parcel",
	"Integration Audit",
	"Integration Match",
	"Integration API Call",
	"Integration Idempotency Key",
]
auto_cancel_exempted_doctypes = [
	"Integration Event",
	"Integration Link",
	"Integration Parcel",
	"Integration Audit",
	"Integration Match",
]

log_clearing_doctypes = {}

# Connector classes of other apps: integration_hub_connectors = ["my_app.connectors.acme.Acme"]
integration_hub_connectors = []
