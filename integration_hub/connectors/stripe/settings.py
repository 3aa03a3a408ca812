"""What a person enters to connect a Stripe account."""

from integration_hub.connectors.contract import Setting

API = "https://api.stripe.com"
#: the version that requests and webhooks are written in
VERSION = "2026-07-29.dahlia"
#: what we read has had its present shape since then ("basil")
OLDEST_VERSION = "2025-03-31"
PAYMENT_LINK, CHECKOUT = "Payment Link", "Checkout Session"

SETTINGS = (
	Setting(
		"secret_key",
		"Secret Key",
		secret=True,
		help="Stripe Dashboard, Developers, API keys: sk_… or a restricted key rk_…. Keys with _test_ belong to a Sandbox Connection.",
	),
	Setting(
		"webhook_secret",
		"Webhook Signing Secret",
		secret=True,
		required=False,
		help="whsec_…. Only if you made the webhook endpoint by hand: Register Webhooks keeps the secret it is given. Two secrets, separated by a space, while you roll them.",
	),
	Setting(
		"link_kind",
		"Payment Page",
		required=False,
		default=PAYMENT_LINK,
		choices=(PAYMENT_LINK, CHECKOUT),
		help="A Payment Link stays valid until it is paid or closed: for prints and mails. A Checkout Session ends after a day.",
	),
	Setting(
		"return_url",
		"Page After Payment",
		required=False,
		help="https://… where the buyer goes after paying. A Checkout Session needs one.",
	),
	Setting(
		"statement_descriptor",
		"Text on the Buyer's Statement",
		required=False,
		help="At most 22 letters; added to your account's own.",
	),
	Setting(
		"account",
		"Connected Account",
		required=False,
		help="acct_…, only for platforms that act for another Stripe account.",
	),
	Setting("api_version", "API Version", required=False, default=VERSION, help="Leave as it is."),
)
