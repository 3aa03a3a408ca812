"""The steps of making a site that run inside Frappe, each in a process of its own.

`python -m sandbox.engine.build SITES SITE bootstrap PASSWORD | install APP | uninstall APP | set-password PASSWORD`
"""

import os
import sys
from pathlib import Path

from sandbox.engine import activate
from sandbox.engine.services import Redis


def bootstrap(frappe, password: str) -> None:
	"""Create the framework's tables in the site's empty database and install the framework."""
	from frappe.database import bootstrap_database
	from frappe.installer import install_app

	frappe.flags.in_install_db = True
	bootstrap_database(verbose=False)
	frappe.conf.admin_password = password
	frappe.db.create_auth_table()
	frappe.db.create_global_search_table()
	frappe.db.create_user_settings_table()
	frappe.flags.in_install_db = False
	frappe.set_user("Administrator")
	install_app("frappe")
	# The wizard asks a person what a sandbox does not need to ask.
	frappe.db.set_single_value("System Settings", {"setup_complete": 1, "enable_scheduler": 1})


def run(sites: Path, site: str, step: str, argument: str) -> None:
	activate()
	import frappe

	frappe.init(site, sites_path=str(sites), force=True)
	if step == "bootstrap":
		bootstrap(frappe, argument)
	else:
		frappe.connect()
		if step == "install":
			from frappe.installer import install_app

			install_app(argument)
		elif step == "uninstall":
			from frappe.installer import remove_app

			remove_app(argument, yes=True, no_backup=True)
		elif step == "set-password":
			from frappe.utils.password import update_password

			update_password("Administrator", argument)
		else:
			raise SystemExit(f"unknown step {step}")
	frappe.db.commit()  # the end of this process's work
	if frappe.db.db_type == "sqlite":
		frappe.db.sql("PRAGMA wal_checkpoint(TRUNCATE)")
	frappe.destroy()


if __name__ == "__main__":
	sites, site, step, argument = sys.argv[1:]
	if (Path(sites) / "common_site_config.json").read_text().find("redis_cache") >= 0:
		run(Path(sites), site, step, argument)
	else:
		with Redis() as redis:
			os.environ["FRAPPE_REDIS_CACHE"] = os.environ["FRAPPE_REDIS_QUEUE"] = redis.url
			run(Path(sites), site, step, argument)
