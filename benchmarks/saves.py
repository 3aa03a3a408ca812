"""A user's save on a site where nobody listens, against the same save without our look at it, in turn."""

from __future__ import annotations

import statistics
import time
from typing import Any

import frappe

from integration_hub.sync.messages import telling

LIMIT_RATIO = 1.05
WARM_UP = 5


def measure(rounds: int) -> bool:
	"""Print the ratio; True when the limit holds."""
	doc = frappe.get_doc(
		{"doctype": "Customer", "customer_name": f"Saved {frappe.generate_hash(length=8)}"}
	).insert()
	frappe.db.commit()  # what follows are saves, each of its own
	looks, ratios = telling.is_heard, []
	try:
		for number in range(rounds + WARM_UP):
			telling.is_heard = looks
			ours = _timed(doc, number)
			telling.is_heard = lambda *_: False
			bare = _timed(doc, -number - 1)
			if number >= WARM_UP:
				ratios.append(ours / bare)
	finally:
		telling.is_heard = looks
	ratio = statistics.median(ratios)
	print("save of a Customer that nobody listens to, against the save without our look")
	print(f"  time      {ratio:.2f}× (limit {LIMIT_RATIO}×; {rounds} pairs)\n")
	return ratio <= LIMIT_RATIO


def _timed(doc: Any, number: int) -> float:
	doc.tax_id = f"DE{number}"
	began = time.perf_counter()
	doc.save()
	frappe.db.commit()  # as a request does
	return time.perf_counter() - began
