"""Who may come in: the token of a private app, tokens by OAuth that live half an hour, scopes, the developer key."""

import hmac
import secrets
import time
from dataclasses import dataclass, field

from sandbox.vendors.hubspot.errors import Refusal

TOKEN_LIFE = 1800  # seconds
OBJECTS = ("contacts", "companies", "deals", "leads")
SCOPES = (
	"oauth",
	*(f"crm.objects.{name}.{right}" for name in OBJECTS for right in ("read", "write")),
	*(f"crm.schemas.{name}.{right}" for name in OBJECTS for right in ("read", "write")),
	"crm.objects.owners.read",
	"crm.lists.read",
	"crm.lists.write",
	"communication_preferences.read_write",
	"communication_preferences.statuses.batch.read",
	"communication_preferences.statuses.batch.write",
)


@dataclass
class Access:
	"""token: of the private app (never ends). refresh_tokens: what OAuth may be renewed with."""

	token: str
	client_id: str
	client_secret: str
	developer_key: str
	scopes: list[str] = field(default_factory=lambda: list(SCOPES))
	token_life: float = TOKEN_LIFE
	refresh_tokens: set[str] = field(default_factory=set)
	codes: dict[str, str] = field(default_factory=dict)  # to be exchanged: redirect URI
	issued: dict[str, float] = field(default_factory=dict)  # OAuth token: when it ends
	revoked: set[str] = field(default_factory=set)

	def issue(self) -> str:
		token = f"CL{secrets.token_urlsafe(48)}"
		self.issued[token] = time.time() + self.token_life
		return token

	def expire(self) -> None:
		"""All tokens that OAuth issued are over, now."""
		for token in self.issued:
			self.issued[token] = min(self.issued[token], time.time() - 1)

	def check(self, header: str) -> bool:
		"""Is it OAuth's (or the private app's)? Raises Refusal for neither."""
		kind, _, token = header.partition(" ")
		if kind.lower() != "bearer" or not token or token in self.revoked:
			raise unauthorised()
		if hmac.compare_digest(token.encode(), self.token.encode()):
			return False
		ends = self.issued.get(token)
		if ends is None:
			raise unauthorised()
		if ends <= time.time():
			raise expired(int(time.time() - ends), int(ends * 1000))
		return True

	def need(self, *scopes: str) -> None:
		"""One of these; raises Refusal."""
		if scopes and not any(scope in self.scopes for scope in scopes):
			raise Refusal(
				403,
				"MISSING_SCOPES",
				"This app hasn't been granted all required scopes to make this call. Read more about required "
				"scopes here: https://developers.hubspot.com/scopes.",
				errors=[
					{
						"message": "One or more of the following scopes are required.",
						"context": {"requiredGranularScopes": list(scopes)},
					}
				],
			)


def unauthorised() -> Refusal:
	return Refusal(
		401,
		"INVALID_AUTHENTICATION",
		"Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
		"details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
	)


def expired(seconds: int, at: int) -> Refusal:
	return Refusal(
		401,
		"EXPIRED_AUTHENTICATION",
		f"The OAuth token used to make this call expired {seconds} second(s) ago.",
		context={"expireTime": [str(at)]},
	)
