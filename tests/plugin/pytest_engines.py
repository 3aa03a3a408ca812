"""The options of the test suite, as a pytest plugin: which engine to run on.

They cannot live in tests/conftest.py: in `pytest --bench PATH --site NAME` pytest takes PATH for a folder of tests,
and so for its project, before it has read any conftest.
"""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]


def pytest_addoption(parser):
	group = parser.getgroup("integration hub")
	group.addoption("--db", choices=("sqlite", "mariadb"), default="sqlite", help="database of the sandbox")
	group.addoption("--bench", help="path of a real bench to run on")
	group.addoption("--site", help="site of that bench")
	group.addoption("--keep-app", action="store_true", help="leave the app installed on the bench")


def pytest_configure(config):
	bench = config.getoption("--bench")
	if bench and not os.environ.get("INTEGRATION_HUB_ON_BENCH"):
		# frappe only exists in the bench's own environment: go on there
		os.environ["INTEGRATION_HUB_ON_BENCH"] = "1"
		python = str(Path(bench).resolve() / "env" / "bin" / "python")
		paths = [str(PROJECT), str(HERE), os.environ.get("PYTHONPATH", "")]
		os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
		ours = ["-c", str(PROJECT / "pyproject.toml"), "--rootdir", str(PROJECT)]
		os.execv(python, [python, "-m", "pytest", *ours, *config.invocation_params.args])
	if not bench:
		# tests import frappe; on the sandbox that is the engine's fork
		from sandbox.engine import activate

		activate()


def pytest_report_header(config):
	if config.getoption("--bench"):
		return f"engine: real bench {config.getoption('--bench')}, site {config.getoption('--site')}"
	return f"engine: sandbox (a fork of Frappe v16) on {config.getoption('--db')}"
