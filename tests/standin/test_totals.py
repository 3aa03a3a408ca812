"""Documents in, totals out: the same numbers on the stand-in and on ERPNext."""

import pytest

VAT = {"charge_type": "On Net Total", "rate": 19, "description": "VAT 19"}
VAT_IN = {**VAT, "included_in_print_rate": 1}

#: name, document (lines, taxes, …), document totals, rows, taxes
CASES = [
	(
		"three lines without tax",
		{"lines": [{"qty": 2, "rate": 9.99}, {"qty": 1, "rate": 0.01}, {"qty": 3, "rate": 1.005}]},
		{
			"total": 22.99,
			"net_total": 22.99,
			"grand_total": 22.99,
			"total_taxes_and_charges": 0,
			"total_qty": 6,
		},
		[{"amount": 19.98}, {"amount": 0.01}, {"rate": 1.0, "amount": 3.0}],
		[],
	),
	(
		"tax on net total",
		{"lines": [{"qty": 3, "rate": 9.99}], "taxes": [VAT]},
		{"net_total": 29.97, "total_taxes_and_charges": 5.69, "grand_total": 35.66},
		[{"amount": 29.97, "net_amount": 29.97}],
		[{"tax_amount": 5.69, "total": 35.66}],
	),
	(
		"tax of several rows is rounded once",
		{"lines": [{"qty": 1, "rate": 0.13}] * 3, "taxes": [VAT]},
		{"net_total": 0.39, "total_taxes_and_charges": 0.07, "grand_total": 0.46},
		[],
		[{"tax_amount": 0.07}],
	),
	(
		"tax included in the price",
		{"lines": [{"qty": 1, "rate": 119}, {"qty": 3, "rate": 9.99}], "taxes": [VAT_IN]},
		{"total": 148.97, "net_total": 125.18, "total_taxes_and_charges": 23.78, "grand_total": 148.97},
		[{"net_amount": 100.0, "net_rate": 100.0}, {"net_amount": 25.18, "net_rate": 8.39}],
		[{"tax_amount": 23.78}],
	),
	(
		"1,000 pieces at 0.37 tax included",
		{"lines": [{"qty": 1000, "rate": 0.37}], "taxes": [VAT_IN]},
		{"total": 370.0, "net_total": 310.92, "grand_total": 370.0},
		[{"net_rate": 0.31, "net_amount": 310.92}],
		[{"tax_amount": 59.07}],
	),
	(
		"a charge in the price, a tax on top",
		{
			"lines": [{"qty": 2, "rate": 11.9}],
			"taxes": [VAT_IN, {"charge_type": "On Net Total", "rate": 10, "description": "City"}],
		},
		{"total": 23.8, "net_total": 20.0, "grand_total": 25.8},
		[],
		[{"tax_amount": 3.8, "total": 23.8}, {"tax_amount": 2.0, "total": 25.8}],
	),
	(
		"actual amounts: shipping and tax as a shop says them",
		{
			"lines": [{"qty": 1, "rate": 10}, {"qty": 2, "rate": 3.33}],
			"taxes": [
				{"tax_amount": 4.9, "description": "Shipping"},
				{"tax_amount": 3.17, "description": "VAT"},
			],
		},
		{"net_total": 16.66, "total_taxes_and_charges": 8.07, "grand_total": 24.73},
		[],
		[{"tax_amount": 4.9, "total": 21.56}, {"tax_amount": 3.17, "total": 24.73}],
	),
	(
		"actual amounts on an order that costs nothing",
		{
			"lines": [{"qty": 1, "rate": 0, "price_list_rate": 5, "discount_percentage": 100}],
			"taxes": [{"tax_amount": 4.9}],
		},
		{"net_total": 0, "total_taxes_and_charges": 4.9, "grand_total": 4.9},
		[{"rate": 0, "amount": 0}],
		[{"tax_amount": 4.9}],
	),
	(
		"tax on the tax before it",
		{
			"lines": [{"qty": 1, "rate": 100}],
			"taxes": [
				VAT,
				{"charge_type": "On Previous Row Amount", "row_id": 1, "rate": 10, "description": "A"},
				{"charge_type": "On Previous Row Total", "row_id": 2, "rate": 1, "description": "B"},
			],
		},
		{"grand_total": 122.11},
		[],
		[{"tax_amount": 19.0}, {"tax_amount": 1.9}, {"tax_amount": 1.21}],
	),
	(
		"tax by the piece",
		{
			"lines": [{"qty": 7, "rate": 1}],
			"taxes": [{"charge_type": "On Item Quantity", "rate": 0.25, "description": "Deposit"}],
		},
		{"grand_total": 8.75},
		[],
		[{"tax_amount": 1.75}],
	),
	(
		"a rate stays beside a higher list price",
		{"lines": [{"qty": 2, "rate": 8, "price_list_rate": 10}]},
		{"net_total": 16.0},
		[{"rate": 8, "discount_amount": 2, "discount_percentage": 0, "amount": 16}],
		[],
	),
	(
		"a rate above the list price is a margin",
		{"lines": [{"qty": 1, "rate": 12, "price_list_rate": 10}]},
		{"net_total": 12.0},
		[{"rate": 12, "margin_type": "Amount", "margin_rate_or_amount": 2}],
		[],
	),
	(
		"trap: rate 0 beside a list price becomes the list price",
		{"lines": [{"qty": 2, "rate": 0, "price_list_rate": 10}]},
		{"net_total": 20.0},
		[{"rate": 10, "amount": 20}],
		[],
	),
	(
		"rate 0 is meant when the discount is 100 %",
		{
			"lines": [
				{"qty": 2, "rate": 0, "price_list_rate": 10, "discount_percentage": 100},
				{"qty": 1, "rate": 1},
			]
		},
		{"net_total": 1.0},
		[{"rate": 0, "amount": 0, "discount_amount": 10}],
		[],
	),
	(
		"discount percentage without a rate",
		{"lines": [{"qty": 3, "price_list_rate": 9.99, "discount_percentage": 15}]},
		{"net_total": 25.47},
		[{"rate": 8.49, "amount": 25.47}],
		[],
	),
	(
		"trap: a discount percentage beside a rate does not change the rate",
		{"lines": [{"qty": 1, "rate": 9, "price_list_rate": 10, "discount_percentage": 50}]},
		{"net_total": 9.0},
		[{"rate": 9, "discount_amount": 1}],
		[],
	),
	(
		"percentage margin",
		{
			"lines": [
				{
					"qty": 1,
					"rate": 5,
					"price_list_rate": 10,
					"margin_type": "Percentage",
					"margin_rate_or_amount": 20,
				}
			]
		},
		{"net_total": 12.0},
		[{"rate": 12, "rate_with_margin": 12}],
		[],
	),
	(
		"discount on the net total",
		{
			"lines": [{"qty": 1, "rate": 10}, {"qty": 1, "rate": 20}],
			"taxes": [VAT],
			"apply_discount_on": "Net Total",
			"discount_amount": 10,
		},
		{"total": 30, "net_total": 20, "grand_total": 23.8, "discount_amount": 10},
		[
			{"amount": 10, "net_amount": 6.67, "distributed_discount_amount": 3.33},
			{"amount": 20, "net_amount": 13.33},
		],
		[{"tax_amount": 3.8, "tax_amount_after_discount_amount": 3.8}],
	),
	(
		"discount on the grand total",
		{
			"lines": [{"qty": 1, "rate": 10}, {"qty": 1, "rate": 20}],
			"taxes": [VAT],
			"apply_discount_on": "Grand Total",
			"discount_amount": 5,
		},
		{"total": 30, "net_total": 25.8, "grand_total": 30.7},
		[{"net_amount": 8.6}, {"net_amount": 17.2}],
		[{"tax_amount": 5.7, "tax_amount_after_discount_amount": 4.9}],
	),
	(
		"discount on the grand total leaves an actual charge alone",
		{
			"lines": [{"qty": 1, "rate": 100}],
			"taxes": [{"tax_amount": 10, "description": "Shipping"}],
			"apply_discount_on": "Grand Total",
			"discount_amount": 11,
		},
		{"net_total": 89, "grand_total": 99},
		[{"net_amount": 89}],
		[{"tax_amount": 10, "total": 99}],
	),
	(
		"discount percentage on the grand total, tax included",
		{
			"lines": [{"qty": 1, "rate": 119}],
			"taxes": [VAT_IN],
			"apply_discount_on": "Grand Total",
			"additional_discount_percentage": 10,
		},
		{"discount_amount": 11.9, "net_total": 90, "grand_total": 107.1},
		[{"net_amount": 90}],
		[{"tax_amount": 19.0, "tax_amount_after_discount_amount": 17.1}],
	),
	(
		"discount that does not divide",
		{
			"lines": [{"qty": 3, "rate": 3.33}, {"qty": 7, "rate": 1.11}, {"qty": 1, "rate": 0.05}],
			"apply_discount_on": "Net Total",
			"discount_amount": 1,
		},
		{"total": 17.81, "net_total": 16.81, "grand_total": 16.81},
		[],
		[],
	),
	(
		"foreign currency",
		{
			"lines": [{"qty": 3, "rate": 9.99}, {"qty": 1, "rate": 0.07}],
			"taxes": [VAT],
			"currency": "USD",
			"conversion_rate": 0.9123,
		},
		{
			"net_total": 30.04,
			"base_net_total": 27.4,
			"total_taxes_and_charges": 5.71,
			"base_total_taxes_and_charges": 5.21,
			"grand_total": 35.75,
			"base_grand_total": 32.61,
		},
		[{"base_rate": 9.11, "base_amount": 27.34}, {"base_amount": 0.06}],
		[{"base_tax_amount": 5.21, "base_total": 32.61}],
	),
	(
		"yen are rounded to whole ones in the rounded total only",
		{"lines": [{"qty": 3, "rate": 333.4}], "currency": "JPY", "conversion_rate": 0.006},
		{
			"grand_total": 1000.2,
			"base_grand_total": 6.0,
			"rounded_total": 1000.0,
			"rounding_adjustment": -0.2,
		},
		[],
		[],
	),
	(
		"no rounded total",
		{
			"lines": [{"qty": 3, "rate": 333.4}],
			"currency": "JPY",
			"conversion_rate": 0.006,
			"disable_rounded_total": 1,
		},
		{"grand_total": 1000.2, "rounded_total": 0, "rounding_adjustment": 0},
		[],
		[],
	),
	(
		"half a cent of tax goes to the even one",
		{
			"lines": [{"qty": 1, "rate": 0.1}, {"qty": 1, "rate": 0.3}],
			"taxes": [
				{"charge_type": "On Net Total", "description": "VAT 1.25", "rate": 1.25},
				{"charge_type": "On Net Total", "description": "VAT 3.75", "rate": 3.75},
			],
		},
		{"net_total": 0.4, "grand_total": 0.42},
		[],
		[{"tax_amount": 0.0}, {"tax_amount": 0.02}],
	),
]


@pytest.mark.parametrize("doctype", ["Sales Order", "Delivery Note", "Sales Invoice"])
@pytest.mark.parametrize(
	("document", "totals", "rows", "taxes"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_totals(books, doctype, document, totals, rows, taxes):
	lines = [{"uom": "Nos", "conversion_factor": 1, **line} for line in document["lines"]]
	if document.get("currency"):
		books.rate(document["currency"], "EUR", document["conversion_rate"])
		books.settings("Accounts Settings", allow_multi_currency_invoices_against_single_party_account=1)
	doc = books.document(doctype, **(document | {"lines": lines}))
	same(doc, totals)
	for row, expected in zip(doc.items, rows, strict=False):
		same(row, expected)
	for row, expected in zip(doc.taxes, taxes, strict=False):
		same(row, expected)
	stored = books.frappe.get_doc(doctype, doc.name)
	same(stored, totals)


def same(doc, expected):
	found = {field: doc.get(field) for field in expected}
	assert found == {
		field: pytest.approx(value, abs=1e-9) if isinstance(value, int | float) else value
		for field, value in expected.items()
	}


@pytest.mark.parametrize(
	("taxes", "sentence"),
	[
		([{"charge_type": "Actual", "tax_amount": 1, "included_in_print_rate": 1}], "cannot be included"),
		([{"charge_type": "On Previous Row Total", "rate": 1}], "for first row"),
		([VAT, {"charge_type": "On Previous Row Total", "rate": 1, "row_id": 2}], "greater than or equal"),
		([{"charge_type": "On Net Total", "rate": 1, "row_id": 1}], "refer row only"),
	],
)
def test_impossible_taxes_are_refused(books, taxes, sentence):
	with pytest.raises(books.frappe.ValidationError, match=sentence):
		books.document("Sales Order", [{"qty": 1, "rate": 10}], taxes)
