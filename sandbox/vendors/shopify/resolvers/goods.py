"""Products, variants, stock and customers."""

from decimal import Decimal

from sandbox.vendors.shopify.money import Money
from sandbox.vendors.shopify.resolvers.registry import bad, gid, resolves
from sandbox.vendors.shopify.resolvers.root import find
from sandbox.vendors.shopify.resolvers.shop import if_active
from sandbox.vendors.shopify.search import nested


@resolves("Product.description")
def product_description(product, context, truncateAt=None):
	return product.description_html[:truncateAt]


@resolves("Product.hasOnlyDefaultVariant")
def product_default_only(product, context):
	return len(product.variants) == 1 and not product.variants[0].options


@resolves("Product.options")
def product_options(product, context, first=None):
	answer = []
	for position, name in enumerate(product.option_names, 1):
		values = dict.fromkeys(variant.options.get(name, variant.title) for variant in product.variants)
		answer.append(
			{
				"id": gid("ProductOption", product.id + position),
				"name": name,
				"position": position,
				"values": list(values),
			}
		)
	return answer[:first]


@resolves("Product.totalInventory")
def product_inventory(product, context):
	return sum(variant.inventory_quantity for variant in product.variants)


@resolves("Product.tracksInventory")
def product_tracks(product, context):
	return any(variant.inventory_item.tracked for variant in product.variants)


@resolves("Product.variants")
def product_variants_of(product, context, sortKey="POSITION", **window):
	return nested(product.variants, **window)


@resolves("Product.variantsCount")
def product_variants_count(product, context):
	return {"count": len(product.variants), "precision": "EXACT"}


@resolves("ProductVariant.availableForSale")
def variant_available(variant, context):
	return variant.inventory_quantity > 0 or not variant.inventory_item.tracked


@resolves("ProductVariant.requiresComponents")
def variant_components(variant, context):
	return variant.is_bundle


@resolves("ProductVariant.price")
def variant_price(variant, context):
	return two_digits(variant.price)


@resolves("ProductVariant.compareAtPrice")
def variant_compare_at(variant, context):
	return None if variant.compare_at_price is None else two_digits(variant.compare_at_price)


def two_digits(amount: Decimal) -> str:
	return f"{amount:.2f}" if amount == amount.quantize(Decimal("0.01")) else f"{amount:f}"


@resolves("ProductVariant.selectedOptions")
def variant_options(variant, context):
	options = variant.options or {"Title": variant.title}
	return [{"name": name, "value": value} for name, value in options.items()]


@resolves("InventoryItem.duplicateSkuCount")
def item_duplicates(item, context):
	return len(context.shop.by_sku.get(item.sku, [None])) - 1 if item.sku else 0


@resolves("InventoryItem.inventoryLevel")
def item_level(item, context, locationId, includeInactive=False):
	place = find(context, "Location", locationId)
	return if_active(item.levels.get(place.id), includeInactive) if place else None


@resolves("InventoryItem.inventoryLevels")
def item_levels(item, context, includeInactive=False, query=None, **window):
	return nested([one for one in item.levels.values() if if_active(one, includeInactive)], **window)


@resolves("InventoryItem.locationsCount")
def item_locations(item, context):
	return {"count": len(item.levels), "precision": "EXACT"}


@resolves("InventoryItem.measurement")
def item_measurement(item, context):
	weight = {"unit": "KILOGRAMS", "value": item.variant.grams / 1000}
	return {"id": gid("InventoryItemMeasurement", item.id), "weight": weight}


def level_gid(level) -> str:
	return f"{gid('InventoryLevel', level.location.id)}?inventory_item_id={level.item.id}"


@resolves("InventoryLevel.id")
def level_id(level, context):
	return level_gid(level)


QUANTITY_NAMES = (
	"available",
	"committed",
	"damaged",
	"incoming",
	"on_hand",
	"quality_control",
	"reserved",
	"safety_stock",
)


@resolves("InventoryLevel.quantities")
def level_quantities(level, context, names):
	for name in names:
		if name not in QUANTITY_NAMES:
			raise bad(f"The name '{name}' is not a valid quantity name.", "BAD_REQUEST")
	return [
		{
			"id": f"{gid('InventoryQuantity', level.item.id)}?inventory_item_id={level.item.id}&name={name}",
			"name": name,
			"quantity": level.quantity(name),
			"updatedAt": level.updated_at,
		}
		for name in names
	]


# ---- customers


@resolves("Customer.addressesV2")
def customer_addresses(customer, context, **window):
	return nested(customer.addresses, **window)


@resolves("Customer.amountSpent")
def customer_spent(customer, context):
	currency = context.shop.currency
	return Money(sum(one.net_payment.shop for one in customer.orders if one.of.shop == currency), currency)


@resolves("Customer.defaultEmailAddress")
def customer_email(customer, context):
	return {"emailAddress": customer.email} if customer.email else None


@resolves("Customer.defaultPhoneNumber")
def customer_phone(customer, context):
	return {"phoneNumber": customer.phone} if customer.phone else None


@resolves("Customer.lastOrder")
def customer_last_order(customer, context):
	return customer.orders[-1] if customer.orders else None


@resolves("Customer.numberOfOrders")
def customer_number_of_orders(customer, context):
	return len(customer.orders)


@resolves("Customer.orders")
def customer_orders(customer, context, query=None, sortKey="ID", **window):
	return nested([one for one in customer.orders if context.may_see(one)], **window)
