"""What a person enters to connect a Shiprocket account, and where Shiprocket's API lives."""

from __future__ import annotations

from integration_hub.connectors.contract import Setting

#: the only address there is: Shiprocket has no test account, every call is a real one
API = "https://apiv2.shiprocket.in"
PATH = "v1/external/"

YES, NO = "Yes", "No"
SURFACE, AIR, ANY = "Surface", "Air", "Any"

SETTINGS = (
	Setting(
		"email",
		"API user's e-mail",
		help="Of an API user (Settings, API, Configure at Shiprocket), not the one you log in with.",
	),
	Setting("password", "API user's password", secret=True),
	Setting(
		"pickup_place",
		"Pickup place",
		help="The nickname of the pickup address at Shiprocket, in exactly its spelling, like Primary. Used where "
		"a shipment names no other.",
	),
	Setting(
		"webhook_token",
		"Webhook token",
		secret=True,
		required=False,
		help="A long random text of your own. Enter the same at Shiprocket under Settings, API, Webhooks. Without "
		"it no webhook is accepted, and parcels are only polled.",
	),
	Setting(
		"dry_run",
		"Dry run",
		required=False,
		default=NO,
		choices=(NO, YES),
		help="Shiprocket has no test mode. With Yes nothing is ordered, cancelled or printed there: prices and addresses "
		"are checked, and a booking is made up with a number that begins with DRYRUN.",
	),
	Setting(
		"mode",
		"Transport",
		required=False,
		default=ANY,
		choices=(ANY, SURFACE, AIR),
		help="Which kinds of couriers are asked for prices.",
	),
	Setting(
		"channel_id",
		"Channel ID",
		required=False,
		help="The channel at Shiprocket under which orders appear. Empty: its standard channel Custom.",
	),
)
