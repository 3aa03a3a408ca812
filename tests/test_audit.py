"""The audit of packages fails on a known hole, passes without, and says so when nobody could be asked."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

AUDIT = Path(__file__).resolve().parents[1] / ".ci" / "audit.py"
HOLE = {
	"id": "GHSA-test-0000-0001",
	"modified": "2026-01-01T00:00:00Z",
	"published": "2026-01-01T00:00:00Z",
	"aliases": [],
	"summary": "a hole",
	"details": "a hole",
	"affected": [
		{
			"package": {"name": "limits", "ecosystem": "PyPI", "purl": "pkg:pypi/limits"},
			"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}],
		}
	],
}


@pytest.fixture
def knows():
	"""A service that knows of a hole in one package, as OSV answers."""
	servers = []

	def start(package: str) -> str:
		class Answer(BaseHTTPRequestHandler):
			def do_POST(self):
				asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
				found = {"vulns": [HOLE]} if asked["package"]["name"] == package else {}
				body = json.dumps(found).encode()
				self.send_response(200)
				self.send_header("Content-Type", "application/json")
				self.send_header("Content-Length", str(len(body)))
				self.end_headers()
				self.wfile.write(body)

			def log_message(self, *_arguments):
				"""Quiet."""

		server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
		threading.Thread(target=server.serve_forever, daemon=True).start()
		servers.append(server)
		return f"http://127.0.0.1:{server.server_port}/v1/query"

	yield start
	for server in servers:
		server.shutdown()


def audit(*options: str) -> subprocess.CompletedProcess:
	pytest.importorskip("pip_audit")
	return subprocess.run([sys.executable, str(AUDIT), *options], capture_output=True, text=True, timeout=400)


@pytest.mark.sandbox_only
def test_a_known_hole_fails(knows):
	done = audit("--osv-url", knows("limits"))
	assert done.returncode == 1, done.stdout + done.stderr
	assert "GHSA-test-0000-0001 (mended in 99)" in done.stdout


@pytest.mark.sandbox_only
def test_a_hole_in_what_is_not_ours_is_not_ours(knows):
	done = audit("--osv-url", knows("flask"))
	assert done.returncode == 0 and "No known holes, says osv." in done.stdout, done.stdout + done.stderr
	for name in ("limits", "requests", "urllib3", "swagger-ui-bundle-v2"):
		assert f"{name} " in done.stdout


@pytest.mark.sandbox_only
def test_nobody_to_ask_is_said(monkeypatch):
	for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
		monkeypatch.setenv(name, "http://127.0.0.1:1")  # nobody is there
	nobody = ("--osv-url", "http://127.0.0.1:1/v1/query", "--timeout", "1")
	done = audit(*nobody)
	assert done.returncode == 0 and "AUDIT NOT DONE" in done.stdout, done.stdout + done.stderr
	assert audit("--must", *nobody).returncode == 1
