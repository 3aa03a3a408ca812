"""Webhook endpoints, events, and the account itself."""

import re
from urllib.parse import urlsplit

from sandbox.vendors.stripe import topics, versions
from sandbox.vendors.stripe.api.call import Call
from sandbox.vendors.stripe.api.routes import route
from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.events import delivered, wants
from sandbox.vendors.stripe.params import EXPAND, PAGE, Flag, ListOf, Metadata, Span, Text, Url

MOST = 16  # endpoints of a test account
ENDPOINT = {
	"description": Text(5000, unset=True),
	"enabled_events": ListOf(Text(), most=300),
	"expand": ListOf(Text()),
	"metadata": Metadata(),
	"url": Url(),
}


def _check(call: Call) -> None:
	if "url" in call.params:
		parts = urlsplit(call.params["url"])
		loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")  # so that tests can listen
		if parts.scheme != "https" and not loopback:
			raise Refusal(
				"Invalid URL: URL must begin with https.", param="url", code="url_invalid", early=True
			)
	for place, name in enumerate(call.get("enabled_events", [])):
		if name != "*" and name not in topics.TOPICS:
			message = f"Invalid enabled_events[{place}]: must be one of * or the types of events, not {name}"
			raise Refusal(message, param=f"enabled_events[{place}]", early=True)
	if call.get("enabled_events") == []:
		raise Refusal("Invalid array", param="enabled_events", early=True)


@route(
	"POST webhook_endpoints",
	"webhook_endpoints.create",
	ENDPOINT
	| {
		"api_version": Text(),
		"enabled_events": ListOf(Text(), most=300, required=True),
		"url": Url(required=True),
	},
)
def create(call: Call) -> dict:
	_check(call)
	if "api_version" in call.params:
		versions.check(call.params["api_version"])
	if sum(1 for one in call.account.all("webhook_endpoint") if not one.get("deleted")) >= MOST:
		raise Refusal(f"You have reached the maximum of {MOST} test webhook endpoints.")
	endpoint = call.account.events.listen(**call.known("api_version", "description", "enabled_events", "url"))
	return endpoint | {"secret": endpoint["_secrets"][0]}  # this once


def _living(call: Call) -> list[dict]:
	return [one for one in call.account.all("webhook_endpoint") if not one.get("deleted")]


@route("GET webhook_endpoints", "webhook_endpoints.list", PAGE)
def all(call: Call) -> dict:
	return call.page(_living(call))


@route("GET webhook_endpoints/{}", "webhook_endpoints.retrieve", EXPAND)
def retrieve(call: Call) -> dict:
	return call.here("webhook_endpoint", "webhook_endpoint")


@route("POST webhook_endpoints/{}", "webhook_endpoints.update", ENDPOINT | {"disabled": Flag()})
def update(call: Call) -> dict:
	endpoint = call.here("webhook_endpoint", "webhook_endpoint")
	_check(call)
	endpoint |= call.changes(endpoint, "description", "enabled_events", "url")
	if "disabled" in call.params:
		endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
	return endpoint


@route("DELETE webhook_endpoints/{}", "webhook_endpoints.delete", {})
def delete(call: Call) -> dict:
	endpoint = call.here("webhook_endpoint", "webhook_endpoint")
	endpoint["deleted"] = True
	return {name: endpoint[name] for name in ("id", "object", "deleted")}


# ---- events


@route(
	"GET events",
	"events.list",
	PAGE | {"created": Span(), "delivery_success": Flag(), "type": Text(), "types": ListOf(Text(), most=20)},
)
def events(call: Call) -> dict:
	if "type" in call.params and "types" in call.params:
		message = "You may only specify one of these parameters: type, types."
		raise Refusal(message, code="parameters_exclusive", param="types", early=True)
	found = call.account.events.kept()
	if "type" in call.params:
		if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)*(\.\*)?|\*", call.params["type"]):
			raise Refusal(f"Invalid type: {call.params['type']}", param="type", early=True)
		pattern = {"enabled_events": [call.params.pop("type")]}
		found = [one for one in found if wants(pattern, one["type"])]
	if "types" in call.params:
		found = [one for one in found if one["type"] in call.params["types"]]
	if "delivery_success" in call.params:
		found = [one for one in found if delivered(one) == call.params["delivery_success"]]
	return call.listed(found)


@route("GET events/{}", "events.retrieve", EXPAND)
def event(call: Call) -> dict:
	call.account.events.kept()
	return call.here("event", "id")


@route("GET account", "accounts.retrieve", EXPAND)
def account(call: Call) -> dict:
	"""Little of it: who one is talking to."""
	known = call.account
	return {
		"id": known.id,
		"object": "account",
		"business_profile": {"name": "Sandbox", "url": None},
		"charges_enabled": True,
		"country": known.country,
		"default_currency": known.currency,
		"details_submitted": True,
		"email": "owner@example.com",
		"payouts_enabled": True,
		"settings": {
			"dashboard": {"display_name": "Sandbox", "timezone": "Etc/UTC"},
			"payouts": {"schedule": {"delay_days": known.days, "interval": "daily"}},
		},
		"type": "standard",
	}
