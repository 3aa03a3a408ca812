"""Signatures of Standard Webhooks: HMAC-SHA256 over "id.timestamp.body", one for each secret that is live."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from integration_hub.connectors.contract import Message

PREFIX = "whsec_"
#: the specification allows 24 to 64 bytes
BYTES = 32
#: how long the former secret signs too, after a new one was made
OVERLAP = timedelta(hours=24)


def new_secret() -> str:
	return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def end_of_overlap() -> datetime:
	return datetime.now(timezone.utc) + OVERLAP


def key_of(secret: str) -> bytes:
	"""The bytes of a secret. Raises ValueError when it is none."""
	try:
		key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
	except binascii.Error:
		raise ValueError("not base64") from None
	if not secret.startswith(PREFIX) or not 24 <= len(key) <= 64:
		raise ValueError("not 24 to 64 bytes after whsec_")
	return key


def headers(message_id: str, body: bytes, live: Sequence[str], now: datetime | None = None) -> dict[str, str]:
	"""The three headers of a delivery, signed with every live secret, the present one first."""
	timestamp = str(int((now or datetime.now(timezone.utc)).timestamp()))
	signed = b".".join((message_id.encode(), timestamp.encode(), body))
	signatures = [hmac.new(key_of(secret), signed, hashlib.sha256).digest() for secret in live]
	return {
		"webhook-id": message_id,
		"webhook-timestamp": timestamp,
		"webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
	}


def test_message() -> Message:
	"""What the buttons send: nothing of the books."""
	return Message(
		id=f"msg_test_{secrets.token_hex(10)}",
		type="webhook.test",
		timestamp=datetime.now(timezone.utc),
		data={"message": "This is a test of the Integration Hub."},
	)
