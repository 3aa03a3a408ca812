"""What a Connection can synchronise: each capability's Resources, and how those that come in are walked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integration_hub.connectors import contract
from integration_hub.connectors.contract import Connector, Page, satisfies
from integration_hub.sync import crm, parcels

#: (connection, connector, since, cursor) -> Page
Walk = Callable[[Any, Connector, datetime, str | None], Page]


@dataclass(frozen=True)
class Offer:
	"""A capability gives a Connection this row. `walk` pulls it; None: nothing is pulled (it goes out, or comes by
	webhook only)."""

	capability: type
	resource: str
	direction: str
	walk: Walk | None = None


def _pull(method: str) -> Walk:
	def walk(_connection, connector: Connector, since: datetime, cursor: str | None) -> Page:
		return getattr(connector, method)(since, cursor)

	return walk


OFFERS: tuple[Offer, ...] = (
	Offer(contract.PullsOrders, "orders", "In", _pull("pull_orders")),
	Offer(contract.PullsProducts, "products", "In", _pull("pull_products")),
	Offer(contract.PullsCustomers, "customers", "In", _pull("pull_customers")),
	Offer(contract.PushesStock, "stock", "Out"),
	Offer(contract.FulfilsOrders, "shipments", "Out"),
	Offer(contract.PullsPayments, "payments", "In", _pull("pull_payments")),
	Offer(contract.RefundsPayments, "refunds", "In", _pull("pull_refunds")),
	Offer(contract.PullsDisputes, "disputes", "In", _pull("pull_disputes")),
	Offer(contract.PullsPayouts, "payouts", "In", _pull("pull_payouts")),
	Offer(contract.Subscribes, "subscriptions", "In", _pull("pull_subscriptions")),
	Offer(contract.Subscribes, "subscriptions", "Out"),
	Offer(contract.Subscribes, "invoices", "In", _pull("pull_bills")),
	Offer(contract.TracksParcels, "tracking", "In", parcels.walk),
	Offer(contract.SyncsCompanies, "customers", "In", crm.incoming.walk("customers")),
	Offer(contract.SyncsCompanies, "customers", "Out"),
	Offer(contract.SyncsContacts, "contacts", "In", crm.incoming.walk("contacts")),
	Offer(contract.SyncsContacts, "contacts", "Out"),
	Offer(contract.SyncsLeads, "leads", "In", crm.incoming.walk("leads")),
	Offer(contract.SyncsLeads, "leads", "Out"),
	Offer(contract.SyncsDeals, "deals", "In", crm.incoming.walk("deals")),
	Offer(contract.SyncsDeals, "deals", "Out"),
	Offer(contract.LogsCommunications, "communications", "In", _pull("pull_communications")),
	Offer(contract.LogsCommunications, "communications", "Out"),
	Offer(contract.ManagesConsent, "consents", "In"),
	Offer(contract.ManagesConsent, "consents", "Out"),
)


def of(kind: type[Connector] | Connector) -> list[Offer]:
	"""What a connector's Connections can synchronise, in the order of the form."""
	return [offer for offer in OFFERS if satisfies(kind, offer.capability)]


def walk_of(kind: type[Connector] | Connector, resource: str) -> Walk | None:
	"""How a Resource is pulled at this connector, None when it cannot be."""
	return next((offer.walk for offer in of(kind) if offer.resource == resource and offer.walk), None)
