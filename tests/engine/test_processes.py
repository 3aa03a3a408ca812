"""Real processes: web server, worker, scheduler; and nothing is left when their parent dies."""

import concurrent.futures
import os
import signal
import subprocess
import sys
import time

import pytest
import requests

from sandbox.engine import processes, services
from sandbox.engine.wheel import PROJECT


@pytest.fixture(scope="module")
def web(tiny_bench):
	process, address = tiny_bench.serve("tiny.localhost")
	yield address
	services.stop_process(process)


@pytest.fixture
def token(site):
	user = site.get_doc("User", "Administrator")
	user.api_key, user.api_secret = "tiny-key", "tiny-secret"
	user.save()
	site.db.commit()  # the web server is another process
	return {"Authorization": "token tiny-key:tiny-secret"}


def wait_for(condition, seconds=20):
	deadline = time.monotonic() + seconds
	while time.monotonic() < deadline:
		if found := condition():
			return found
		time.sleep(0.05)
	raise AssertionError(f"not within {seconds} s")


def test_rest_with_a_token(site, web, token):
	made = requests.post(
		f"{web}/api/resource/Tiny Thing", json={"title": "over http"}, headers=token, timeout=20
	)
	assert made.status_code == 200, made.text
	name = made.json()["data"]["name"]
	site.db.rollback()
	assert site.db.get_value("Tiny Thing", name, "title") == "over http"
	refused = requests.post(
		f"{web}/api/resource/Tiny Thing", json={"title": "x", "amount": -1}, headers=token, timeout=20
	)
	assert refused.status_code == 417 and "negative" in refused.text
	assert requests.get(f"{web}/api/resource/Tiny Thing", timeout=20).status_code == 403
	wrong = {"Authorization": "token tiny-key:wrong"}
	assert requests.get(f"{web}/api/resource/Tiny Thing", headers=wrong, timeout=20).status_code == 401


def test_whitelisted_methods(site, web):
	answer = requests.post(f"{web}/api/method/tiny.tasks.shout", json={"word": "abc"}, timeout=20)
	assert (answer.status_code, answer.json()) == (200, {"message": "ABC"})
	assert requests.get(f"{web}/api/method/tiny.tasks.shout?word=abc", timeout=20).status_code == 403
	assert (
		requests.post(f"{web}/api/method/tiny.tasks.make", json={"title": "x"}, timeout=20).status_code == 403
	)


def test_login_and_pages(site, web):
	session = requests.Session()
	assert session.post(
		f"{web}/api/method/login", data={"usr": "Administrator", "pwd": "admin"}, timeout=20
	).ok
	assert (
		session.get(f"{web}/api/method/frappe.auth.get_logged_user", timeout=20).json()["message"]
		== "Administrator"
	)
	assert requests.get(f"{web}/login", timeout=20).status_code == 200


def test_many_writers_at_once(site, web, token):
	"""Forty requests by eight clients, each reading and writing: all succeed."""

	def post(number):
		body = {"title": f"writer {number}", "source": "storm", "outside_id": str(number)}
		return requests.post(
			f"{web}/api/resource/Tiny Thing", json=body, headers=token, timeout=60
		).status_code

	with concurrent.futures.ThreadPoolExecutor(8) as pool:
		assert set(pool.map(post, range(40))) == {200}
	site.db.rollback()
	assert site.db.count("Tiny Thing", {"source": "storm"}) == 40


def test_the_same_at_once_makes_one(site, web, token):
	"""Eight equal requests against a unique key: one document, the others are told of a duplicate."""

	def post(_):
		body = {"title": "same", "source": "same", "outside_id": "1"}
		return requests.post(
			f"{web}/api/resource/Tiny Thing", json=body, headers=token, timeout=60
		).status_code

	with concurrent.futures.ThreadPoolExecutor(8) as pool:
		answers = sorted(pool.map(post, range(8)))
	assert answers.count(200) == 1 and set(answers[1:]) <= {409, 417}
	site.db.rollback()
	assert site.db.count("Tiny Thing", {"source": "same"}) == 1


def test_a_worker_works_and_says_what_failed(site, tiny_bench):
	worker = tiny_bench.worker()
	site.enqueue("tiny.tasks.make", title="by the worker", queue="short")
	site.enqueue("tiny.tasks.make", title=None, queue="default")

	def done():
		site.db.rollback()
		return site.db.exists("Tiny Thing", {"title": "by the worker"})

	assert wait_for(done)
	wait_for(lambda: site.db.rollback() or site.db.exists("Error Log", {"method": "tiny.tasks.make"}))
	os.kill(worker.pid, signal.SIGKILL)
	assert worker.wait() == -signal.SIGKILL


def test_job_ids_deduplicate_and_wait_for_the_commit(site, tiny_bench):
	from frappe.utils.background_jobs import is_job_enqueued

	site.enqueue("tiny.tasks.make", title="once", job_id="one", deduplicate=True, enqueue_after_commit=True)
	assert not is_job_enqueued("one")
	site.db.commit()  # the job is put in the queue now
	assert is_job_enqueued("one")
	assert site.enqueue("tiny.tasks.make", title="once", job_id="one", deduplicate=True) is None
	worker = tiny_bench.worker(burst=True)
	assert worker.wait(60) == 0
	site.db.rollback()
	assert site.db.count("Tiny Thing", {"title": "once"}) == 1


def test_the_scheduler_enqueues_what_is_due(site, tiny_bench):
	site.db.set_value(
		"Scheduled Job Type", {"method": "tiny.tasks.each_minute"}, "last_execution", "2020-01-01"
	)
	site.db.commit()  # the scheduler is asked below, the worker is another process
	assert "tiny.tasks.each_minute" in processes.tick("tiny.localhost")
	assert tiny_bench.worker(burst=True).wait(120) == 0
	site.db.rollback()
	assert site.db.exists("Tiny Thing", {"title": "from the scheduler"})
	assert "tiny.tasks.each_minute" in processes.tick(everything=True)


def test_command_line(tiny_bench):
	def run(*arguments):
		command = [sys.executable, "-m", "sandbox.engine", "--site", "tiny.localhost", *arguments]
		environment = processes.environment(tiny_bench.sites_path)
		return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

	assert run("execute", "tiny.tasks.shout", "--kwargs", '{"word": "cli"}').stdout.strip() == '"CLI"'
	wrong = run("execute", "tiny.tasks.nothing")
	assert wrong.returncode != 0


def test_servers_die_with_their_parent(tmp_path):
	"""A killed test run leaves no Redis behind."""
	code = (
		"import time\nfrom sandbox.engine.services import Redis\n"
		f"redis = Redis({str(tmp_path)!r}).start()\nprint(redis.port, flush=True)\ntime.sleep(60)"
	)
	parent = subprocess.Popen(
		[sys.executable, "-c", code],
		stdout=subprocess.PIPE,
		text=True,
		env=os.environ | {"PYTHONPATH": str(PROJECT)},
	)
	port = int(parent.stdout.readline())
	assert services.listens(port)
	parent.kill()
	parent.wait()
	wait_for(lambda: not services.listens(port), 10)


def test_without_a_program_the_message_says_what_to_install(monkeypatch):
	monkeypatch.setenv("PATH", "")
	monkeypatch.setattr(services.shutil, "which", lambda *a, **k: None)
	monkeypatch.setattr(services.importlib.util, "find_spec", lambda name: None)
	with pytest.raises(services.EngineError, match="redis-server"):
		services.redis_program()
	with pytest.raises(services.EngineError, match="mariadb-server"):
		services.MariaDB().start()
