"""Vendors end webhooks or switch them off: each day they are registered again where people have registered them."""

import frappe
import pytest

from integration_hub import tasks
from tests.test_webhooks import order_body, post


@pytest.fixture
def registered(people, hub):
	"""A factory of shops whose webhooks a manager has registered by the button."""

	def make():
		shop = hub()
		people("manager").post("register_webhooks", connection=shop.connection)
		frappe.db.rollback()
		assert subscribed(shop) and shop.doc.last_registration
		return shop

	return make


def subscribed(shop) -> list[tuple[str, str]]:
	return sorted((one.topic, one.uri) for one in shop.shop.subscriptions.values())


def enqueued() -> list[str]:
	"""The Connections with a job that registers again; the jobs are taken off."""
	from frappe.utils.background_jobs import get_queues

	found = []
	for queue in get_queues():
		for job in queue.jobs:
			if job.kwargs.get("method") == "integration_hub.tasks.renew_webhooks":
				found.append(job.kwargs["kwargs"]["connection"])
				job.delete()
	return found


def a_day_passes():
	"""The scheduler calls what hooks.py names, and workers do the jobs."""
	assert "integration_hub.tasks.renew_all_webhooks" in frappe.get_hooks("scheduler_events")["daily_long"]
	tasks.renew_all_webhooks()
	for connection in enqueued():
		tasks.renew_webhooks(connection)


def test_what_the_vendor_has_ended_is_back_the_next_day(registered):
	shop = registered()
	before = subscribed(shop)
	for number in list(shop.shop.subscriptions)[:3]:
		del shop.shop.subscriptions[number]
	a_day_passes()
	assert subscribed(shop) == before, "at the address that people have registered, each once"
	assert "subscribed" in shop.doc.last_registration
	a_day_passes()
	assert subscribed(shop) == before
	assert "already" in shop.doc.last_registration


def test_webhooks_are_taken_again(registered, web):
	shop = registered()
	shop.shop.subscriptions.clear()
	a_day_passes()
	assert {uri for _topic, uri in subscribed(shop)} == {web + shop.webhook_path}
	assert post(web, shop, order_body()).status_code == 200


def test_a_vendor_that_refuses_stops_no_other(registered):
	locked, down, well = shops = [registered() for _one in range(3)]
	before = subscribed(well)
	for shop in shops:
		shop.shop.subscriptions.clear()
	locked.vendor.revoked.add(locked.vendor.token)
	down.running.stop()
	a_day_passes()
	assert subscribed(well) == before and not well.doc.paused
	assert locked.doc.paused and locked.doc.paused_reason in locked.doc.last_registration
	assert not down.doc.paused and "subscribed" not in down.doc.last_registration
	frappe.db.rollback()
	assert frappe.db.exists("Integration Attempt", {"connection": down.connection, "result": "Unreachable"})


def test_only_where_people_have_registered_and_it_works(registered, hub):
	never, off, paused = hub(), registered(), registered()
	off.switch(enabled=0)
	frappe.db.set_value("Integration Connection", paused.connection, "paused", 1)
	frappe.db.commit()  # as a worker does
	tasks.renew_all_webhooks()
	assert not {never.connection, off.connection, paused.connection} & set(enqueued())


def test_a_form_that_was_open_meanwhile_forgets_nothing(people, hub):
	shop = hub()
	form = shop.doc
	people("manager").post("register_webhooks", connection=shop.connection)
	form.save()
	frappe.db.commit()  # as the request of the form does
	assert shop.doc.registered_address and shop.doc.last_registration
