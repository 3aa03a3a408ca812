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
def site(ground):
	"""A connected site with ERPNext (or its stand-in), a company and this app, in this process."""
	ground.open()
	return ground


@pytest.fixture
def hub(site):
	"""A factory of Connections, each with its own sandbox shop; see `tests.support.hub`."""
	from tests.support.hub import Hubs

	hubs = Hubs(site)
	yield hubs
	hubs.close()


@pytest.fixture(scope="session")
def web(site):
	"""Address of a real web server of the site."""
	return site.serve()
