"""Orders change after they were placed: quantities, lines, notes, addresses."""

from sandbox.vendors.shopify import stock
from sandbox.vendors.shopify.orders.checkout import new_address, new_line, set_taxes
from sandbox.vendors.shopify.orders.fulfilment import await_shipping, open_fulfillment_orders
from sandbox.vendors.shopify.orders.payments import touch
from sandbox.vendors.shopify.orders.refunds import keep_refund, take_back, take_duties
from sandbox.vendors.shopify.orders.spec import Line, Tax, made
from sandbox.vendors.shopify.state import LineItem, LineItemGroup, Order, Refund, Refused, Shop


def edit_order(
	shop: Shop,
	order: Order,
	*,
	quantities: dict[int, int] | None = None,
	add: list[Line | dict] = (),
	taxes: list[Tax | dict] = (),
	restock: bool = True,
	note: str | None = None,
) -> Order:
	"""Change an order after it was placed.

	quantities: {position of a line: its new current quantity}. Fewer units appear as a refund without money;
	more units and added lines raise the order's total. Nothing is paid or paid back here.
	"""
	if order.cancelled_at:
		raise Refused("The order cannot be edited.", ["id"])
	changes = {int(position): quantity for position, quantity in (quantities or {}).items()}
	fewer = {}
	now = touch(shop, order)
	for position, quantity in changes.items():
		line = order.lines[position]
		difference = quantity - line.current_quantity
		if difference < 0:
			fewer[line] = -difference
		elif difference > 0:
			_add_units(shop, order, line, difference)
	groups: dict[str, LineItemGroup] = {}
	added = [new_line(shop, order, made(Line, one), taxes, groups) for one in add]
	for line in added:
		set_taxes(line, order.taxes_included)
	order.lines.extend(added)
	open_fulfillment_orders(shop, order, added)
	if fewer:
		refund = Refund(shop.new_id(), order, note, now)
		for line, quantity in fewer.items():
			take_duties(refund, line, quantity)
			take_back(shop, refund, line, quantity, "CANCEL" if restock else "NO_RESTOCK", line.location)
		keep_refund(shop, refund)
		shop.tell("refunds/create", refund)
	order.edited = True
	shop.tell("orders/edited", order)
	shop.tell("orders/updated", order)
	return order


def _add_units(shop: Shop, order: Order, line: LineItem, quantity: int) -> None:
	line.quantity += quantity
	set_taxes(line, order.taxes_included)
	await_shipping(shop, order, line, quantity)
	stock.promise(shop, line.variant, line.location, quantity)


def change_order(shop: Shop, order: Order, **fields) -> Order:
	"""Note, tags, e-mail, addresses: what changes without money. AttributeError for a field there is not."""
	for name, value in fields.items():
		getattr(order, name)
		if name.endswith("_address") and isinstance(value, dict):
			value = new_address(shop, value)
		setattr(order, name, value)
	touch(shop, order)
	shop.tell("orders/updated", order)
	return order
