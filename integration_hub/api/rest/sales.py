"""Lines, taxes and totals of sales documents, as `orders` and `invoices` take them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from frappe import _
from frappe.utils import flt
from pydantic import Field

from integration_hub.api.rest.errors import ApiError
from integration_hub.api.rest.shapes import Input, Money, Name, Quantity, Text

#: lines of one document; ERPNext itself becomes slow long before
MOST_LINES = 500


class NewItem(Input):
	item_code: Name
	qty: Quantity = Field(gt=0)
	rate: Money | None = Field(None, description="In the order's currency. Default: the price list's.")
	uom: Name | None = None
	warehouse: Name | None = None


class NewTax(Input):
	account_head: Name
	description: Text = Field(min_length=1)
	tax_amount: Money


def line(one: NewItem) -> dict[str, Any]:
	"""A row of the document's items."""
	row = one.model_dump(exclude_none=True)
	if one.rate is not None:
		# a price that was said is the price: no list, no rule may change it
		row.update(rate=float(one.rate), price_list_rate=float(one.rate), ignore_pricing_rule=1)
	return row


def tax(one: NewTax) -> dict[str, Any]:
	"""A row of the document's taxes: an amount, not a rate."""
	return {**one.model_dump(), "charge_type": "Actual", "tax_amount": float(one.tax_amount)}


def must_come_to(doc: Any, expected: Decimal | None) -> None:
	"""Refuse a document whose grand total is another than the caller expects; the caller's transaction is undone."""
	total = Decimal(str(flt(doc.grand_total, doc.precision("grand_total"))))
	if expected is not None and total != expected:
		raise ApiError(
			"refused",
			_("expected_total: {0} is expected, but it comes to {1} {2}. Nothing was made.").format(
				expected, total, doc.currency
			),
			[("expected_total", _("comes to {0}").format(total))],
		)
