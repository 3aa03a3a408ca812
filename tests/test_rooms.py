"""The house's rule: imports go downwards only, and connectors and records know no frappe."""

import ast
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[1] / "integration_hub"

#: room → rooms of the app it may import from; what is not listed is forbidden
ALLOWED = {
	"hooks": set(),
	"install": {"sync", "erp", "connectors"},
	"patches": {"sync", "erp", "connectors"},
	"tasks": {"sync"},
	"api": {"api", "sync", "erp", "connectors", "records", "failures", "database"},
	"doctype": {"sync", "database"},
	"sync": {"sync", "erp", "connectors", "records", "failures", "database"},
	"erp": {"erp", "records", "failures", "database"},
	"connectors": {"connectors", "records", "failures"},
	"records": {"records"},
	"failures": set(),
	"database": set(),
	"integration_hub": set(),
}
WITHOUT_FRAPPE = ("connectors", "records", "failures")


def modules():
	for path in sorted(APP.rglob("*.py")):
		parts = path.relative_to(APP).with_suffix("").parts
		if parts[0] == "__init__" or "public" in parts:
			continue
		yield parts[0], path


def imported(path):
	for node in ast.walk(ast.parse(path.read_text())):
		if isinstance(node, ast.Import):
			yield from (alias.name for alias in node.names)
		elif isinstance(node, ast.ImportFrom):
			assert node.level == 0, f"{path}: relative imports hide which room is meant"
			yield node.module
			yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
	"room, path", [pytest.param(*one, id=str(one[1].relative_to(APP))) for one in modules()]
)
def test_imports_go_downwards(room, path):
	assert room in ALLOWED, f"{path} stands in a room that the plan does not know"
	for name in imported(path):
		if name.startswith("integration_hub."):
			target = name.split(".")[1]
			assert target in ALLOWED[room] or target == "__version__", f"{path} ({room}) imports {name}"
		assert not name.startswith(("sandbox", "tests")), f"{path} imports {name}: the app stands alone"
		if room in WITHOUT_FRAPPE:
			assert name.split(".")[0] not in ("frappe", "erpnext"), f"{path} imports {name}"


def test_nobody_imports_a_controller():
	for _room, path in modules():
		for name in imported(path):
			assert not name.startswith("integration_hub.doctype."), f"{path}: use frappe.get_doc"
			assert not name.startswith("integration_hub.integration_hub"), f"{path}: use frappe.get_doc"
