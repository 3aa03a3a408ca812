"""Context managers for tests, working (the wheel's `change_settings` and `patch_hooks` do nothing).

Each is also a decorator. Signatures are those of Frappe v15 and v16.
"""

import contextlib
import functools
import signal
from unittest.mock import patch

import frappe


@contextlib.contextmanager
def change_settings(doctype, settings_dict=None, /, commit=False, **settings):
	"""Change fields of a settings document, and put the old values back afterwards, come what may."""
	wanted = settings if settings_dict is None else settings_dict
	before = {field: frappe.get_doc(doctype).get(field) for field in wanted}
	_save_settings(doctype, wanted, commit)
	try:
		yield
	finally:
		_save_settings(doctype, before, commit)


def _save_settings(doctype: str, values: dict, commit: bool) -> None:
	document = frappe.get_doc(doctype)
	document.update(values)
	document.save(ignore_permissions=True)  # a test's set-up, not a user's deed
	if commit:
		frappe.db.commit()  # asked for by the caller


@contextlib.contextmanager
def patch_hooks(overridden_hooks: dict):
	"""Let `frappe.get_hooks(name)` answer with these values."""
	original = frappe.get_hooks

	def get_hooks(hook=None, default="_KEEP_DEFAULT_LIST", app_name=None):
		if hook in overridden_hooks:
			return overridden_hooks[hook]
		return original(hook, default, app_name)

	documents = getattr(frappe.local, "doc_events_hooks", None)
	frappe.local.doc_events_hooks = None
	try:
		with patch.object(frappe, "get_hooks", get_hooks):
			yield
	finally:
		frappe.local.doc_events_hooks = documents


@contextlib.contextmanager
def set_user(user: str):
	"""Act as another user."""
	before = frappe.session.user
	frappe.set_user(user)
	try:
		yield
	finally:
		frappe.set_user(before)


@contextlib.contextmanager
def freeze_time(time_to_freeze, is_utc: bool = False, *args, **kwargs):
	"""Stand still at a moment, given in the site's time zone unless `is_utc` (needs freezegun)."""
	from datetime import UTC
	from zoneinfo import ZoneInfo

	import freezegun
	from frappe.utils.data import get_datetime, get_system_timezone

	if not is_utc:
		zone = ZoneInfo(get_system_timezone())
		time_to_freeze = get_datetime(time_to_freeze).replace(tzinfo=zone).astimezone(UTC)
	with freezegun.freeze_time(time_to_freeze, *args, **kwargs):
		yield


@contextlib.contextmanager
def switch_site(site: str):
	"""Drop the connection, work on another site, and come back."""
	before, sites_path = frappe.local.site, frappe.local.sites_path
	frappe.destroy()
	frappe.init(site, sites_path=sites_path, force=True)
	frappe.connect()
	try:
		yield
	finally:
		frappe.destroy()
		frappe.init(before, sites_path=sites_path, force=True)
		frappe.connect()


@contextlib.contextmanager
def timeout_context(seconds: int = 30, error_message: str = "Operation timed out."):
	"""Raise when the block takes longer (main thread only: it uses an alarm)."""

	def ring(*_):
		raise TimeoutError(error_message)

	before = signal.signal(signal.SIGALRM, ring)
	signal.alarm(seconds)
	try:
		yield
	finally:
		signal.alarm(0)
		signal.signal(signal.SIGALRM, before)


def timeout(seconds=30, error_message: str = "Operation timed out."):
	"""`@timeout` or `@timeout(seconds=10)` around a test."""
	if callable(seconds):
		return timeout()(seconds)

	def decorate(function):
		@functools.wraps(function)
		def run(*args, **kwargs):
			with timeout_context(seconds, error_message):
				return function(*args, **kwargs)

		return run

	return decorate


@contextlib.contextmanager
def debug_on(*exceptions):
	"""Open the debugger where one of these exceptions (AssertionError, if none) comes from."""
	exceptions = exceptions or (AssertionError,)
	try:
		yield
	except exceptions as error:
		import pdb

		pdb.post_mortem(error.__traceback__)
		raise


@contextlib.contextmanager
def trace_fields(*args, **kwargs):
	raise NotImplementedError("trace_fields is not part of the sandbox")
	yield
