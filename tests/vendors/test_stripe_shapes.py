"""What the account answers has the fields of Stripe's own fixtures and SDK, and takes only parameters they know."""

import json
import re

import pytest

from sandbox.vendors.stripe.api.routes import ROUTES
from sandbox.vendors.stripe.params import ENDIVE
from tests.vendors.stripe_calls import link_of, session_of

# shown only when they are expanded or by some accounts, or gone although the fixture still has them
ONLY_SOMETIMES = {
	"balance": {"connect_reserved"},  # of platforms
	"charge": {"refunds"},
	"invoice": {"subscription"},  # since basil in parent.subscription_details
}


@pytest.fixture
def fixtures(stripe_data) -> dict:
	return json.loads((stripe_data / "fixtures3.json").read_text())["resources"]


@pytest.fixture
def shapes(stripe_data) -> dict:
	return json.loads((stripe_data / "sdk_16.1.0_shapes.json").read_text())


@pytest.fixture
def objects(account, calls) -> dict[str, list[dict]]:
	"""Everything, as it is answered, after a story in which most things happen."""
	link = calls.made("payment_links", link_of(10000, "eur"))
	paid = account.pay(link["id"])["payment_intent"]
	other = account.pay(calls.made("checkout/sessions", session_of(5000))["id"], delayed=True)
	account.finish_delayed(other["id"])
	account.pay(calls.made("checkout/sessions", session_of(7000))["id"], decline="insufficient_funds")
	disputed = account.pay(link["id"])
	account.open_dispute(disputed["id"])
	account.refund(paid, 1000)
	account.fail_refund(account.refund(paid, 1000)["id"])
	account.refund(paid, 1000, pending=True)
	account.refund(other["id"])
	account.fail_payout(account.make_payout()["id"])
	account.make_payout()
	subscription = account.subscribe()
	account.next_cycle(subscription["id"])
	account.next_cycle(subscription["id"], pay=False)
	calls.made("webhook_endpoints", {"url": "https://example.com/hook", "enabled_events[]": "*"})
	account.add_customer(name="Ada", method="pm_card_visa")
	lists = """balance_transactions charges checkout/sessions customers disputes events invoice_payments invoices
		payment_intents payment_links payouts prices products refunds subscriptions webhook_endpoints""".split()
	found: dict[str, list[dict]] = {"balance": [calls.read("balance")]}
	for name in lists:
		for one in calls.read(name, limit=100)["data"]:
			found.setdefault(one["object"], []).append(one)
	found["subscription_item"] = [one["items"]["data"][0] for one in found["subscription"]]
	found["line_item"] = [line for one in found["invoice"] for line in one["lines"]["data"]]
	found["item"] = calls.read(f"payment_links/{link['id']}/line_items")["data"]
	found["payment_method"] = [account.show(account.all("payment_method")[0]["id"])]
	return found


def test_every_field_is_one_of_stripe_s(fixtures, shapes, objects):
	for name, ones in objects.items():
		known = set(fixtures[name]) | set(shapes["responses"].get(name, {}))
		for one in ones:
			assert set(one) <= known, (name, set(one) - known)


def test_no_field_of_the_fixtures_is_missing(fixtures, objects):
	for name, ones in objects.items():
		wanted = set(fixtures[name]) - ONLY_SOMETIMES.get(name, set())
		for one in ones:
			assert wanted <= set(one), (name, wanted - set(one))


def test_no_field_that_is_always_there_is_missing(shapes, objects):
	for name, shape in shapes["responses"].items():
		always = {field for field, kind in shape.items() if not kind.startswith("Optional[")}
		for one in objects[name]:
			assert always <= set(one), (name, always - set(one))


SIMPLE = {"int": int, "str": str, "bool": bool, "float": (int, float)}


def fits(value, kind: str) -> bool:
	if optional := re.fullmatch(r"Optional\[(.*)\]", kind):
		return value is None or fits(value, optional[1])
	if kind in SIMPLE:
		return isinstance(value, SIMPLE[kind]) and (kind == "bool" or not isinstance(value, bool))
	if literal := re.fullmatch(r"(?:Union\[)?Literal\[(.*?)\](?:, str\])?", kind):
		# a Literal of True is written as such
		return str(value) in literal[1].split(", ")
	if kind.startswith("List["):
		return isinstance(value, list)
	if kind.startswith("ListObject["):
		return isinstance(value, dict) and value["object"] == "list"
	if kind.startswith("ExpandableField["):
		return isinstance(value, str | dict)
	if kind.startswith("UntypedStripeObject["):
		return isinstance(value, dict)
	return value is not None


def test_values_have_the_types_of_the_sdk(shapes, objects):
	for name, shape in shapes["responses"].items():
		for one in objects[name]:
			for field, value in one.items():
				if field in shape:
					assert fits(value, shape[field]), (name, field, value, shape[field])


def test_parts_have_the_fields_of_the_fixtures(fixtures, objects):
	"""One level deeper, where the fixture shows a part that is always there."""
	parts = {
		"charge": "billing_details outcome",
		"checkout.session": "automatic_tax total_details custom_text",
		"dispute": "evidence evidence_details",
		"invoice": "automatic_tax issuer lines payment_settings status_transitions",
		"payout": "trace_id",
		"price": "",
		"subscription": "automatic_tax billing_mode cancellation_details items trial_settings",
		"payment_link": "after_completion automatic_tax custom_text phone_number_collection tax_id_collection",
	}
	for name, fields in parts.items():
		for one in objects[name]:
			for field in fields.split():
				assert set(one[field]) >= set(fixtures[name][field]) - {"address"}, (name, field)


@pytest.mark.parametrize(
	"given", ["POST /v1/payment_links", "POST /v1/checkout/sessions", "GET /v1/events", None]
)
def test_no_parameter_is_invented(shapes, given):
	"""Each parameter that is taken is one of the SDK's (or went before the SDK's version)."""
	checked = 0
	for line, known in shapes["requests"].items():
		if given not in (None, line):
			continue
		method, path = line.replace("/v1/", "").replace("{id}", "{}").split()
		for route in ROUTES:
			if (route.method, "/".join(route.path)) == (method, path):
				ours = {name for name, kind in route.params.items() if kind.known_in(ENDIVE)}
				assert ours <= set(known["params"]), (line, ours - set(known["params"]))
				needed = {name for name, one in known["params"].items() if one["required"]}
				assert (
					needed == {name for name, kind in route.params.items() if kind.required} or line in LOOSER
				)
				checked += 1
	assert checked == (1 if given else len(shapes["requests"]))


# where the SDK says that everything may be missing, since it depends on other parameters
LOOSER = {
	"POST /v1/checkout/sessions",  # mode and line_items: setup and custom sessions do without
	"POST /v1/subscriptions",  # customer: accounts with customer_account
	"POST /v1/invoices",  # the same
}


def test_topics_are_events_that_stripe_has(shapes):
	from sandbox.vendors.stripe.topics import TOPICS

	text = shapes["responses"]["event"]["type"]
	known = set(text.removeprefix("Literal[").removesuffix("]").split(", "))
	assert TOPICS <= known, TOPICS - known


def test_everything_told_is_a_topic(objects):
	from sandbox.vendors.stripe.topics import TOPICS

	told = {one["type"] for one in objects["event"]}
	assert len(told) > 30 and told <= TOPICS, told - TOPICS
