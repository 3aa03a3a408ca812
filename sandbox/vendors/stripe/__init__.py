"""Stripe: an account with its payments, refunds, disputes, payouts, subscriptions and events.

`Account` is the world, and has methods for what customers, banks and its owner do (`doings`); `Stripe` serves it.
It takes what API versions from basil to endive take (pinned: 2026-07-29.dahlia); what Stripe knows and the sandbox does
not is refused with the code `sandbox_unsupported`, other names with `parameter_unknown`, as Stripe does.

Where no source tells, the sandbox does the following, and a real account may differ:

- fees and conversions are rounded half up; `exchange_rate` is between major units (jpy to usd: 0.0067);
- a refund is converted at the rate of its day, what comes back from a failed one at the rate of the refund;
- a failed or cancelled refund is taken off the charge's `amount_refunded` again;
- what a capture leaves over, or a cancellation releases, counts as `amount_refunded` without a refund object;
- the fee of a delayed payment comes back with it when it fails (`payment_failure_refund`);
- the dispute fee stays with Stripe when a dispute is won, unless `dispute_fee_returned`;
- a link whose limit is reached becomes inactive;
- a session that is paid with another amount has the difference as a discount, or as shipping;
- an answer is kept for its Idempotency-Key once the parameters had the right form, even when what they name is not
  there; `error_stored` keeps a 500;
- a repeated delivery has the bytes and the signature of the first (Stripe signs each anew);
- currencies are lower case, parameters of a POST stand in the body: Stripe may be more patient, so that nobody comes to
  rely on it; where Stripe's page names no minimum charge, it is one unit;
- the wording of most messages (codes are Stripe's).
"""

from sandbox.vendors.stripe.account import Account
from sandbox.vendors.stripe.vendor import Stripe

__all__ = ["Account", "Stripe"]
