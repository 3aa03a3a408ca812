"""Events of CRMs: companies, contacts, leads and deals, both ways, many in one call.

In and out work on the newest state of both sides, not on what the Event was stored with, so ten Events about one
contact cost one call. What both sides last agreed on is in the Link; it tells whose change is whose, and keeps our
own write from coming back as news.
"""

from __future__ import annotations

from integration_hub.sync.crm import incoming, outgoing
from integration_hub.sync.crm.incoming import CAPABILITY
from integration_hub.sync.handling import Handler, Route

ROUTES = tuple(
	Route(direction, resource, capability, Handler(way.prepare, way.apply))
	for resource, capability in CAPABILITY.items()
	for direction, way in (("In", incoming), ("Out", outgoing))
)
