"""SQLite connections that are used again.

A new connection reads the whole schema before its first statement: with the 1,300 tables and indexes of a site that is
most of what a small web request costs. So what Frappe closes is kept by its thread for the next request there. A file
that was replaced, another process (a fork) and another kind of use never get a kept one.
"""

import os
import sqlite3
import threading
import weakref

_kept = threading.local()
#: of one thread: a site's own, and one that only reads
MOST = 4


class Connection(sqlite3.Connection):
	"""Its `close` puts it back. `key` says what it is good for; without one it is closed for good."""

	key = None

	def cursor(self, *arguments, **options):
		made = super().cursor(*arguments, **options)
		if not hasattr(self, "_cursors"):
			self._cursors = weakref.WeakSet()
		self._cursors.add(made)
		return made

	def close(self) -> None:
		rows = _rows()
		if self.key is None or self.key[0] != os.getpid() or len(rows) >= MOST:
			super().close()
			return
		for one in list(getattr(self, "_cursors", ())):
			one.close()  # a question that was not read to its end would hold what it saw
		if self.in_transaction:
			self.rollback()
		rows.append(self)


def _rows() -> list[Connection]:
	if getattr(_kept, "process", None) != os.getpid():
		# what a fork has inherited belongs to its parent: neither used nor closed here
		_kept.inherited = getattr(_kept, "rows", None)
		_kept.process, _kept.rows = os.getpid(), []
	return _kept.rows


def key_of(path, *use):
	"""What a connection to this file is kept under."""
	try:
		file = os.stat(path)
	except FileNotFoundError:
		return None
	return (os.getpid(), file.st_dev, file.st_ino, *use)


def take(key) -> Connection | None:
	rows = _rows()
	for place, one in enumerate(rows):
		if key is not None and one.key == key:
			return rows.pop(place)
	return None
