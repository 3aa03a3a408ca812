"""`make serve`: the site, its workers and a connected shop, kept up until Ctrl-C."""

from __future__ import annotations

import signal
import threading

from sandbox.vendors.shopify.cases import CASES, place_case
from sandbox.world import PASSWORD, World

PORT = 8088
FIRST_ORDERS = (
	"tax_inclusive",
	"line_discount_code",
	"gift_card_used",
	"two_parcels",
	"unmapped_tax",
	"goodwill_refund",
)


def main() -> None:
	world = World()
	try:
		print("Preparing the site (a fork of Frappe v16 with a stand-in for ERPNext) ...", flush=True)
		world.prepare()
		world.serve(port=PORT)
		world.open_shop()
		world.subscribe()
		for name in FIRST_ORDERS:
			assert name in CASES
			place_case(world.shop, name)
		print(
			f"""
Desk      {world.web}/app/integration-hub
user      Administrator
password  {PASSWORD}
shop      {world.running[0].url}/_sandbox/   (place orders: POST /_sandbox/do/place_case {{"case": "tip"}})

{len(FIRST_ORDERS)} orders were placed; one of them waits for a bookkeeper. Ctrl-C ends everything.
""",
			flush=True,
		)
		ended = threading.Event()
		signal.signal(signal.SIGTERM, lambda *_: ended.set())
		ended.wait()
	except KeyboardInterrupt:
		print("Ending ...", flush=True)
	finally:
		world.stop()


if __name__ == "__main__":
	main()
