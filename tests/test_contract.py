"""The connector contract is frozen: whoever has written a connector need not write it again. It may grow by new
capabilities, new optional members and new optional arguments, and by nothing else.

A record that only the hub makes may get a field that must be given; connectors then find more in it, never less.
"""

from tests.support import promised


def test_what_was_promised_is_there():
	lost = sorted(set(promised.KEPT.read_text().splitlines()) - set(promised.lines()))
	assert not lost, "connectors of other people rely on these"


def test_what_is_there_is_promised():
	new = sorted(set(promised.lines()) - set(promised.KEPT.read_text().splitlines()))
	assert not new, "write them down with: python -m tests.support.promised"
