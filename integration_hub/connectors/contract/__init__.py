"""The connector contract: what one vendor's module must offer, and what it is given.

A connector is a plain Python class: it gets its settings, an `Http` client that already knows time-outs,
budget, redaction and failure classes, and a `Vault` for tokens that expire. It knows nothing of ERPNext.
What it can do is said by the Protocols it satisfies; the engine asks for them, the Desk shows them.

**In.** Every Resource that comes in takes three small steps, so that webhooks, pulls and replays share one path:
`pull_*` / `notices` say *that* something changed (a Notice, with the vendor's payload when the list already
carried all of it), `fetch_*` brings the payloads of several ids in as few calls as the vendor allows, and
`read_*` turns one payload into a record without any call.

**Out.** Every call that changes something at the vendor takes the same two keywords. `key` is the idempotency key:
the same for every try of the same thing, different for every other thing; give it to a vendor that takes one.
`look_first` is True when a former try may have got through (its answer was lost, its worker was killed): then
find what it made, by our reference, and go on from there instead of making it twice. Calls for one thing return
its record and raise a Failure; calls for many return one Outcome each, in order, and one bad row is split off
and never fails its neighbours.
"""

from integration_hub.connectors.contract.base import (
	AnswersWebhooks,
	Category,
	Connector,
	Identity,
	ListsLocations,
	MemoryVault,
	Notice,
	Outcome,
	Page,
	ReceivesWebhooks,
	Resource,
	Setting,
	Vault,
	WebhookAnswer,
	WebhookRequest,
)
from integration_hub.connectors.contract.capabilities import CAPABILITIES, capabilities, satisfies
from integration_hub.connectors.contract.carriers import (
	FollowsParcels,
	ManifestsParcels,
	PicksUpParcels,
	QuotesRates,
	ShipsParcels,
	TracksParcels,
)
from integration_hub.connectors.contract.crm import (
	LogsCommunications,
	ManagesConsent,
	SyncsCompanies,
	SyncsContacts,
	SyncsDeals,
	SyncsLeads,
	SyncsRecords,
)
from integration_hub.connectors.contract.outgoing import DeliversMessages, Message
from integration_hub.connectors.contract.payments import (
	CapturesPayments,
	PullsDisputes,
	PullsPayments,
	PullsPayouts,
	RefundsPayments,
	Subscribes,
	TakesPayments,
)
from integration_hub.connectors.contract.shops import (
	CancelsFulfilments,
	FulfilsOrders,
	PullsCustomers,
	PullsOrders,
	PullsProducts,
	PushesStock,
)

__all__ = [
	"AnswersWebhooks", "CAPABILITIES", "CancelsFulfilments", "CapturesPayments", "Category", "Connector", "DeliversMessages", "FollowsParcels", "FulfilsOrders", "Identity", "ListsLocations", "LogsCommunications", "ManagesConsent",
	"ManifestsParcels", "MemoryVault", "Message", "Notice", "Outcome", "Page", "PicksUpParcels", "PullsCustomers", "PullsDisputes", "PullsOrders",
	"PullsPayments", "PullsPayouts", "PullsProducts", "PushesStock", "QuotesRates", "ReceivesWebhooks", "RefundsPayments",
	"Resource", "Setting", "ShipsParcels", "Subscribes", "SyncsCompanies", "SyncsContacts", "SyncsDeals", "SyncsLeads",
	"SyncsRecords", "TakesPayments", "TracksParcels", "Vault", "WebhookAnswer", "WebhookRequest", "capabilities", "satisfies",
]  # fmt: skip
