"""From a list of debits and credits to GL Entries that balance."""

import frappe
from erpnext.accounts.utils import create_payment_ledger_entry
from frappe import _
from frappe.model.meta import get_field_precision
from frappe.utils import flt, get_link_to_form, now

PAIRS = (
	("debit", "credit"),
	("debit_in_account_currency", "credit_in_account_currency"),
	("debit_in_transaction_currency", "credit_in_transaction_currency"),
)
#: entries that agree in these become one
SAME = (
	"account",
	"cost_center",
	"party",
	"party_type",
	"voucher_detail_no",
	"against_voucher",
	"against_voucher_type",
	"voucher_no",
)


def make_gl_entries(
	gl_map, cancel=False, adv_adj=False, merge_entries=True, update_outstanding="Yes", from_repost=False
):
	"""Book a voucher. Raises when it does not balance."""
	if not gl_map:
		return
	if cancel:
		make_reverse_gl_entries(voucher_type=gl_map[0].voucher_type, voucher_no=gl_map[0].voucher_no)
		return
	validate_disabled_accounts(gl_map)
	gl_map = process_gl_map(gl_map, merge_entries)
	if len(gl_map) == 1:
		frappe.throw(
			_(
				"Incorrect number of General Ledger Entries found. You might have selected a wrong Account in the transaction."
			)
		)
	if not gl_map:
		return
	create_payment_ledger_entry(gl_map, update_outstanding=update_outstanding)
	balance(gl_map)
	for entry in gl_map:
		make_entry(entry)


def validate_disabled_accounts(gl_map):
	disabled = [
		entry.account
		for entry in gl_map
		if entry.account and frappe.get_cached_value("Account", entry.account, "disabled")
	]
	if disabled:
		frappe.throw(
			_("Cannot create accounting entries against disabled accounts: {0}").format(
				", ".join(dict.fromkeys(disabled))
			),
			title=_("Disabled Account Selected"),
		)


def process_gl_map(gl_map, merge_entries=True):
	if merge_entries:
		gl_map = merge_similar_entries(gl_map)
	return toggle_debit_credit_if_negative(gl_map)


def merge_similar_entries(gl_map):
	precision = ledger_precision()
	merged: dict[tuple, frappe._dict] = {}
	for entry in gl_map:
		key = tuple(entry.get(field) or "" for field in SAME)
		if key not in merged:
			merged[key] = entry
			continue
		for field in (field for pair in PAIRS for field in pair):
			merged[key][field] = flt(merged[key].get(field)) + flt(entry.get(field))
	return [entry for entry in merged.values() if flt(entry.debit, precision) or flt(entry.credit, precision)]


def toggle_debit_credit_if_negative(gl_map):
	for entry in gl_map:
		for debit_field, credit_field in PAIRS:
			debit, credit = flt(entry.get(debit_field)), flt(entry.get(credit_field))
			if debit < 0 and credit < 0 and debit == credit:
				debit, credit = -debit, -credit
			if debit < 0:
				debit, credit = 0.0, credit - debit
			if credit < 0:
				debit, credit = debit - credit, 0.0
			entry[debit_field], entry[credit_field] = debit, credit
	return gl_map


def ledger_precision() -> int:
	return get_field_precision(frappe.get_meta("GL Entry").get_field("debit"))


def balance(gl_map):
	"""Book a rounding difference to the round off account; refuse a larger one."""
	precision = ledger_precision()
	difference = transaction_difference = 0.0
	for entry in gl_map:
		entry.debit, entry.credit = flt(entry.debit, precision), flt(entry.credit, precision)
		difference += entry.debit - entry.credit
		transaction_difference += flt(entry.get("debit_in_transaction_currency"), precision) - flt(
			entry.get("credit_in_transaction_currency"), precision
		)
	difference = flt(difference, precision)
	voucher = gl_map[0]
	allowance = 5.0 / 10**precision if voucher.voucher_type in ("Journal Entry", "Payment Entry") else 0.5
	if abs(difference) > allowance:
		frappe.throw(
			_("Debit and Credit not equal for {0} #{1}. Difference is {2}.").format(
				voucher.voucher_type, voucher.voucher_no, difference
			)
		)
	if abs(difference) >= 1.0 / 10**precision:
		add_round_off(gl_map, difference, flt(transaction_difference, precision))


def add_round_off(gl_map, difference, transaction_difference):
	voucher = gl_map[0]
	account, cost_center = get_round_off_account_and_cost_center(
		voucher.company, voucher.voucher_type, voucher.voucher_no
	)
	existing = next((entry for entry in gl_map if entry.account == account), None)
	if existing:
		if existing.debit:
			difference -= flt(existing.debit) - flt(existing.credit)
		else:
			difference += flt(existing.credit)
		if abs(difference) < 1.0 / 10 ** ledger_precision():
			gl_map.remove(existing)
			return
	entry = (
		existing
		if existing is not None
		else frappe._dict(
			{
				field: voucher.get(field)
				for field in ("voucher_type", "voucher_no", "company", "posting_date", "remarks")
			}
		)
	)
	entry.update(
		account=account,
		debit=max(-difference, 0),
		credit=max(difference, 0),
		debit_in_account_currency=max(-difference, 0),
		credit_in_account_currency=max(difference, 0),
		debit_in_transaction_currency=max(-transaction_difference, 0),
		credit_in_transaction_currency=max(transaction_difference, 0),
		cost_center=cost_center,
		party_type=None,
		party=None,
		against_voucher_type=None,
		against_voucher=None,
	)
	if existing is None:
		gl_map.append(entry)


def get_round_off_account_and_cost_center(company, voucher_type=None, voucher_no=None):
	account, cost_center, expense = frappe.get_cached_value(
		"Company", company, ["round_off_account", "round_off_cost_center", "default_expense_account"]
	)
	account = account or expense
	if voucher_type and frappe.get_meta(voucher_type).has_field("cost_center"):
		cost_center = frappe.db.get_value(voucher_type, voucher_no, "cost_center") or cost_center
	for value, label in ((account, "Round Off Account"), (cost_center, "Round Off Cost Center")):
		if not value:
			frappe.throw(
				_("Please mention '{0}' in Company: {1}").format(
					frappe.bold(label), get_link_to_form("Company", company)
				)
			)
	return account, cost_center


def make_entry(values):
	entry = frappe.new_doc("GL Entry")
	entry.update({key: value for key, value in values.items() if key not in ("name", "doctype")})
	entry.flags.ignore_permissions = True  # a ledger is written by its documents, nobody may write to it
	entry.submit()


def make_reverse_gl_entries(gl_entries=None, voucher_type=None, voucher_no=None, **ignored):
	"""Cancel what a voucher booked: the entries stay, marked, with their mirror beside them."""
	entries = gl_entries or frappe.get_all(
		"GL Entry",
		filters={"voucher_type": voucher_type, "voucher_no": voucher_no, "is_cancelled": 0},
		fields=["*"],
		order_by="creation",
	)
	if not entries:
		return
	create_payment_ledger_entry(entries, cancel=1)
	table = frappe.qb.DocType("GL Entry")
	(
		frappe.qb.update(table)
		.set(table.is_cancelled, 1)
		.set(table.modified, now())
		.set(table.modified_by, frappe.session.user)
		.where(table.name.isin([entry.name for entry in entries]))
		.run()
	)
	for entry in entries:
		mirror = frappe._dict(entry)
		for key in ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx"):
			mirror.pop(key, None)
		for debit, credit in PAIRS:
			mirror[debit], mirror[credit] = entry[credit], entry[debit]
		mirror.remarks = f"On cancellation of {entry.voucher_no}"
		mirror.is_cancelled = 1
		make_entry(mirror)
