"""`python -m integration_hub.connectors [--json]`: the connectors, their categories and capabilities."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from integration_hub.connectors import all_connectors
from integration_hub.connectors.contract import capabilities


def main(arguments: Sequence[str] | None = None) -> int:
	parser = argparse.ArgumentParser(prog="python -m integration_hub.connectors", description=__doc__)
	parser.add_argument("--json", action="store_true", help="print a list of objects instead of a table")
	options = parser.parse_args(arguments)
	rows = [
		{
			"key": connector.key,
			"title": connector.title,
			"category": connector.category,
			"capabilities": capabilities(connector),
		}
		for connector in all_connectors().values()
	]
	if options.json:
		json.dump(rows, sys.stdout, indent=1, ensure_ascii=False)
		print()
	else:
		print(table(rows))
	return 0


def table(rows: Sequence[dict]) -> str:
	"""The rows in columns as wide as they need to be."""
	lines = [("Connector", "Title", "Category", "Capabilities")]
	lines += [(row["key"], row["title"], row["category"], ", ".join(row["capabilities"])) for row in rows]
	widths = [max(len(line[column]) for line in lines) for column in range(3)]
	return "\n".join(
		"  ".join((*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]))
		for line in lines
	)


if __name__ == "__main__":
	sys.exit(main())
