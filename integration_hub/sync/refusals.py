"""Counting webhooks with a wrong signature, without storing anything of them.

A stranger can send thousands; so the count grows in Redis and reaches the Connection once a minute.
"""

from __future__ import annotations

import frappe
from frappe.utils import now_datetime
from redis.exceptions import RedisError

KEY = "integration_hub:refused"


def count(connection: str) -> None:
	try:
		frappe.cache.execute_command("HINCRBY", frappe.cache.make_key(KEY), connection, 1)
	except RedisError as error:
		frappe.logger("integration_hub").warning(f"refused webhook of {connection} not counted: {error}")


def flush() -> int:
	"""Write the counts into the Connections, in the caller's transaction."""
	key = frappe.cache.make_key(KEY)
	total = 0
	try:
		counts = frappe.cache.execute_command("HGETALL", key)
		if counts:
			frappe.cache.execute_command("DEL", key)
	except RedisError as error:
		frappe.logger("integration_hub").warning(f"refused webhooks not read: {error}")
		return 0
	connection = frappe.qb.DocType("Integration Connection")
	for name, number in counts.items():
		name, number = (name.decode() if isinstance(name, bytes) else name), int(number)
		(
			frappe.qb.update(connection)
			.set(connection.refused_webhooks, connection.refused_webhooks + number)
			.set(connection.last_refused_at, now_datetime())
			.where(connection.name == name)
			.run()
		)
		frappe.clear_document_cache("Integration Connection", name)
		total += number
	return total
