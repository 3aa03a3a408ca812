"""Several apps on a site.

The fork has one app, itself: every app-related question is answered with `["frappe"]` and the
app's name is ignored. Given back: `sites/apps.txt`, the site's list of installed apps, hooks of
one app or of all, the module map, and paths inside an app's package.
"""

import inspect
import json
import os
import types

import frappe
from frappe.utils.caching import request_cache, site_cache

REPLACES = {
	"frappe/__init__.py": {
		"get_app_path": "get_app_path",
		"get_app_source_path": "get_app_source_path",
		"get_module_list": "get_module_list",
		"get_all_apps": "get_all_apps",
		"get_installed_apps": "get_installed_apps",
		"_load_app_hooks": "_load_app_hooks",
		"_request_cached_load_app_hooks": "_request_cached_load_app_hooks",
		"_site_cached_load_app_hooks": "_site_cached_load_app_hooks",
		"get_hooks": "get_hooks",
		"setup_module_map": "setup_module_map",
		"get_attr": "get_attr",
	},
	"frappe/utils/safe_exec.py": {"get_hooks": "get_hooks_copy"},
}

EDITS = [
	# The caches of what is answered above must be cleared with the others.
	(
		"frappe/cache_manager.py",
		'	"app_modules",\n',
		'	"app_modules",\n	"all_apps",\n	"installed_app_modules",\n',
	),
	# Questions about one app that the fork puts to all apps at once.
	(
		"frappe/model/module_utils.py",
		'return frappe.get_hooks(hook="app_publisher")[0]',
		'return frappe.get_hooks(hook="app_publisher", app_name=app)[0]',
	),
	(
		"frappe/utils/fixtures.py",
		'frappe.get_hooks("fixture_auto_order")',
		'frappe.get_hooks("fixture_auto_order", app_name=app)',
	),
	(
		"frappe/utils/fixtures.py",
		'frappe.get_hooks("fixtures")',
		'frappe.get_hooks("fixtures", app_name=app)',
	),
	("frappe/utils/install.py", "	frappe.get_hooks()\n", ""),
	(
		"frappe/utils/install.py",
		'frappe.get_hooks()["app_title"][0]',
		'frappe.get_hooks("app_title", app_name=app_name)[0]',
	),
	(
		"frappe/migrate.py",
		'frappe.get_hooks("before_migrate")',
		'frappe.get_hooks("before_migrate", app_name=app)',
	),
	(
		"frappe/migrate.py",
		'frappe.get_hooks("override_doctype_class", {})',
		'frappe.get_hooks("override_doctype_class", {}, app_name=app)',
	),
	(
		"frappe/desk/doctype/desktop_icon/desktop_icon.py",
		'app_title = frappe.get_hooks("app_title")[0]\n				app_icon',
		'app_title = frappe.get_hooks("app_title", app_name=app_name)[0]\n				app_icon',
	),
	(
		"frappe/desk/doctype/desktop_icon/desktop_icon.py",
		'app_title = frappe.get_hooks("app_title")[0]\n		app_details = frappe.get_hooks("add_to_apps_screen")',
		'app_title = frappe.get_hooks("app_title", app_name=a)[0]\n'
		'		app_details = frappe.get_hooks("add_to_apps_screen", app_name=a)',
	),
	("frappe/boot.py", '	for app_name in ["frappe"]:', "	for app_name in frappe.get_installed_apps():"),
	(
		"frappe/boot.py",
		'		apps = frappe.get_hooks("add_to_apps_screen")',
		'		apps = frappe.get_hooks("add_to_apps_screen", app_name=app_name)',
	),
	(
		"frappe/boot.py",
		'app_title_hooks = frappe.get_hooks("app_title")',
		'app_title_hooks = frappe.get_hooks("app_title", app_name=app_name)',
	),
	(
		"frappe/boot.py",
		'app_home_hooks = frappe.get_hooks("app_home")',
		'app_home_hooks = frappe.get_hooks("app_home", app_name=app_name)',
	),
	(
		"frappe/boot.py",
		'app_logo_hooks = frappe.get_hooks("app_logo_url")',
		'app_logo_hooks = frappe.get_hooks("app_logo_url", app_name=app_name)',
	),
	("frappe/boot.py", '	for app in ["frappe"]:', "	for app in frappe.get_installed_apps():"),
]


def get_app_path(app_name: str, *joins) -> str:
	"""Path inside the app's package (`frappe.get_app_path("erpnext", "hooks.py")`)."""
	return frappe.get_pymodule_path(app_name, *joins)


def get_app_source_path(app_name: str, *joins) -> str:
	return get_app_path(app_name, "..", *joins)


def get_module_list(app_name: str = "frappe") -> list[str]:
	"""The app's modules as in its modules.txt."""
	return frappe.get_file_items(get_app_path(app_name, "modules.txt"))


def get_all_apps(with_internal_apps: bool = True, sites_path: str | None = None) -> list[str]:
	"""Apps of the bench, from `sites/apps.txt` (and the site's own), with frappe first."""
	folders = [sites_path or frappe.local.sites_path]
	if with_internal_apps:
		folders.append(frappe.local.site_path)
	apps = ["frappe"]
	for folder in folders:
		apps += [app for app in frappe.get_file_items(os.path.join(folder, "apps.txt")) if app not in apps]
	return apps


@request_cache
def get_installed_apps(*, _ensure_on_bench: bool = False) -> list[str]:
	"""Apps of the open site, in the order of their installation."""
	if getattr(frappe.flags, "in_install_db", True):
		return []
	if not frappe.db:
		frappe.connect()
	installed = json.loads(frappe.db.get_global("installed_apps") or "[]")
	if _ensure_on_bench:
		on_bench = frappe.cache.get_value("all_apps", get_all_apps)
		installed = [app for app in installed if app in on_bench]
	return installed


def _load_app_hooks(app_name: str | None = None) -> dict:
	"""Read hooks.py of one app, or of all installed ones, each value as a list."""
	hooks: dict = {}
	for app in [app_name] if app_name else get_installed_apps(_ensure_on_bench=True):
		module = frappe.get_module(f"{app}.hooks")
		for key, value in inspect.getmembers(module):
			code = isinstance(value, types.ModuleType | types.FunctionType | type)
			if not key.startswith("_") and not code:
				frappe.append_hook(hooks, key, value)
	return hooks


_request_cached_load_app_hooks = request_cache(_load_app_hooks)
_site_cached_load_app_hooks = site_cache(_load_app_hooks)


def get_hooks(hook: str | None = None, default="_KEEP_DEFAULT_LIST", app_name: str | None = None):
	"""Hooks of one app, or of all installed apps together: all of them, or the list under `hook`."""
	if app_name:
		hooks = _request_cached_load_app_hooks(app_name)
	elif frappe.local.conf.developer_mode:
		hooks = _site_cached_load_app_hooks()
	else:
		hooks = frappe.client_cache.get_value("app_hooks")
		if hooks is None:
			hooks = _load_app_hooks()
			frappe.client_cache.set_value("app_hooks", hooks)
	if hook:
		return hooks.get(hook, [] if default == "_KEEP_DEFAULT_LIST" else default)
	return frappe._dict(hooks)


def get_hooks_copy(hook: str | None = None, default=None, app_name: str | None = None):
	"""The same for server scripts, which must not change what everybody shares."""
	import copy

	return copy.deepcopy(frappe.get_hooks(hook=hook, default=default, app_name=app_name))


def setup_module_map(include_all_apps: bool = True) -> None:
	"""Fill `frappe.local.app_modules` (app -> modules) and `module_app` (module -> app)."""
	cache, key = (
		(frappe.cache, "app_modules") if include_all_apps else (frappe.client_cache, "installed_app_modules")
	)
	app_modules = cache.get_value(key)
	if not app_modules:
		apps = get_all_apps() if include_all_apps else get_installed_apps(_ensure_on_bench=True)
		app_modules = {app: [frappe.scrub(module) for module in get_module_list(app)] for app in apps}
		cache.set_value(key, app_modules)
	frappe.local.app_modules = app_modules
	frappe.local.module_app = {module: app for app, modules in app_modules.items() for module in modules}


def get_attr(method_string: str):
	"""The function behind a dotted name, if its app is installed on the site."""
	app = method_string.split(".", 1)[0]
	flags = frappe.local.flags
	if not flags.in_uninstall and not flags.in_install and app not in get_installed_apps():
		frappe.throw(frappe._("App {0} is not installed").format(app), frappe.AppNotInstalledError)
	module, _, name = method_string.rpartition(".")
	return getattr(frappe.get_module(module), name)
