"""Several sites in a bench-like folder.

The fork knows one site, configured by environment variables and the current directory. Apps and
tests rely on `frappe.init(site, sites_path=...)`, `sites/common_site_config.json` and
`sites/<site>/site_config.json`; so those are given back. Where the fork calls `init()` without a
site, the site already open, `FRAPPE_SITE` or the common config's `default_site` is meant.
"""

import json
import os
from collections import defaultdict

import frappe

REPLACES = {
	"frappe/__init__.py": {
		"init": "init",
		"connect": "connect",
		"init_site": "init_site",
		"get_site_name": "get_site_name",
		"get_site_path": "get_site_path",
		"is_setup_complete": "is_setup_complete",
	},
	"frappe/config.py": {
		"get_site_config": "get_site_config",
		"get_common_site_config": "get_common_site_config",
		"clear_site_config_cache": "clear_site_config_cache",
		"get_conf": "get_conf",
	},
	"frappe/utils/__init__.py": {
		"get_sites": "get_sites",
		"get_bench_path": "get_bench_path",
		"get_site_base_path": "get_site_base_path",
		"get_site_name_from_host": "get_site_name_from_host",
	},
}

EDITS = [
	# The list of built assets is the bench's, wherever the process runs; and there may be none.
	(
		"frappe/utils/__init__.py",
		'assets = frappe.parse_json(frappe.read_file("assets/assets.json"))',
		'folder = os.path.join(frappe.local.sites_path, "assets")\n'
		'		assets = frappe.parse_json(frappe.read_file(os.path.join(folder, "assets.json")) or "{}")',
	),
	(
		"frappe/utils/__init__.py",
		'frappe.read_file("assets/assets-rtl.json")',
		'frappe.read_file(os.path.join(folder, "assets-rtl.json"))',
	),
	# Logs go to the bench's folder wherever the process runs, and a file is made when it is written to.
	(
		"frappe/utils/logger.py",
		'log_filename = os.path.join("..", "logs", logfile)\n'
		"		handler = RotatingFileHandler(log_filename, maxBytes=max_size, backupCount=file_count)",
		"log_filename = frappe._sandbox.sites.log_file(frappe.utils.get_bench_path(), logfile)\n"
		"		handler = RotatingFileHandler(log_filename, maxBytes=max_size, backupCount=file_count, delay=True)",
	),
	(
		"frappe/utils/logger.py",
		'sitelog_filename = os.path.join(site, "logs", logfile)\n'
		"		site_handler = RotatingFileHandler(sitelog_filename, maxBytes=max_size, backupCount=file_count)",
		"sitelog_filename = frappe._sandbox.sites.log_file(frappe.local.sites_path, site, logfile)\n"
		"		site_handler = RotatingFileHandler(\n"
		"			sitelog_filename, maxBytes=max_size, backupCount=file_count, delay=True\n		)",
	),
]

# (path, modification time) of the two files -> their merged content, for long-lived processes.
_configs: dict[tuple, dict] = {}


def init(site: str | None = None, sites_path: str | None = None, new_site: bool = False, force: bool = False):
	"""Set up `frappe.local` for one site. Does not connect to its database."""
	from werkzeug.datastructures import Headers

	local = frappe.local
	if getattr(local, "initialised", None) and not force:
		return

	sites_path = sites_path or getattr(local, "sites_path", None) or os.environ.get("SITES_PATH") or "."
	if site is None:
		site = getattr(local, "site", None) or os.environ.get("FRAPPE_SITE")
	if site is None:
		site = get_common_site_config(sites_path).get("default_site", "")

	local.error_log, local.message_log, local.debug_log = [], [], []
	local.flags = frappe._dict(
		currently_saving=[],
		redirect_location="",
		in_install_db=False,
		in_install_app=False,
		in_import=False,
		in_test=frappe.in_test,
		mute_messages=False,
		ignore_links=False,
		mute_emails=False,
		has_dataurl=False,
		new_site=new_site,
		read_only=False,
	)
	local.locked_documents = []
	local.test_objects = defaultdict(list)

	local.site = local.site_name = site
	local.sites_path = local.app_path = sites_path
	local.site_path = os.path.join(sites_path, site)
	local.all_apps = None

	local.request_ip = None
	local.response = frappe._dict(docs=[])
	local.response_headers = Headers()
	local.task_id = None

	local.conf = get_site_config(sites_path, local.site_path, cached=bool(frappe.request))
	local.lang = local.conf.get("lang") or "en"

	local.module_app = local.app_modules = None
	local.user = local.user_perms = None
	local.role_permissions = {}
	local.valid_columns = {}
	local.new_doc_templates = {}

	local.request_cache = defaultdict(dict)
	local.jenv = local.jloader = None
	local.cache = {}
	local.form_dict = frappe._dict()
	local.preload_assets = {"style": [], "script": [], "icons": []}
	local.session = frappe._dict(user="Guest", data=frappe._dict())
	local.dev_server = frappe._dev_server
	local.qb = frappe.get_query_builder(local.conf.db_type)
	if not frappe.cache or not frappe.client_cache:
		frappe.setup_redis_cache_connection()

	frappe.setup_module_map(include_all_apps=not (frappe.request or frappe.job or local.flags.in_migrate))
	local.initialised = True


def connect(site: str | None = None, db_name: str | None = None, set_admin_as_user: bool = True) -> None:
	"""Connect to the open site's database; `site` and `db_name` are Frappe's old, deprecated ways."""
	from frappe.database import get_db

	if site or not hasattr(frappe.local, "conf"):
		frappe.init(site)
	conf = frappe.local.conf
	name = conf.db_name or db_name
	if not name:
		raise ValueError(f"site {frappe.local.site!r} has no db_name in its site_config.json")
	frappe.local.db = get_db(
		socket=conf.db_socket,
		host=conf.db_host,
		port=conf.db_port,
		user=conf.db_user or name,
		password=conf.db_password,
		cur_db_name=name,
	)
	if set_admin_as_user:
		frappe.set_user("Administrator")


class init_site:
	"""`with frappe.init_site(site):` opens a site; without one, only the common config."""

	def __init__(self, site=None):
		self.site = site or ""

	def __enter__(self):
		frappe.init(self.site)
		return frappe.local

	def __exit__(self, *_):
		frappe.destroy()


def get_site_name() -> str:
	"""The open site's name (the fork calls this where Frappe reads `frappe.local.site`)."""
	return getattr(frappe.local, "site", "")


def get_site_path(*joins) -> str:
	return os.path.join(frappe.local.site_path, *joins)


def is_setup_complete() -> bool:
	"""Whether the setup wizard is done (the fork looks for a table that single documents do not have)."""
	return bool(frappe.db.get_single_value("System Settings", "setup_complete"))


def get_site_base_path() -> str:
	return frappe.local.site_path


def get_bench_path() -> str:
	"""The folder around `sites`, as on a bench (also `FRAPPE_BENCH_ROOT`)."""
	sites = getattr(frappe.local, "sites_path", None) or os.environ.get("SITES_PATH") or "."
	return os.environ.get("FRAPPE_BENCH_ROOT") or os.path.dirname(os.path.abspath(sites))


def get_sites(sites_path: str | None = None) -> list[str]:
	"""Names of the folders in `sites` that hold a site_config.json."""
	sites_path = sites_path or getattr(frappe.local, "sites_path", None) or "."
	return sorted(
		entry.name
		for entry in os.scandir(sites_path)
		if entry.is_dir(follow_symlinks=False)
		and os.path.exists(os.path.join(entry.path, "site_config.json"))
	)


def get_site_name_from_host(hostname: str) -> str:
	return hostname.split(":", 1)[0]


def log_file(*folders: str) -> str:
	"""Path of a log file `(..., folder, name)` in the folder's `logs`, which is made if need be."""
	logs = os.path.join(os.path.abspath(os.path.join(*folders[:-1])), "logs")
	os.makedirs(logs, exist_ok=True)
	return os.path.join(logs, folders[-1])


# Configuration ----------------------------------------------------------------------------------


def get_common_site_config(sites_path: str | None = None, cached: bool = False):
	"""`sites/common_site_config.json` as a dict; empty when there is none."""
	sites_path = sites_path or getattr(frappe.local, "sites_path", None) or os.environ.get("SITES_PATH", ".")
	return frappe._dict(_read(os.path.join(sites_path, "common_site_config.json")) or {})


def get_site_config(sites_path: str | None = None, site_path: str | None = None, *, cached: bool = False):
	"""The site's config on top of the common one, with Frappe's defaults and environment variables."""
	sites_path = sites_path or getattr(frappe.local, "sites_path", None) or "."
	site_path = site_path or getattr(frappe.local, "site_path", None)
	config = get_common_site_config(sites_path)
	if site_path and os.path.basename(site_path):
		own = _read(os.path.join(site_path, "site_config.json"))
		if own is None and not frappe.local.flags.new_site:
			raise frappe.IncorrectSitePath(f"{os.path.basename(site_path)} does not exist in {sites_path}")
		config.update(own or {})

	def setting(key, default=None):
		config[key] = os.environ.get(f"FRAPPE_{key.upper()}") or config.get(key) or default

	setting("redis_queue", "redis://127.0.0.1:11311")
	setting("redis_cache", "redis://127.0.0.1:13311")
	setting("db_type", "mariadb")
	setting("db_name", config.get("db_user"))
	if config.db_type != "sqlite":
		setting("db_socket")
		setting("db_host", "127.0.0.1")
		setting("db_port", 3306)
		config.db_port = int(config.db_port)
		setting("db_user", config.db_name)
		setting("db_password")
	# mysqlclient has no wheel for Linux, so PyMySQL, Frappe's other driver, is the default here.
	config.setdefault("use_mysqlclient", 0)
	return config


def get_conf(site: str | None = None):
	if hasattr(frappe.local, "conf"):
		return frappe.local.conf
	with frappe.init_site(site):
		return frappe.local.conf


def clear_site_config_cache() -> None:
	_configs.clear()


def _read(path: str) -> dict | None:
	"""Content of a JSON file, or None when it does not exist; read again when the file has changed."""
	try:
		stat = os.stat(path)
	except FileNotFoundError:
		return None
	key = (os.path.abspath(path), stat.st_mtime_ns, stat.st_size)
	if key not in _configs:
		with open(path) as handle:
			_configs[key] = json.load(handle)
	return dict(_configs[key])
