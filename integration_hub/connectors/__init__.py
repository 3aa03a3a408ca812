"""The connectors: one module (or package) per vendor, found by key, loaded when first asked for.

Importing this package imports no vendor's code. Apps of other people add connectors through the hook
`integration_hub_connectors`; what it lists is passed in as `extra`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
	from integration_hub.connectors.contract import Connector

#: The connectors that come with the app: key -> "module.Class".
BUILT_IN: dict[str, str] = {
	"shopify": "integration_hub.connectors.shopify.Shopify",
	"stripe": "integration_hub.connectors.stripe.Stripe",
	"shiprocket": "integration_hub.connectors.shiprocket.Shiprocket",
	"hubspot": "integration_hub.connectors.hubspot.HubSpot",
	"webhooks": "integration_hub.connectors.webhooks.Webhooks",
}


class UnknownConnector(LookupError):
	"""No connector of this key is installed (an app was removed, or a key was mistyped)."""


def connector_class(key: str, extra: Iterable[type[Connector] | str] = ()) -> type[Connector]:
	"""The class of the connector `key`. Raises UnknownConnector."""
	if key in BUILT_IN:
		return _load(BUILT_IN[key])
	for candidate in extra:
		found = _load(candidate)
		if found.key == key:
			return found
	raise UnknownConnector(f"There is no connector named {key!r}.")


def all_connectors(extra: Iterable[type[Connector] | str] = ()) -> dict[str, type[Connector]]:
	"""Every connector by key: the built-in ones first, then `extra` (classes or dotted paths). A built-in
	key cannot be taken over; to replace a connector give yours a key of its own."""
	found = {key: _load(path) for key, path in BUILT_IN.items()}
	for candidate in extra:
		connector = _load(candidate)
		found.setdefault(connector.key, connector)
	return found


def _load(candidate: type[Connector] | str) -> type[Connector]:
	if not isinstance(candidate, str):
		return candidate
	module, _, name = candidate.rpartition(".")
	if not module:
		raise UnknownConnector(f"{candidate!r} is not the dotted path of a connector class.")
	try:
		return getattr(import_module(module), name)
	except AttributeError:
		raise UnknownConnector(f"{module} has no connector class {name}.") from None
