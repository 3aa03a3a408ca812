"""The Desk's build: what can be said of it without npm. Building it takes npm's packages, so it is not tested here."""

import json

import pytest

from sandbox.engine import desk, ensure


def test_without_npm_it_says_what_to_install(tmp_path, monkeypatch):
	monkeypatch.setattr(desk.shutil, "which", lambda name: None)
	with pytest.raises(desk.EngineError, match="nodejs and npm"):
		desk.link_assets(tmp_path, apps=[])


def test_what_a_build_depends_on(tmp_path):
	package = tmp_path / "app"
	(package / "public").mkdir(parents=True)
	packages = {"frappe": ensure() / "frappe", "app": package}
	before = desk.sources_hash(packages)
	(package / "tasks.py").write_text("x = 1\n")
	assert desk.sources_hash(packages) == before
	(package / "public" / "app.bundle.js").write_text("export {};\n")
	assert desk.sources_hash(packages) != before


def test_every_package_that_the_recipe_requires_is_in_its_list():
	import re

	listed = json.loads((desk.RECIPE / "package.json").read_text())["dependencies"]
	required = re.findall(r'here\("([^"]+)"\)', (desk.RECIPE / "build.mjs").read_text())
	assert len(required) == 3 and set(required) <= set(listed)
