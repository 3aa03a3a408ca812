"""Stripe: payment pages, payments, refunds, disputes, payouts, subscriptions."""

from __future__ import annotations

from integration_hub.connectors.contract import Identity
from integration_hub.connectors.stripe.payments import Payments
from integration_hub.connectors.stripe.payouts import Payouts
from integration_hub.connectors.stripe.refunds import Refunds
from integration_hub.connectors.stripe.settings import SETTINGS
from integration_hub.connectors.stripe.subscriptions import Subscriptions
from integration_hub.connectors.stripe.webhooks import Webhooks
from integration_hub.failures import NotAuthorised


class Stripe(Webhooks, Payments, Refunds, Payouts, Subscriptions):
	key = "stripe"
	title = "Stripe"
	category = "payments"
	settings = SETTINGS
	#: Stripe's limit is 25 a second for one endpoint (and for everything in test mode)
	rate_limit = "20/second"

	def check(self) -> Identity:
		live = "_live_" in self.config["secret_key"]
		sandbox = self.config.get("environment") == "Sandbox"
		if live and sandbox:
			raise NotAuthorised(
				"This is a live key: it belongs to a Connection of the environment Production."
			)
		if not live and self.config.get("environment") == "Production":
			raise NotAuthorised("This is a test key: it belongs to a Connection of the environment Sandbox.")
		account = self.get("/v1/account")
		profile = account.get("business_profile") or {}
		settings = (account.get("settings") or {}).get("dashboard") or {}
		name = settings.get("display_name") or profile.get("name") or account["id"]
		warnings = []
		if not account.get("charges_enabled", True):
			warnings.append("Stripe does not let this account take payments yet.")
		if not account.get("payouts_enabled", True):
			warnings.append("Stripe does not pay out to this account's bank yet.")
		return Identity(
			account=name,
			detail=f"{account['id']}, {account.get('country') or ''}",
			currency=(account.get("default_currency") or "").upper(),
			warnings=warnings,
		)


__all__ = ["Stripe"]
