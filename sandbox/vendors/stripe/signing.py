"""`Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>]`: HMAC-SHA256 of "<t>.<body>" with the whole secret as key."""

import hashlib
import hmac


def v1(secret: str, timestamp: int, body: bytes) -> str:
	signed = f"{timestamp}.".encode() + body
	return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def header(secrets: list[str], timestamp: int, body: bytes) -> str:
	"""One v1 for each secret in force: two while a secret is being rolled.

	A v0 goes with it, as in Stripe's test mode; it is not a signature, and who checks it makes a mistake.
	"""
	parts = [f"t={timestamp}", *(f"v1={v1(secret, timestamp, body)}" for secret in secrets)]
	return ",".join([*parts, f"v0={hashlib.sha256(body).hexdigest()}"])
