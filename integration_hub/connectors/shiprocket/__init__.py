"""Shiprocket: prices, bookings, labels, pickups, manifests and tracking of India's couriers through one account.

Sources: Shiprocket's API documentation (apidocs.shiprocket.in, API v1 external) and recorded contracts; there is no
official specification and no test mode. Domestic shipments within India only.
"""

from __future__ import annotations

from integration_hub.connectors.shiprocket.booking import Books
from integration_hub.connectors.shiprocket.pickups import Picks
from integration_hub.connectors.shiprocket.tracking import Tracks
from integration_hub.connectors.shiprocket.webhooks import Webhooks


class Shiprocket(Books, Picks, Tracks, Webhooks):
	"""One company's account at Shiprocket."""
