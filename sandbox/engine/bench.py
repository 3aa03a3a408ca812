"""A whole bench in one object: its services, its sites and its processes.

with Bench(folder, apps=["erpnext", "integration_hub"]) as bench:
	bench.new_site("shop.localhost")
	bench.open("shop.localhost")        # frappe.init + frappe.connect in this process
	process, address = bench.serve("shop.localhost")
	bench.worker()
"""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from sandbox.engine import activate, processes, sites
from sandbox.engine.services import MariaDB, Redis, stop_process


class Bench:
	"""Sites in `folder/sites` (a temporary folder if none is given) on SQLite or MariaDB, with a Redis."""

	def __init__(
		self,
		folder: Path | str | None = None,
		apps: Sequence[str] = ("erpnext", "integration_hub"),
		db_type: str = "sqlite",
		redis: Redis | None = None,
		mariadb: MariaDB | None = None,
	):
		self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="sandbox-bench-")
		self.folder = Path(folder or self._temporary.name).resolve()
		self.sites_path = self.folder / "sites"
		self.apps, self.db_type = list(apps), db_type
		self.redis, self.mariadb = redis, mariadb
		self._own: list[Redis | MariaDB] = []
		self._processes: list[subprocess.Popen] = []

	def start(self) -> Self:
		"""Start the services that were not given, and make `frappe` importable."""
		activate()
		if self.redis is None:
			self.redis = Redis().start()
			self._own.append(self.redis)
		if self.db_type == "mariadb" and self.mariadb is None:
			self.mariadb = MariaDB().start()
			self._own.append(self.mariadb)
		sites.make_bench(self.sites_path, self.apps, self.redis.url)
		os.environ["SITES_PATH"] = str(self.sites_path)
		return self

	def new_site(self, site: str, apps: Sequence[str] | None = None, **options) -> Path:
		"""See `sites.new_site`."""
		apps = self.apps if apps is None else apps
		return sites.new_site(self.sites_path, site, self.db_type, apps, mariadb=self.mariadb, **options)

	def copy_site(self, source: str, target: str, **options) -> Path:
		"""See `sites.copy_site`; both names are of this bench."""
		return sites.copy_site(self.sites_path / source, self.sites_path / target, self.mariadb, **options)

	def drop_site(self, site: str) -> None:
		sites.drop_site(self.sites_path / site, self.mariadb)

	def open(self, site: str) -> None:
		"""Open a site in this process, as Administrator; the one open before is closed."""
		import frappe

		frappe.destroy()
		forget_other_bench(frappe, self.redis.port)
		os.environ["SITES_PATH"] = str(self.sites_path)
		frappe.init(site, sites_path=str(self.sites_path), force=True)
		frappe.connect()

	def serve(self, site: str, **options) -> tuple[subprocess.Popen, str]:
		"""See `processes.serve`."""
		process, address = processes.serve(self.sites_path, site, **options)
		self._processes.append(process)
		return process, address

	def worker(self, **options) -> subprocess.Popen:
		"""See `processes.worker`."""
		self._processes.append(processes.worker(self.sites_path, **options))
		return self._processes[-1]

	def scheduler(self, **options) -> subprocess.Popen:
		"""See `processes.scheduler`."""
		self._processes.append(processes.scheduler(self.sites_path, **options))
		return self._processes[-1]

	def build_desk(self) -> list[str]:
		"""Give the sites the real Desk (needs npm); see `desk.link_assets`."""
		from sandbox.engine.desk import link_assets

		return link_assets(self.sites_path, self.apps)

	def stop(self) -> None:
		"""End the processes and the services that this bench has started."""
		for process in reversed(self._processes):
			stop_process(process)
		for service in reversed(self._own):
			service.stop()
		self._processes, self._own = [], []
		if self._temporary:
			self._temporary.cleanup()

	def __enter__(self) -> Self:
		return self.start()

	def __exit__(self, *_) -> None:
		self.stop()


def forget_other_bench(frappe, redis_port: int) -> None:
	"""Drop what this process keeps of sites by their name, and connections to another bench's Redis.

	On a real bench a process never sees two of them; in one test run it may.
	"""
	import frappe.utils.background_jobs as jobs
	import frappe.utils.caching as caching

	caching._SITE_CACHE.clear()
	frappe.controllers.clear()
	frappe.lazy_controllers.clear()
	if frappe.cache and frappe.cache.connection_pool.connection_kwargs.get("port") != redis_port:
		frappe.cache = frappe.client_cache = None
	jobs._redis_queue_conn = None
