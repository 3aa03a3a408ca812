"""Background jobs and the scheduler know the site they work for.

The fork's `execute_job(site, ...)` and scheduler ignore their site, and its scheduler calls a
function that it has defined twice, so that no site is ever opened.
"""

import random

import frappe

EDITS = [
	(
		"frappe/utils/background_jobs.py",
		"	if is_async:\n		frappe.init(force=True)\n",
		"	if is_async:\n		frappe.init(site, force=True)\n",
	),
	(
		"frappe/utils/background_jobs.py",
		'		if not hasattr(frappe.local, "site"):\n			frappe.init(force=True)\n',
		'		if not hasattr(frappe.local, "site"):\n			frappe.init(site, force=True)\n',
	),
	(
		"frappe/utils/scheduler.py",
		"		time.sleep(sleep_duration(tick))\n		enqueue_events()\n",
		"		time.sleep(sleep_duration(tick))\n		enqueue_events_for_all_sites()\n",
	),
	(
		"frappe/utils/scheduler.py",
		"def start_scheduler() -> NoReturn:",
		"from frappe._sandbox.jobs import enqueue_events_for_all_sites\n\n\ndef start_scheduler() -> NoReturn:",
	),
	(
		"frappe/utils/scheduler.py",
		"	try:\n		frappe.init()\n		frappe.connect()\n		if is_scheduler_inactive():",
		"	try:\n		frappe.init(site)\n		frappe.connect()\n		if is_scheduler_inactive():",
	),
]


def enqueue_events_for_all_sites() -> None:
	"""Enqueue what is due on each site of the bench."""
	from frappe.utils import get_sites
	from frappe.utils.scheduler import enqueue_events_for_site

	with frappe.init_site():
		sites = get_sites()
	random.shuffle(sites)
	for site in sites:
		try:
			enqueue_events_for_site(site=site)
		except Exception:  # noqa: BLE001  one broken site must not stop the scheduler of the others, as in Frappe
			frappe.logger("scheduler").error(f"Failed to enqueue events for site {site}", exc_info=True)
