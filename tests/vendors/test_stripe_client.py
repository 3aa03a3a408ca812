"""Stripe's own Python client (PyPI stripe) drives the sandbox account, and is content."""

import time

import pytest

from tests.vendors.stripe_calls import KEY, VERSION

stripe = pytest.importorskip("stripe", reason="PyPI stripe is not installed")


def client_of(url: str, version: str = VERSION, retries: int = 0):
	known = {"api": url, "files": url, "connect": url, "meter_events": url}
	return stripe.StripeClient(
		KEY, base_addresses=known, stripe_version=version, max_network_retries=retries
	).v1


@pytest.fixture
def client(stripe_vendor):
	return client_of(stripe_vendor.url)


def link(client, amount: int = 10000, currency: str = "usd", **more):
	price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Invoice INV-1"}}
	return client.payment_links.create({"line_items": [{"price_data": price, "quantity": 1}], **more})


def types(client) -> list[str]:
	return [one.type for one in client.events.list({"limit": 100}).auto_paging_iter()]


# ---- links and sessions


def test_a_link_from_birth_to_the_end(client, account):
	made = link(
		client,
		metadata={"invoice": "INV-1"},
		payment_intent_data={"metadata": {"erp": "INV-1"}},
		restrictions={"completed_sessions": {"limit": 1}},
		after_completion={"type": "redirect", "redirect": {"url": "https://example.com/thanks"}},
	)
	assert made.active and made.restrictions.completed_sessions.count == 0
	assert client.payment_links.line_items.list(made.id).data[0].description == "Invoice INV-1"
	paid = account.pay(made.url, email="ada@example.com")
	session = client.checkout.sessions.retrieve(paid["id"], {"expand": ["payment_intent", "line_items"]})
	assert (session.status, session.payment_status, session.payment_link) == ("complete", "paid", made.id)
	assert session.metadata.to_dict() == {"invoice": "INV-1"}
	assert session.payment_intent.metadata.to_dict() == {"erp": "INV-1"}
	assert session.success_url == "https://example.com/thanks"
	assert session.customer_details.email == "ada@example.com"
	assert session.line_items.data[0].amount_total == session.amount_total == 10000
	after = client.payment_links.retrieve(made.id)
	assert not after.active and after.restrictions.completed_sessions.count == 1
	with pytest.raises(ValueError, match="not active"):
		account.pay(made.id)
	(found,) = client.checkout.sessions.list({"payment_link": made.id}).data
	assert found.id == session.id


def test_a_link_that_is_switched_off(client, account):
	made = link(client)
	waiting = account.open_link(made.id)
	assert client.payment_links.update(made.id, {"active": False}).active is False
	with pytest.raises(ValueError, match="not active"):
		account.pay(waiting["id"])
	with pytest.raises(ValueError, match="not active"):
		account.open_link(made.id)
	assert [one.id for one in client.payment_links.list({"active": False}).data] == [made.id]


def test_a_link_without_a_limit_is_paid_twice(client, account):
	made = link(client)
	first, second = account.pay(made.id), account.pay(made.id)
	assert first["payment_intent"] != second["payment_intent"]
	assert len(client.checkout.sessions.list({"payment_link": made.id}).data) == 2


def session(client, **more):
	price = {"currency": "usd", "unit_amount": 5000, "product_data": {"name": "Invoice INV-2"}}
	known = {
		"mode": "payment",
		"line_items": [{"price_data": price, "quantity": 2}],
		"success_url": "https://example.com/ok?id={CHECKOUT_SESSION_ID}",
	}
	return client.checkout.sessions.create({**known, **more})


def test_session_metadata_stays_with_the_session(client, account):
	made = session(client, metadata={"invoice": "INV-2"}, client_reference_id="INV-2")
	assert (made.status, made.payment_status, made.payment_intent) == ("open", "unpaid", None)
	paid = account.pay(made.id)
	intent = client.payment_intents.retrieve(paid["payment_intent"])
	assert intent.metadata.to_dict() == {} and intent.amount_received == 10000
	assert client.checkout.sessions.retrieve(made.id).client_reference_id == "INV-2"


def test_a_session_expires_by_hand_and_by_itself(client, account):
	first, second = session(client), session(client, expires_at=int(time.time()) + 3600)
	assert client.checkout.sessions.expire(first.id).status == "expired"
	with pytest.raises(stripe.InvalidRequestError):
		client.checkout.sessions.expire(first.id)
	with pytest.raises(ValueError, match="expired"):
		account.pay(first.id)
	account.advance_clock(3601)
	assert client.checkout.sessions.retrieve(second.id).status == "expired"
	assert types(client).count("checkout.session.expired") == 2


def test_another_amount_than_asked_for(client, account):
	less, more = account.pay(link(client).id, amount=4000), account.pay(link(client).id, amount=12500)
	for one, amount in ((less, 4000), (more, 12500)):
		intent = client.payment_intents.retrieve(one["payment_intent"])
		assert intent.amount_received == one["amount_total"] == amount
	assert less["total_details"]["amount_discount"] == 6000


def test_the_customer_chooses_the_amount(client, account):
	product = client.products.create({"name": "Donation"})
	custom = {"enabled": True, "minimum": 500, "preset": 1000}
	price = client.prices.create({"currency": "usd", "product": product.id, "custom_unit_amount": custom})
	made = client.payment_links.create({"line_items": [{"price": price.id, "quantity": 1}]})
	assert account.pay(made.id, amount=2500)["amount_total"] == 2500
	with pytest.raises(ValueError, match="between 500"):
		account.pay(made.id, amount=100)


def test_declined_and_tried_again(client, account):
	made = session(client)
	tried = account.pay(made.id, decline="insufficient_funds")
	assert (tried["status"], tried["payment_status"]) == ("open", "unpaid")
	intent = client.payment_intents.retrieve(tried["payment_intent"], {"expand": ["latest_charge"]})
	assert intent.status == "requires_payment_method"
	assert intent.last_payment_error.decline_code == "insufficient_funds"
	assert (intent.latest_charge.status, intent.latest_charge.balance_transaction) == ("failed", None)
	paid = account.pay(made.id)
	assert (paid["payment_status"], paid["payment_intent"]) == ("paid", intent.id)
	assert account.balance()["usd"]["pending"] == 10000 - 320


@pytest.mark.parametrize("failed", [None, "insufficient_funds"])
def test_a_delayed_payment(client, account, failed):
	made = session(client)
	assert account.pay(made.id, delayed=True)["payment_status"] == "unpaid"
	waiting = client.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent.latest_charge"]})
	assert waiting.status == "complete" and waiting.payment_intent.status == "processing"
	assert waiting.payment_intent.latest_charge.status == "pending"
	account.release()
	assert account.balance()["usd"]["available"] == 0  # until the bank has answered
	done = account.finish_delayed(made.id, failed=failed)
	assert done["payment_status"] == ("unpaid" if failed else "paid")
	told = types(client)
	assert ("checkout.session.async_payment_failed" in told) == bool(failed)
	assert ("checkout.session.async_payment_succeeded" in told) == (not failed)
	charge = client.charges.retrieve(
		waiting.payment_intent.latest_charge.id,
		{"expand": ["balance_transaction", "failure_balance_transaction"]},
	)
	assert charge.balance_transaction.type == "payment" and charge.id.startswith("py_")
	account.release()
	if failed:
		assert charge.failure_balance_transaction.type == "payment_failure_refund"
		assert account.balance()["usd"]["available"] == 0
	else:
		assert account.balance()["usd"]["available"] == 9680


# ---- intents


def test_an_intent_confirmed_at_once(client):
	intent = client.payment_intents.create(
		{
			"amount": 2000,
			"currency": "usd",
			"confirm": True,
			"payment_method": "pm_card_visa",
			"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
			"metadata": {"order": "6735"},
			"expand": ["latest_charge.balance_transaction"],
		}
	)
	entry = intent.latest_charge.balance_transaction
	assert (intent.status, entry.amount, entry.fee, entry.net) == ("succeeded", 2000, 88, 1912)
	assert entry.fee_details[0].type == "stripe_fee" and entry.reporting_category == "charge"
	assert intent.latest_charge.metadata.to_dict() == {"order": "6735"}


def test_confirming_needs_a_return_url_or_no_redirects(client):
	with pytest.raises(stripe.InvalidRequestError, match="return_url"):
		client.payment_intents.create(
			{"amount": 2000, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
		)
	intent = client.payment_intents.create({"amount": 2000, "currency": "usd"})
	with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
		client.payment_intents.confirm(intent.id)
	confirmed = client.payment_intents.confirm(
		intent.id, {"payment_method": "pm_card_visa", "return_url": "https://example.com"}
	)
	assert confirmed.status == "succeeded"
	with pytest.raises(stripe.InvalidRequestError) as again:
		client.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
	assert again.value.code == "payment_intent_unexpected_state"


def authorised(client, amount: int = 5000):
	return client.payment_intents.create(
		{
			"amount": amount,
			"currency": "usd",
			"capture_method": "manual",
			"confirm": True,
			"payment_method": "pm_card_visa",
			"return_url": "https://example.com",
		}
	)


def test_captured_in_part(client, account):
	intent = authorised(client)
	assert (intent.status, intent.amount_capturable) == ("requires_capture", 5000)
	assert client.charges.retrieve(intent.latest_charge).balance_transaction is None
	with pytest.raises(stripe.InvalidRequestError) as too_much:
		client.payment_intents.capture(intent.id, {"amount_to_capture": 5001})
	assert too_much.value.code == "amount_too_large"
	captured = client.payment_intents.capture(intent.id, {"amount_to_capture": 3000})
	assert (captured.status, captured.amount_received, captured.amount_capturable) == ("succeeded", 3000, 0)
	charge = client.charges.retrieve(intent.latest_charge, {"expand": ["balance_transaction"]})
	assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (3000, 2000, False)
	assert charge.balance_transaction.amount == 3000
	with pytest.raises(stripe.InvalidRequestError):
		client.payment_intents.capture(intent.id)
	with pytest.raises(stripe.InvalidRequestError, match="greater than"):
		client.refunds.create({"payment_intent": intent.id, "amount": 3001})
	assert client.refunds.create({"payment_intent": intent.id}).amount == 3000
	assert "payment_intent.amount_capturable_updated" in types(client)


def test_cancelled_before_capture(client, account):
	intent = authorised(client)
	cancelled = client.payment_intents.cancel(intent.id, {"cancellation_reason": "duplicate"})
	assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "duplicate")
	assert client.charges.retrieve(intent.latest_charge).refunded
	assert account.balance()["usd"] == {"available": 0, "pending": 0}
	with pytest.raises(stripe.InvalidRequestError) as refused:
		client.refunds.create({"payment_intent": intent.id})
	assert refused.value.code == "payment_intent_unexpected_state"


def test_a_declined_card(client):
	with pytest.raises(stripe.CardError) as declined:
		client.payment_intents.create(
			{
				"amount": 2000,
				"currency": "usd",
				"confirm": True,
				"payment_method": "pm_card_chargeDeclinedInsufficientFunds",
				"return_url": "https://example.com",
			}
		)
	error = declined.value.error
	assert (declined.value.http_status, error.code, error.decline_code) == (
		402,
		"card_declined",
		"insufficient_funds",
	)
	assert error.payment_intent.status == "requires_payment_method"
	assert {"charge.failed", "payment_intent.payment_failed"} <= set(types(client))


def test_asked_for_authentication(client, account):
	known = {
		"amount": 2000,
		"currency": "usd",
		"confirm": True,
		"payment_method": "pm_card_authenticationRequired",
		"return_url": "https://example.com",
	}
	intent = client.payment_intents.create(known)
	assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
	assert account.pay(intent.id)["status"] == "succeeded"
	with pytest.raises(stripe.CardError) as refused:
		client.payment_intents.create({**known, "off_session": True})
	assert refused.value.code == "authentication_required"


def test_settled_a_moment_later(client, account):
	"""With asynchronous capture the balance transaction is not there when the payment succeeds."""
	account.settle_late = True
	paid = account.pay(link(client).id)
	expand = {"expand": ["latest_charge.balance_transaction"]}
	assert (
		client.payment_intents.retrieve(paid["payment_intent"], expand).latest_charge.balance_transaction
		is None
	)
	account.finish_settlement()
	entry = client.payment_intents.retrieve(paid["payment_intent"], expand).latest_charge.balance_transaction
	assert entry.net == 10000 - 320
	assert "charge.updated" in types(client)


# ---- refunds


@pytest.fixture
def paid(client, account) -> str:
	"""A payment intent of 100.00 dollars that has succeeded."""
	return account.pay(link(client).id)["payment_intent"]


def test_refunded_in_parts(client, paid):
	first = client.refunds.create({"payment_intent": paid, "amount": 2500, "reason": "duplicate"})
	assert (first.status, first.object) == ("succeeded", "refund")
	charge = client.charges.retrieve(first.charge, {"expand": ["refunds"]})
	assert (charge.amount_refunded, charge.refunded, len(charge.refunds.data)) == (2500, False, 1)
	second = client.refunds.create({"charge": charge.id, "expand": ["balance_transaction"]})
	entry = second.balance_transaction
	assert (second.amount, entry.amount, entry.fee, entry.type) == (7500, -7500, 0, "refund")
	assert client.charges.retrieve(charge.id).refunded
	with pytest.raises(stripe.InvalidRequestError) as refused:
		client.refunds.create({"payment_intent": paid})
	assert refused.value.code == "charge_already_refunded"
	assert [one.id for one in client.refunds.list({"payment_intent": paid}).data] == [second.id, first.id]
	assert {"refund.created", "refund.updated", "charge.refunded"} <= set(types(client))


def test_a_pending_refund_arrives(client, account, paid):
	refund = account.refund(paid, 1000, pending=True)
	assert client.refunds.retrieve(refund["id"]).status == "pending"
	account.finish_refund(refund["id"])
	assert client.refunds.retrieve(refund["id"]).status == "succeeded"


@pytest.mark.parametrize("late", [True, False])
def test_a_failed_refund_gives_the_money_back(client, account, paid, late):
	before = sum(account.balance()["usd"].values())
	refund = account.refund(paid, 4000, fail_later=late)
	assert refund["status"] == ("pending" if late else "succeeded")
	assert sum(account.balance()["usd"].values()) == before - 4000
	account.fail_refund(refund["id"])
	failed = client.refunds.retrieve(refund["id"], {"expand": ["failure_balance_transaction"]})
	assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
	back = failed.failure_balance_transaction
	assert (back.type, back.amount, back.source) == ("refund_failure", 4000, failed.id)
	assert sum(account.balance()["usd"].values()) == before
	assert client.charges.retrieve(failed.charge).amount_refunded == 0
	assert "refund.failed" in types(client)
	assert client.refunds.create({"payment_intent": paid}).amount == 10000


def test_a_refund_that_waits_can_be_cancelled(client, account, paid):
	refund = account.refund(paid, 4000, requires_action=True)
	assert client.refunds.cancel(refund["id"]).status == "canceled"
	other = client.refunds.create({"payment_intent": paid, "amount": 100})
	with pytest.raises(stripe.InvalidRequestError):
		client.refunds.cancel(other.id)


def test_test_cards_that_refund_badly(client, account):
	made = account.pay(link(client).id, method="pm_card_refundFail")
	refund = client.refunds.create({"payment_intent": made["payment_intent"]})
	assert client.refunds.retrieve(refund.id).status == "failed"
	made = account.pay(link(client).id, method="pm_card_pendingRefund")
	assert client.refunds.create({"payment_intent": made["payment_intent"]}).status == "pending"


# ---- disputes


def test_a_dispute_that_is_lost(client, account, paid):
	before = sum(account.balance()["usd"].values())
	dispute = account.open_dispute(paid, reason="product_not_received")
	known = client.disputes.retrieve(dispute["id"], {"expand": ["charge"]})
	assert (known.status, known.charge.disputed, known.payment_intent) == ("needs_response", True, paid)
	(entry,) = known.balance_transactions
	assert (entry.type, entry.reporting_category, entry.amount, entry.fee) == (
		"adjustment",
		"dispute",
		-10000,
		1500,
	)
	with pytest.raises(stripe.InvalidRequestError) as refused:
		client.refunds.create({"payment_intent": paid})
	assert refused.value.code == "charge_disputed"
	account.close_dispute(dispute["id"], "lost")
	assert client.disputes.retrieve(dispute["id"]).status == "lost"
	assert sum(account.balance()["usd"].values()) == before - 11500
	told = types(client)
	assert {"charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"} <= set(told)


@pytest.mark.parametrize("returned", [True, False])
def test_a_dispute_that_is_won(client, account, paid, returned):
	account.set_fees(dispute_returned=returned)
	before = sum(account.balance()["usd"].values())
	dispute = account.open_dispute(paid, 6000)
	answered = client.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": "delivered"}})
	assert answered.status == "under_review" and answered.evidence_details.has_evidence
	account.close_dispute(dispute["id"], "won")
	known = client.disputes.retrieve(dispute["id"])
	assert known.status == "won"
	assert [one.net for one in known.balance_transactions] == [-7500, 7500 if returned else 6000]
	assert sum(account.balance()["usd"].values()) == before - (0 if returned else 1500)
	assert "charge.dispute.funds_reinstated" in types(client)


def test_an_inquiry_moves_no_money(client, account, paid):
	before = account.balance()
	dispute = account.open_dispute(paid, inquiry=True)
	assert dispute["status"] == "warning_needs_response" and account.balance() == before
	assert account.escalate_dispute(dispute["id"])["status"] == "needs_response"
	assert account.balance() != before
	assert client.disputes.close(dispute["id"]).status == "lost"


# ---- payouts


def lines_of(client, payout: str) -> list:
	query = {"payout": payout, "limit": 2, "expand": ["data.source"]}
	return list(client.balance_transactions.list(query).auto_paging_iter())


def test_a_payout_line_by_line(client, account, paid):
	refund = client.refunds.create({"payment_intent": paid, "amount": 1000})
	payout = account.make_payout()
	known = client.payouts.retrieve(payout["id"])
	assert (known.status, known.reconciliation_status, known.automatic) == ("paid", "completed", True)
	assert known.amount == 10000 - 320 - 1000 and known.trace_id.value
	rows = lines_of(client, known.id)
	assert [one.type for one in rows] == ["payout", "refund", "charge"]
	assert sum(one.net for one in rows if one.type != "payout") == known.amount
	assert rows[0].net == -known.amount and rows[1].source.id == refund.id
	assert rows[2].source.payment_intent == paid
	assert account.balance()["usd"] == {"available": 0, "pending": 0}
	told = types(client)
	assert {"payout.created", "payout.paid", "payout.reconciliation_completed"} <= set(told)
	with pytest.raises(ValueError, match="Nothing to pay out"):
		account.make_payout()


def test_a_payout_step_by_step(client, account, paid):
	payout = account.make_payout(arrive=False, reconcile=False)
	assert (payout["status"], payout["reconciliation_status"]) == ("in_transit", "in_progress")
	account.pay_payout(payout["id"])
	account.complete_reconciliation(payout["id"])
	(found,) = client.payouts.list({"status": "paid"}).data
	assert found.id == payout["id"]


def test_a_failed_payout_is_in_the_next_one(client, account, paid):
	first = account.make_payout()
	failed = account.fail_payout(first["id"])
	assert (failed["status"], failed["failure_code"]) == ("failed", "account_closed")
	assert account.balance()["usd"]["available"] == first["amount"]
	second = account.make_payout()
	assert second["amount"] == first["amount"]
	assert [one.type for one in lines_of(client, second["id"])] == ["payout", "payout_failure"]
	assert "payout.failed" in types(client)


def test_a_payout_below_zero(client, account, paid):
	account.make_payout()
	client.refunds.create({"payment_intent": paid})
	payout = account.make_payout()
	assert payout["amount"] == -10000
	assert [one.amount for one in lines_of(client, payout["id"])] == [10000, -10000]


def test_a_manual_payout_cannot_be_listed(client, account, paid):
	with pytest.raises(stripe.InvalidRequestError) as refused:
		client.payouts.create({"amount": 1000, "currency": "usd"})
	assert refused.value.code == "balance_insufficient"  # it is still pending
	account.release()
	payout = client.payouts.create({"amount": 1000, "currency": "usd"})
	assert (payout.automatic, payout.reconciliation_status) == (False, "not_applicable")
	with pytest.raises(stripe.InvalidRequestError, match="only be filtered on automatic"):
		client.balance_transactions.list({"payout": payout.id})
	assert client.payouts.cancel(payout.id).status == "canceled"
	assert account.balance()["usd"]["available"] == 9680


def test_balance_and_its_transactions(client, account, paid):
	client.refunds.create({"payment_intent": paid, "amount": 1000})
	balance = client.balance.retrieve()
	assert (balance.pending[0].amount, balance.available[0].amount) == (9680, -1000)
	assert [one.amount for one in client.balance_transactions.list({"type": "charge"}).data] == [10000]
	account.advance_clock(3 * 86400)
	assert client.balance.retrieve().available[0].amount == 8680


# ---- currencies


def test_another_currency_is_converted(client, account):
	intent = account.pay(link(client, 10000, "eur").id)["payment_intent"]
	expand = {"expand": ["latest_charge.balance_transaction"]}
	entry = client.payment_intents.retrieve(intent, expand).latest_charge.balance_transaction
	assert (entry.currency, entry.amount, entry.exchange_rate) == ("usd", 11000, 1.1)
	assert entry.fee == 319 + 30
	account.set_rates(eur="1.2")
	refund = client.refunds.create({"payment_intent": intent, "expand": ["balance_transaction"]})
	assert (refund.currency, refund.amount) == ("eur", 10000)
	assert (refund.balance_transaction.currency, refund.balance_transaction.amount) == ("usd", -12000)
	account.set_rates(eur="1.3")
	failed = account.fail_refund(refund.id)
	back = client.balance_transactions.retrieve(failed["failure_balance_transaction"])
	assert (back.amount, back.exchange_rate) == (12000, 1.2)


def test_yen_and_dinars(client, account):
	for currency, amount, settled in (("jpy", 10000, 6700), ("kwd", 12340, 4011)):
		intent = account.pay(link(client, amount, currency).id)["payment_intent"]
		expand = {"expand": ["latest_charge.balance_transaction"]}
		assert (
			client.payment_intents.retrieve(intent, expand).latest_charge.balance_transaction.amount
			== settled
		)


# ---- customers, catalogue


def test_customers(client):
	made = client.customers.create(
		{
			"name": "Ada",
			"email": "ada@example.com",
			"address": {"line1": "1 Main St", "country": "US"},
			"tax_id_data": [{"type": "eu_vat", "value": "DE123456789"}],
			"metadata": {"erp": "CUST-1"},
			"expand": ["tax_ids"],
		}
	)
	assert made.address.city is None and made.tax_ids.data[0].value == "DE123456789"
	assert client.customers.update(made.id, {"phone": "+1555"}).phone == "+1555"
	assert [one.id for one in client.customers.list({"email": "ada@example.com"}).data] == [made.id]
	assert client.customers.delete(made.id).deleted
	assert client.customers.retrieve(made.id).deleted
	with pytest.raises(stripe.InvalidRequestError):
		client.customers.update(made.id, {"name": "Bob"})


def test_prices_do_not_change(client):
	product = client.products.create({"name": "Tee", "metadata": {"sku": "TEE"}})
	price = client.prices.create({"product": product.id, "currency": "usd", "unit_amount": 1999})
	assert price.unit_amount == 1999 and price.type == "one_time"
	with pytest.raises(stripe.InvalidRequestError) as refused:
		client.prices.update(price.id, {"unit_amount": 999})
	assert refused.value.code == "parameter_unknown"
	client.prices.update(price.id, {"active": False})
	with pytest.raises(stripe.InvalidRequestError, match="inactive"):
		client.payment_links.create({"line_items": [{"price": price.id, "quantity": 1}]})


# ---- subscriptions


def subscription(client, **more):
	customer = client.customers.create(
		{
			"email": "ada@example.com",
			"payment_method": "pm_card_visa",
			"invoice_settings": {"default_payment_method": "pm_card_visa"},
		}
	)
	price = client.prices.create(
		{
			"currency": "usd",
			"unit_amount": 2000,
			"recurring": {"interval": "month"},
			"product_data": {"name": "Plan"},
		}
	)
	known = {"customer": customer.id, "items": [{"price": price.id, "quantity": 2}], **more}
	return client.subscriptions.create(known)


def test_a_subscription_cycle_by_cycle(client, account):
	made = subscription(client, metadata={"erp": "SUB-1"}, expand=["latest_invoice.payments"])
	assert made.status == "active" and "current_period_end" not in made
	item = made["items"].data[0]
	assert item.current_period_start < item.current_period_end
	first = made.latest_invoice
	assert (first.status, first.amount_paid, first.billing_reason) == ("paid", 4000, "subscription_create")
	assert "payment_intent" not in first and "subscription" not in first
	assert first.parent.subscription_details.subscription == made.id
	assert first.parent.subscription_details.metadata.to_dict() == {"erp": "SUB-1"}
	intent = first.payments.data[0].payment.payment_intent
	(by_intent,) = client.invoice_payments.list(
		{"payment": {"type": "payment_intent", "payment_intent": intent}}
	).data
	assert (by_intent.invoice, by_intent.amount_paid) == (first.id, 4000)
	second = account.next_cycle(made.id)
	assert (second["status"], second["billing_reason"]) == ("paid", "subscription_cycle")
	assert second["lines"]["data"][0]["period"]["start"] == item.current_period_end
	assert second["number"] != first.number
	told = types(client)
	for wanted in ("invoice.paid", "invoice_payment.paid", "customer.subscription.updated"):
		assert wanted in told
	assert len(client.invoices.list({"subscription": made.id}).data) == 2


def test_a_cycle_that_is_not_paid_and_then_is(client, account):
	made = subscription(client)
	invoice = account.next_cycle(made.id, pay=False)
	assert (invoice["status"], invoice["attempt_count"]) == ("open", 1)
	assert client.subscriptions.retrieve(made.id).status == "past_due"
	assert {"invoice.payment_failed", "payment_intent.payment_failed"} <= set(types(client))
	paid = client.invoices.pay(invoice["id"])
	assert (paid.status, paid.attempt_count) == ("paid", 2)
	assert client.subscriptions.retrieve(made.id).status == "active"


def test_months_end_on_their_last_day(client, account):
	begin = 1769860800  # 2026-01-31T12:00:00Z
	made = account.subscribe(begin=begin)
	ends = []
	for _ in range(3):
		ends.append(client.subscriptions.retrieve(made["id"])["items"].data[0].current_period_end)
		account.next_cycle(made["id"])
	assert [time.strftime("%m-%d", time.gmtime(one)) for one in ends] == ["02-28", "03-31", "04-30"]


def test_a_subscription_ends(client, account):
	now, later = subscription(client), subscription(client, cancel_at_period_end=True)
	assert client.subscriptions.cancel(now.id).status == "canceled"
	with pytest.raises(stripe.InvalidRequestError):
		client.subscriptions.cancel(now.id)
	account.next_cycle(later.id)
	assert client.subscriptions.retrieve(later.id).status == "canceled"
	assert client.subscriptions.list().data == []
	assert len(client.subscriptions.list({"status": "all"}).data) == 2
	assert types(client).count("customer.subscription.deleted") == 2


@pytest.mark.parametrize("behavior,amount", [("create_prorations", None), ("none", 0)])
def test_a_subscription_with_an_anchor(client, account, behavior, amount):
	"""Until the first full cycle the time costs its share of 40.00, or nothing."""
	now = account.now()
	anchor = now + 10 * 86400
	made = subscription(
		client, billing_cycle_anchor=anchor, proration_behavior=behavior, expand=["latest_invoice"]
	)
	(item,) = made["items"].data
	assert (item.current_period_end, made.billing_cycle_anchor) == (anchor, anchor)
	paid = made.latest_invoice.amount_paid
	assert paid == amount or amount is None and 4000 * 10 / 31.1 < paid < 4000 * 10 / 27.9
	cycle = account.next_cycle(made.id)
	assert (cycle["amount_paid"], cycle["lines"]["data"][0]["period"]["start"]) == (4000, anchor)
	with pytest.raises(stripe.InvalidRequestError) as refused:
		subscription(client, billing_cycle_anchor=now - 5)
	assert refused.value.param == "billing_cycle_anchor"


def test_a_subscription_with_an_end(client, account):
	made = subscription(client, cancel_at=int(time.time()) + 45 * 86400)
	assert account.next_cycle(made.id)["status"] == "paid"
	account.next_cycle(made.id)
	assert client.subscriptions.retrieve(made.id).status == "canceled"
	assert len(client.invoices.list().data) == 2
	with pytest.raises(stripe.InvalidRequestError):
		subscription(client, cancel_at=5)


def test_the_card_of_the_first_payment_is_kept(client, account):
	known = {"save_default_payment_method": "on_subscription"}
	made = subscription(client, payment_behavior="default_incomplete", payment_settings=known)
	assert made.default_payment_method is None
	account.pay(made.latest_invoice, method="pm_card_mastercard")
	kept = client.subscriptions.retrieve(made.id, {"expand": ["default_payment_method"]})
	assert kept.default_payment_method.card.brand == "mastercard"


def test_nothing_to_charge_and_a_trial(client):
	customer = client.customers.create({"email": "ada@example.com"})
	price = {
		"currency": "usd",
		"unit_amount": 900,
		"recurring": {"interval": "year"},
		"product": client.products.create({"name": "Plan"}).id,
	}
	known = {"customer": customer.id, "items": [{"price_data": price}]}
	with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
		client.subscriptions.create(known)
	with pytest.raises(stripe.InvalidRequestError) as refused:
		client.subscriptions.create({**known, "collection_method": "send_invoice"})
	assert refused.value.param == "days_until_due"
	trial = client.subscriptions.create({**known, "trial_period_days": 14, "expand": ["latest_invoice"]})
	assert (trial.status, trial.latest_invoice.amount_due) == ("trialing", 0)


def test_an_invoice_is_sent_and_paid(client, account):
	made = account.subscribe(collection_method="send_invoice", days_until_due=7)
	invoice = client.invoices.retrieve(made["latest_invoice"])
	assert (invoice.status, invoice.due_date - invoice.created) == ("open", 7 * 86400)
	account.pay(invoice.id)
	assert client.invoices.retrieve(invoice.id).status == "paid"


def test_a_session_that_starts_a_subscription(client, account):
	price = account.add_price("Plan", 1500, interval="month")
	made = client.checkout.sessions.create(
		{
			"mode": "subscription",
			"line_items": [{"price": price["id"], "quantity": 1}],
			"success_url": "https://example.com",
			"subscription_data": {"metadata": {"erp": "SUB-2"}},
		}
	)
	done = account.pay(made.id)
	assert done["payment_intent"] is None and done["payment_status"] == "paid"
	known = client.subscriptions.retrieve(done["subscription"], {"expand": ["latest_invoice"]})
	assert known.metadata.to_dict() == {"erp": "SUB-2"} and known.latest_invoice.id == done["invoice"]


def test_a_subscription_whose_first_payment_is_declined(client, account):
	price = account.add_price("Plan", 1500, interval="month")
	made = client.checkout.sessions.create(
		{
			"mode": "subscription",
			"line_items": [{"price": price["id"], "quantity": 1}],
			"success_url": "https://example.com",
		}
	)
	assert account.pay(made.id, decline="insufficient_funds")["status"] == "open"
	assert client.subscriptions.list({"status": "all"}).data == client.invoices.list().data == []
	told = types(client)
	assert "charge.failed" in told and "customer.subscription.created" not in told
	assert account.pay(made.id)["status"] == "complete"
	assert client.subscriptions.list().data[0].status == "active"


def test_a_subscription_that_starts_unpaid(client, account):
	made = subscription(client, payment_behavior="default_incomplete")
	assert made.status == "incomplete"
	account.pay(made.latest_invoice)
	assert client.subscriptions.retrieve(made.id).status == "active"
	declined = account.add_customer(method="pm_card_chargeDeclined")
	price = made["items"].data[0].price.id
	known = {"customer": declined["id"], "items": [{"price": price}]}
	assert client.subscriptions.create(known).status == "incomplete"
	with pytest.raises(stripe.CardError):
		client.subscriptions.create({**known, "payment_behavior": "error_if_incomplete"})


def test_an_invoice_by_hand(client, account):
	customer = account.add_customer(method="pm_card_visa", email="ada@example.com")
	invoice = client.invoices.create({"customer": customer["id"], "description": "INV-7"})
	client.invoice_items.create(
		{"customer": customer["id"], "invoice": invoice.id, "amount": 1234, "description": "Work"}
	)
	final = client.invoices.finalize_invoice(invoice.id)
	assert (final.status, final.amount_due) == ("open", 1234) and final.hosted_invoice_url
	assert client.invoices.pay(invoice.id).amount_paid == 1234
	other = client.invoices.create({"customer": customer["id"]})
	assert client.invoices.delete(other.id).deleted


# ---- the client itself


def test_the_newest_client_version_is_understood(stripe_vendor, account):
	newest = client_of(stripe_vendor.url, version=stripe.api_version)
	made = link(newest, metadata={"a": "b"})
	paid = account.pay(made.id)
	assert newest.payment_intents.retrieve(paid["payment_intent"]).status == "succeeded"


@pytest.mark.parametrize("kind", ["rate_limited", "lock_conflict", "error", "error_after", "drop"])
def test_the_client_tries_again_and_nothing_happens_twice(stripe_vendor, account, kind):
	patient = client_of(stripe_vendor.url, retries=4)
	paid = account.pay(link(patient).id)["payment_intent"]
	stripe_vendor.troubles.add(kind, times=1, operation="refunds.create")
	before = stripe_vendor.log.count(operation="refunds.create")
	try:
		patient.refunds.create({"payment_intent": paid, "amount": 100})
	except stripe.RateLimitError:
		assert kind == "rate_limited"  # without Stripe-Should-Retry the client leaves a 429 to its caller
		patient.refunds.create({"payment_intent": paid, "amount": 100})
	assert stripe_vendor.log.count(operation="refunds.create") == before + 2
	assert len(account.all("refund")) == 1
