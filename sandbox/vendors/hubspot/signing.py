"""The three ways HubSpot signs a webhook."""

import base64
import hashlib
import hmac

# what HubSpot decodes in the URI before it signs, and nothing else
DECODED = {
	"%3A": ":",
	"%2F": "/",
	"%3F": "?",
	"%40": "@",
	"%21": "!",
	"%24": "$",
	"%27": "'",
	"%28": "(",
	"%29": ")",
	"%2A": "*",
	"%2C": ",",
	"%3B": ";",
}


def decoded(uri: str) -> str:
	for code, letter in DECODED.items():
		uri = uri.replace(code, letter).replace(code.lower(), letter)
	return uri


def v1(secret: str, body: bytes) -> str:
	return hashlib.sha256(secret.encode() + body).hexdigest()


def v2(secret: str, method: str, uri: str, body: bytes) -> str:
	return hashlib.sha256(f"{secret}{method}{uri}".encode() + body).hexdigest()


def v3(secret: str, method: str, uri: str, body: bytes, timestamp: str) -> str:
	"""timestamp: milliseconds since the epoch, as in X-HubSpot-Request-Timestamp."""
	source = f"{method}{decoded(uri)}".encode() + body + timestamp.encode()
	return base64.b64encode(hmac.new(secret.encode(), source, hashlib.sha256).digest()).decode()
