"""REST shapes: webhook bodies and the read-only part of the REST Admin API. Numeric ids, money as strings,
times with the shop's offset."""

import hashlib
from datetime import datetime

from sandbox.vendors.shopify.money import Bag, Money
from sandbox.vendors.shopify.state import (
	Address,
	Customer,
	Fulfillment,
	InventoryItem,
	Level,
	LineItem,
	Location,
	Order,
	Product,
	Refund,
	RefundLine,
	ShippingLine,
	Shop,
	TaxLine,
	Transaction,
	Variant,
)


class Rest:
	"""Renders a shop's objects."""

	def __init__(self, shop: Shop):
		self.shop = shop

	def time(self, value: datetime | None) -> str | None:
		return value.astimezone(self.shop.timezone).isoformat(timespec="seconds") if value else None

	def money(self, bag: Bag) -> str:
		return str(bag.shop_money.amount)

	def money_set(self, bag: Bag) -> dict:
		return {"shop_money": _money(bag.shop_money), "presentment_money": _money(bag.presentment_money)}

	def both(self, name: str, bag: Bag) -> dict:
		"""`name` in the shop's currency and `name_set` in both."""
		return {name: self.money(bag), f"{name}_set": self.money_set(bag)}

	# ---- orders

	def order(self, order: Order) -> dict:
		codes = []
		for one in order.applications:
			if one.kind == "code":
				parts = [
					allocation.amount.shop
					for line in [*order.lines, *order.shipping_lines]
					for allocation in line.allocations
					if allocation.application is one
				]
				kind = "percentage" if one.percentage is not None else "fixed_amount"
				if one.target_type == "SHIPPING_LINE":
					kind = "shipping"
				amount = str(Money(sum(parts), order.of.shop).amount)
				codes.append({"code": one.title, "amount": amount, "type": kind})
		known = {
			"id": order.id,
			"admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
			"app_id": 580111,
			"browser_ip": None,
			"buyer_accepts_marketing": False,
			"cancel_reason": order.cancel_reason.lower() if order.cancel_reason else None,
			"cancelled_at": self.time(order.cancelled_at),
			"cart_token": None,
			"checkout_id": None,
			"checkout_token": None,
			"client_details": None,
			"closed_at": self.time(order.closed_at),
			"confirmation_number": hashlib.sha256(str(order.id).encode()).hexdigest()[:9].upper(),
			"confirmed": True,
			"contact_email": order.email,
			"created_at": self.time(order.created_at),
			"currency": order.of.shop,
			"presentment_currency": order.of.presentment,
			"customer_locale": "en",
			"discount_codes": codes,
			"discount_applications": [self._application(one) for one in order.applications],
			"email": order.email or "",
			"estimated_taxes": False,
			"financial_status": order.financial_status.lower(),
			"fulfillment_status": _fulfillment_status(order),
			"landing_site": None,
			"location_id": order.location.id if order.location else None,
			"name": order.name,
			"note": order.note,
			"note_attributes": [{"name": key, "value": value} for key, value in order.attributes.items()],
			"number": order.number,
			"order_number": order.number,
			"order_status_url": f"https://{self.shop.domain}/{self.shop.id}/orders/{order.id}",
			"payment_gateway_names": order.gateways,
			"phone": order.phone,
			"po_number": order.po_number,
			"processed_at": self.time(order.processed_at),
			"referring_site": None,
			"source_identifier": None,
			"source_name": order.source_name,
			"tags": ", ".join(order.tags),
			"tax_exempt": False,
			"tax_lines": [self._tax_line(one) for one in order.tax_lines],
			"taxes_included": order.taxes_included,
			"test": order.test,
			"token": hashlib.md5(str(order.id).encode(), usedforsecurity=False).hexdigest(),
			**self.both("subtotal_price", order.subtotal),
			**self.both("total_line_items_price", order.total_line_items),
			**self.both("total_discounts", order.total_discounts),
			**self.both("total_tax", order.total_tax),
			**self.both("total_price", order.total_price),
			"total_outstanding": self.money(order.total_outstanding),
			"total_shipping_price_set": self.money_set(order.total_shipping),
			"total_tip_received": self.money(order.total_tips),
			"total_weight": sum(line.grams * line.quantity for line in order.lines),
			**self.both("current_subtotal_price", order.current_subtotal),
			**self.both("current_total_discounts", order.current_total_discounts),
			**self.both("current_total_price", order.current_total_price),
			**self.both("current_total_tax", order.current_total_tax),
			"original_total_duties_set": None,
			"current_total_duties_set": None,
			"updated_at": self.time(order.updated_at),
			"user_id": None,
			"billing_address": self.address(order.billing_address),
			"shipping_address": self.address(order.shipping_address),
			"customer": self.customer(order.customer) if order.customer else None,
			"fulfillments": [self.fulfillment(one) for one in order.fulfillments],
			"line_items": [self.line(order, one) for one in order.lines],
			"refunds": [self.refund(one) for one in order.refunds],
			"shipping_lines": [self._shipping_line(one) for one in order.shipping_lines],
		}
		if any(line.duties for line in order.lines):
			known["original_total_duties_set"] = self.money_set(order.total_duties)
			known["current_total_duties_set"] = self.money_set(order.current_total_duties)
		return known

	def _application(self, one) -> dict:
		name = "code" if one.kind == "code" else "title"
		value = one.percentage if one.percentage is not None else one.amount.presentment_money.amount
		return {
			"type": {"code": "discount_code"}.get(one.kind, one.kind),
			name: one.title,
			"value": str(value),
			"value_type": "percentage" if one.percentage is not None else "fixed_amount",
			"allocation_method": one.allocation_method.lower(),
			"target_selection": one.target_selection.lower(),
			"target_type": one.target_type.lower(),
		}

	def _allocation(self, one) -> dict:
		return {**self.both("amount", one.amount), "discount_application_index": one.application.index}

	def _tax_line(self, one: TaxLine) -> dict:
		return {
			"title": one.title,
			"rate": float(one.rate),
			**self.both("price", one.price),
			"channel_liable": False,
		}

	def line(self, order: Order, line: LineItem) -> dict:
		status = None
		if line.fulfilled:
			status = "partial" if line.unfulfilled else "fulfilled"
		own = [one.amount.shop for one in line.allocations if one.is_line_level]
		known = {
			"id": line.id,
			"admin_graphql_api_id": f"gid://shopify/LineItem/{line.id}",
			"current_quantity": line.current_quantity,
			"fulfillable_quantity": line.unfulfilled,
			"fulfillment_service": "gift_card" if line.kind == "gift card" else "manual",
			"fulfillment_status": status,
			"gift_card": line.kind == "gift card",
			"grams": line.grams,
			"name": line.name,
			**self.both("price", line.unit),
			"product_exists": line.product is not None,
			"product_id": line.product.id if line.product else None,
			"properties": [{"name": key, "value": value} for key, value in line.attributes.items()],
			"quantity": line.quantity,
			"requires_shipping": line.requires_shipping,
			"sku": line.sku,
			"taxable": line.taxable,
			"title": line.title,
			"total_discount": str(Money(sum(own), line.of.shop).amount),
			"variant_id": line.variant.id if line.variant else None,
			"variant_inventory_management": "shopify" if line.variant else None,
			"variant_title": line.variant_title,
			"vendor": line.vendor,
			"tax_lines": [self._tax_line(one) for one in line.tax_lines],
			"duties": [
				{
					"id": str(duty.id),
					"harmonized_system_code": duty.harmonized_system_code,
					"country_code_of_origin": duty.country_code_of_origin,
					**self.money_set(duty.price),
					"tax_lines": [],
				}
				for duty in line.duties
			],
			"discount_allocations": [self._allocation(one) for one in line.allocations],
		}
		if line.kind == "tip":
			known["tip"] = {
				"id": str(line.id),
				"payment_gateway": (order.gateways or [None])[0],
				"payment_method": "card",
			}
		if line.group:
			known["line_item_group"] = {
				"id": line.group.id,
				"title": line.group.title,
				"quantity": line.group.quantity,
			}
		return known

	def _shipping_line(self, line: ShippingLine) -> dict:
		return {
			"id": line.id,
			"carrier_identifier": None,
			"code": line.code,
			**self.both("price", line.price),
			**self.both("discounted_price", line.net),
			"current_discounted_price_set": self.money_set(line.net - line.gone_net),
			"is_removed": False,
			"phone": None,
			"requested_fulfillment_service_id": None,
			"source": "shopify",
			"title": line.title,
			"tax_lines": [self._tax_line(one) for one in line.tax_lines],
			"discount_allocations": [self._allocation(one) for one in line.allocations],
		}

	def order_edit(self, order: Order) -> dict:
		"""What `orders/edited` tells: the edit, not the order."""
		return {
			"id": order.id + 1,
			"app_id": 1354745,
			"created_at": self.time(order.updated_at),
			"notify_customer": False,
			"order_id": order.id,
			"staff_note": "",
			"line_items": {"additions": [], "removals": []},
			"discounts": {"line_item": {"additions": [], "removals": []}},
			"shipping_lines": {"additions": [], "removals": []},
		}

	def refund(self, refund: Refund) -> dict:
		return {
			"id": refund.id,
			"admin_graphql_api_id": f"gid://shopify/Refund/{refund.id}",
			"created_at": self.time(refund.created_at),
			"processed_at": self.time(refund.created_at),
			"note": refund.note,
			"order_id": refund.order.id,
			"restock": any(one.restocked for one in refund.lines),
			"user_id": None,
			"duties": [
				{"duty_id": one.duty.id, "amount_set": self.money_set(one.amount)} for one in refund.duties
			],
			"refund_line_items": [self._refund_line(refund.order, one) for one in refund.lines],
			"refund_shipping_lines": [
				{
					"id": one.id,
					"shipping_line_id": one.line.id,
					"subtotal_amount_set": self.money_set(one.subtotal),
					"tax_amount_set": self.money_set(one.tax),
				}
				for one in refund.shipping
			],
			"order_adjustments": [
				*(self._shipping_adjustment(refund, one) for one in refund.shipping),
				*(
					{
						"id": one.id,
						"order_id": refund.order.id,
						"refund_id": refund.id,
						"kind": "refund_discrepancy",
						"reason": one.reason.replace("_", " ").capitalize(),
						**self.both("amount", one.amount),
						**self.both("tax_amount", one.amount.of.zero),
					}
					for one in refund.adjustments
				),
			],
			"transactions": [self.transaction(one) for one in refund.transactions],
		}

	def _refund_line(self, order: Order, one: RefundLine) -> dict:
		return {
			"id": one.id,
			"line_item_id": one.line.id,
			"location_id": one.location.id if one.location else None,
			"quantity": one.quantity,
			"restock_type": one.restock_type.lower(),
			# numbers, not strings: so Shopify sends them
			"subtotal": float(one.subtotal.shop_money.amount),
			"subtotal_set": self.money_set(one.subtotal),
			"total_tax": float(one.tax.shop_money.amount),
			"total_tax_set": self.money_set(one.tax),
			"line_item": self.line(order, one.line),
		}

	def _shipping_adjustment(self, refund: Refund, one) -> dict:
		without_tax = one.subtotal - one.tax if refund.order.taxes_included else one.subtotal
		return {
			"id": one.id,
			"order_id": refund.order.id,
			"refund_id": refund.id,
			"kind": "shipping_refund",
			"reason": "Shipping refund",
			**self.both("amount", -without_tax),
			**self.both("tax_amount", -one.tax),
		}

	def transaction(self, one: Transaction) -> dict:
		return {
			"id": one.id,
			"admin_graphql_api_id": f"gid://shopify/OrderTransaction/{one.id}",
			"order_id": one.order.id,
			"kind": one.kind.lower(),
			"gateway": one.gateway,
			"status": one.status.lower(),
			"message": None,
			"created_at": self.time(one.created_at),
			"processed_at": self.time(one.processed_at),
			"test": one.test,
			"authorization": None,
			"parent_id": one.parent.id if one.parent else None,
			"amount": str(one.amount.presentment_money.amount),
			"currency": one.amount.of.presentment,
			"payment_id": f"{one.order.name}.{one.id % 1000}",
			"receipt": {},
			"source_name": one.order.source_name,
			"location_id": None,
			"user_id": None,
			"device_id": None,
			"error_code": None,
		}

	def fulfillment(self, done: Fulfillment) -> dict:
		first = done.tracking[0] if done.tracking else {}
		numbers = [one["number"] for one in done.tracking if one.get("number")]
		urls = [one["url"] for one in done.tracking if one.get("url")]
		return {
			"id": done.id,
			"admin_graphql_api_id": f"gid://shopify/Fulfillment/{done.id}",
			"created_at": self.time(done.created_at),
			"updated_at": self.time(done.updated_at),
			"location_id": done.location.id,
			"name": done.name,
			"order_id": done.order.id,
			"service": "manual",
			"shipment_status": None,
			"status": done.status.lower(),
			"tracking_company": first.get("company"),
			"tracking_number": numbers[0] if numbers else None,
			"tracking_numbers": numbers,
			"tracking_url": urls[0] if urls else None,
			"tracking_urls": urls,
			"receipt": {},
			"line_items": [
				{**self.line(done.order, one.line), "quantity": one.quantity} for one in done.lines
			],
		}

	# ---- the rest

	def address(self, address: Address | None) -> dict | None:
		if address is None:
			return None
		return {
			"first_name": address.first_name,
			"last_name": address.last_name,
			"name": address.name,
			"company": address.company,
			"address1": address.address1,
			"address2": address.address2,
			"city": address.city,
			"province": address.province,
			"province_code": address.province_code,
			"zip": address.zip,
			"country": address.country,
			"country_code": address.country_code,
			"phone": address.phone,
			"latitude": None,
			"longitude": None,
		}

	def customer(self, customer: Customer) -> dict:
		def addressed(one: Address) -> dict:
			return {
				"id": one.id,
				"customer_id": customer.id,
				**self.address(one),
				"country_name": one.country,
				"default": one is customer.default_address,
			}

		known = {
			"id": customer.id,
			"admin_graphql_api_id": f"gid://shopify/Customer/{customer.id}",
			"email": customer.email,
			"first_name": customer.first_name,
			"last_name": customer.last_name,
			"phone": customer.phone,
			"note": customer.note,
			"state": customer.state.lower(),
			"tags": ", ".join(customer.tags),
			"tax_exempt": customer.tax_exempt,
			"verified_email": customer.verified_email,
			"multipass_identifier": None,
			"currency": self.shop.currency,
			"created_at": self.time(customer.created_at),
			"updated_at": self.time(customer.updated_at),
			"addresses": [addressed(one) for one in customer.addresses],
		}
		if customer.default_address:
			known["default_address"] = addressed(customer.default_address)
		return known

	def product(self, product: Product) -> dict:
		return {
			"id": product.id,
			"admin_graphql_api_id": f"gid://shopify/Product/{product.id}",
			"title": product.title,
			"handle": product.handle,
			"body_html": product.description_html,
			"vendor": product.vendor,
			"product_type": product.product_type,
			"status": product.status.lower(),
			"tags": ", ".join(product.tags),
			"template_suffix": None,
			"published_scope": "web",
			"created_at": self.time(product.created_at),
			"updated_at": self.time(product.updated_at),
			"published_at": self.time(product.published_at),
			"images": [],
			"image": None,
			"options": [
				{
					"id": product.id + position,
					"product_id": product.id,
					"name": name,
					"position": position,
					"values": list(
						dict.fromkeys(one.options.get(name, one.title) for one in product.variants)
					),
				}
				for position, name in enumerate(product.option_names, 1)
			],
			"variants": [self.variant(one) for one in product.variants],
		}

	def variant(self, variant: Variant) -> dict:
		values = list(variant.options.values()) or [variant.title]
		options = {f"option{index + 1}": values[index] if index < len(values) else None for index in range(3)}
		return {
			"id": variant.id,
			"admin_graphql_api_id": f"gid://shopify/ProductVariant/{variant.id}",
			"product_id": variant.product.id,
			"title": variant.title,
			"sku": variant.sku,
			"barcode": variant.barcode,
			"price": f"{variant.price:.2f}",
			"compare_at_price": None
			if variant.compare_at_price is None
			else f"{variant.compare_at_price:.2f}",
			"position": variant.position,
			"grams": variant.grams,
			"weight": variant.grams / 1000,
			"weight_unit": "kg",
			"taxable": variant.taxable,
			"requires_shipping": variant.requires_shipping,
			"fulfillment_service": "manual",
			"inventory_item_id": variant.inventory_item.id,
			"inventory_management": "shopify" if variant.inventory_item.tracked else None,
			"inventory_policy": "deny",
			"inventory_quantity": variant.inventory_quantity,
			"created_at": self.time(variant.created_at),
			"updated_at": self.time(variant.updated_at),
			**options,
		}

	def level(self, level: Level) -> dict:
		return {
			"inventory_item_id": level.item.id,
			"location_id": level.location.id,
			"available": level.available,
			"updated_at": self.time(level.updated_at),
			"admin_graphql_api_id": (
				f"gid://shopify/InventoryLevel/{level.location.id}?inventory_item_id={level.item.id}"
			),
		}

	def item(self, item: InventoryItem) -> dict:
		return {
			"id": item.id,
			"sku": item.sku,
			"tracked": item.tracked,
			"requires_shipping": item.requires_shipping,
			"created_at": self.time(item.created_at),
			"updated_at": self.time(item.updated_at),
			"admin_graphql_api_id": f"gid://shopify/InventoryItem/{item.id}",
		}

	def location(self, location: Location) -> dict:
		address = location.address
		return {
			"id": location.id,
			"name": location.name,
			"address1": address.address1,
			"address2": address.address2,
			"city": address.city,
			"zip": address.zip,
			"province": address.province,
			"province_code": address.province_code,
			"country": address.country_code,
			"country_code": address.country_code,
			"country_name": address.country,
			"phone": address.phone,
			"active": location.is_active,
			"legacy": False,
			"created_at": self.time(location.created_at),
			"updated_at": self.time(location.updated_at),
			"admin_graphql_api_id": f"gid://shopify/Location/{location.id}",
		}

	def shop_as_rest(self) -> dict:
		shop = self.shop
		address = shop.primary_location.address
		return {
			"id": shop.id,
			"name": shop.name,
			"email": shop.email,
			"domain": shop.domain,
			"myshopify_domain": shop.domain,
			"shop_owner": shop.owner,
			"address1": address.address1,
			"city": address.city,
			"zip": address.zip,
			"province": address.province_code,
			"country": address.country_code,
			"country_code": address.country_code,
			"country_name": address.country,
			"phone": address.phone,
			"currency": shop.currency,
			"enabled_presentment_currencies": [shop.currency, *shop.rates],
			"money_format": "{{amount}}",
			"money_with_currency_format": "{{amount}} " + shop.currency,
			"taxes_included": shop.taxes_included,
			"tax_shipping": True,
			"plan_name": "partner_test",
			"plan_display_name": shop.plan,
			"primary_location_id": shop.primary_location.id,
			"timezone": f"(GMT{shop.now().astimezone(shop.timezone).strftime('%z')}) Sandbox",
			"iana_timezone": "Etc/UTC",
			"created_at": self.time(shop.created_at),
			"updated_at": self.time(shop.updated_at),
		}


def _money(money: Money) -> dict:
	return {"amount": str(money.amount), "currency_code": money.currency}


def _fulfillment_status(order: Order) -> str | None:
	status = order.fulfillment_status
	if status == "UNFULFILLED" and order.cancelled_at:
		return "restocked"
	return {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(status)
