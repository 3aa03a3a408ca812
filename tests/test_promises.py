"""DESIGN's promises, each with the machine broken on purpose, by real processes where it takes several."""

import json
import random
import signal
import subprocess
import time

import frappe
import pytest
import redis as redis_client

from integration_hub import database
from integration_hub.api import desk
from integration_hub.sync.links import Links
from sandbox import books


@pytest.fixture
def quick_leases():
	"""Leases of 5 s, so that a test need not wait five minutes for the dead."""
	settings = frappe.get_doc("Integration Settings")
	before = settings.lease_seconds
	settings.lease_seconds = 5
	settings.save()
	frappe.db.commit()  # worker processes must see it
	yield
	settings.reload()
	settings.lease_seconds = before
	settings.save()
	frappe.db.commit()  # back to what it was


def place(hub, number, **options):
	from sandbox.vendors.shopify import orders

	sku = f"{hub.shop.prefix}S{number}"
	if not hub.shop.by_sku.get(sku):
		hub.shop.add_product(f"Thing {number}", sku=sku, price="10.00", stock=1000)
	return orders.place_order(hub.shop, [orders.Line(sku, quantity=1)], **options)


def race(hub, count, limit=1):
	"""`count` worker processes that start on the Connection's Events at the same moment."""
	begin = time.time() + 4
	processes = [
		hub.site.python(
			"-m",
			"tests.support.process",
			"drain",
			hub.connection,
			str(begin),
			str(limit),
			stdout=subprocess.PIPE,
			stderr=subprocess.PIPE,
			text=True,
		)
		for _n in range(count)
	]
	for process in processes:
		_out, error = process.communicate(timeout=120)
		assert process.returncode == 0, error[-2000:]


def finish(hub, rounds=30):
	"""Drain here until nothing waits any more."""
	for _round in range(rounds):
		hub.make_due()
		hub.drain()
		if not hub.events(status=("in", ("Queued", "Retrying", "Working"))):
			return
		time.sleep(0.2)
	raise AssertionError(hub.events())


# --- 2. nothing is done twice ----------------------------------------------------------------------------


@pytest.mark.processes
@pytest.mark.parametrize("buyer", ["with customer and address", "without both"])
def test_one_order_eight_workers_one_sales_order(hub, buyer):
	"""Eight Events about one order (as if eight webhooks had slipped past the dedupe key), eight processes."""
	shop = hub()
	order = place(shop, 1, **(_buyer(shop, 1) if buyer.startswith("with ") else {}))
	_store_many(shop, [order.id] * 8)
	race(shop, 8)
	finish(shop)
	assert len(shop.documents("Sales Order", order)) == 1
	assert len({event.reference_name for event in shop.events(resource="orders")} - {None}) == 1


@pytest.mark.processes
def test_eight_orders_of_one_new_customer_at_once(hub):
	shop = hub()
	placed = [place(shop, number, **_buyer(shop, 1)) for number in range(8)]
	_store_many(shop, [order.id for order in placed])
	race(shop, 8)
	finish(shop)
	documents = [shop.documents("Sales Order", order) for order in placed]
	assert [len(found) for found in documents] == [1] * 8
	assert len({found[0].customer for found in documents}) == 1, "one buyer is one Customer"
	assert len({found[0].customer_address for found in documents}) == 1, "and one Address"


@pytest.mark.processes
@pytest.mark.parametrize("change", ["made", "changed"])
def test_what_another_made_meanwhile_is_never_half_seen(hub, change):
	"""A repeatable read shows what there was when it began. A Link that is handed out leads to a document that this
	transaction can see, or the transaction has to begin again, and then does see it."""
	shop = hub()
	links, outside = Links(shop.connection), frappe.generate_hash(length=12)
	if change == "changed":
		links.claim("customers", outside)
		frappe.db.commit()  # for the other process
	frappe.db.get_value("Customer", {}, "name")  # from here on, the state of now
	other = shop.site.python(
		"-m", "tests.support.process", "link", shop.connection, outside, "Customer", stdin=subprocess.PIPE
	)
	other.communicate(json.dumps({"customer_name": f"Made meanwhile {outside}"}).encode(), timeout=60)
	assert other.returncode == 0

	def look():
		link = links.claim("customers", outside)
		return frappe.db.exists("Customer", link.reference_name)

	assert database.persist(look)
	frappe.db.rollback()


def _buyer(shop, number):
	prefix = shop.shop.prefix
	address = {
		"first_name": "Ada",
		"last_name": f"Lovelace {prefix}",
		"address1": "12 St James's Square",
		"city": "London",
		"zip": "SW1Y 4JH",
		"country_code": "GB",
	}
	return {
		"customer": {
			"first_name": "Ada",
			"last_name": f"Lovelace {prefix}",
			"email": f"ada{number}@{prefix}example.com",
		},
		"billing_address": address,
		"shipping_address": address,
	}


def _store_many(hub, ids, version="2026"):
	"""Events about these orders, each with a key of its own, without payload: workers fetch."""
	from integration_hub.sync import store

	store.store(
		hub.connection,
		[
			store.Draft(
				"In", "orders", str(outside), dedupe_key=f"race:{version}:{number}:{outside}", version=version
			)
			for number, outside in enumerate(ids)
		],
	)
	frappe.db.commit()  # the worker processes must see them


def test_a_worker_that_lost_its_lease_commits_nothing(hub):
	"""A worker so slow that another was given its Event: what it did is undone, not done twice."""
	from integration_hub.sync import connections, worker

	shop = hub()
	order = place(shop, 1)
	_store_many(shop, [order.id])
	[slow] = worker.claim(shop.connection, 1)
	frappe.db.set_value("Integration Event", slow.name, {"lease": "somebody else's"}, update_modified=False)
	frappe.db.commit()  # the sweep and another worker have come by
	worker.work(connections.get(shop.connection), [slow])
	assert not shop.documents("Sales Order", order)
	assert shop.link("orders", order.id) is None


# --- 1. nothing is lost ----------------------------------------------------------------------------------


@pytest.mark.processes
def test_kill_9_and_flushed_redis_lose_nothing(hub, site, quick_leases):
	"""Fifty orders, real RQ workers killed with -9 at ten random moments, Redis flushed in between."""
	from integration_hub.sync import pull, sweep, wake

	shop = hub()
	placed = [place(shop, number % 5, **_buyer(shop, number % 7)) for number in range(50)]
	pull.run(shop.connection, "orders")
	rng = random.Random(50)
	queue = redis_client.from_url(site.redis)
	for kill in range(10):
		wake.rescue(shop.connection)
		process = site.python(
			"-m", "tests.support.process", "drain", shop.connection, stderr=subprocess.DEVNULL
		)
		time.sleep(rng.uniform(0.5, 3.0))
		process.send_signal(signal.SIGKILL)
		process.wait()
		if kill % 3 == 0:
			queue.flushall()
			frappe.clear_cache()
	end = time.monotonic() + 120
	while shop.events(status=("in", ("Queued", "Retrying", "Working"))):
		assert time.monotonic() < end
		sweep.sweep()
		shop.make_due()
		shop.drain()
		time.sleep(0.3)
	assert [len(shop.documents("Sales Order", order)) for order in placed] == [1] * 50
	assert {event.status for event in shop.events()} == {"Done"}


def test_the_sweep_frees_what_the_dead_held(hub, quick_leases):
	from integration_hub.sync import sweep, worker

	shop = hub()
	order = place(shop, 1)
	_store_many(shop, [order.id])
	assert len(worker.claim(shop.connection, 5)) == 1
	assert not worker.claim(shop.connection, 5), "nobody else may have it while the lease runs"
	frappe.db.set_value(
		"Integration Event",
		{"connection": shop.connection},
		"lease_until",
		frappe.utils.add_to_date(None, seconds=-1),
	)
	sweep.sweep()
	shop.drain()
	assert len(shop.documents("Sales Order", order)) == 1


# --- 3. order is kept where it matters -------------------------------------------------------------------


def test_an_older_version_never_overwrites_a_newer_one(hub):
	from sandbox.vendors.shopify import orders

	shop = hub()
	order = place(shop, 1)
	shop.pull()
	[old] = shop.events(resource="orders")
	old_payload = frappe.db.get_value("Integration Event", old.name, "payload")
	orders.edit_order(shop.shop, order, quantities={0: 3})
	shop.pull()
	shop.drain()
	before = shop.sales_order(order)
	from integration_hub.sync import store

	store.store(
		shop.connection,
		[store.Draft("In", "orders", str(order.id), dedupe_key="late", version="2000", payload=old_payload)],
	)
	frappe.db.commit()  # as the inbox does
	shop.drain()
	after = shop.sales_order(order)
	assert after.name == before.name and after.grand_total == before.grand_total
	assert after.items[0].qty == 3


def test_events_are_worked_on_in_the_order_they_were_told(hub):
	from integration_hub.sync import worker

	shop = hub()
	_store_many(shop, range(9_000_040, 9_000_000, -1))
	claimed = worker.claim(shop.connection, 20) + worker.claim(shop.connection, 20)
	assert [one.outside_id for one in claimed] == [str(number) for number in range(9_000_040, 9_000_000, -1)]


def test_what_kills_its_worker_holds_up_nothing_else(hub, monkeypatch):
	"""One of three Events kills every worker that touches it: the others are done, and it waits for a person in the end."""
	from integration_hub.sync import sweep, worker

	shop = hub()
	placed = [place(shop, number) for number in range(3)]
	_store_many(shop, [order.id for order in placed])
	finish_one = worker._finish

	class Died(BaseException):
		pass

	def finish_or_die(handler, connection, one, prepared):
		if one.outside_id == str(placed[0].id):
			raise Died
		finish_one(handler, connection, one, prepared)

	monkeypatch.setattr(worker, "_finish", finish_or_die)
	for _death in range(sweep.DEATHS):
		with pytest.raises(Died):
			shop.drain()
		shop.lose_leases()
		sweep.free_leases()
		frappe.db.commit()  # as the sweep does
	assert shop.drain() in (0, 2)
	assert [shop.event(order).status for order in placed] == ["Parked", "Done", "Done"]
	monkeypatch.undo()
	assert desk.replay_events([shop.event(placed[0]).name])["count"] == 1
	frappe.db.commit()  # as the button does
	finish(shop)
	assert [len(shop.documents("Sales Order", order)) for order in placed] == [1, 1, 1]


def test_a_job_whose_time_is_up_is_nobody_s_fault(hub, monkeypatch):
	from rq.timeouts import JobTimeoutException

	from integration_hub.connectors.shopify import Shopify

	shop = hub()
	order = place(shop, 1)
	_store_many(shop, [order.id])

	def too_slow(self, ids):
		raise JobTimeoutException("Task exceeded maximum timeout value")

	with monkeypatch.context() as patch:
		patch.setattr(Shopify, "fetch_orders", too_slow)
		shop.drain()
	assert shop.event(order).status == "Retrying"
	finish(shop)
	assert len(shop.documents("Sales Order", order)) == 1


def test_what_another_has_tried_meanwhile_is_not_claimed_as_untried(hub, monkeypatch):
	"""Between a worker's look at what is due and its claim, another has claimed the Event, asked the vendor in vain, and
	made it due again: whoever has it next must know, and look first."""
	from integration_hub.sync import worker

	shop = hub()
	_store_many(shop, [1])
	take = worker._take

	def meanwhile(row, *more):
		moment = frappe.utils.now_datetime()
		frappe.db.set_value(
			"Integration Event", row.name, {"claims": 1, "status": "Retrying", "due_at": moment}
		)
		return take(row, *more)

	with monkeypatch.context() as patch:
		patch.setattr(worker, "_take", meanwhile)
		assert worker.claim(shop.connection, 5) == []
	[claimed] = worker.claim(shop.connection, 5)
	assert claimed.look_first


@pytest.mark.processes
def test_a_long_backlog_takes_no_more_workers_than_it_may(hub):
	"""Events are overdue for as long as two workers are busy with thousands of others: sweeps start no third."""
	from frappe.utils.background_jobs import get_queue

	from integration_hub.sync import sweep, wake, worker

	shop = hub()
	_store_many(shop, range(7_000_000, 7_000_060))
	past = frappe.utils.add_to_date(None, minutes=-5)
	frappe.db.set_value("Integration Event", {"connection": shop.connection}, "due_at", past)
	frappe.db.commit()  # overdue

	def jobs():
		ours = wake.job_id_of(shop.connection, "")
		return [job for job in get_queue(wake.QUEUE).job_ids if job.rpartition(ours)[2].isdigit()]

	for _minute in range(3):
		sweep.sweep()
	assert len(jobs()) == 1, "a job waits already"
	get_queue(wake.QUEUE).empty()
	assert worker.claim(shop.connection, 20) and worker.claim(shop.connection, 20), "two are at work"
	sweep.sweep()
	assert jobs() == []


def test_one_outside_thing_one_at_a_time(hub):
	from integration_hub.sync import worker

	shop = hub()
	order = place(shop, 1)
	_store_many(shop, [order.id] * 3)
	assert len(worker.claim(shop.connection, 10)) == 1
	assert worker.claim(shop.connection, 10) == []


# --- 4. failure is sorted --------------------------------------------------------------------------------


TROUBLES = {
	"rate limited": ({"kind": "rate_limited", "retry_after": 3}, "Retrying", "RateLimited"),
	"server error": ({"kind": "error", "status": 500, "times": None}, "Retrying", "Unreachable"),
	"connection dropped": ({"kind": "drop", "times": None}, "Retrying", "Unreachable"),
	"token refused": ({"kind": "unauthorised", "times": None}, "Retrying", "NotAuthorised"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_vendor_trouble_is_sorted_and_healed(hub, trouble):
	knob, status, failure = TROUBLES[trouble]
	shop = hub()
	order = place(shop, 1)
	_store_many(shop, [order.id])
	shop.vendor.troubles.add(knob["kind"], **{key: value for key, value in knob.items() if key != "kind"})
	shop.drain()
	event = shop.event(order)
	assert (event.status, event.failure) == (status, failure)
	assert event.message and "Traceback" not in event.message
	assert bool(shop.doc.paused) == (failure == "NotAuthorised")
	shop.vendor.troubles.clear()
	if failure == "NotAuthorised":
		shop.drain()
		assert shop.event(order).status == "Retrying", "a paused Connection is left alone"
		desk.resume(shop.connection)
		frappe.db.commit()  # as the request of the button does
	_budget_of(shop).reset()
	finish(shop)
	assert len(shop.documents("Sales Order", order)) == 1


def _budget_of(shop):
	from integration_hub.sync import connections

	return connections.budget_of(shop.doc)


def test_of_many_webhooks_about_one_order_one_asks(hub):
	"""Four deliveries about an order that must wait for a person are one task; done, none is left."""
	shop = hub(accounts=[])
	order = place(shop, 1, shipping=_shipping())
	for version in ("2026-01", "2026-02", "2026-03", "2026-04"):
		_store_many(shop, [order.id], version=version)
	shop.drain()
	events = shop.events(resource="orders")
	assert sorted(event.status for event in events) == ["Ignored", "Ignored", "Ignored", "Parked"]
	[parked] = [event for event in events if event.status == "Parked"]
	assert all(parked.name in event.message for event in events if event is not parked)
	shop.switch(accounts=books.accounts())
	finish(shop)
	assert len(shop.documents("Sales Order", order)) == 1
	assert not shop.events(status="Parked")


def _shipping():
	from sandbox.vendors.shopify.orders import Shipping

	return Shipping("5.90")


def test_a_deleted_order_is_a_dead_letter(hub):
	shop = hub()
	_store_many(shop, [123456])
	shop.drain()
	assert (shop.events()[0].status, shop.events()[0].failure) == ("Dead", "Gone")


def test_the_stop_switch_stops_everything_and_loses_nothing(hub):
	shop = hub()
	order = place(shop, 1)
	_store_many(shop, [order.id])
	frappe.db.set_single_value("Integration Settings", "stop_everything", 1)
	frappe.db.commit()  # workers must see it
	try:
		assert shop.drain() == 0
	finally:
		frappe.db.set_single_value("Integration Settings", "stop_everything", 0)
		frappe.db.commit()  # back to work
	shop.drain()
	assert len(shop.documents("Sales Order", order)) == 1


@pytest.mark.processes
@pytest.mark.parametrize("switch", ["connection", "everything"])
def test_a_switch_stops_a_worker_in_the_middle_of_its_work(hub, site, switch):
	"""Sixty orders, a real worker process, and one switch thrown while it works: within a second no more is done."""
	shop = hub()
	placed = [place(shop, number % 5, **_buyer(shop, number % 7)) for number in range(60)]
	_store_many(shop, [order.id for order in placed])
	process = site.drainer(shop.connection)
	end = time.monotonic() + 60
	while not shop.events(status="Done"):
		assert time.monotonic() < end and process.poll() is None
		time.sleep(0.05)
	if switch == "connection":
		doc = frappe.get_doc("Integration Connection", shop.connection)
		doc.enabled = 0
		doc.save()
	else:
		frappe.db.set_single_value("Integration Settings", "stop_everything", 1)
	frappe.db.commit()  # the switch is thrown
	try:
		time.sleep(1)
		done = len(shop.events(status="Done"))
		assert done < 60, "it was too quick for this test"
		process.wait(timeout=30)
		assert len(shop.events(status="Done")) == done
	finally:
		frappe.db.set_single_value("Integration Settings", "stop_everything", 0)
		frappe.db.commit()  # back to work
	left = shop.events(status=("!=", "Done"))
	assert {event.status for event in left} == {"Queued"} and len(left) == 60 - done
	frappe.db.set_value("Integration Connection", shop.connection, "enabled", 1)
	frappe.db.commit()  # back to work
	frappe.clear_document_cache("Integration Connection", shop.connection)
	shop.drain()
	assert [len(shop.documents("Sales Order", order)) for order in placed] == [1] * 60


def test_a_switch_stops_what_was_claimed_together_to_be_told(hub, monkeypatch):
	"""Two parcels are claimed together; the Connection is switched off while the shop is told of the first."""
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

	from integration_hub.connectors.shopify import Shopify

	shop = hub(create_items=0)
	books.stock_item(f"{shop.shop.prefix}S1", 10)
	sold = [shop.sales_order(_brought(shop)) for _number in range(2)]
	for sales_order in sold:
		make_delivery_note(sales_order.name).submit()
	frappe.db.commit()  # as the requests do
	told, fulfil = [], Shopify.fulfil_order

	def switched_off(self, shipment, **options):
		told.append(shipment)
		frappe.db.set_value("Integration Connection", shop.connection, "enabled", 0)
		frappe.db.commit()  # the switch is thrown
		return fulfil(self, shipment, **options)

	monkeypatch.setattr(Shopify, "fulfil_order", switched_off)
	shop.drain()
	assert len(told) == 1
	statuses = sorted(event.status for event in shop.events(resource="shipments"))
	assert statuses == ["Done", "Queued"], "what was told is noted, the other is kept"
	left = frappe.db.get_value(
		"Integration Event", {"connection": shop.connection, "status": "Queued"}, "claims"
	)
	assert left == 0, "nobody has tried it, so nobody need look for it at the shop"


def _brought(shop):
	order = place(shop, 1)
	shop.bring(order)
	return order


@pytest.mark.processes
def test_a_switch_is_seen_by_a_worker_that_waited(hub, monkeypatch):
	"""A worker sleeps until the next Event comes due; meanwhile somebody else switches the Connection off."""
	from integration_hub.sync import worker

	shop = hub()
	order = place(shop, 1)
	_store_many(shop, [order.id])
	later = frappe.utils.add_to_date(None, seconds=3)
	frappe.db.set_value("Integration Event", {"connection": shop.connection}, "due_at", later)
	frappe.db.commit()  # it waits
	sleep = time.sleep

	def meanwhile(seconds):
		process = shop.site.python("-m", "tests.support.process", "switch off", shop.connection)
		assert process.wait() == 0
		sleep(seconds)

	monkeypatch.setattr(worker.time, "sleep", meanwhile)
	assert worker.drain(shop.connection, patience=10) == 0
	assert shop.event(order).status == "Queued"


@pytest.mark.parametrize("recipients", ["", "hub-alerts@example.com"])
def test_a_connection_pauses_also_where_no_mail_can_be_sent(hub, recipients, monkeypatch):
	"""An Email Account that may send, but not by default: Frappe then refuses every mail."""
	monkeypatch.setitem(frappe.conf, "mute_emails", 0)  # or Frappe would pretend that there is one
	shop = hub()
	order = place(shop, 1)
	_store_many(shop, [order.id])
	account = _account_that_sends_only_its_own()
	frappe.db.set_single_value("Integration Settings", "alert_recipients", recipients)
	frappe.db.commit()  # the worker reads it
	shop.vendor.troubles.add("unauthorised", times=None)
	defaults = {"default_outgoing": 1}
	others = frappe.get_all("Email Account", filters=defaults, pluck="name")
	frappe.db.set_value("Email Account", {"name": ("in", others or [""])}, "default_outgoing", 0)
	frappe.clear_cache(doctype="Email Account")
	try:
		shop.drain()
	finally:
		frappe.db.set_single_value("Integration Settings", "alert_recipients", "")
		frappe.db.set_value("Email Account", {"name": ("in", others or [""])}, defaults)
		frappe.db.delete("Email Account", {"name": account})
		frappe.db.commit()  # back to what it was
	assert shop.doc.paused
	assert shop.event(order).status == "Retrying"


def _account_that_sends_only_its_own():
	name = f"Own {frappe.generate_hash(length=8)}"
	frappe.get_doc(
		{
			"doctype": "Email Account",
			"name": name,
			"email_account_name": name,
			"email_id": "own@example.com",
			"enable_outgoing": 1,
		}
	).db_insert()  # past its validation, which would call the mail server
	return name


# --- 6. the user never waits -----------------------------------------------------------------------------


def test_a_save_calls_no_vendor(hub):
	"""Submitting a Delivery Note writes an Event and nothing else; the shop hears nothing until a worker runs."""
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

	shop = hub(create_items=0)
	books.stock_item(f"{shop.shop.prefix}S1", 10)
	order = place(shop, 1)
	shop.bring(order)
	before = shop.vendor.log.count()
	note = make_delivery_note(shop.sales_order(order).name)
	note.submit()
	frappe.db.commit()  # as the request does
	assert shop.vendor.log.count() == before
	[event] = shop.events(resource="shipments")
	assert event.status == "Queued"


@pytest.mark.parametrize("trouble", ["Redis is away", "too many jobs wait"])
def test_a_save_and_the_sweep_do_without_the_job_queue(hub, monkeypatch, trouble):
	"""Neither a user's save nor the sweep fails because no job can be started; what is to be done stays due."""
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

	from integration_hub.sync import sweep

	def refuse(*arguments, **options):
		if trouble == "Redis is away":
			raise redis_client.ConnectionError("refused")
		frappe.throw("Too many queued background jobs", exc=frappe.QueueOverloaded)

	shop = hub(create_items=0)
	books.stock_item(f"{shop.shop.prefix}S1", 10)
	order = place(shop, 1)
	shop.bring(order)
	note = make_delivery_note(shop.sales_order(order).name)
	with monkeypatch.context() as patch:
		patch.setattr(frappe, "enqueue", refuse)
		note.submit()
		frappe.db.commit()  # as the request does; the wake-up comes after it
		assert not [one for one in frappe.message_log if "Too many" in str(one)]
		sweep.sweep()
	assert shop.drain() == 1
	assert shop.events(resource="shipments")[0].status == "Done"


@pytest.mark.parametrize("user", ["Administrator", "Guest"])
def test_a_full_job_queue_is_told_to_everybody_alike(hub, monkeypatch, user):
	"""Frappe itself refuses here, and looks up who may see its health report: a webhook's guest may not."""
	from integration_hub.sync import pull, push, wake

	shop = hub()
	try:
		with monkeypatch.context() as patch:
			patch.setitem(frappe.conf, "max_queued_jobs", -1_000_000)  # less than none: any queue is full
			frappe.set_user(user)
			for enqueue in (
				lambda: pull.enqueue(shop.connection, "orders"),
				lambda: push.enqueue(shop.connection),
			):
				with pytest.raises(frappe.QueueOverloaded):
					enqueue()
			wake.wake(shop.connection)  # harms nobody
			wake.rescue(shop.connection)
	finally:
		frappe.set_user("Administrator")


def test_a_save_survives_a_hook_that_fails_however_long_its_name(site, monkeypatch):
	from integration_hub.sync.crm import changes

	def broken(_doc):
		raise RuntimeError("a bug")

	monkeypatch.setattr(changes, "document_changed", broken)
	name = f"{frappe.generate_hash(length=10)} " + "Long Name of a Company " * 6
	made = frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": name[:140].strip(),
			"customer_group": books.leaf("Customer Group"),
			"territory": books.leaf("Territory"),
		}
	).insert()
	frappe.db.commit()  # as the request does
	assert frappe.db.exists("Customer", made.name)
	assert frappe.db.exists("Error Log", {"method": ("like", f"%{made.name[:60]}%")})


def test_a_save_that_is_rolled_back_tells_nobody(hub):
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

	shop = hub(create_items=0)
	books.stock_item(f"{shop.shop.prefix}S1", 10)
	order = place(shop, 1)
	shop.bring(order)
	make_delivery_note(shop.sales_order(order).name).submit()
	frappe.db.rollback()
	assert not shop.events(resource="shipments")


# --- 9. secrets ------------------------------------------------------------------------------------------


def test_secrets_are_nowhere_in_clear(hub):
	shop = hub()
	shop.bring(place(shop, 1))
	shop.vendor.troubles.add("unauthorised", times=None)
	_store_many(shop, [77])
	shop.drain()
	for doctype in (
		"Integration Attempt",
		"Integration Event",
		"Integration Connection",
		"Integration Credential",
	):
		for row in frappe.db.sql(f"select * from `tab{doctype}`", as_dict=True):
			text = str(row)
			assert "shpat_sandbox" not in text and "sandbox-secret" not in text, doctype
	for log in frappe.get_all("Error Log", fields=["error"]):
		assert "shpat_sandbox" not in (log.error or "")


def test_a_deleted_connection_leaves_no_secret_behind(hub):
	shop = hub()
	rows = [row.name for row in shop.doc.credentials if row.is_secret]
	auth = frappe.qb.Table("__Auth")
	kept = frappe.qb.from_(auth).select(auth.name).where(auth.name.isin([*rows, shop.connection]))
	assert kept.run()
	frappe.delete_doc("Integration Connection", shop.connection)
	frappe.db.commit()  # as the request does
	assert not kept.run()


def test_a_renamed_document_is_found_by_its_index(hub):
	"""Whatever is renamed on the site, Events that name it are looked up; without an index that would lock all of them."""
	frappe.db.rollback()
	explain = "explain query plan" if frappe.db.db_type == "sqlite" else "explain"
	for doctype_field, name_field in (("reference_doctype", "reference_name"), ("fix_doctype", "fix_name")):
		plan = frappe.db.sql(
			f"{explain} select name from `tabIntegration Event` where `{doctype_field}` = 'Item' and `{name_field}` = 'X'"
		)
		assert "hub_event_fix" in str(plan) or "reference_name" in str(plan), plan


def test_payloads_are_forgotten_after_their_time(hub):
	from integration_hub.sync import retention

	shop = hub()
	order = place(shop, 1, **_buyer(shop, 1))
	event = shop.bring(order)
	assert "Lovelace" in frappe.db.get_value("Integration Event", event.name, "payload")
	frappe.db.set_value(
		"Integration Event",
		event.name,
		"done_at",
		frappe.utils.add_days(None, -31),
		update_modified=False,
	)
	retention.forget()
	payload, redacted = frappe.db.get_value("Integration Event", event.name, ["payload", "payload_redacted"])
	assert (payload, redacted) == (None, 1)


def test_unknown_errors_park_with_a_link_to_the_error_log(hub, monkeypatch):
	from integration_hub.erp import orders as erp_orders
	from integration_hub.sync import handlers, handling

	shop = hub()
	order = place(shop, 1)

	def broken(record, ctx):
		raise ZeroDivisionError("a bug")

	handler = handling.inbound("fetch_orders", "read_order", broken, erp_orders.removed)
	route = handling.Route("In", "orders", None, handler)
	monkeypatch.setattr(handlers, "ROUTES", (route, *handlers.ROUTES))
	event = shop.bring(order)
	assert event.status == "Parked" and event.fix_doctype == "Error Log"
	assert "a bug" in frappe.db.get_value("Error Log", event.fix_name, "error")
