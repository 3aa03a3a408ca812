"""The list of all capabilities, and who has which."""

from __future__ import annotations

from integration_hub.connectors.contract import carriers, crm, outgoing, payments, shops
from integration_hub.connectors.contract.base import (
	AnswersWebhooks,
	Connector,
	ListsLocations,
	ReceivesWebhooks,
)

CAPABILITIES: dict[str, type] = {
	protocol.__name__: protocol
	for protocol in (
		ReceivesWebhooks,
		AnswersWebhooks,
		ListsLocations,
		shops.PullsOrders,
		shops.PullsProducts,
		shops.PullsCustomers,
		shops.PushesStock,
		shops.FulfilsOrders,
		shops.CancelsFulfilments,
		payments.TakesPayments,
		payments.CapturesPayments,
		payments.PullsPayments,
		payments.RefundsPayments,
		payments.PullsDisputes,
		payments.PullsPayouts,
		payments.Subscribes,
		carriers.QuotesRates,
		carriers.ShipsParcels,
		carriers.PicksUpParcels,
		carriers.ManifestsParcels,
		carriers.TracksParcels,
		carriers.FollowsParcels,
		crm.SyncsCompanies,
		crm.SyncsContacts,
		crm.SyncsLeads,
		crm.SyncsDeals,
		crm.LogsCommunications,
		crm.ManagesConsent,
		outgoing.DeliversMessages,
	)
}


def capabilities(connector: type[Connector]) -> list[str]:
	"""Names of the capabilities a connector class has, in the order of the contract."""
	return [name for name, protocol in CAPABILITIES.items() if satisfies(connector, protocol)]


def satisfies(connector: type[Connector] | Connector, protocol: type) -> bool:
	"""Does a connector (its class, or one that is open) have this capability?

	`issubclass` refuses protocols with data members, so the members are asked one by one.
	"""
	return all(hasattr(connector, member) for member in _members(protocol))


def _members(protocol: type) -> set[str]:
	members: set[str] = set()
	for ancestor in protocol.__mro__:
		if getattr(ancestor, "_is_protocol", False) and ancestor.__name__ != "Protocol":
			members |= {name for name in vars(ancestor) if not name.startswith("_")}
			members |= set(vars(ancestor).get("__annotations__", {}))
	return members
