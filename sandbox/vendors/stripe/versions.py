"""API versions that the sandbox speaks: from basil on, where invoices and subscriptions took their present shape."""

from sandbox.vendors.stripe.errors import Refusal, unsupported
from sandbox.vendors.stripe.params import ENDIVE

DAHLIA = "2026-03-25"
VERSIONS = {
	"basil": "2025-03-31 2025-04-30 2025-05-28 2025-06-30 2025-07-30 2025-08-27",
	"clover": "2025-09-30 2025-10-29 2025-11-17 2025-12-15 2026-01-28 2026-02-25",
	"dahlia": "2026-03-25 2026-04-22 2026-05-27 2026-06-24 2026-07-29 2026-08-26",
	"endive": "2026-09-30 2026-10-28",
}
KNOWN = {f"{date}.{name}" for name, dates in VERSIONS.items() for date in dates.split()}


def check(version: str) -> str:
	"""Raises Refusal: there never was such a version, or the sandbox does not speak it."""
	if version in KNOWN:
		return version
	if version < "2025-03-31" and version[:4].isdigit() and len(version) >= 10:
		raise unsupported(f"API version {version}; the oldest it knows is 2025-03-31.basil")
	raise Refusal(f"Invalid Stripe API version: {version}", early=True)


def adapted(object: dict, version: str) -> dict:
	"""The object as this version shows it; changes the copy it is given."""
	kind = object.get("object")
	if kind in ("checkout.session", "payment_intent") and version >= ENDIVE:
		object.setdefault("allowed_payment_method_types", None)
	if kind == "checkout.session" and version < DAHLIA and object.get("ui_mode") == "hosted_page":
		object["ui_mode"] = "hosted"
	return object
