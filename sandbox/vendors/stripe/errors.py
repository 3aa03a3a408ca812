"""What Stripe answers instead of doing it: {"error": {type, code, message, param, ...}} with a status."""

DOCS = "https://docs.stripe.com/error-codes#"


class Refusal(Exception):
	"""more: further fields of the error (decline_code, payment_intent, charge, ...).

	early: the request was refused before anything was carried out, so its Idempotency-Key is not taken.
	"""

	def __init__(
		self,
		message: str,
		*,
		status: int = 400,
		type: str = "invalid_request_error",
		code: str | None = None,
		param: str | None = None,
		early: bool = False,
		headers: dict[str, str] | None = None,
		**more,
	):
		super().__init__(message)
		self.message, self.status, self.type, self.code, self.param = message, status, type, code, param
		self.early, self.headers, self.more = early, headers or {}, more

	def body(self, request_id: str) -> dict:
		error = {"message": self.message, "type": self.type}
		if self.code:
			error |= {"code": self.code, "doc_url": DOCS + self.code.replace("_", "-")}
		if self.param:
			error["param"] = self.param
		if self.status != 401:
			error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
		return {"error": error | self.more}


def missing(kind: str, id: str, param: str = "id", status: int = 400) -> Refusal:
	"""No such object. status: 404 for the object a path names, 400 for one that a parameter names."""
	return Refusal(f"No such {kind}: '{id}'", status=status, code="resource_missing", param=param)


def unsupported(what: str) -> Refusal:
	"""Stripe knows this, the sandbox does not; said plainly, so that nobody takes it for Stripe's word."""
	return Refusal(f"The sandbox does not know {what}.", code="sandbox_unsupported", early=True)


def card_declined(decline_code: str, message: str, **more) -> Refusal:
	code = decline_code if decline_code in ("expired_card", "incorrect_cvc", "processing_error") else ""
	if not code:
		more["decline_code"] = decline_code
	return Refusal(message, status=402, type="card_error", code=code or "card_declined", **more)
