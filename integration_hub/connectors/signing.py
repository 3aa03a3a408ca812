"""Who sent this: HMAC over raw bytes, compared in constant time, and our own name and password."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def hmac_base64(secret: str, body: bytes, algorithm: str = "sha256") -> str:
	"""The base64 HMAC of `body`, as Shopify and WooCommerce sign."""
	return base64.b64encode(hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).digest()).decode()


def hmac_hex(secret: str, body: bytes, algorithm: str = "sha256") -> str:
	"""The same as small hexadecimal letters, as Stripe, Razorpay and Mailchimp sign."""
	return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()


def basic(user: str, password: str) -> str:
	"""The Authorization header of a vendor that wants user and password."""
	return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def matches_any(given: str, expected: Iterable[str]) -> bool:
	"""Whether `given` is one of the `expected` signatures. All are compared, so that the time taken tells
	nothing about which secret was nearly right."""
	found = False
	for signature in expected:
		found |= hmac.compare_digest(given.encode("utf-8", "surrogatepass"), signature.encode())
	return found
