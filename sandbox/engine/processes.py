"""The processes of a bench: web server, RQ worker, scheduler. Each is a real process of its own.

The functions ending in `_forever` are what such a process runs; the others start one and return it.
"""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from sandbox.engine import activate
from sandbox.engine.services import free_port, listens, start_process, wait_until

QUEUES = ("default", "short", "long")


def environment(sites_path: Path | str, site: str | None = None) -> dict[str, str]:
	"""What a process must be told to find its bench, and everything that this process can import."""
	paths = [str(Path(__file__).resolve().parents[2]), *(path for path in sys.path if path)]
	told = os.environ | {"SITES_PATH": str(Path(sites_path).resolve()), "PYTHONPATH": os.pathsep.join(paths)}
	told.pop("FRAPPE_SITE", None)
	return told | {"FRAPPE_SITE": site} if site else told


def serve(sites_path: Path | str, site: str, port: int | None = None, threads: int = 8, workers: int = 1):
	"""Start the web server of one site on loopback; returns (process, address) once it answers.

	gunicorn with threads; with `workers` > 1 also several processes, as in production.
	"""
	port = port or free_port()
	sites = Path(sites_path).resolve()
	command = [sys.executable, "-m", "gunicorn", "sandbox.engine.processes:web_application()"]
	command += ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", str(threads)]
	command += [
		"--workers",
		str(workers),
		"--timeout",
		"120",
		"--graceful-timeout",
		"5",
		"--keep-alive",
		"30",
	]
	command += ["--worker-tmp-dir", "/dev/shm" if os.path.isdir("/dev/shm") else str(sites)]
	log = sites / "logs" / f"web-{port}.log"
	process = start_process(command, log, env=environment(sites, site), cwd=sites)
	address = f"http://127.0.0.1:{port}"
	wait_until(lambda: listens(port) and _pings(address), process, log, "the web server")
	return process, address


def _pings(address: str) -> bool:
	try:
		with urllib.request.urlopen(f"{address}/api/method/ping", timeout=30) as answer:
			return answer.status == 200
	except urllib.error.HTTPError as error:
		raise RuntimeError(f"the web server answers {error.code}: {error.read()[:2000].decode()}") from error
	except OSError:
		return False


def web_application():
	"""The WSGI application, for gunicorn."""
	activate()
	import frappe.app

	return frappe.app.application_with_statics()


def worker(sites_path: Path | str, queues: Sequence[str] = QUEUES, burst: bool = False) -> subprocess.Popen:
	"""Start an RQ worker for the bench's queues. `burst` ends it when they are empty."""
	command = [sys.executable, "-m", "sandbox.engine", "worker", "--queue", ",".join(queues)]
	if burst:
		command.append("--burst")
	sites = Path(sites_path).resolve()
	return start_process(command, sites / "logs" / "worker.log", env=environment(sites), cwd=sites)


def scheduler(sites_path: Path | str, seconds: float = 60) -> subprocess.Popen:
	"""Start a process that enqueues the due scheduled jobs of all sites every `seconds`."""
	command = [sys.executable, "-m", "sandbox.engine", "schedule", "--every", str(seconds)]
	sites = Path(sites_path).resolve()
	return start_process(command, sites / "logs" / "scheduler.log", env=environment(sites), cwd=sites)


def worker_forever(queue: str, burst: bool = False) -> None:
	"""What a worker process runs: Frappe's own `start_worker`, on RQ."""
	activate()
	import frappe  # noqa: F401  (the worker's module expects it loaded)
	from frappe.utils.background_jobs import start_worker

	start_worker(queue, burst=burst, quiet=True)


def schedule_forever(seconds: float) -> None:
	activate()
	import frappe
	from frappe.utils.scheduler import enqueue_events_for_all_sites

	while True:
		frappe.init("", force=True)
		enqueue_events_for_all_sites()
		time.sleep(seconds)


def tick(site: str | None = None, everything: bool = False) -> list[str]:
	"""Enqueue the scheduled jobs that are due on the open site and return their methods.

	Frappe's scheduler does this every minute or so. `everything` enqueues those that are not due, too.
	Needs an open, connected site (this one, if `site` is given it must be it).
	"""
	import frappe
	from frappe.utils.scheduler import enqueue_events

	if site and frappe.local.site != site:
		raise ValueError(f"open {site} first; open is {frappe.local.site}")
	if not everything:
		return enqueue_events() or []
	enqueued = []
	for name in frappe.get_all("Scheduled Job Type", filters={"stopped": 0}, pluck="name"):
		job = frappe.get_doc("Scheduled Job Type", name)
		if job.enqueue(force=True):
			enqueued.append(job.method)
	return enqueued
