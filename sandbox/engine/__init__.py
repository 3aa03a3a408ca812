"""The sandbox's engine: a fork of Frappe v16, made importable as `frappe` from one wheel on PyPI.

Not Frappe itself: a fork (`monoframe`, MIT, Frappe's notice kept) with sites, apps and the database
layer given back by our overlay. See README.md in this folder.
"""

import sys
from pathlib import Path

from sandbox.engine.wheel import EngineError, ensure

__all__ = ["EngineError", "activate", "ensure"]

PROJECT = Path(__file__).resolve().parents[2]


def activate() -> Path:
	"""Make `import frappe` the fork, and `erpnext` and `integration_hub` importable; return the fork's folder.

	Raises EngineError when another frappe has already been imported: there can be only one.
	"""
	engine = ensure()
	loaded = sys.modules.get("frappe")
	if loaded and not str(loaded.__file__).startswith(str(engine)):
		raise EngineError(f"another frappe is already imported, from {loaded.__file__}")
	for folder in (PROJECT, PROJECT / "sandbox" / "erpnext", engine):
		if str(folder) not in sys.path:
			sys.path.insert(0, str(folder))
	return engine
