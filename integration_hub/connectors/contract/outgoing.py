"""Outside systems that listen: what happens in ERPNext is delivered to them as messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class Message:
	"""Something that happened. `id` is the same at every delivery of it, `timestamp` (aware) is when it happened, `type`
	says what ("customer.created"), `data` is what the receiver chose to hear of it, as JSON takes it."""

	id: str
	type: str
	timestamp: datetime
	data: Mapping[str, Any]


@runtime_checkable
class DeliversMessages(Protocol):
	def deliver(self, message: Message) -> None:
		"""Deliver one message, signed. Returns when the receiver has acknowledged it. Raises EndpointGone when the receiver
		wants no more at all, RateLimited while everything has to wait, else Unreachable, whatever the reason: it is tried
		again by the connector's `ladder`."""

	def rotate_secret(self, secret: str) -> str:
		"""Make `secret` (the present one) a former one, with which is signed too for some time, and return a new one."""
