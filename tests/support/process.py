"""What a worker process of a test runs: `python -m tests.support.process drain CONNECTION`.

It connects to the site named in the environment and works on the Connection's due Events. Tests kill it; with
`die CONNECTION answered|written` it kills itself (SIGKILL) as soon as a vendor has answered, or when everything is
written but not committed. `"switch off" CONNECTION` switches it off; `store CONNECTION` stores a draft (JSON on stdin). `link CONNECTION OUTSIDE_ID DOCTYPE` makes a document (JSON on stdin) with its Link.
"""

import json
import os
import signal
import sys
from pathlib import Path

from tests.support.ground import connect


def main() -> None:
	connect(os.environ["HUB_GROUND"], os.environ["HUB_SITE"], Path(os.environ["SITES_PATH"]))
	import frappe

	from integration_hub.sync import worker
	from integration_hub.sync.links import Links

	command, connection = sys.argv[1:3]
	if command == "drain":
		rest = sys.argv[3:]
		if rest:
			# all processes of a race start at the same moment
			import time

			time.sleep(max(0.0, float(rest[0]) - time.time()))
		done = worker.drain(connection, limit=int(rest[1]) if len(rest) > 1 else None)
		print(done, flush=True)
	elif command == "link":
		# what another worker makes and commits meanwhile
		outside_id, doctype = sys.argv[3:5]
		made = frappe.get_doc(json.load(sys.stdin) | {"doctype": doctype}).insert()
		links = Links(connection)
		links.claim("customers", outside_id)
		links.fill("customers", outside_id, doctype, made.name)
		frappe.db.commit()  # the test's own transaction goes on without seeing it
	elif command == "store":
		# what another request asks for meanwhile
		from integration_hub.sync import store

		store.store(connection, [store.Draft(**json.load(sys.stdin))])
		frappe.db.commit()  # the test's own transaction goes on without seeing it
	elif command == "switch off":
		frappe.db.set_value("Integration Connection", connection, "enabled", 0)
		frappe.db.commit()  # the switch is thrown
	elif command == "die":
		die_when(worker, sys.argv[3])
		worker.drain(connection)
	frappe.destroy()


def die_when(worker, point: str) -> None:
	"""Replace the step of the worker that follows the chosen point by the end of this process."""

	def die(*_arguments, **_options):
		os.kill(os.getpid(), signal.SIGKILL)

	setattr(worker, {"answered": "_finish", "written": "_end"}[point], die)


if __name__ == "__main__":
	main()
