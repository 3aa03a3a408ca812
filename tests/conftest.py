"""One suite for three engines: the sandbox on SQLite (default), the sandbox on MariaDB, a real bench.

	pytest                                   sandbox on SQLite
	pytest --db mariadb                      sandbox on MariaDB (needs Debian's mariadb-server)
	pytest --bench PATH --site NAME          a real bench with ERPNext; the app is installed before and
	                                         uninstalled after (unless --keep-app)

Tests never roll back and never clean up shared things: they work on names of their own, as the workers they
test commit.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
OPENED = pytest.StashKey[bool]()
sys.path.insert(0, str(PROJECT))


@pytest.fixture(scope="session")
def ground(request):
	"""What the tests stand on: see `tests.support.ground`."""
	from tests.support.ground import BenchGround, SandboxGround

	bench = request.config.getoption("--bench")
	if bench:
		ground = BenchGround(
			bench, request.config.getoption("--site"), keep=request.config.getoption("--keep-app")
		)
	else:
		ground = SandboxGround(request.config.getoption("--db"))
	ground.start()
	yield ground
	ground.stop()


@pytest.fixture(scope="session")
def site(ground, pytestconfig):
	"""A connected site with ERPNext (or its stand-in), a company and this app, in this process."""
	ground.open()
	pytestconfig.stash[OPENED] = True
	return ground


@pytest.fixture(autouse=True, scope="module")
def no_jobs_left_behind(pytestconfig):
	"""Most tests work off their Events themselves and have no worker that takes the jobs: without this the whole
	suite's jobs would pile up until Frappe refuses to save anything that enqueues one (QueueOverloaded)."""
	yield
	if OPENED in pytestconfig.stash:
		from frappe.utils.background_jobs import get_queues

		for queue in get_queues():
			queue.empty()


@pytest.fixture
def hub(site):
	"""A factory of Connections, each with its own sandbox shop; see `tests.support.hub`."""
	from tests.support.hub import Hubs

	hubs = Hubs(site)
	yield hubs
	hubs.close()


@pytest.fixture
def crm(hub):
	"""A factory of Connections to CRMs, each with a sandbox portal of its own; see `tests.support.crm`. They are switched
	off afterwards, or every later test's customers would be told to them."""
	from tests.support.crm import connect

	made = []

	def make(**options):
		made.append(connect(hub, **options))
		return made[-1]

	yield make
	for one in made:
		one.close()


@pytest.fixture
def gateways(site):
	"""A factory of Connections to the gateway on paper; see `tests.support.gateway`."""
	from tests.support.gateway import Gateways

	made = Gateways(site)
	yield made
	made.close()


@pytest.fixture(scope="session")
def web(site):
	"""Address of a real web server of the site."""
	return site.serve()


@pytest.fixture(scope="session")
def people(web):
	"""A factory of logged-in people by the part they play; see `tests.support.people`."""
	import functools

	from tests.support.people import Person, user

	return functools.cache(lambda part: Person(web, user(part)))


@pytest.fixture
def outgoing_mail(site):
	"""An Email Account that may send: mails are queued, and nothing is ever delivered."""
	import frappe

	name = "Hub Test Outgoing"
	if not frappe.db.exists("Email Account", name):
		frappe.get_doc(
			{
				"doctype": "Email Account",
				"name": name,
				"email_account_name": name,
				"email_id": "hub@example.com",
				"enable_outgoing": 1,
				"default_outgoing": 1,
				"smtp_server": "127.0.0.1",
				"no_smtp_authentication": 1,
			}
		).db_insert()  # past its validation, which would call the mail server
		frappe.db.commit()  # workers must see it
	return name


@pytest.fixture
def listener(site):
	"""A factory of receivers of outgoing webhooks; see `tests.support.listener`."""
	from tests.support.listener import listening

	yield from listening(site)


@pytest.fixture(scope="session")
def callers(web):
	"""A factory of outside systems that call the public API with a user of these roles; see `tests.support.api`."""
	import functools

	from tests.support.api import Caller, token_of, user

	@functools.cache
	def make(*roles):
		email = f"api-{'-'.join(roles).lower().replace(' ', '-') or 'nobody'}@hub.example"
		return Caller(web, {"Authorization": token_of(user(email, *roles))})

	return make
