"""Files whose address the vendor names: from where they are fetched, and what it means when they are not given."""

import pytest
from werkzeug.wrappers import Response

from integration_hub.connectors.http import Http
from integration_hub.failures import NotAuthorised, RateLimited, Rejected, Unreachable


def test_a_label_is_fetched_from_no_address_inside_our_network(monkeypatch):
	"""The carrier names the address of a label: it must not be one that only this machine can reach."""

	def forbidden(*_args, **_kwargs):
		raise AssertionError("nothing may be sent")

	monkeypatch.setattr("socket.socket.connect", forbidden)
	http = Http("https://api.example")
	for host in (
		"127.0.0.1",
		"localhost",
		"10.0.0.5",
		"169.254.169.254",
		"[::1]",
		"[fd00::1]",
		"0.0.0.0",
		"192.168.1.1",
	):
		with pytest.raises(Rejected, match="inside"):
			http.file(f"https://{host}/label.pdf")
	for address in ("http://files.example/x", "file:///etc/passwd", "ftp://files.example/x", "https://"):
		with pytest.raises(Rejected):
			http.file(address)


def test_a_label_that_is_not_given_stops_nothing(anybody):
	"""A file's address that is refused or busy (403, 429, 503) says nothing of our key or the vendor: the Connection is
	not paused, the other calls go on."""
	http = Http(anybody.url, allow_loopback_http=True)
	for status in (401, 403, 429, 500, 503):
		anybody.answer = Response(b"no", status=status, headers={"Retry-After": "60"})
		with pytest.raises((Rejected, Unreachable)) as found:
			http.file(f"{anybody.url}/label.pdf")
		assert not isinstance(found.value, NotAuthorised | RateLimited)
	status = http.budget.status()
	assert (status.closed_until, status.open_until, status.failures) == (0, 0, 0)
