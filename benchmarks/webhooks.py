"""How long a shop waits for the acknowledgement of a webhook, against Frappe's own `/api/method/ping`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid

import requests

from sandbox import books
from tests.support.hub import Hubs

CLIENTS = 8
LIMIT_RATIO = 2.0


def measure(hubs: Hubs, web: str, rounds: int) -> bool:
	"""Eight clients, pings and webhooks mixed in one run; True when p99 stays within the limit."""
	hub = hubs()
	address = web + hub.webhook_path
	taken: dict[str, list[float]] = {"ping": [], "webhook": []}
	lock = threading.Lock()

	def client(number: int) -> None:
		with requests.Session() as session:
			for turn in range(rounds // CLIENTS):
				for kind, call in (("ping", _ping), ("webhook", _deliver)):
					began = time.perf_counter()
					answer = call(session, web, address, number * 100_000 + turn)
					seconds = time.perf_counter() - began
					assert answer.status_code == 200, answer.text
					if turn >= 5:
						with lock:
							taken[kind].append(seconds)

	threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	ping, webhook = _p99(taken["ping"]), _p99(taken["webhook"])
	print(f"acknowledgement of a webhook, {CLIENTS} clients, against /api/method/ping")
	print(
		f"  p99      {webhook / ping:5.2f}× (limit {LIMIT_RATIO}×; {webhook * 1000:.1f} and {ping * 1000:.1f} ms)"
	)
	print(f"  median   {_at(taken['webhook'], 0.5) / _at(taken['ping'], 0.5):5.2f}×\n")
	return webhook / ping <= LIMIT_RATIO


def _ping(session: requests.Session, web: str, _address: str, _number: int) -> requests.Response:
	return session.get(f"{web}/api/method/ping", timeout=60)


def _deliver(session: requests.Session, _web: str, address: str, number: int) -> requests.Response:
	body = json.dumps({"id": 7_000_000_000 + number, "updated_at": "2026-03-01T10:00:00-05:00"}).encode()
	signature = base64.b64encode(hmac.new(books.SECRET.encode(), body, hashlib.sha256).digest()).decode()
	return session.post(
		address,
		data=body,
		headers={
			"Content-Type": "application/json",
			"X-Shopify-Topic": "orders/create",
			"X-Shopify-Hmac-Sha256": signature,
			"X-Shopify-Webhook-Id": str(uuid.uuid4()),
		},
		timeout=60,
	)


def _at(values: list[float], share: float) -> float:
	return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _p99(values: list[float]) -> float:
	return _at(values, 0.99)
