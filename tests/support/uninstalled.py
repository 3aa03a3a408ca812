"""Install the app on a site of its own, import an order, uninstall it, and print as JSON what is left: a process of
its own, because a process cannot forget an app.

	python -m tests.support.uninstalled sqlite
"""

import contextlib
import json
import os
import sys


def main(db_type: str) -> None:
	from sandbox.engine.bench import Bench

	with Bench(db_type=db_type) as bench:
		bench.new_site("gone.localhost", config={"mute_emails": 1})
		os.chdir(bench.sites_path)
		bench.open("gone.localhost")
		with contextlib.redirect_stdout(sys.stderr):
			before = import_an_order()
			uninstall()
		print(json.dumps({"before": before, "after": left()}))


def import_an_order() -> dict[str, int]:
	from sandbox.erpnext.company import setup_company

	setup_company()
	from sandbox.vendors.shopify.cases import place_case
	from tests.support.hub import Hubs

	hubs = Hubs(None)
	shop = hubs()
	shop.bring(place_case(shop.shop, "tax_exclusive"))
	hubs.close()
	return left()


def uninstall() -> None:
	import frappe
	from frappe.installer import remove_app

	remove_app("integration_hub", yes=True, no_backup=True)
	frappe.db.rollback()  # the command `uninstall-app` ends without a commit of its own
	frappe.clear_cache()


def left() -> dict[str, int]:
	import frappe

	frappe.db.rollback()
	auth = frappe.qb.Table("__Auth")
	return {
		"secrets": len(
			frappe.qb.from_(auth).select(auth.name).where(auth.doctype.like("Integration %")).run()
		),
		"tables": len(
			[
				table
				for table in frappe.db.get_tables(cached=False)
				if "Integration " in table and _ours(table)
			]
		),
		"doctypes": frappe.db.count("DocType", {"module": "Integration Hub"}),
		"modules": frappe.db.count("Module Def", {"app_name": "integration_hub"}),
		"custom fields": frappe.db.count("Custom Field", {"fieldname": ("like", "integration_%")}),
		"roles": frappe.db.count("Role", {"name": ("like", "Integration %")}),
		# the user of documents that stay is switched off, not deleted: they name it as their owner
		"users": frappe.db.count("User", {"name": ("like", "integration-hub%"), "enabled": 1}),
		"scheduled jobs": frappe.db.count("Scheduled Job Type", {"method": ("like", "integration_hub.%")}),
		"icons": frappe.db.count("Desktop Icon", {"app": "integration_hub"}),
		"sidebars": frappe.db.count("Workspace Sidebar", {"app": "integration_hub"}),
		"sales orders": frappe.db.count("Sales Order"),
		"customers": frappe.db.count("Customer"),
		"items": frappe.db.count("Item"),
	}


def _ours(table: str) -> bool:
	from pathlib import Path

	import integration_hub

	folder = Path(integration_hub.__file__).parent / "doctype"
	return table.removeprefix("tab").lower().replace(" ", "_") in {path.name for path in folder.iterdir()}


if __name__ == "__main__":
	main(sys.argv[1])
