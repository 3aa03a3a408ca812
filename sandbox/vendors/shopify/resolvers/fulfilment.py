"""Fulfilment orders and parcels, and webhook subscriptions."""

from sandbox.vendors.shopify.resolvers.registry import FIELDS, gid, resolves
from sandbox.vendors.shopify.resolvers.root import api_version
from sandbox.vendors.shopify.search import nested


@resolves("FulfillmentOrder.assignedLocation")
def fulfillment_order_location(one, context):
	place, address = one.location, one.location.address
	return {
		"address1": address.address1,
		"address2": address.address2,
		"city": address.city,
		"countryCode": address.country_code,
		"location": place,
		"name": place.name,
		"phone": address.phone,
		"province": address.province,
		"zip": address.zip,
	}


@resolves("FulfillmentOrder.lineItems")
def fulfillment_order_lines(one, context, **window):
	return nested(one.lines, **window)


@resolves("FulfillmentOrder.fulfillments")
def fulfillment_order_fulfillments(one, context, **window):
	return nested([done for done in one.order.fulfillments if _touches(done, one)], **window)


@resolves("Fulfillment.fulfillmentOrders")
def fulfillment_fulfillment_orders(done, context, **window):
	return nested([one for one in done.order.fulfillment_orders if _touches(done, one)], **window)


def _touches(done, one) -> bool:
	return any(line.order_line in one.lines for line in done.lines)


@resolves("FulfillmentOrder.orderId")
def fulfillment_order_order_id(one, context):
	return gid("Order", one.order.id)


@resolves("FulfillmentOrder.orderName")
def fulfillment_order_order_name(one, context):
	return one.order.name


@resolves("FulfillmentOrder.orderProcessedAt")
def fulfillment_order_processed(one, context):
	return one.order.processed_at


@resolves("FulfillmentOrder.requestStatus")
def fulfillment_order_request(one, context):
	return "CLOSED" if one.status == "CLOSED" else "UNSUBMITTED"


@resolves("FulfillmentOrder.supportedActions")
def fulfillment_order_actions(one, context):
	if one.status not in ("OPEN", "IN_PROGRESS"):
		return []
	return [{"action": name} for name in ("CREATE_FULFILLMENT", "MOVE", "HOLD")]


@resolves("FulfillmentOrderLineItem.inventoryItemId")
def fulfillment_line_item(one, context):
	variant = one.line.variant
	return gid("InventoryItem", variant.inventory_item.id) if variant else None


@resolves("FulfillmentOrderLineItem.productTitle")
def fulfillment_line_title(one, context):
	return one.line.title


for _field in ("requiresShipping", "sku", "variant", "variantTitle", "vendor"):
	_attribute = {"requiresShipping": "requires_shipping", "variantTitle": "variant_title"}.get(
		_field, _field
	)
	FIELDS[f"FulfillmentOrderLineItem.{_field}"] = lambda one, context, name=_attribute: getattr(
		one.line, name
	)


@resolves("Fulfillment.displayStatus")
def fulfillment_display(done, context):
	return "CANCELED" if done.status == "CANCELLED" else "FULFILLED"


@resolves("Fulfillment.fulfillmentLineItems")
def fulfillment_lines(done, context, **window):
	return nested(done.lines, **window)


@resolves("Fulfillment.requiresShipping")
def fulfillment_ships(done, context):
	return any(one.line.requires_shipping for one in done.lines)


@resolves("Fulfillment.totalQuantity")
def fulfillment_units(done, context):
	return sum(one.quantity for one in done.lines)


@resolves("FulfillmentLineItem.originalTotalSet")
def fulfillment_line_total(one, context):
	return one.line.unit * one.quantity


@resolves("FulfillmentLineItem.discountedTotalSet")
def fulfillment_line_discounted(one, context):
	return one.line.net.share(one.quantity, one.line.quantity)


# ---- webhooks


@resolves("WebhookSubscription.apiVersion")
def subscription_version(one, context):
	return api_version(context.version)
