"""The Desk's JavaScript and styles, built from the fork's own sources, so that people can look at a site.

Needs Node and npm (any Node from 18): esbuild, sass and the libraries that the Desk imports come from
npm. Done once per state of the sources and kept in the cache; nothing of it is in git. Tests and the
demo do not need it.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sandbox.engine import activate
from sandbox.engine.sites import app_package
from sandbox.engine.wheel import EngineError, cache_folder, engine_hash, forget_old, lock

RECIPE = Path(__file__).parent / "desk_build"


def link_assets(sites_path: Path | str, apps: Sequence[str] = ("erpnext", "integration_hub")) -> list[str]:
	"""Build what is not built yet and put it into the bench as `sites/assets`.

	Returns a sentence for each bundle that could not be built (the Desk needs only some of them).
	Raises EngineError when there is no npm, or when npm or the build fails as a whole.
	"""
	engine = activate()
	packages = {"frappe": engine / "frappe"} | {app: app_package(app) for app in apps if app != "frappe"}
	built = build(engine, packages)
	assets = Path(sites_path) / "assets"
	if assets.is_symlink() or assets.exists():
		assets.unlink() if assets.is_symlink() else shutil.rmtree(assets)
	assets.symlink_to(built, target_is_directory=True)
	return json.loads((built / "failed.json").read_text())


def build(engine: Path, packages: dict[str, Path]) -> Path:
	"""Return the folder of built assets for these apps (name -> package); build it if there is none."""
	if not shutil.which("npm") or not shutil.which("node"):
		raise EngineError("the Desk's scripts are built with Node: install Debian's packages nodejs and npm")
	folder = cache_folder() / "desk"
	target = folder / f"built-{sources_hash(packages)}"
	if target.is_dir():
		os.utime(target)  # it is in use
		return target
	forget_old(folder, "*-" + "?" * 16)
	with lock(folder / "build.lock"):
		if not target.is_dir():
			modules = install_packages(folder)
			scratch = Path(tempfile.mkdtemp(prefix="making-", dir=folder))
			try:
				_bundle(modules, scratch, engine, packages)
				scratch.chmod(0o755)
				scratch.rename(target)
			finally:
				shutil.rmtree(scratch, ignore_errors=True)
	return target


def sources_hash(packages: dict[str, Path]) -> str:
	"""Hash over the recipe and the apps' `public` folders (the fork's is known by the engine's name)."""
	digest = hashlib.sha256(engine_hash().encode())
	for app, package in sorted(packages.items()):
		digest.update(app.encode())
		for path in sorted((package / "public").rglob("*")) if app != "frappe" else ():
			if path.is_file() and "node_modules" not in path.parts:
				digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
	for path in sorted(RECIPE.iterdir()):
		digest.update(path.read_bytes())
	return digest.hexdigest()[:16]


def install_packages(folder: Path) -> Path:
	"""Install what package.json names, once, and return the folder with its node_modules."""
	recipe = (RECIPE / "package.json").read_bytes()
	target = folder / f"npm-{hashlib.sha256(recipe).hexdigest()[:16]}"
	if not (target / "done").exists():
		target.mkdir(parents=True, exist_ok=True)
		(target / "package.json").write_bytes(recipe)
		_run(["npm", "install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"], target)
		(target / "done").touch()
	os.utime(target)  # it is in use
	return target


def _bundle(modules: Path, output: Path, engine: Path, packages: dict[str, Path]) -> None:
	for app, package in packages.items():
		(output / app).mkdir()
		for entry in (package / "public").iterdir() if (package / "public").is_dir() else ():
			(output / app / entry.name).symlink_to(entry)
	paths = {"root": str(engine), "apps": {app: str(package) for app, package in packages.items()}}
	(output / "paths.json").write_text(json.dumps(paths))
	told = _run(["node", str(RECIPE / "build.mjs"), str(output), str(output / "paths.json")], modules)
	(output / "failed.json").write_text(json.dumps(json.loads(told.splitlines()[-1])["failed"]))


def _run(command: list[str], folder: Path) -> str:
	done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
	if done.returncode:
		raise EngineError(f"{' '.join(command[:2])} failed: {(done.stderr or done.stdout).strip()[-1500:]}")
	return done.stdout
