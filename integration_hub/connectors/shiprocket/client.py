"""Talking to Shiprocket: logging in, one call, what its answers mean, and who we are.

Sources: Shiprocket's API documentation (apidocs.shiprocket.in) and recorded requests and answers; it publishes no
specification. Its refusals come with 4xx as well as with 200 and an error inside, so every answer is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from integration_hub.connectors.contract import Connector, Identity
from integration_hub.connectors.http import Response, Rule
from integration_hub.connectors.shiprocket.settings import API, NO, PATH, SETTINGS, YES
from integration_hub.connectors.shiprocket.shapes import (
	Json,
	a_dict,
	a_list,
	number,
	text,
	whole,
	words,
)
from integration_hub.connectors.tokens import Token, TokenRefused, Tokens
from integration_hub.failures import Failure, Invalid, NotAuthorised, Rejected
from integration_hub.records import Location

#: A token lives 10 days; it is renewed a day earlier.
TOKEN_LIFE = timedelta(days=9)
#: After so many refused logins with the same password we ask no more: Shiprocket locks API users.
MOST_REFUSALS = 2
#: … for so long, or until e-mail or password are changed.
REFUSED_FOR = timedelta(minutes=30)
VAULT_REFUSALS = "refused_logins"

#: Statuses that refuse a request, whose body says why. 350 is what some accounts see for an empty wallet.
REFUSING = frozenset({350, 400, 404, 405, 409, 410, 412, 422})
RULES: Mapping[int, Rule] = {
	402: Rule(
		Invalid, "The wallet at Shiprocket is too low.{message} Recharge it at Shiprocket, then try again."
	),
	403: Rule(
		NotAuthorised,
		"Shiprocket refuses our calls (HTTP 403).{message} The API user lacks a module, or Shiprocket's protection "
		"blocks the address of this server.",
	),
}

_WALLET = re.compile(
	r"recharge|wallet|(?:insufficient|low|negative|not enough)\b.{0,30}\b(?:balance|credit)|balance is low",
	re.I,
)
_PICKUP_PLACE = re.compile(r"pick-?up.?(?:location|address)", re.I)


@dataclass(frozen=True)
class Answer:
	"""What Shiprocket said. `body` is {} when it said nothing."""

	status: int
	body: Any

	@property
	def refusal(self) -> str:
		"""Why it was not done, in Shiprocket's words; "" when it was done. A refusal can come with HTTP 200."""
		if self.status >= 300:
			return words(self.body) or f"HTTP {self.status}"
		body = a_dict(self.body)
		inner = whole(body.get("status_code"))
		if inner is None and not isinstance(body.get("status"), bool):
			inner = whole(body.get("status"))  # {"status": 404, "message": …}; elsewhere "NEW", 1 or true
		flags = ("awb_assign_status", "pickup_status", "label_created")
		refused = (
			(inner is not None and 300 <= inner < 600)
			or body.get("success") is False
			or any(name in body and whole(body[name]) == 0 for name in flags)
			or bool(body.get("errors"))
		)
		return (words(body) or "no reason is given") if refused else ""


class Refused(Rejected):
	"""Shiprocket's no, with its answer: some callers know better what it means. `detail` is Shiprocket's words."""

	def __init__(self, sentence: str, *, answer: Answer | None = None, detail: str = ""):
		super().__init__(sentence, detail=detail)
		self.answer = answer or Answer(0, {})


class LoginRefused(NotAuthorised):
	"""E-mail or password is wrong."""


class Client(Connector):
	"""The part all of Shiprocket's capabilities stand on."""

	key: ClassVar[str] = "shiprocket"
	title: ClassVar[str] = "Shiprocket"
	category: ClassVar = "carrier"
	settings: ClassVar = SETTINGS
	#: it answers 429 at a rate that it does not publish
	rate_limit: ClassVar[str] = "5/second"

	def __init__(self, settings, http, vault):
		super().__init__(settings, http, vault)
		self._tokens = Tokens(vault, http, self._log_in, self._entered)
		self._places: list[Json] | None = None
		self._company = ""

	@classmethod
	def base_url(cls, settings: Mapping[str, str]) -> str:
		return cls.sandbox_url(settings) or API

	@property
	def dry_run(self) -> bool:
		return (self.config.get("dry_run") or NO) == YES

	# who are we

	def check(self) -> Identity:
		places = self._read_places()
		names = [_nickname(one) for one in places]
		balance = self._balance()
		warnings = []
		if self.dry_run:
			warnings.append("Dry run is on: nothing is ordered, cancelled or printed at Shiprocket.")
		if balance is not None and balance <= 0:
			warnings.append(
				"The wallet at Shiprocket is empty; no courier can be assigned until it is recharged."
			)
		wanted = self.config.get("pickup_place") or ""
		if not wanted:
			warnings.append("No pickup place is entered; each shipment must name its own.")
		elif wanted not in names:
			warnings.append(f"Shiprocket has no pickup place {wanted!r}. {_there_are(names)}")
		if not self.config.get("webhook_token"):
			warnings.append("Without a webhook token no webhook is accepted; parcels are only polled.")
		email = self.config.get("email") or ""
		detail = [email, f"wallet ₹ {balance:,.2f}" if balance is not None else ""]
		detail.append(f"pickup places: {', '.join(names) or 'none'}")
		return Identity(
			account=self._company or email,
			detail="; ".join(filter(None, detail)),
			currency="INR",
			warnings=tuple(warnings),
		)

	def list_locations(self) -> Sequence[Location]:
		return [
			Location(id=_nickname(one), name=_described(one), active=_active(one))
			for one in self._read_places()
		]

	def _balance(self):
		body = a_dict(self.ask("GET", "account/details/wallet-balance"))
		return number(a_dict(body.get("data")).get("balance_amount"))

	def _read_places(self) -> list[Json]:
		"""The account's pickup addresses, asked for once."""
		if self._places is None:
			data = a_dict(a_dict(self.ask("GET", "settings/company/pickup")).get("data"))
			self._places = [one for one in a_list(data.get("shipping_address")) if _nickname(a_dict(one))]
			self._company = text(data.get("company_name"))
		return self._places

	def place(self, nickname: str) -> Json:
		"""A pickup address by its nickname. Raises Invalid with the valid ones."""
		names = [_nickname(one) for one in self._read_places()]
		if nickname not in names:
			raise self._no_such_place(nickname, names)
		return self._read_places()[names.index(nickname)]

	def pickup_place(self, named: str) -> str:
		"""The nickname that counts for a consignment: its own, or the Connection's."""
		return named or (self.config.get("pickup_place") or "").strip()

	def _no_such_place(self, nickname: str, names: Sequence[str]) -> Invalid:
		said = f"Shiprocket has no pickup place {nickname!r}." if nickname else "No pickup place is named."
		return Invalid(f"{said} {_there_are(names)}")

	# one call

	def ask(
		self,
		method: str,
		path: str,
		*,
		what: str = "Shiprocket refuses this",
		json: Any = None,
		params: Any = None,
		repeatable: bool = True,
	) -> Any:
		"""The body of one call with our token, {} for none. Raises Refused for a no, in a sentence that begins with `what`;
		Invalid when the wallet is empty; what `Http` raises for all else."""
		options = {"json": json, "params": params, "repeatable": repeatable}
		return self._tokens.use(lambda token: self._with_token(token, what, method, path, **options))

	def _with_token(self, token: Token, what: str, method: str, path: str, **options: Any) -> Any:
		response = self.http.request(
			method,
			PATH + path,
			headers={"Authorization": f"Bearer {token.value}"},
			rules=RULES,
			meaning=lambda response: self._meaning(response, what),
			**options,
		)
		return _parsed(response.body)

	def _meaning(self, response: Response, what: str) -> Failure | None:
		if response.status == 401:
			return TokenRefused(
				"Shiprocket does not accept the token that it gave (HTTP 401). Check the API user, then test the Connection."
			)
		answer = _refusing(response)
		return self.failure(answer, what) if answer else None

	def failure(self, answer: Answer, what: str) -> Failure:
		"""The failure that Shiprocket's words mean. An empty wallet is a person's to mend, so it is parked; more tries would
		change nothing."""
		refusal = answer.refusal or words(answer.body) or "no reason is given"
		said = refusal.rstrip(".")
		if _WALLET.search(refusal):
			return Invalid(
				f"The wallet at Shiprocket is too low: {said}. Recharge it at Shiprocket, then try again.",
				detail=refusal,
			)
		return Refused(f"{what}: {said}.", answer=answer, detail=refusal)

	def misplaced(self, refused: Refused, nickname: str) -> Invalid | None:
		"""A wrong pickup place, when it is that: the answer lists the right ones. That is a person's to mend too."""
		if not _PICKUP_PLACE.search(refused.detail):
			return None
		body = a_dict(refused.answer.body)
		listed = a_dict(body.get("data"))
		rows = a_list(listed.get("data") or listed.get("shipping_address") or body.get("data"))
		names = [_nickname(a_dict(one)) for one in rows if _nickname(a_dict(one))]
		if not names:
			names = [_nickname(one) for one in self._read_places()]
		if nickname in names:
			return None
		return self._no_such_place(nickname, names)

	# tokens

	@property
	def _entered(self) -> list[str]:
		return [self.config.get("email") or "", self.config.get("password") or ""]

	def _log_in(self, _more: Mapping[str, str]) -> Token:
		email, password = self._entered
		if not (email and password):
			raise NotAuthorised("Enter e-mail and password of a Shiprocket API user in the Connection.")
		refusals = self._refusals()
		if refusals >= MOST_REFUSALS:
			raise NotAuthorised(
				f"Shiprocket refused this e-mail and password {refusals} times. It is not asked again for "
				f"{REFUSED_FOR.seconds // 60} minutes, so that the API user is not locked. Check them at Shiprocket under "
				"Settings, API, and enter them again."
			)
		try:
			response = self.http.request(
				"POST",
				PATH + "auth/login",
				json={"email": email, "password": password},
				rules=RULES,
				meaning=_no_token,
			)
		except LoginRefused:
			ends = datetime.now(timezone.utc) + REFUSED_FOR
			self.vault.put(VAULT_REFUSALS, f"{self._tokens.login}:{refusals + 1}", ends)
			raise
		return Token(text(a_dict(_parsed(response.body)).get("token")), TOKEN_LIFE)

	def _refusals(self) -> int:
		"""How often this e-mail and password were refused of late; a changed password is tried at once."""
		login, _colon, times = (self.vault.get(VAULT_REFUSALS) or "").partition(":")
		return int(times) if login == self._tokens.login else 0


def _parsed(body: bytes) -> Any:
	"""Some calls answer with nothing, a refusal now and then with a page: neither says anything."""
	try:
		return json.loads(body)
	except (ValueError, RecursionError):
		return {}


def _refusing(response: Response, *more: int) -> Answer | None:
	"""The answer, when it is a no that says why: with 200, with a status that refuses, or with one of `more`."""
	answer = Answer(response.status, _parsed(response.body))
	judged = response.status < 300 or response.status in REFUSING or response.status in more
	return answer if judged and answer.refusal else None


def _no_token(response: Response) -> Failure | None:
	"""What the answer to a login means."""
	answer = _refusing(response, 401)
	said = answer.refusal if answer else ""
	if not said and response.status < 300 and not text(a_dict(_parsed(response.body)).get("token")):
		said = "it gave no token"
	if not said:
		return None
	return LoginRefused(
		f"Shiprocket does not accept e-mail and password of the API user: {said.rstrip('.')}. They are not those you "
		"log in to Shiprocket with."
	)


def _nickname(place: Json) -> str:
	"""Case and blanks count: Shiprocket compares it letter by letter."""
	return str(place.get("pickup_location") or "")


def _described(place: Json) -> str:
	where = " ".join(filter(None, (text(place.get("city")), text(place.get("pin_code")))))
	return f"{_nickname(place)} ({where})" if where else _nickname(place)


def _active(place: Json) -> bool:
	return whole(place.get("status")) != 0


def _there_are(names: Sequence[str]) -> str:
	if not names:
		return "There is none yet: add one at Shiprocket under Settings, Pickup Addresses."
	return f"There are: {', '.join(names)}."
