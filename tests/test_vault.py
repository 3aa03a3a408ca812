"""What keeps a vendor's tokens: one worker at a time signs in, and nothing waits for ever."""

import frappe
import pytest
from redis.exceptions import ConnectionError as RedisIsAway

from integration_hub.failures import Waiting
from integration_hub.sync import connections
from integration_hub.sync.connections import SiteVault


@pytest.fixture(autouse=True)
def impatient(site, monkeypatch):
	monkeypatch.setattr(connections, "LOCK_PATIENCE", 0.3)


def test_one_at_a_time(site):
	with SiteVault("a").lock("token"):
		with pytest.raises(Waiting), SiteVault("a").lock("token"):
			pytest.fail("two are inside")
		with SiteVault("a").lock("another"), SiteVault("b").lock("token"):
			pass  # those are other locks
	with SiteVault("a").lock("token"):
		pass  # it is free again


def test_it_is_free_again_after_a_failure(site):
	with pytest.raises(KeyError), SiteVault("a").lock("token"):
		raise KeyError
	with SiteVault("a").lock("token"):
		pass


def test_a_killed_worker_blocks_nobody_for_long(site, monkeypatch):
	monkeypatch.setattr(connections, "LOCKED_AT_MOST", 0.2)
	held = SiteVault("a").lock("token")
	held.__enter__()  # and is never heard of again
	with SiteVault("a").lock("token"):
		pass
	with pytest.raises(StopIteration):
		next(held.gen)  # letting go of what had ended by itself is no error


def test_without_redis_nobody_waits(site, monkeypatch):
	class Away:
		def acquire(self):
			raise RedisIsAway("no")

	monkeypatch.setattr(frappe.cache, "lock", lambda *_a, **_k: Away(), raising=False)
	with SiteVault("a").lock("token"), SiteVault("a").lock("token"):
		pass
