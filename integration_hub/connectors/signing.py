"""Checking who sent something: HMAC over raw bytes, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def hmac_base64(secret: str, body: bytes, algorithm: str = "sha256") -> str:
	"""The base64 HMAC of `body`, as Shopify and WooCommerce sign."""
	return base64.b64encode(hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).digest()).decode()


def matches_any(given: str, expected: Iterable[str]) -> bool:
	"""Whether `given` is one of the `expected` signatures. All are compared, so that the time taken tells
	nothing about which secret was nearly right."""
	found = False
	for signature in expected:
		found |= hmac.compare_digest(given.encode("utf-8", "surrogatepass"), signature.encode())
	return found
