"""Installing and removing apps.

The fork refuses every app but itself, keeps no list of installed apps and cannot uninstall. Given
back in Frappe's order: required apps, before_install, module defs, doctypes, the list of installed
apps, after_install, scheduled jobs, fixtures, customizations, after_sync; and removal.
"""

import json

import frappe

REPLACES = {
	"frappe/installer.py": {
		"install_app": "install_app",
		"add_to_installed_apps": "add_to_installed_apps",
		"remove_from_installed_apps": "remove_from_installed_apps",
		"remove_app": "remove_app",
		"make_conf": "make_conf",
	},
	"frappe/model/sync.py": {"sync_all": "sync_all"},
	"frappe/patches.py": {"get_all_patches": "get_all_patches"},
	"frappe/utils/installed_apps.py": {"get_setup_wizard_completed_apps": "get_setup_wizard_completed_apps"},
}

EDITS = [
	# after_migrate hooks run for each installed app.
	(
		"frappe/migrate.py",
		'		for fn in frappe.get_hooks("after_migrate"):\n			frappe.get_attr(fn)()',
		"		for app in frappe.get_installed_apps():\n"
		'			for fn in frappe.get_hooks("after_migrate", app_name=app):\n				frappe.get_attr(fn)()',
	),
]


def install_app(name: str, verbose: bool = False, set_as_patched: bool = True, force: bool = False) -> None:
	"""Install an app, and first the apps it requires, on the open site."""
	from frappe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs
	from frappe.installer import add_module_defs, set_all_patches_as_completed
	from frappe.model.module_utils import sync_customizations
	from frappe.model.sync import sync_for
	from frappe.utils.dashboard import sync_dashboards
	from frappe.utils.fixtures import sync_fixtures

	frappe.flags.in_install = name
	frappe.flags.ignore_in_install = False
	frappe.clear_cache()
	if name not in frappe.get_all_apps():
		raise Exception(f"App {name} not in apps.txt")
	hooks = frappe.get_hooks(app_name=name)
	for required in hooks.required_apps or []:
		install_app(required.rpartition("/")[2], verbose=verbose)
	frappe.flags.in_install = name
	frappe.clear_cache()
	if name in frappe.get_installed_apps() and not force:
		frappe.flags.in_install = False
		return

	if name != "frappe":
		frappe.only_for("System Manager")
	for method in hooks.before_install or []:
		if frappe.get_attr(method)() is False:
			frappe.flags.in_install = False
			return
	for method in frappe.get_hooks("before_app_install"):
		frappe.get_attr(method)(name)

	if name != "frappe":
		add_module_defs(name, ignore_if_duplicate=force)
	sync_for(name, force=force, reset_permissions=True)
	add_to_installed_apps(name)
	frappe.get_doc("Portal Settings", "Portal Settings").sync_menu()
	if set_as_patched:
		set_all_patches_as_completed(name)

	for method in hooks.after_install or []:
		frappe.get_attr(method)()
	for method in frappe.get_hooks("after_app_install"):
		frappe.get_attr(method)(name)

	sync_jobs()
	sync_fixtures(name)
	sync_customizations(name)
	sync_dashboards(name)
	for method in hooks.after_sync or []:
		frappe.get_attr(method)()

	frappe.clear_cache()
	frappe.client_cache.erase_persistent_caches()
	frappe.flags.in_install = False


def add_to_installed_apps(app_name: str, rebuild_website: bool = True) -> None:
	from frappe.installer import post_install

	installed = frappe.get_installed_apps()
	if app_name not in installed:
		_set_installed_apps([*installed, app_name])
		if frappe.flags.in_install:
			post_install(rebuild_website)


def remove_from_installed_apps(app_name: str) -> None:
	from frappe.installer import post_install

	installed = frappe.get_installed_apps()
	if app_name in installed:
		_set_installed_apps([app for app in installed if app != app_name])
		if frappe.flags.in_install:
			post_install()


def _set_installed_apps(apps: list[str]) -> None:
	frappe.db.set_global("installed_apps", json.dumps(apps))
	frappe.db.commit()  # as Frappe does: the next step reads the list in a fresh request cache
	frappe.local.request_cache.clear()
	frappe.local.doc_events_hooks = None
	frappe.clear_cache()


def remove_app(
	app_name: str, dry_run: bool = False, yes: bool = False, no_backup: bool = False, force: bool = False
) -> None:
	"""Remove an app: its uninstall hooks, its modules and all documents linked to them, its tables.

	Asks nothing and makes no backup: sandbox sites are thrown away. `yes` and `no_backup` are
	accepted because callers pass them on a bench.
	"""
	from frappe.installer import _delete_doctypes, _delete_modules

	installed = frappe.get_installed_apps()
	if app_name not in installed and not force:
		print(f"App {app_name} not installed on Site {frappe.local.site}")
		return
	for other in installed:
		required = frappe.get_hooks("required_apps", app_name=other)
		if other != app_name and any(app_name == name.rpartition("/")[2] for name in required):
			print(f"App {app_name} is a dependency of {other}. Uninstall {other} first.")
			return

	hooks = frappe.get_hooks(app_name=app_name)
	frappe.flags.in_uninstall = True
	for method in hooks.before_uninstall or []:
		frappe.get_attr(method)()
	for method in frappe.get_hooks("before_app_uninstall"):
		frappe.get_attr(method)(app_name)

	modules = frappe.get_all("Module Def", filters={"app_name": app_name}, pluck="name")
	_delete_doctypes(_delete_modules(modules, dry_run=dry_run), dry_run=dry_run)
	if not dry_run:
		remove_from_installed_apps(app_name)
		frappe.db.commit()  # as Frappe does: after_uninstall finds the app gone

	for method in hooks.after_uninstall or []:
		frappe.get_attr(method)()
	for method in frappe.get_hooks("after_app_uninstall"):
		frappe.get_attr(method)(app_name)
	frappe.client_cache.erase_persistent_caches()
	frappe.flags.in_uninstall = False
	if not dry_run:
		frappe.clear_cache()


def make_conf(db_name=None, db_password=None, site_config=None, **database) -> None:
	"""Write site_config.json if it is not there yet and open the site anew."""
	from frappe.installer import make_site_config

	site, sites_path = frappe.local.site, frappe.local.sites_path
	make_site_config(db_name, db_password, site_config, **database)
	frappe.destroy()
	frappe.init(site, sites_path=sites_path)


def sync_all(force: int = 0, reset_permissions: bool = False) -> None:
	"""Bring the doctypes of all installed apps into the database."""
	from frappe.model.sync import sync_for
	from frappe.patches import _patch_mode

	_patch_mode(True)
	for app in frappe.get_installed_apps():
		sync_for(app, force, reset_permissions=reset_permissions)
	_patch_mode(False)
	frappe.clear_cache()


def get_all_patches(patch_type=None) -> list[str]:
	"""The patches of all installed apps, app by app."""
	from frappe.patches import get_patches_from_app

	return [
		patch
		for app in frappe.get_installed_apps()
		for patch in get_patches_from_app(app, patch_type=patch_type)
	]


def get_setup_wizard_completed_apps() -> list[str]:
	"""A sandbox site needs no wizard: what its apps set up is set up when it is made."""
	return frappe.get_installed_apps()
