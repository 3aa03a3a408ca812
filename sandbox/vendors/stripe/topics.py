"""Types of events that an endpoint may ask for: those that the sandbox tells, and their neighbours at Stripe."""

TOPICS = frozenset(
	"""account.updated balance.available charge.captured charge.dispute.closed charge.dispute.created
	charge.dispute.funds_reinstated charge.dispute.funds_withdrawn charge.dispute.updated charge.expired charge.failed
	charge.pending charge.refund.updated charge.refunded charge.succeeded charge.updated
	checkout.session.async_payment_failed checkout.session.async_payment_succeeded checkout.session.completed
	checkout.session.expired customer.created customer.deleted customer.updated customer.subscription.created
	customer.subscription.deleted customer.subscription.paused customer.subscription.resumed
	customer.subscription.trial_will_end customer.subscription.updated customer.tax_id.created customer.tax_id.deleted
	customer.tax_id.updated invoice.created invoice.deleted invoice.finalization_failed invoice.finalized
	invoice.marked_uncollectible invoice.overdue invoice.overpaid invoice.paid invoice.payment_action_required
	invoice.payment_failed invoice.payment_succeeded invoice.sent invoice.upcoming invoice.updated invoice.voided
	invoice.will_be_due invoice_payment.paid invoiceitem.created invoiceitem.deleted
	payment_intent.amount_capturable_updated payment_intent.canceled payment_intent.created
	payment_intent.partially_funded payment_intent.payment_failed payment_intent.processing
	payment_intent.requires_action payment_intent.succeeded payment_link.created payment_link.updated
	payment_method.attached payment_method.automatically_updated payment_method.detached payment_method.updated
	payout.canceled payout.created payout.failed payout.paid payout.reconciliation_completed payout.updated plan.created
	plan.deleted plan.updated price.created price.deleted price.updated product.created product.deleted product.updated
	radar.early_fraud_warning.created radar.early_fraud_warning.updated refund.created refund.failed refund.updated
	review.closed review.opened setup_intent.canceled setup_intent.created setup_intent.requires_action
	setup_intent.setup_failed setup_intent.succeeded subscription_schedule.canceled subscription_schedule.created
	subscription_schedule.updated topup.created topup.failed topup.succeeded transfer.created transfer.reversed
	transfer.updated""".split()
)
