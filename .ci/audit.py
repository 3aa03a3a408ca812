"""Known holes in the packages that the app asks for (pyproject.toml), and in those that they ask for.

	python .ci/audit.py [--must] [options of pip-audit]

Looks at the versions installed here, with pip-audit. 1: a hole is known. 0: none is, or (unless --must) nobody who
knows could be asked; that is said in so many words.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import tomllib

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
#: who knows about holes; the first that answers is believed
SERVICES = ("osv", "pypi")
SECONDS = 180


def main(arguments: list[str]) -> int:
	must = "--must" in arguments
	options = [one for one in arguments if one != "--must"]
	versions = dict(sorted(asked_for(PYPROJECT).items()))
	print(
		f"Audit of {len(versions)} packages: {', '.join(f'{name} {version}' for name, version in versions.items())}"
	)
	for service in SERVICES:
		report = ask(service, versions, options)
		if report is None:
			continue
		holes, unknown = judge(report)
		if holes:
			print("\n".join(["KNOWN HOLES:", *holes]))
			return 1
		if len(unknown) == len(versions):
			print(f"{service} could not be asked: it knows none of them")
			continue
		if unknown:
			print(f"{service} does not know: {', '.join(unknown)}")
		print(f"No known holes, says {service}.")
		return 0
	print("AUDIT NOT DONE: no service that knows about holes can be reached from this machine.")
	return 1 if must else 0


def asked_for(pyproject: Path) -> dict[str, str]:
	"""Name → installed version of everything the project needs, and what that needs."""
	found: dict[str, str] = {}
	waiting = list(_names(tomllib.loads(pyproject.read_text())["project"]["dependencies"]))
	while waiting:
		name = waiting.pop()
		if name not in found:
			found[name] = metadata.version(name)
			waiting += _names(metadata.requires(name) or ())
	return found


def _names(requirements: Iterable[str]) -> Iterator[str]:
	for line in requirements:
		requirement, _semicolon, marker = line.partition(";")
		name = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
		if name and "extra ==" not in marker and (not marker or _is_here(name[0])):
			yield re.sub(r"[-_.]+", "-", name[0]).lower()


def _is_here(name: str) -> bool:
	"""What a marker leaves out on this machine is not installed."""
	try:
		metadata.version(name)
	except metadata.PackageNotFoundError:
		return False
	return True


def ask(service: str, versions: dict[str, str], options: list[str]) -> dict[str, Any] | None:
	"""pip-audit's report, or None: the service could not be asked."""
	with tempfile.NamedTemporaryFile("w", suffix=".txt") as pins:
		pins.write("".join(f"{name}=={version}\n" for name, version in versions.items()))
		pins.flush()
		command = [
			sys.executable,
			"-m",
			"pip_audit",
			"--requirement",
			pins.name,
			"--no-deps",
			"--disable-pip",
		]
		command += ["--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"]
		try:
			done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=SECONDS)
		except subprocess.TimeoutExpired:
			print(f"{service}: no answer in {SECONDS} seconds")
			return None
	try:
		return json.loads(done.stdout)
	except ValueError:
		words = (done.stderr.strip().splitlines() or ["no output"])[-1]
		print(f"{service} could not be asked: {words[:160]}")
		return None


def judge(report: dict[str, Any]) -> tuple[list[str], list[str]]:
	"""(a line for each hole, packages that nothing is known about)"""
	holes, unknown = [], []
	for one in report["dependencies"]:
		if "skip_reason" in one:
			unknown.append(one["name"])
		for hole in one.get("vulns", ()):
			mended = ", ".join(hole.get("fix_versions", ())) or "no version yet"
			holes.append(f"  {one['name']} {one['version']}: {hole['id']} (mended in {mended})")
	return holes, unknown


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
