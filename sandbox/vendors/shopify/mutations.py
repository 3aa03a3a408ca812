"""What the mutations do, with Shopify's `userErrors` where it says no."""

import functools
import json
import re
import time
from urllib.parse import urlsplit

from graphql import get_directive_values

from sandbox.vendors.shopify import orders, stock
from sandbox.vendors.shopify.money import total
from sandbox.vendors.shopify.resolvers import bad, find, gid, resolves
from sandbox.vendors.shopify.state import Refused, Subscription

KEPT_KEYS = 24 * 3600  # seconds that an idempotency key is remembered
MOST = 250  # entries in any input list

MISMATCH = "The same idempotency key cannot be used with different operation parameters."
FAILED_BEFORE = "A previous request with this idempotency key failed. Retry with a new idempotency key."


def user_error(refused: Refused) -> dict:
	return {"field": refused.field, "message": refused.message, "code": refused.code}


def payload(result: str, errors: str = "userErrors"):
	"""The function's result under `result`, or what it `Refused` under `errors`."""

	def decorate(function):
		@functools.wraps(function)
		def answer(root, context, **arguments):
			try:
				return {result: function(context, **arguments), errors: []}
			except Refused as refused:
				return {result: None, errors: [user_error(refused)]}

		return answer

	return decorate


def idempotent(function):
	"""Require `@idempotent(key:)`: the same key and arguments give the first answer again, nothing is done twice."""

	@functools.wraps(function)
	def once(root, context, **arguments):
		name = context.info.field_name
		directive = context.info.schema.get_directive("idempotent")
		given = get_directive_values(directive, context.info.field_nodes[0], context.info.variable_values)
		if not given:
			if context.version < "2026-04" and context.version != "unstable":
				return function(root, context, **arguments)
			raise bad(
				"The @idempotent directive is required for this mutation but was not provided.", "BAD_REQUEST"
			)
		key = (name, given["key"])
		if not 0 < len(given["key"]) <= 255:
			raise bad("The idempotency key must have between 1 and 255 characters.", "BAD_REQUEST")
		fingerprint = json.dumps(arguments, sort_keys=True, default=str)
		kept = context.keys.get(key)
		if kept and time.time() - kept["at"] < KEPT_KEYS:
			if kept["fingerprint"] != fingerprint:
				return _refusal(name, MISMATCH, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")
			if kept["answer"]["userErrors"]:
				return _refusal(name, FAILED_BEFORE, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")
			return kept["answer"]
		answer = function(root, context, **arguments)
		context.keys[key] = {"at": time.time(), "fingerprint": fingerprint, "answer": answer}
		return answer

	return once


def _refusal(name: str, message: str, code: str) -> dict:
	return {"userErrors": [{"field": None, "message": message, "code": code}]}


def check_sizes(context, value, path: list) -> None:
	"""No list in the input may have more than 250 entries."""
	if isinstance(value, list):
		if len(value) > MOST:
			raise context.too_many(len(value), path)
		for index, one in enumerate(value):
			check_sizes(context, one, [*path, index])
	elif isinstance(value, dict):
		for name, one in value.items():
			check_sizes(context, one, [*path, name])


# ---- stock


@resolves("Mutation.inventorySetQuantities")
@idempotent
def inventory_set_quantities(root, context, input):
	for one in input["quantities"]:
		if "changeFromQuantity" not in one:
			raise bad(
				"InventoryQuantityInput must include the following argument: changeFromQuantity.",
				"INVALID_FIELD_ARGUMENTS",
			)
	changes, errors = stock.set_quantities(context.shop, input)
	if errors:
		return {"inventoryAdjustmentGroup": None, "userErrors": [user_error(one) for one in errors]}
	if not changes:
		return {"inventoryAdjustmentGroup": None, "userErrors": []}
	group = {
		"id": gid("InventoryAdjustmentGroup", context.shop.new_id()),
		"createdAt": context.shop.now(),
		"reason": input["reason"],
		"referenceDocumentUri": input.get("referenceDocumentUri"),
		"made": changes,
	}
	context.shop.adjustments.append({"by": "api", "changes": len(changes), "reason": input["reason"]})
	return {"inventoryAdjustmentGroup": group, "userErrors": []}


@resolves("InventoryAdjustmentGroup.changes")
def adjustment_changes(group, context, inventoryItemIds=None, locationIds=None, quantityNames=None):
	answer = []
	for one in group["made"]:
		item, place = one["level"].item, one["level"].location
		if quantityNames and one["name"] not in quantityNames:
			continue
		if inventoryItemIds and gid("InventoryItem", item.id) not in inventoryItemIds:
			continue
		if locationIds and gid("Location", place.id) not in locationIds:
			continue
		answer.append(
			{
				"name": one["name"],
				"delta": one["delta"],
				"quantityAfterChange": one["after"],
				"item": item,
				"location": place,
				"ledgerDocumentUri": None,
			}
		)
	return answer


@resolves("Mutation.inventoryActivate")
@idempotent
@payload("inventoryLevel")
def inventory_activate(context, inventoryItemId, locationId, available=None, onHand=None):
	return stock.activate(context.shop, inventoryItemId, locationId, available, onHand)


# ---- fulfilment


@resolves("Mutation.fulfillmentCreate")
@payload("fulfillment")
def fulfillment_create(context, fulfillment, message=None):
	parts = []
	for given in fulfillment["lineItemsByFulfillmentOrder"]:
		one = find(context, "FulfillmentOrder", given["fulfillmentOrderId"])
		if one is None:
			raise Refused("Fulfillment order does not exist.", ["fulfillment"])
		if one.status not in ("OPEN", "IN_PROGRESS"):
			raise Refused(
				f"Fulfillment order {one.id} has an unfulfillable status= {one.status.lower()}.",
				["fulfillment"],
			)
		parts.append((one, _chosen(one, given.get("fulfillmentOrderLineItems"))))
	if not parts:
		raise Refused("Line items by fulfillment order can't be blank.", ["fulfillment"])
	if len({one.order.id for one, _ in parts}) > 1:
		raise Refused("All fulfillment orders must belong to the same order.", ["fulfillment"])
	if len({one.location.id for one, _ in parts}) > 1:
		raise Refused("All fulfillment orders must be assigned to the same location.", ["fulfillment"])
	tracking = _tracking(fulfillment.get("trackingInfo") or {})
	return orders.fulfil(context.shop, parts, tracking, bool(fulfillment.get("notifyCustomer")))


def _chosen(one, given) -> list:
	if not given:
		return [(line, line.remaining_quantity) for line in one.lines if line.remaining_quantity]
	lines = {gid("FulfillmentOrderLineItem", line.id): line for line in one.lines}
	chosen = []
	for wanted in given:
		line = lines.get(wanted["id"])
		if line is None:
			raise Refused("Fulfillment order line item does not exist.", ["fulfillment"])
		if wanted["quantity"] <= 0:
			raise Refused("Quantity must be greater than 0.", ["fulfillment"])
		if wanted["quantity"] > line.remaining_quantity:
			raise Refused("Invalid fulfillment order line item quantity requested.", ["fulfillment"])
		chosen.append((line, wanted["quantity"]))
	return chosen


def _tracking(given: dict) -> list[dict]:
	numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
	urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
	company = given.get("company")
	if not numbers and not urls:
		return [{"company": company, "number": None, "url": None}] if company else []
	size = max(len(numbers), len(urls))
	numbers, urls = [*numbers, *[None] * size][:size], [*urls, *[None] * size][:size]
	return [
		{"company": company, "number": number, "url": url} for number, url in zip(numbers, urls, strict=True)
	]


@resolves("Mutation.fulfillmentTrackingInfoUpdate")
@payload("fulfillment")
def fulfillment_tracking_update(context, fulfillmentId, trackingInfoInput, notifyCustomer=None):
	done = find(context, "Fulfillment", fulfillmentId)
	if done is None:
		raise Refused("Fulfillment does not exist.", ["fulfillmentId"])
	if done.status == "CANCELLED":
		raise Refused("Fulfillment is cancelled.", ["fulfillmentId"])
	return orders.change_tracking(context.shop, done, _tracking(trackingInfoInput))


@resolves("Mutation.fulfillmentCancel")
@payload("fulfillment")
def fulfillment_cancel(context, id):
	done = find(context, "Fulfillment", id)
	if done is None:
		raise Refused("Fulfillment not found.", ["id"])
	return orders.cancel_fulfillment(context.shop, done)


# ---- orders


@resolves("Mutation.orderCancel")
@payload("job", errors="orderCancelUserErrors")
def order_cancel(
	context, orderId, reason, restock, refund=None, refundMethod=None, notifyCustomer=None, staffNote=None
):
	order = find(context, "Order", orderId)
	if order is None:
		raise Refused("Order does not exist", ["orderId"], "NOT_FOUND")
	if refund is not None and refundMethod is not None:
		raise Refused("Only one of refund and refundMethod can be given", ["refund"], "INVALID")
	money = bool(refund) or bool((refundMethod or {}).get("originalPaymentMethodsRefund"))
	orders.cancel_order(context.shop, order, reason, restock=restock, refund=money)
	return {"id": gid("Job", context.shop.new_id()), "done": False}


@resolves("Mutation.orderMarkAsPaid")
@payload("order")
def order_mark_as_paid(context, input):
	order = find(context, "Order", input["id"])
	if order is None:
		raise Refused("Order does not exist", ["id"])
	orders.mark_paid(context.shop, order)
	return order


@resolves("Mutation.refundCreate")
@idempotent
def refund_create(root, context, input):
	try:
		refund = _refund(context, input)
	except Refused as refused:
		return {"order": None, "refund": None, "userErrors": [user_error(refused)]}
	return {"order": refund.order, "refund": refund, "userErrors": []}


def _refund(context, input):
	order = find(context, "Order", input["orderId"])
	if order is None:
		raise Refused("Order does not exist", ["orderId"])
	currency = input.get("currency")
	if order.of.shop != order.of.presentment and currency is None:
		raise Refused("Currency is required for orders in a foreign currency", ["currency"])
	if currency not in (None, order.of.presentment):
		raise Refused("Currency must be the order's presentment currency", ["currency"])
	lines = []
	for index, one in enumerate(input.get("refundLineItems") or []):
		lines.append(_refund_line(context, order, index, one))
	paid = []
	for index, one in enumerate(input.get("transactions") or []):
		paid.append(_refund_transaction(context, order, index, one))
	given = input.get("shipping") or {}
	shipping = True if given.get("fullRefund") else given.get("amount")
	if not lines and not paid and not shipping:
		raise Refused("Refund must have at least one line item, shipping or transaction", ["refundLineItems"])
	sum_paid = total((amount for _, amount, _ in paid), order.of)
	if sum_paid.presentment > order.net_payment.presentment and not input.get("allowOverRefunding"):
		raise Refused("Refund amount cannot be greater than the amount paid", ["transactions"])
	return orders.make_refund(
		context.shop,
		order,
		lines,
		shipping=shipping,
		duties=bool(input.get("refundDuties")),
		paid=paid,
		note=input.get("note"),
		reason={"OTHER": "REFUND_DISCREPANCY", None: "REFUND_DISCREPANCY"}.get(
			input.get("discrepancyReason"), input.get("discrepancyReason")
		),
	)


def _refund_line(context, order, index: int, given: dict):
	field = ["refundLineItems", str(index)]
	line = next((one for one in order.lines if gid("LineItem", one.id) == given["lineItemId"]), None)
	if line is None:
		raise Refused("Line item does not exist", [*field, "lineItemId"])
	if given["quantity"] <= 0:
		raise Refused("Quantity must be greater than 0", [*field, "quantity"])
	restock = given.get("restockType") or "NO_RESTOCK"
	if restock == "LEGACY_RESTOCK":
		raise Refused("LEGACY_RESTOCK is not accepted", [*field, "restockType"])
	place = find(context, "Location", given["locationId"]) if given.get("locationId") else None
	if given.get("locationId") and place is None:
		raise Refused("Location does not exist", [*field, "locationId"])
	if restock == "RETURN" and place is None:
		raise Refused("Location is required to restock returned items", [*field, "locationId"])
	return line, given["quantity"], restock, place or line.location


def _refund_transaction(context, order, index: int, given: dict):
	field = ["transactions", str(index)]
	if given["kind"] != "REFUND":
		raise Refused("Kind must be refund", [*field, "kind"])
	if given["orderId"] != gid("Order", order.id):
		raise Refused("Order does not match", [*field, "orderId"])
	parent = None
	if given.get("parentId"):
		parent = next(
			(one for one in order.transactions if gid("OrderTransaction", one.id) == given["parentId"]), None
		)
		if parent is None or parent.kind not in ("SALE", "CAPTURE") or parent.status != "SUCCESS":
			raise Refused("Parent transaction is not refundable", [*field, "parentId"])
		if parent.gateway != given["gateway"]:
			raise Refused("Gateway does not match the parent transaction", [*field, "gateway"])
	amount = order.of.bag_from_presentment(given["amount"])
	if amount.presentment <= 0:
		raise Refused("Amount must be greater than 0", [*field, "amount"])
	return given["gateway"], amount, parent


# ---- webhooks


def _check_uri(uri: str | None) -> str:
	parts = urlsplit(uri or "")
	field = ["webhookSubscription", "uri"]
	if not uri:
		raise Refused("Address can't be blank", field)
	if parts.scheme in ("pubsub",) or uri.startswith("arn:aws:events:"):
		raise Refused("The sandbox delivers to HTTP addresses only", field)
	loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
	if parts.scheme != "https" and not loopback:
		raise Refused(f"Address protocol {parts.scheme}:// is not supported", field)
	if not parts.hostname:
		raise Refused("Address is invalid", field)
	return uri


def _check_new(shop, topic: str, uri: str, own: Subscription | None = None) -> None:
	for known in shop.subscriptions.values():
		if known is not own and known.topic == topic and known.uri == uri:
			raise Refused("Address for this topic has already been taken", ["webhookSubscription", "uri"])


@resolves("Mutation.webhookSubscriptionCreate")
@payload("webhookSubscription")
def webhook_create(context, topic, webhookSubscription):
	shop, given = context.shop, webhookSubscription
	uri = _check_uri(given.get("uri"))
	_check_new(shop, topic, uri)
	if given.get("format") == "XML":
		raise Refused("The sandbox delivers JSON only", ["webhookSubscription", "format"])
	name = given.get("name")
	if name is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,50}", name):
		raise Refused("Name is invalid", ["webhookSubscription", "name"])
	now = shop.now()
	subscription = Subscription(
		shop.new_id(),
		topic,
		uri,
		include_fields=given.get("includeFields") or [],
		metafield_namespaces=given.get("metafieldNamespaces") or [],
		name=name,
		created_at=now,
		updated_at=now,
	)
	shop.subscriptions[subscription.id] = subscription
	return subscription


@resolves("Mutation.webhookSubscriptionUpdate")
@payload("webhookSubscription")
def webhook_update(context, id, webhookSubscription):
	subscription = find(context, "WebhookSubscription", id)
	if subscription is None:
		raise Refused("Webhook subscription does not exist", ["id"])
	given = webhookSubscription
	if "uri" in given:
		uri = _check_uri(given["uri"])
		_check_new(context.shop, subscription.topic, uri, subscription)
		subscription.uri = uri
	if given.get("includeFields") is not None:
		subscription.include_fields = given["includeFields"]
	subscription.updated_at = context.shop.later(subscription.updated_at)
	return subscription


@resolves("Mutation.webhookSubscriptionDelete")
def webhook_delete(root, context, id):
	subscription = find(context, "WebhookSubscription", id)
	if subscription is None:
		errors = [{"field": ["id"], "message": "Webhook subscription does not exist"}]
		return {"deletedWebhookSubscriptionId": None, "userErrors": errors}
	del context.shop.subscriptions[subscription.id]
	return {"deletedWebhookSubscriptionId": id, "userErrors": []}


# ---- bulk


@resolves("Mutation.bulkOperationRunQuery")
def bulk_run(root, context, query, groupObjects=False):
	try:
		return {"bulkOperation": context.run_bulk(query), "userErrors": []}
	except Refused as refused:
		return {"bulkOperation": None, "userErrors": [user_error(refused)]}
