"""`make bench`: ratios, on the sandbox or on a real bench.

	python -m benchmarks                              sandbox on SQLite
	python -m benchmarks --db mariadb                 sandbox on MariaDB
	python -m benchmarks --bench PATH --site NAME     a real bench with ERPNext (the app must be installed)

Exit status 1 when a limit is broken. Limits are only held on a real bench: ERPNext's own weight is missing in the
sandbox, so the ratios there are not the ones that count.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def main() -> int:
	arguments = _arguments()
	if not arguments.bench:
		from sandbox.engine import activate

		activate()
	# these import frappe, which is only found from here on
	from benchmarks import orders, saves, stock, webhooks
	from tests.support.ground import BenchGround, SandboxGround
	from tests.support.hub import Hubs

	if arguments.bench:
		ground = BenchGround(arguments.bench, arguments.site, keep=True)
	else:
		ground = SandboxGround(arguments.db)
	ground.start()
	try:
		ground.open()
		hubs = Hubs(ground)
		print(f"engine: {ground.name}; every figure is a ratio or a count, taken in turn in this run\n")
		kept = [
			orders.measure(hubs, lines=1, rounds=arguments.rounds),
			orders.measure(hubs, lines=5, rounds=arguments.rounds),
			webhooks.measure(hubs, ground.serve(), rounds=arguments.requests),
			stock.measure(hubs),
			saves.measure(rounds=arguments.rounds),
		]
		hubs.close()
	finally:
		ground.stop()
	return 0 if all(kept) or not arguments.bench else 1


def _arguments() -> argparse.Namespace:
	parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
	parser.add_argument("--db", choices=("sqlite", "mariadb"), default="sqlite")
	parser.add_argument("--bench")
	parser.add_argument("--site")
	parser.add_argument("--rounds", type=int, default=40)
	parser.add_argument("--requests", type=int, default=800)
	arguments = parser.parse_args()
	if arguments.bench and not os.environ.get("INTEGRATION_HUB_ON_BENCH"):
		# frappe only exists in the bench's own environment: go on there
		os.environ["INTEGRATION_HUB_ON_BENCH"] = "1"
		os.environ["PYTHONPATH"] = str(PROJECT)
		python = str(Path(arguments.bench).resolve() / "env" / "bin" / "python")
		os.execv(python, [python, "-m", "benchmarks", *sys.argv[1:]])
	return arguments


if __name__ == "__main__":
	sys.exit(main())
