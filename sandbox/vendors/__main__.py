"""`python -m sandbox.vendors shopify --port 8901 [--seed FILE]`: serve one vendor until interrupted."""

import argparse
import json
import signal
import sys

from sandbox.vendors import VENDORS, vendor_class


def main(argv: list[str] | None = None) -> int:
	parser = argparse.ArgumentParser(prog="python -m sandbox.vendors", description=__doc__)
	parser.add_argument("vendor", choices=sorted(VENDORS))
	parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
	parser.add_argument("--seed", help="JSON file with what the vendor starts with")
	options = parser.parse_args(argv)
	seed = {}
	if options.seed:
		with open(options.seed, encoding="utf-8") as file:
			seed = json.load(file)
	vendor = vendor_class(options.vendor).from_seed(seed)
	running = vendor.start(options.port)
	# one line that a parent process can read: where it listens, then everything a client needs
	print(json.dumps({"url": running.url, **vendor.credentials()}), flush=True)
	signal.signal(signal.SIGTERM, lambda *_: running.stop())
	try:
		running.join()
	except KeyboardInterrupt:
		running.stop()
	return 0


if __name__ == "__main__":
	sys.exit(main())
