"""The engines a test may stand on, behind one small interface.

`open()` connects frappe in this process; `serve()` starts a web server; `python(*args)` starts a process of
the same environment (workers that can be killed); `worker()` starts a real RQ worker.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SITE = "hub.localhost"


class Ground:
	name: str
	site: str
	sites_path: Path

	def __init__(self):
		self._processes: list[subprocess.Popen] = []
		self._web: str | None = None

	def environment(self) -> dict[str, str]:
		return {
			**os.environ,
			"SITES_PATH": str(self.sites_path),
			"HUB_SITE": self.site,
			"HUB_GROUND": self.name,
			"PYTHONPATH": os.pathsep.join([str(PROJECT), *(path for path in sys.path if path)]),
			"PYTHONDONTWRITEBYTECODE": "1",
		}

	def open(self) -> None:
		"""Connect this process to the site as Administrator."""
		connect(self.name, self.site, self.sites_path)

	def python(self, *arguments: str, **options) -> subprocess.Popen:
		"""A process in this environment, with the project and the site at hand (see `tests.support.process`)."""
		process = subprocess.Popen(
			[sys.executable, *arguments], env=self.environment(), cwd=self.sites_path, **options
		)
		self._processes.append(process)
		return process

	def drainer(self, connection: str, **options) -> subprocess.Popen:
		"""A process that works on one Connection's due Events and ends."""
		return self.python("-m", "tests.support.process", "drain", connection, **options)

	def stop(self) -> None:
		for process in self._processes:
			if process.poll() is None:
				process.kill()
				process.wait()


def connect(name: str, site: str, sites_path: Path) -> None:
	if name != "bench":
		from sandbox.engine import activate

		activate()
	os.chdir(sites_path)
	import frappe

	frappe.destroy()
	frappe.init(site, sites_path=str(sites_path), force=True)
	frappe.connect()


class SandboxGround(Ground):
	def __init__(self, db: str):
		super().__init__()
		self.name, self.site = db, SITE

	def start(self) -> None:
		from sandbox.engine.bench import Bench
		from sandbox.erpnext.company import setup_company

		self.bench = Bench(db_type=self.name).start()
		self.sites_path = self.bench.sites_path
		self.bench.new_site(SITE, config={"developer_mode": 0, "mute_emails": 1})
		self.open()
		setup_company()

	def open(self) -> None:
		self.bench.open(self.site)

	@property
	def redis(self) -> str:
		return self.bench.redis.url

	def serve(self) -> str:
		if self._web is None:
			_process, self._web = self.bench.serve(self.site, threads=16)
		return self._web

	def worker(self) -> subprocess.Popen:
		return self.bench.worker()

	def stop(self) -> None:
		super().stop()
		import frappe

		frappe.destroy()
		os.chdir(PROJECT)
		self.bench.stop()


class BenchGround(Ground):
	name = "bench"

	def __init__(self, bench: str, site: str | None, keep: bool = False):
		super().__init__()
		self.path = Path(bench).resolve()
		self.sites_path = self.path / "sites"
		self.site = site or (self.sites_path / "currentsite.txt").read_text().strip()
		self.keep = keep

	def start(self) -> None:
		installed = "integration_hub" in self._bench("list-apps").stdout
		self.installed_by_us = not installed
		if self.installed_by_us:
			self._flush_modules()
			self._bench("install-app", "integration_hub")

	def open(self) -> None:
		import frappe

		super().open()
		# a run makes more people within an hour than Frappe lets a site make
		frappe.local.conf.throttle_user_limit = 10_000

	def _bench(self, *command: str) -> subprocess.CompletedProcess:
		return subprocess.run(
			[sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", self.site, *command],
			cwd=self.sites_path,
			check=True,
			text=True,
			capture_output=True,
		)

	def _flush_modules(self) -> None:
		"""A stale list of modules in Redis makes `install-app` sync no DocTypes."""
		import json

		import redis

		config = json.loads((self.sites_path / "common_site_config.json").read_text())
		redis.from_url(config["redis_cache"]).flushall()

	@property
	def redis(self) -> str:
		import frappe

		return frappe.conf.redis_queue

	def serve(self) -> str:
		if self._web is None:
			port = free_port()
			self.python(
				"-m",
				"gunicorn",
				"tests.support.web:application()",
				"--bind",
				f"127.0.0.1:{port}",
				"--worker-class",
				"gthread",
				"--threads",
				"16",
				"--workers",
				"2",
				stdout=subprocess.DEVNULL,
				stderr=subprocess.DEVNULL,
			)
			self._web = f"http://127.0.0.1:{port}"
			wait_for_web(self._web)
		return self._web

	def worker(self) -> subprocess.Popen:
		return self.python(
			"-c",
			"from frappe.utils.background_jobs import start_worker; start_worker('default,short,long', quiet=True)",
		)

	def stop(self) -> None:
		super().stop()
		import frappe

		frappe.destroy()
		if self.installed_by_us and not self.keep:
			self._bench("uninstall-app", "integration_hub", "--yes", "--no-backup")


def free_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


def wait_for_web(address: str, seconds: float = 60) -> None:
	end = time.monotonic() + seconds
	while True:
		try:
			with urllib.request.urlopen(f"{address}/api/method/ping", timeout=10) as answer:
				if answer.status == 200:
					return
		except OSError:
			if time.monotonic() > end:
				raise
			time.sleep(0.2)
