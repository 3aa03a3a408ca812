"""Single objects by id, and what the API says about itself."""

from sandbox.vendors.shopify.resolvers.registry import FIELDS, bad, gid, resolves


def find(context, kind: str, text: str):
	"""The object of this gid, or None. Invalid gids are refused as Shopify refuses them."""
	parts = text.split("/")
	if len(parts) != 5 or parts[:3] != ["gid:", "", "shopify"] or not parts[4].split("?")[0].isdigit():
		raise bad(f"Invalid global id '{text}'", "argumentLiteralsIncompatible", typeName="CoercionError")
	if kind and parts[3] != kind:
		raise bad("Invalid id: " + text, "RESOURCE_NOT_FOUND")
	number, shop = int(parts[4].split("?")[0]), context.shop
	if parts[3] == "Order":
		order = shop.orders.get(number)
		return order if order is None or context.may_see(order) else None
	if parts[3] == "InventoryLevel":
		item = shop.items.get(int(parts[4].partition("inventory_item_id=")[2] or 0))
		return item.levels.get(number) if item else None
	if parts[3] == "LineItem":
		return next((one for order in shop.orders.values() for one in order.lines if one.id == number), None)
	tables = {
		"Product": shop.products,
		"ProductVariant": shop.variants,
		"InventoryItem": shop.items,
		"Customer": shop.customers,
		"Location": shop.locations,
		"Fulfillment": shop.fulfillments,
		"FulfillmentOrder": shop.fulfillment_orders,
		"Refund": shop.refunds,
		"WebhookSubscription": shop.subscriptions,
		"BulkOperation": context.bulk_operations,
	}
	return tables.get(parts[3], {}).get(number)


def _one(kind: str):
	return lambda root, context, id: find(context, kind, id)


for _field, _kind in {
	"bulkOperation": "BulkOperation",
	"customer": "Customer",
	"fulfillment": "Fulfillment",
	"fulfillmentOrder": "FulfillmentOrder",
	"inventoryItem": "InventoryItem",
	"inventoryLevel": "InventoryLevel",
	"order": "Order",
	"product": "Product",
	"productVariant": "ProductVariant",
	"refund": "Refund",
	"webhookSubscription": "WebhookSubscription",
}.items():
	FIELDS[f"QueryRoot.{_field}"] = _one(_kind)


@resolves("QueryRoot.location")
def location(root, context, id=None):
	return context.shop.primary_location if id is None else find(context, "Location", id)


@resolves("QueryRoot.node")
def node(root, context, id):
	return find(context, "", id)


@resolves("QueryRoot.nodes")
def nodes(root, context, ids):
	if len(ids) > 250:
		raise context.too_many(len(ids), ["nodes", "ids"])
	return [find(context, "", one) for one in ids]


@resolves("QueryRoot.job")
def job(root, context, id):
	return {"id": id, "done": True}


@resolves("QueryRoot.shop")
def shop(root, context):
	return context.shop


@resolves("QueryRoot.publicApiVersions")
def public_api_versions(root, context):
	return [api_version(one) for one in context.versions]


@resolves("QueryRoot.currentAppInstallation")
def current_app_installation(root, context):
	scopes = [{"handle": one, "description": one.replace("_", " ")} for one in context.scopes]
	app = {"id": gid("App", 1), "handle": "sandbox-app", "title": "Sandbox App"}
	return {"id": gid("AppInstallation", 1), "app": app, "accessScopes": scopes}


def api_version(handle: str) -> dict:
	return {"handle": handle, "displayName": handle, "supported": True}
