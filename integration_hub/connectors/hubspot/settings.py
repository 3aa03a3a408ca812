"""What a person enters to connect a HubSpot account, and where HubSpot's API lives."""

from __future__ import annotations

from integration_hub.connectors.contract import Setting

#: one host for all regions; there are no test addresses, only test accounts
API = "https://api.hubapi.com"
#: HubSpot publishes a version every March and September and supports each for 18 months
API_VERSION = "2026-03"

AS_CONTACTS, AS_LEADS = "Contacts with lifecycle stage Lead", "Leads"
LEAD_STAGES = "subscriber, lead, marketingqualifiedlead, salesqualifiedlead"
CONTACT_STAGE = "customer"
KEY_PROPERTY = "erpnext_id"

SETTINGS = (
	Setting(
		"access_token",
		"Access token",
		secret=True,
		required=False,
		help="Of a private app (pat-…). Leave empty when you enter a refresh token.",
	),
	Setting(
		"client_secret",
		"Client secret",
		secret=True,
		required=False,
		help="Of the app. It signs the webhooks; without it none is accepted and changes are only pulled.",
	),
	Setting("client_id", "Client ID", required=False, help="Only for an app with OAuth."),
	Setting(
		"refresh_token",
		"Refresh token",
		secret=True,
		required=False,
		help="Only for an app with OAuth: what its installation in the account gave.",
	),
	Setting(
		"leads_are",
		"Leads are",
		required=False,
		default=AS_CONTACTS,
		choices=(AS_CONTACTS, AS_LEADS),
		help="HubSpot has both: contacts whose lifecycle stage says that they are leads, and (Sales Hub) an object "
		"Leads of its own.",
	),
	Setting(
		"lead_stages",
		"Lifecycle stages of leads",
		required=False,
		default=LEAD_STAGES,
		help="Internal names. Contacts in one of these stages are leads, all others are contacts. New leads get the "
		"stage lead, or the first of these.",
	),
	Setting(
		"contact_stage",
		"Lifecycle stage of new contacts",
		required=False,
		default=CONTACT_STAGE,
		help="HubSpot makes everybody a lead who is made without a stage. Empty: as HubSpot likes it.",
	),
	Setting(
		"key_property",
		"Property for our key",
		required=False,
		default=KEY_PROPERTY,
		help="Made by the hub on each object it writes; it keeps a lost answer from making a record twice. When several "
		"ERPNext sites are connected to one account, give each a property of its own.",
	),
	Setting(
		"tax_id_property",
		"Property with the tax ID",
		required=False,
		help="HubSpot has none of its own. The internal name of the company property you keep it in.",
	),
	Setting(
		"subscription_ids",
		"Marketing subscription types",
		required=False,
		help="IDs, separated by commas. Empty: all active types that HubSpot does not use internally.",
	),
	Setting(
		"app_id",
		"App ID",
		required=False,
		help="Only to register webhooks of a public app by program, together with the developer API key.",
	),
	Setting("developer_key", "Developer API key", secret=True, required=False, help="See App ID."),
	Setting("api_version", "API version", required=False, default=API_VERSION, help="Leave as it is."),
)
