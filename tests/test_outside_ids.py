"""Ids of outside systems are told apart to the letter on MariaDB, which by itself does not."""

import frappe
import pytest

from integration_hub import database
from integration_hub.sync import store
from integration_hub.sync.links import Links
from tests.test_webhooks import order_body, post

ALIKE = ("gid_aB", "gid_Ab", "gid_\u00e4b", "gid_aB ")
KEPT = (
	("Integration Event", "dedupe_key"),
	("Integration Event", "lane"),
	("Integration Event", "outside_id"),
	("Integration Link", "outside_id"),
	("Integration Stock Level", "stock_id"),
	("Integration Stock Level", "location_id"),
	("Integration Parcel", "tracking_number"),
	("Integration Match", "outside_id"),
	("Integration Audit", "reference"),
)


@pytest.fixture(autouse=True)
def mariadb(site):
	if frappe.db.db_type != "mariadb":
		pytest.skip("SQLite takes texts that differ in case only for equal: run with --db mariadb or --bench")


def test_each_delivery_is_an_event(web, hub):
	shop = hub()
	for number, delivery in enumerate(("aB-1", "Ab-1", "ab-1"), start=1):
		assert post(web, shop, order_body(number), delivery=delivery).status_code == 200
	assert len(shop.events(resource="orders")) == 3


def test_each_has_a_link_of_its_own(hub):
	shop = hub()
	links = Links(shop.connection)
	for number, outside_id in enumerate(ALIKE):
		assert links.claim("customers", outside_id) is None
		links.fill("customers", outside_id, "Customer", f"Customer {number}")
	found = links.get_many("customers", ALIKE)
	assert {one: row.reference_name for one, row in found.items()} == {
		one: f"Customer {number}" for number, one in enumerate(ALIKE)
	}
	assert links.claim("customers", ALIKE[0]).reference_name == "Customer 0"
	frappe.db.rollback()


def test_each_has_an_event_and_a_lane_of_its_own(hub):
	shop = hub()
	drafts = [
		store.Draft(direction="In", resource="customers", outside_id=one, dedupe_key=one) for one in ALIKE
	]
	assert store.store(shop.connection, drafts) == len(ALIKE)
	assert store.store(shop.connection, drafts) == 0
	frappe.db.commit()
	assert shop.drain() == len(ALIKE)
	assert {event.outside_id for event in shop.events(resource="customers")} == set(ALIKE)


@pytest.mark.parametrize("again", ["sync", "update"])
def test_a_migrate_leaves_it_so(site, again):
	"""Frappe's own sync does not undo it, and the app's hook has nothing to do the second time."""
	from frappe.modules.utils import load_doctype_module

	before = _columns()
	assert {collation for *_column, collation in before.values()} == {"utf8mb4_nopad_bin"}
	for doctype in {doctype for doctype, _column in KEPT}:
		if again == "sync":
			frappe.db.updatedb(doctype)
		else:
			load_doctype_module(doctype).on_doctype_update()
	assert _columns() == before


@pytest.mark.parametrize("definition", ["varchar(180)", "varchar(140) NOT NULL DEFAULT 'it''s'"])
def test_what_else_is_said_of_a_column_stays(site, definition):
	"""On a site that had the app before, the column is changed and not made."""
	frappe.db.sql_ddl("DROP TABLE IF EXISTS `tabHub Trial`")
	frappe.db.sql_ddl(f"CREATE TABLE `tabHub Trial` (`code` {definition}) COLLATE=utf8mb4_unicode_ci")
	try:
		[before] = _described("tabHub Trial").values()
		assert before[-1] == "utf8mb4_unicode_ci"
		database.keep_exact("Hub Trial", ["code"])
		[after] = _described("tabHub Trial").values()
		assert after == (*before[:-1], "utf8mb4_nopad_bin")
	finally:
		frappe.db.sql_ddl("DROP TABLE `tabHub Trial`")


def _columns():
	"""Type, NULL, default and collation of the columns that keep ids of outside systems."""
	found = _described("tabIntegration %")
	return {one: found[one] for one in KEPT}


def _described(tables):
	rows = frappe.db.sql(
		"""select table_name, column_name, column_type, is_nullable, column_default, collation_name
		from information_schema.columns where table_schema = database() and table_name like %s""",
		tables,
	)
	return {(table.removeprefix("tab"), column): tuple(more) for table, column, *more in rows}
