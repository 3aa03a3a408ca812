"""What a person enters to connect a Shopify shop, and where that shop's API lives."""

from __future__ import annotations

import re
from collections.abc import Mapping

from integration_hub.connectors.contract import Setting
from integration_hub.failures import Rejected

#: The version all queries are written for and validated against. Shopify keeps each for at least a year and
#: then silently serves the oldest it still has; `Client.served_version` shows what really answered.
API_VERSION = "2026-10"

SETTINGS = (
	Setting(
		"shop_domain",
		"Shop domain",
		help="The permanent address of the shop, like my-shop.myshopify.com.",
	),
	Setting(
		"access_token",
		"Admin API access token",
		secret=True,
		required=False,
		help="For a custom app made in the shop's admin (shpat_…). Leave empty when you enter a client ID.",
	),
	Setting(
		"client_id",
		"Client ID",
		required=False,
		help="For an app made in the Dev Dashboard of the shop's own organisation.",
	),
	Setting(
		"client_secret",
		"Client secret",
		secret=True,
		required=False,
		help="Also signs the webhooks; needed for both kinds of apps if webhooks shall arrive.",
	),
	Setting(
		"webhook_secret",
		"Other webhook secret",
		secret=True,
		required=False,
		help="The old secret while you rotate it, or the one that the shop's Notifications page shows.",
	),
)

#: What each capability needs; the check names those that are missing.
SCOPES = (
	"read_orders",
	"read_products",
	"read_customers",
	"read_inventory",
	"write_inventory",
	"read_locations",
	"read_fulfillments",
	"read_merchant_managed_fulfillment_orders",
	"write_merchant_managed_fulfillment_orders",
)

# official rule for OAuth's `shop` parameter, see shopify.dev "Authorization code grant"
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


def shop_domain(settings: Mapping[str, str]) -> str:
	"""The shop's domain, from what people paste: an address, the admin's address, or the bare name. Raises
	Rejected when it is no shop at Shopify (our key must not be sent to anybody else)."""
	entered = (settings.get("shop_domain") or "").strip().lower()
	domain = re.sub(r"^https?://", "", entered)
	in_admin = re.match(r"admin\.shopify\.com/store/([a-z0-9-]+)", domain)
	domain = in_admin[1] if in_admin else domain.split("/")[0]
	if "." not in domain:
		domain += ".myshopify.com"
	if not _DOMAIN.fullmatch(domain):
		raise Rejected("The shop domain in the Connection must look like my-shop.myshopify.com.")
	return domain
