"""The page that teaches how to write a connector: its example works, alone and in an app of its own."""

import importlib
import json
import os
import subprocess
import sys
import textwrap

import pytest

from integration_hub.connectors.contract import CAPABILITIES, WebhookRequest, capabilities
from integration_hub.connectors.http import Http
from integration_hub.failures import BadSignature, NotAuthorised, Rejected, Unreachable
from tests.connectors.conftest import Vault
from tests.support import acme

KINDS = {
	"shops": "shop",
	"payments": "payments",
	"carriers": "carrier",
	"crm": "CRM",
	"outgoing": "generic",
	"base": "any",
}


@pytest.fixture
def vendor():
	return acme.Acme()


@pytest.fixture
def connector(vendor):
	running = vendor.start()
	kind = acme.connector_class()
	settings = {"token": acme.TOKEN, "webhook_secret": acme.SECRET, "sandbox_url": running.url}
	yield kind(
		settings, Http(kind.base_url(settings), allow_loopback_http=True, secrets=[acme.TOKEN]), Vault()
	)
	running.stop()


def test_the_table_of_capabilities_is_the_contracts():
	from integration_hub.connectors.contract.capabilities import _members

	text = acme.PAGE.read_text()
	table = text.split("<!-- capabilities -->\n")[1].split("<!-- end -->")[0]
	expected = [
		f"| {KINDS[protocol.__module__.rpartition('.')[2]]} | {name} | {', '.join(sorted(_members(protocol)))} |"
		for name, protocol in CAPABILITIES.items()
	]
	assert table.splitlines() == expected


def test_the_example_fits_on_two_screens():
	lines = [line for line in acme.source().splitlines() if line.strip()]
	assert len(lines) < 90


def test_the_example_says_what_it_can_do():
	assert capabilities(acme.connector_class()) == ["ReceivesWebhooks", "ShipsParcels", "TracksParcels"]


def test_it_says_who_it_is_connected_to(connector):
	assert connector.check().account == "Acme account 7"


def test_a_wrong_token_is_told_as_such(vendor, connector):
	connector.config["token"] = "wrong"
	with pytest.raises(NotAuthorised):
		connector.check()


def test_its_webhooks(vendor, connector):
	body = json.dumps({"number": "A1", "at": "2026-11-23T10:00:00+00:00"}).encode()
	headers = {name.lower(): value for name, value in acme.signed(body).items()}
	connector.verify(WebhookRequest(headers, body))
	[notice] = connector.notices(WebhookRequest(headers, body))
	assert (notice.resource, notice.outside_id) == ("tracking", "A1")
	for wrong in ({}, {"x-acme-signature": "AAAA"}):
		with pytest.raises(BadSignature):
			connector.verify(WebhookRequest(wrong, body))
	with pytest.raises(Rejected):
		connector.notices(WebhookRequest(headers, b"[]"))


def test_a_lost_answer_makes_no_second_parcel(vendor, connector):
	from tests.connectors.test_shiprocket_orders import consignment

	wanted = consignment()
	vendor.troubles.add("error_after", operation="POST parcels", times=1, status=500)
	with pytest.raises(Unreachable) as lost:
		connector.book_shipment(wanted, "", key="k", look_first=False)
	assert lost.value.maybe_done and len(vendor.parcels) == len(wanted.parcels)
	booking = connector.book_shipment(wanted, "", key="k", look_first=True)
	assert {one.tracking_number for one in booking.parcels} == set(vendor.parcels)
	assert booking.papers[0].content.startswith(b"%PDF")


@pytest.fixture
def followed(tmp_path):
	"""What somebody has who followed the page: the connector in an app, and its tests beside it."""
	tests = next(block for block in acme.blocks() if "def test_a_payload_is_read" in block)
	(tmp_path / "my_app").mkdir()
	(tmp_path / "my_app" / "__init__.py").touch()
	(tmp_path / "test_acme.py").write_text(tests)

	def run(source: str) -> subprocess.CompletedProcess:
		(tmp_path / "my_app" / "acme.py").write_text(source)
		path = os.pathsep.join((str(tmp_path), str(acme.PAGE.parents[1])))
		return subprocess.run(
			[
				sys.executable,
				"-m",
				"pytest",
				"-q",
				"-p",
				"no:cacheprovider",
				"--rootdir",
				str(tmp_path),
				"test_acme.py",
			],
			cwd=tmp_path,
			env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
			capture_output=True,
			text=True,
			timeout=120,
		)

	return run


def test_who_follows_the_page_has_a_tested_connector(followed):
	ran = followed(acme.source())
	assert ran.returncode == 0 and "5 passed" in ran.stdout, ran.stdout


@pytest.mark.parametrize(
	("right", "wrong"),
	[
		(" if look_first else []", " if False else []"),
		("repeatable=False", "repeatable=True"),
		("raise BadSignature", "return BadSignature"),
		('"moving": "in_transit"', '"moving": "created"'),
	],
	ids=["booked twice", "lost answer", "signature", "status"],
)
def test_the_tests_of_the_page_can_fail(followed, right, wrong):
	source = acme.source()
	assert right in source
	ran = followed(source.replace(right, wrong))
	assert ran.returncode == 1 and "1 failed" in ran.stdout, ran.stdout


# --- in an app of its own ----------------------------------------------------------------------------------

HOOKS = """
app_name = "acme_hub"
app_title = "Acme for Integration Hub"
app_publisher = "Tests"
app_description = "A connector in an app of its own"
app_email = "tests@example.com"
app_license = "MIT"
required_apps = ["integration_hub"]
integration_hub_connectors = ["acme_hub.acme.Acme"]
"""


@pytest.fixture
def app_site(request, ground, tmp_path):
	"""A copy of the test site with the app `acme_hub` installed beside Integration Hub; this process has it open."""
	if ground.name == "bench":
		pytest.skip("a bench takes apps into its environment for good; the sandbox takes them for a test")
	package = tmp_path / "apps" / "acme_hub"
	files = {
		"__init__.py": '__version__ = "0.0.1"\n',
		"hooks.py": HOOKS,
		"acme.py": acme.source(),
		"modules.txt": "Acme Hub\n",
		"patches.txt": "",
		"acme_hub/__init__.py": "",
	}
	for name, text in files.items():
		path = package / name
		path.parent.mkdir(parents=True, exist_ok=True)
		path.write_text(textwrap.dedent(text))
	sys.path.insert(0, str(package.parent))
	importlib.invalidate_caches()
	bench, name = ground.bench, "acme.localhost"
	apps = bench.sites_path / "apps.txt"
	before = apps.read_text()
	apps.write_text(before.rstrip() + "\nacme_hub\n")
	bench.copy_site(ground.site, name)
	bench.open(name)
	import frappe
	from frappe.installer import install_app

	install_app("acme_hub")
	frappe.db.commit()  # as the command does
	yield frappe
	frappe.db.rollback()
	apps.write_text(before)
	sys.path.remove(str(package.parent))
	for module in [one for one in sys.modules if one.split(".")[0] == "acme_hub"]:
		del sys.modules[module]
	ground.open()
	bench.drop_site(name)


def test_an_app_of_its_own_adds_a_connector(app_site, vendor):
	from integration_hub.api import desk
	from integration_hub.sync import pull, worker
	from sandbox import books

	frappe = app_site
	assert "acme" in {one["key"] for one in desk.connectors()}
	running = vendor.start()
	try:
		doc = books.connect(
			"Acme", "acme", running.url, {}, {"token": acme.TOKEN, "webhook_secret": acme.SECRET}
		)
		assert doc.category == "carrier" and {row.resource for row in doc.resources} == {"tracking"}
		assert desk.test_connection(doc.name)["ok"]
		frappe.db.commit()  # as the request of the button does
		vendor.parcels["ACME1"] = {
			"number": "ACME1",
			"reference": "x",
			"state": "moving",
			"at": "2026-11-23T10:00:00+00:00",
		}
		parcel = frappe.get_doc(
			{
				"doctype": "Integration Parcel",
				"connection": doc.name,
				"tracking_number": "ACME1",
				"status": "created",
				"status_at": frappe.utils.now_datetime(),
			}
		).insert()
		frappe.db.commit()  # the pull is another transaction
		pull.run(doc.name, "tracking")
		worker.drain(doc.name)
		assert frappe.db.get_value("Integration Parcel", parcel.name, "status") == "in_transit"
	finally:
		running.stop()


def test_without_its_app_a_connection_says_so(app_site):
	from frappe.installer import remove_app

	from integration_hub.api import desk
	from sandbox import books

	frappe = app_site
	doc = books.connect("Acme", "acme", "http://127.0.0.1:9", {}, {"token": "t"})
	remove_app("acme_hub", yes=True, no_backup=True, force=True)
	frappe.clear_cache()
	frappe.local.app_modules = None
	from integration_hub.sync import worker

	assert worker.drain(doc.name) == 0, "what is due stays due"
	assert not desk.status(doc.name)["pulls"]
	sentences = [one["sentence"] for one in desk.status(doc.name)["troubles"]]
	assert any("not installed on this site" in one for one in sentences)
