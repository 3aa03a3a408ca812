"""No errors are sent anywhere from a sandbox (the wheel's module needs sentry_sdk to be imported)."""


def capture_exception(message: str | None = None) -> None:
	"""Frappe calls this for every error it logs."""


def set_sentry_context() -> None:
	"""Frappe calls this before requests and jobs when Sentry is configured."""
