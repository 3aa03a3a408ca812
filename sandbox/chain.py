"""The second half of the demo: one order goes the whole way, through four vendors, to the door and into the CRM.

The shop takes an order from India that is not paid yet. It is invoiced here, paid at Stripe by link, shipped with
Shiprocket, tracked to the door; the shop hears the tracking number, HubSpot gets the customer, the contact and the deal;
Stripe pays out. At each end both sides are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.vendors.hubspot import HubSpot, Portal
from sandbox.vendors.shiprocket import Shiprocket
from sandbox.vendors.shopify import orders as shop_orders
from sandbox.vendors.shopify.cases import expectation
from sandbox.vendors.stripe import Account, Stripe

EMAIL = "asha.rao@example.com"
ADDRESS = {
	"first_name": "Asha",
	"last_name": "Rao",
	"company": "Rao Textiles",
	"address1": "Mill Road 12",
	"city": "Mumbai",
	"province": "Maharashtra",
	"zip": "400001",
	"country": "India",
	"country_code": "IN",
	"phone": "9876543210",
}
STRIPE_KEY = "sk_test_sandbox"


class Chain:
	"""`world` runs already, with its shop; `problems` collects what does not agree, `facts` what is worth showing."""

	def __init__(self, world: Any, problems: list[str], facts: dict[str, Any]):
		self.world, self.problems, self.facts = world, problems, facts

	def open(self, done: Callable[..., None]) -> None:
		"""Three more Connections: a payment gateway, a carrier, a CRM."""
		from sandbox import books

		home = books.currency()
		books.let_customers_owe_foreign_money()
		books.address("Company", books.company())
		self.account = Account(home.lower(), rates={"inr": "0.011"})
		self.stripe = self.world.connect(
			Stripe(self.account, secret_key=STRIPE_KEY),
			"stripe",
			{},
			{"secret_key": STRIPE_KEY},
			accounts=books.gateway_accounts("Stripe", home),
		)
		self.world.subscribe(self.stripe)
		done()
		self.carrier = Shiprocket()
		self.shiprocket = self.world.connect(
			self.carrier,
			"shiprocket",
			{"email": self.carrier.email, "pickup_place": "Primary"},
			{"password": self.carrier.password, "webhook_token": self.carrier.webhook_token},
		)
		self.carrier.set_webhook(self.world.webhook_address(self.shiprocket))
		done()
		self.portal = Portal(currency=home, prefix="demo")
		self.crm = HubSpot(self.portal)
		self.crm.limits.set(searches=None)
		self.hubspot = self.world.connect(self.crm, "hubspot", {}, {"access_token": "pat-na1-sandbox"})
		done()

	def order(self, done: Callable[..., None]) -> None:
		"""The shop takes the order, and it arrives here."""
		shop = self.world.shop
		self.placed = shop_orders.place_order(
			shop,
			[
				shop_orders.Line(shop.prefix + "TEE", quantity=2),
				shop_orders.Line(shop.prefix + "MUG", quantity=1),
			],
			email=EMAIL,
			customer={"first_name": "Asha", "last_name": "Rao", "email": EMAIL},
			billing_address=ADDRESS,
			shipping_address=ADDRESS,
			currency="INR",
			paid=False,
		)
		self._arrived()
		done()

	def pay(self, done: Callable[..., None]) -> None:
		"""Invoice, payment page, the buyer pays, Stripe's webhooks tell it."""
		import frappe
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

		from integration_hub.api import payments

		self.sales_order = self._sales_order()
		invoice = make_sales_invoice(self.sales_order)
		invoice.insert()
		invoice.submit()
		frappe.db.commit()  # as the request of a person's click does
		self.invoice = invoice.name
		done()
		answer = payments.make_link("Sales Invoice", invoice.name, self.stripe)
		if answer["status"] != "Done":
			self.problems.append(f"Payment page: {answer['message']}")
			return
		self.account.pay(answer["url"])
		self._arrived()
		done()
		owed = frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount")
		self.facts["paid by link"] = f"{invoice.name}, {invoice.grand_total:.2f} INR, open now: {owed:.2f}"
		if owed:
			self.problems.append(f"{invoice.name} was paid at Stripe, here {owed} is open")

	def ship(self, done: Callable[..., None]) -> None:
		"""Delivery Note, rates, booking, label; the courier carries it to the door."""
		import frappe
		from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

		from integration_hub.api import shipping

		note = make_delivery_note(self.sales_order)
		note.submit()
		frappe.db.commit()  # as the request of a person's click does
		box = {"weight": 0.9, "length": 30, "width": 20, "height": 10, "count": 1}
		self.shipment = shipping.make_shipment("Delivery Note", note.name, [box])
		frappe.db.commit()  # as the request of a person's click does
		done()
		rates = shipping.rates(self.shipment, self.shiprocket)
		answer = shipping.book(self.shipment, self.shiprocket, rates[0]["service_id"])
		if answer["status"] != "Done":
			self.problems.append(f"Booking: {answer['message']}")
			return
		[parcel] = answer["parcels"]
		self.awb = parcel["tracking_number"]
		self.facts["shipped"] = f"{self.awb} with {parcel['service']}, cheapest of {len(rates)} rates"
		self._arrived()
		done()
		self.carrier.company.journey(self.awb)
		self._arrived()
		done()
		state = frappe.db.get_value("Shipment", self.shipment, ["status", "tracking_status"])
		if state != ("Completed", "Delivered"):
			self.problems.append(f"The parcel was delivered, the Shipment says {state}")
		told = [number["number"] for one in expectation(self.placed)["parcels"] for number in one["tracking"]]
		if told != [self.awb]:
			self.problems.append(f"The shop was told of {told}, not of {self.awb}")

	def relate(self, done: Callable[..., None]) -> None:
		"""A salesperson notes the deal; HubSpot has the customer, the contact and the deal, related."""
		import frappe

		customer = frappe.db.get_value("Sales Order", self.sales_order, "customer")
		if not frappe.db.exists("Sales Stage", "closedwon"):
			frappe.get_doc({"doctype": "Sales Stage", "stage_name": "closedwon"}).insert()
		deal = frappe.get_doc(
			{
				"doctype": "Opportunity",
				"opportunity_from": "Customer",
				"party_name": customer,
				"title": f"Order {self.placed.name}",
				"company": frappe.db.get_value("Sales Order", self.sales_order, "company"),
				"currency": self.world.shop.currency,
				"opportunity_amount": 50,
				"sales_stage": "closedwon",
				"expected_closing": frappe.utils.today(),
			}
		)
		deal.insert()
		frappe.db.commit()  # as the request of a person's click does
		self._arrived()
		done()
		contacts = [one for one in self.portal.live("contacts") if one.get("email") == EMAIL]
		deals = [
			one for one in self.portal.live("deals") if one.get("dealname") == f"Order {self.placed.name}"
		]
		companies = [
			one for one in self.portal.live("companies") if one.get("erpnext_id") == f"Customer/{customer}"
		]
		self.facts["in the CRM"] = (
			f"{companies[0].get('name') if companies else 'nobody'}: {len(contacts)} contact, {len(deals)} deal"
		)
		if len(contacts) != 1 or len(deals) != 1:
			self.problems.append(
				f"HubSpot has {len(contacts)} contacts and {len(deals)} deals of the buyer, not one of each"
			)
		elif Decimal(deals[0].get("amount") or 0) != 50:
			self.problems.append(f"HubSpot's deal has the amount {deals[0].get('amount')}")
		ours = [one.id for one in companies]
		for one in (*contacts, *deals):
			if list(self.portal.links.of(one, "companies")) != ours or len(ours) != 1:
				self.problems.append(
					f"{one.get('dealname') or one.get('email')} belongs to no company in HubSpot"
				)

	def pay_out(self, done: Callable[..., None]) -> None:
		"""Stripe pays out; the clearing account is empty, and the Audit agrees line by line."""
		import frappe

		self.account.make_payout()
		self._arrived()
		done()
		[audit] = frappe.get_all(
			"Integration Audit",
			filters={"connection": self.stripe},
			fields=["status", "summary", "total_outside"],
		) or [frappe._dict(status="none", summary="no Audit was made", total_outside=0)]
		self.facts["payout"] = (
			f"{audit.summary} {audit.total_outside:.2f} {self.world.shop.currency} before fees"
		)
		if audit.status != "Agrees":
			self.problems.append(f"The payout's Audit: {audit.summary}")
		left = self._clearing()
		if left:
			self.problems.append(f"The clearing account holds {left} after the payout")

	def _clearing(self) -> float:
		import frappe

		account = next(
			row.account
			for row in frappe.get_doc("Integration Connection", self.stripe).accounts
			if row.kind == "Clearing"
		)
		rows = frappe.get_all(
			"GL Entry", filters={"account": account, "is_cancelled": 0}, fields=["debit", "credit"]
		)
		return round(sum(row.debit - row.credit for row in rows), 2)

	def _sales_order(self) -> str:
		import frappe

		return frappe.db.get_value(
			"Integration Link",
			{"connection": self.world.connection, "resource": "orders", "outside_id": str(self.placed.id)},
			"reference_name",
		)

	def _arrived(self) -> None:
		"""What vendors had to tell has been told, and what it asked for is done."""
		for courier in (self.world.vendor.courier, self.account_courier, self.carrier.courier):
			courier.wait(60)
		self.world.wait_idle(120)

	@property
	def account_courier(self) -> Any:
		return next(one.vendor.courier for one in self.world.running if one.vendor.key == "stripe")
