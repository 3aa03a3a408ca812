"""Sites of a sandbox: prepared once per state of the apps, then copied.

Preparing a site means running Frappe's installer, which takes many seconds. So a template is kept
in the cache for each list of apps, one layer per app: when only the last app's doctypes change, only
that app is installed anew. A template is found by the content of what its making depends on (see
`app_hash`), never by dates.
"""

import ast
import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from sandbox.engine import activate
from sandbox.engine.services import MariaDB
from sandbox.engine.wheel import EngineError, cache_folder, engine_hash, forget_old, lock

TEMPLATE = "template.localhost"
ADMIN_PASSWORD = "admin"  # of every template; a sandbox listens on loopback only

# What a site made from an app depends on, besides what hooks.py names for installation.
DEFINING = ("*.json", "*.txt", "*.csv", "hooks.py", "install.py", "setup/**/*.py", "patches/**/*.py")
INSTALL_HOOKS = ("before_install", "after_install", "after_sync", "before_app_install", "after_app_install")
# Of a site's own config, what belongs to that one database and is never copied.
DATABASE_KEYS = ("db_name", "db_user", "db_password", "db_socket", "db_host", "db_port")


def make_bench(
	sites_path: Path | str, apps: Iterable[str] = (), redis_url: str | None = None, **config
) -> Path:
	"""Make (or bring up to date) a bench-like `sites` folder: apps.txt and common_site_config.json."""
	sites = Path(sites_path).resolve()
	sites.mkdir(parents=True, exist_ok=True)
	(sites / "logs").mkdir(exist_ok=True)
	(sites.parent / "config").mkdir(exist_ok=True)
	(sites.parent / "logs").mkdir(exist_ok=True)
	listed = (sites / "apps.txt").read_text().split() if (sites / "apps.txt").exists() else ["frappe"]
	(sites / "apps.txt").write_text(
		"".join(f"{app}\n" for app in [*listed, *(a for a in apps if a not in listed)])
	)
	common = sites / "common_site_config.json"
	settings = json.loads(common.read_text()) if common.exists() else {}
	if redis_url:
		settings |= {key: redis_url for key in ("redis_cache", "redis_queue", "redis_socketio")}
	_write(common, settings | config)
	return sites


def new_site(
	sites_path: Path | str,
	site: str,
	db_type: str = "sqlite",
	apps: Sequence[str] = ("erpnext", "integration_hub"),
	admin_password: str = ADMIN_PASSWORD,
	mariadb: MariaDB | None = None,
	config: dict | None = None,
) -> Path:
	"""Make a site with these apps installed and return its folder.

	`apps` without frappe, in the order of installation; each must be importable. With
	db_type="mariadb", `mariadb` is the running server that gets the database. `config` is added to
	the site's site_config.json.
	"""
	activate()
	for app in apps:
		app_package(app)
	sites = make_bench(sites_path, apps)
	template = prepare(db_type, apps, mariadb)
	return _copy(template / TEMPLATE, sites / site, mariadb, admin_password, config)


def copy_site(
	template: Path | str,
	target: Path | str,
	mariadb: MariaDB | None = None,
	admin_password: str | None = None,
	config: dict | None = None,
) -> Path:
	"""Copy a site's folder with its database, also while it is in use; `target` is replaced."""
	return _copy(Path(template).resolve(), Path(target).resolve(), mariadb, admin_password, config)


def drop_site(site_path: Path | str, mariadb: MariaDB | None = None) -> None:
	"""Delete a site with its database."""
	site = Path(site_path)
	config = json.loads((site / "site_config.json").read_text())
	if config.get("db_type") == "mariadb":
		server = _server(mariadb)
		# A connection with an open transaction would make the server wait for it.
		own = f"SELECT id FROM information_schema.processlist WHERE db = '{config['db_name']}'"
		for connection in server.run_sql(own).split():
			server.run_sql(f"KILL {connection}")
		server.run_sql(f"DROP DATABASE IF EXISTS `{config['db_name']}`")
		for host in ("localhost", "127.0.0.1"):
			server.run_sql(f"DROP USER IF EXISTS `{config['db_user']}`@'{host}'")
	shutil.rmtree(site)


def _server(mariadb: MariaDB | None) -> MariaDB:
	if mariadb is None:
		raise EngineError("a site on MariaDB needs a running server: pass mariadb=services.MariaDB().start()")
	return mariadb


def _copy(source: Path, target: Path, mariadb, admin_password, extra) -> Path:
	if target.exists():
		drop_site(target, mariadb)
	config = json.loads((source / "site_config.json").read_text())
	database = f"_{hashlib.sha1(str(target).encode()).hexdigest()[:10]}{secrets.token_hex(3)}"
	make_site_folders(target)
	for folder in ("public/files", "private/files"):
		if (source / folder).is_dir():
			shutil.copytree(source / folder, target / folder, dirs_exist_ok=True)
	kept = {key: value for key, value in config.items() if key not in DATABASE_KEYS}
	if config["db_type"] == "sqlite":
		_copy_sqlite(source / "db" / f"{config['db_name']}.db", target / "db" / f"{database}.db")
		kept |= {"db_name": database}
	else:
		kept |= _copy_mariadb(source, config, database, _server(mariadb))
	_write(target / "site_config.json", kept | (extra or {}))
	if admin_password and admin_password != ADMIN_PASSWORD:
		_run_builder(target.parent, target.name, "set-password", admin_password)
	return target


def make_site_folders(site: Path) -> None:
	for folder in ("db", "public/files", "private/files", "private/backups", "locks", "logs"):
		(site / folder).mkdir(parents=True, exist_ok=True)


def _copy_sqlite(source: Path, target: Path) -> None:
	"""A consistent copy, whoever is writing to the source at the moment."""
	reading, writing = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target)
	try:
		reading.backup(writing)
	finally:
		reading.close()
		writing.close()


def _copy_mariadb(source: Path, config: dict, database: str, server: MariaDB) -> dict:
	"""Load the source's dump (a template keeps one, a living site is dumped now) into a new database."""
	settings = create_database(server, database)
	dump = source / "database.sql"
	load = [*server.client(), "--init-command=SET foreign_key_checks=0, unique_checks=0", database]
	if dump.exists():
		with open(dump, "rb") as text:
			done = subprocess.run(load, stdin=text, capture_output=True)
	else:
		with subprocess.Popen([*dump_command(server), config["db_name"]], stdout=subprocess.PIPE) as dumping:
			done = subprocess.run(load, stdin=dumping.stdout, capture_output=True)
	if done.returncode:
		raise EngineError(f"the database could not be copied: {done.stderr.decode()[-500:]}")
	return settings


def dump_command(server: MariaDB) -> list[str]:
	return [*server.client("mariadb-dump"), "--single-transaction", "--skip-lock-tables", "--skip-comments"]


def create_database(server: MariaDB, name: str) -> dict:
	"""Make an empty database and its user; return what goes into site_config.json."""
	password = secrets.token_hex(8)
	statements = [f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"]
	for host in ("localhost", "127.0.0.1"):
		statements.append(f"CREATE USER `{name}`@'{host}' IDENTIFIED BY '{password}'")
		statements.append(f"GRANT ALL ON `{name}`.* TO `{name}`@'{host}'")
	server.run_sql(";\n".join(statements))
	return {"db_name": name, "db_user": name, "db_password": password} | server_settings(server)


def server_settings(server: MariaDB) -> dict:
	return {"db_host": "127.0.0.1", "db_port": server.port, "db_socket": str(server.socket)}


# Templates --------------------------------------------------------------------------------------


def prepare(db_type: str, apps: Sequence[str], mariadb: MariaDB | None = None) -> Path:
	"""Return the `sites` folder of the template with these apps; make it first if there is none."""
	if db_type not in ("sqlite", "mariadb"):
		raise EngineError(f"db_type is sqlite or mariadb, not {db_type}")
	activate()
	apps = [app for app in apps if app != "frappe"]
	key = template_key(db_type, apps)
	target = cache_folder() / "sites" / f"{db_type}-{key}"
	if target.is_dir():
		os.utime(target)  # it is in use
		return target
	forget_old(cache_folder() / "sites", "*-" + "?" * 16)
	with lock(cache_folder() / "sites" / f"{db_type}-{key}.lock"):
		if not target.is_dir():
			below = prepare(db_type, apps[:-1], mariadb) if apps else None
			scratch = Path(tempfile.mkdtemp(prefix="making-", dir=target.parent))
			try:
				_make_template(scratch, db_type, apps, below, mariadb)
				scratch.rename(target)
			finally:
				shutil.rmtree(scratch, ignore_errors=True)
	return target


def _make_template(sites: Path, db_type: str, apps: list[str], below: Path | None, mariadb) -> None:
	make_bench(sites, apps)
	site = sites / TEMPLATE
	if below:
		_copy(below / TEMPLATE, site, mariadb, None, None)
		_run_builder(sites, TEMPLATE, "install", apps[-1])
	else:
		make_site_folders(site)
		settings = {"db_type": db_type, "db_name": "template", "allow_tests": True}
		if db_type == "mariadb":
			settings |= create_database(_server(mariadb), f"_{secrets.token_hex(8)}")
		_write(site / "site_config.json", settings)
		_run_builder(sites, TEMPLATE, "bootstrap", ADMIN_PASSWORD)
	if db_type == "mariadb":
		config = json.loads((site / "site_config.json").read_text())
		with open(site / "database.sql", "wb") as dump:
			subprocess.run([*dump_command(_server(mariadb)), config["db_name"]], stdout=dump, check=True)
		_server(mariadb).run_sql(f"DROP DATABASE `{config['db_name']}`")


def template_key(db_type: str, apps: Sequence[str]) -> str:
	"""Name of a template: what the engine is made of, and what each of its apps defines."""
	digest = hashlib.sha256(f"{db_type} {engine_hash()}".encode())
	for name in ("sites.py", "build.py"):
		digest.update((Path(__file__).parent / name).read_bytes())
	for app in apps:
		digest.update(f"{app} {app_hash(app)}".encode())
	return digest.hexdigest()[:16]


def app_hash(app: str) -> str:
	"""Hash over everything in an app that decides what a site looks like after its installation.

	That is its doctypes and other JSON, lists, hooks.py, and the modules that hooks.py names for
	installation. The documents' Python is read when it runs, so it is not part of it.
	"""
	package = app_package(app)
	files = {path for pattern in DEFINING for path in package.rglob(pattern)}
	files |= {path for path in _install_modules(package) if path.is_file()}
	digest = hashlib.sha256()
	for path in sorted(files):
		if not {"node_modules", "__pycache__"} & set(path.parts):
			digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
	return digest.hexdigest()


def app_package(app: str) -> Path:
	spec = importlib.util.find_spec(app)
	if not spec or not spec.origin:
		raise EngineError(f"the app {app} cannot be imported, so it cannot be installed on a site")
	return Path(spec.origin).parent


def _install_modules(package: Path) -> set[Path]:
	"""Files of the modules that the app's hooks.py names for installation, and of those of its own that they import, read
	without importing them."""
	named = set()
	for node in ast.parse((package / "hooks.py").read_text()).body:
		if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) in INSTALL_HOOKS:
			for value in ast.walk(node.value):
				if isinstance(value, ast.Constant) and isinstance(value.value, str):
					named |= _files_of(package, value.value.rpartition(".")[0])
	imported = set()
	for path in filter(Path.is_file, named):
		for node in ast.walk(ast.parse(path.read_text())):
			if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == package.name:
				for module in (node.module, *(f"{node.module}.{one.name}" for one in node.names)):
					imported |= _files_of(package, module)
	return named | imported


def _files_of(package: Path, module: str) -> set[Path]:
	path = package.joinpath(*module.split(".")[1:])
	return {path.with_suffix(".py"), path / "__init__.py"}


def _run_builder(sites: Path, site: str, *arguments: str) -> None:
	"""Run `sandbox.engine.build` in a process of its own, so that the caller's frappe stays as it is."""
	paths = [str(Path(__file__).resolve().parents[2]), *(path for path in sys.path if path)]
	environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": ""}
	for name in ("FRAPPE_SITE", "SITES_PATH"):
		environment.pop(name, None)
	command = [sys.executable, "-m", "sandbox.engine.build", str(sites), site, *arguments]
	done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=sites)
	if done.returncode:
		raise EngineError(f"{' '.join(arguments)} failed on {site}:\n{(done.stdout + done.stderr)[-6000:]}")


def _write(path: Path, settings: dict) -> None:
	"""Write JSON so that a reader never sees half of it."""
	scratch = path.with_name(f".{path.name}.{os.getpid()}")
	scratch.write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n")
	scratch.rename(path)
