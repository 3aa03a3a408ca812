"""Promise 8: moments are aware from the vendor to the document, whatever clock the site keeps."""

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu")


@pytest.fixture
def clock(site, monkeypatch):
	"""Set the site's time zone for one test."""
	from integration_hub.erp import times

	def use(zone):
		monkeypatch.setattr(times, "get_system_timezone", lambda: zone)
		return times

	return use


@pytest.mark.parametrize(
	("zone", "told", "here"),
	[
		("Europe/Berlin", "2026-03-01T10:00:00-05:00", "2026-03-01 16:00:00"),
		("Europe/Berlin", "2026-07-01T10:00:00+00:00", "2026-07-01 12:00:00"),
		("Asia/Kolkata", "2026-03-01T20:00:00+00:00", "2026-03-02 01:30:00"),
		("Pacific/Auckland", "2026-12-31T12:00:00+00:00", "2027-01-01 01:00:00"),
		("America/New_York", "2026-01-01T03:00:00+00:00", "2025-12-31 22:00:00"),
		# both readings of the doubled hour, and the hour that is skipped
		("Europe/Berlin", "2026-10-25T00:30:00+00:00", "2026-10-25 02:30:00"),
		("Europe/Berlin", "2026-10-25T01:30:00+00:00", "2026-10-25 02:30:00"),
		("Europe/Berlin", "2026-03-29T01:00:00+00:00", "2026-03-29 03:00:00"),
	],
)
def test_a_moment_on_the_site_s_clock(clock, zone, told, here):
	times = clock(zone)
	assert str(times.to_site(datetime.fromisoformat(told))) == here
	assert str(times.site_date(datetime.fromisoformat(told))) == here[:10]


@pytest.mark.parametrize("zone", ZONES)
def test_there_and_back(clock, zone):
	times = clock(zone)

	@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2050, 1, 1)))
	def back(naive):
		moment = naive.replace(tzinfo=timezone.utc)
		again = times.from_site(times.to_site(moment))
		if times.to_site(moment) == times.to_site(moment - timedelta(hours=1)):
			assert again in (moment, moment - timedelta(hours=1)), "the doubled hour: the earlier reading"
		else:
			assert again == moment

	back()


def test_a_moment_without_a_zone_is_refused():
	from integration_hub.records import Payment

	known = {"id": "1", "method": "cash", "amount": "1.00"}
	with pytest.raises(ValueError, match="timezone"):
		Payment(**known, paid_at=datetime(2026, 1, 1))
	assert Payment(**known, paid_at=datetime(2026, 1, 1, tzinfo=timezone.utc)).paid_at.tzinfo


def test_a_return_is_never_posted_before_what_it_returns(clock):
	times = clock("Europe/Berlin")
	sold = SimpleNamespace(posting_date="2026-05-01", posting_time="12:00:00")
	doc = SimpleNamespace()
	times.post_at(doc, datetime(2026, 5, 1, 9, 0, tzinfo=ZoneInfo("Europe/Berlin")), after=sold)
	assert (str(doc.posting_date), str(doc.posting_time)) == ("2026-05-01", "12:00:01")
