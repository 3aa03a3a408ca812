"""HubSpot: companies, contacts, leads and deals, what people said to each other, and who may be written to.

Sources: HubSpot's documentation and OpenAPI collection, versions by date. What they leave open is said where it counts.
"""

from __future__ import annotations

from integration_hub.connectors.hubspot.communications import Communications
from integration_hub.connectors.hubspot.consents import Consents
from integration_hub.connectors.hubspot.webhooks import Webhooks


class HubSpot(Webhooks, Communications, Consents):
	"""One account (portal) at HubSpot."""


__all__ = ["HubSpot"]
