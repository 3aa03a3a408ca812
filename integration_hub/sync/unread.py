"""Webhooks with a good signature whose body could not be understood: kept whole, replayable.

A replay reads them again (a newer version of the connector may understand them) and stores what they announce.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from frappe import _

from integration_hub.connectors.contract import Connector, ReceivesWebhooks, WebhookRequest
from integration_hub.connectors.redact import is_secret_name
from integration_hub.erp.context import Result
from integration_hub.failures import Failure, Rejected
from integration_hub.sync import store
from integration_hub.sync.failing import sort

RESOURCE = "webhook"
#: of our own address: whoever has it may knock
_OUR_KEY = "key"


def draft(delivery: WebhookRequest, failure: Failure) -> store.Draft:
	"""A dead letter that holds the delivery; the same body again is the same letter."""
	digest = hashlib.sha256(delivery.body).hexdigest()
	return store.Draft(
		direction="In",
		resource=RESOURCE,
		outside_id=digest[:32],
		dedupe_key=f"unread:{digest}",
		action="read",
		payload=store.dump(
			{
				"headers": {key: value for key, value in delivery.headers.items() if not is_secret_name(key)},
				"query": {
					key: value
					for key, value in delivery.query.items()
					if key != _OUR_KEY and not is_secret_name(key)
				},
				"body_base64": base64.b64encode(delivery.body).decode(),
				"body": delivery.body.decode("utf-8", "replace"),
			}
		),
		dead=failure.sentence,
	)


def read_again(connector: Connector, payload: Mapping[str, Any]) -> Sequence[Any] | Failure:
	"""Notices of a kept delivery, or the Failure that it still is. Its signature was checked on arrival."""
	if not isinstance(connector, ReceivesWebhooks):
		return Rejected(_("{0} takes no webhooks.").format(connector.title))
	delivery = WebhookRequest(
		headers=payload["headers"],
		body=base64.b64decode(payload["body_base64"]),
		query=payload.get("query", {}),
	)
	try:
		return connector.notices(delivery)
	except Exception as error:  # noqa: BLE001 - it stays what it is, a dead letter, with the new reason
		return sort(error)


def store_again(connection: str, notices: Sequence[Any]) -> Result:
	"""Store what a kept delivery announces, in the caller's transaction."""
	stored = store.store(connection, [store.draft(notice) for notice in notices])
	return Result(None, None, _("{0} new Events").format(stored))
