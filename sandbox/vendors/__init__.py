"""Twenty vendors on one machine: small, strict servers that keep state and refuse what the real vendor refuses.

They stand alone: nothing here imports the app, so that a connector and the sandbox it talks to can never
share a mistake. Each vendor is a folder with a class derived from `sandbox.vendors.base.Vendor`.
"""

import importlib

VENDORS = {
	"hubspot": "sandbox.vendors.hubspot:HubSpot",
	"shiprocket": "sandbox.vendors.shiprocket:Shiprocket",
	"shopify": "sandbox.vendors.shopify:Shopify",
	"stripe": "sandbox.vendors.stripe:Stripe",
}


def vendor_class(key: str) -> type:
	"""The vendor's class for `key`; raises LookupError that names the vendors there are."""
	try:
		module, name = VENDORS[key].split(":")
	except KeyError:
		raise LookupError(f"No sandbox vendor {key!r}; there are: {', '.join(sorted(VENDORS))}") from None
	return getattr(importlib.import_module(module), name)
