"""Stripe: payment pages, payments, refunds, disputes, payouts, subscriptions."""

from __future__ import annotations

from integration_hub.connectors.contract import Identity
from integration_hub.connectors.stripe.payments import Payments
from integration_hub.connectors.stripe.payouts import Payouts
from integration_hub.connectors.stripe.refunds import Refunds
from integration_hub.connectors.stripe.settings import CHECKOUT, OLDEST_VERSION, SETTINGS
from integration_hub.connectors.stripe.subscriptions import Subscriptions
from integration_hub.connectors.stripe.webhooks import Webhooks
from integration_hub.failures import Rejected


class Stripe(Webhooks, Payments, Refunds, Payouts, Subscriptions):
	key = "stripe"
	title = "Stripe"
	category = "payments"
	settings = SETTINGS
	#: Stripe's limit is 25 a second for one endpoint (and for everything in test mode)
	rate_limit = "20/second"

	def check(self) -> Identity:
		if self.version < OLDEST_VERSION:
			raise Rejected(f"API version {self.version} is too old: {OLDEST_VERSION} (basil) is the oldest.")
		account = self.get("/v1/account")
		profile = account.get("business_profile") or {}
		settings = (account.get("settings") or {}).get("dashboard") or {}
		name = settings.get("display_name") or profile.get("name") or account["id"]
		warnings = []
		if not account.get("charges_enabled", True):
			warnings.append("Stripe does not let this account take payments yet.")
		if not account.get("payouts_enabled", True):
			warnings.append("Stripe does not pay out to this account's bank yet.")
		if self.config.get("link_kind") == CHECKOUT and not self.config.get("return_url"):
			warnings.append("A Checkout Session needs a page to come back to: enter Page After Payment.")
		if not self.signing_secrets():
			warnings.append("No webhook can be verified yet: press Register Webhooks.")
		return Identity(
			account=name,
			detail=f"{account['id']}, {account.get('country') or ''}",
			currency=(account.get("default_currency") or "").upper(),
			warnings=warnings,
		)


__all__ = ["Stripe"]
