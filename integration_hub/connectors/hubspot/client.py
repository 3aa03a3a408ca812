"""Talking to HubSpot: tokens, limits, one call, what its answers mean, and who we are.

Sources: HubSpot's API documentation (versions by date, here 2026-03) and its OpenAPI collection.
"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Container, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from integration_hub.connectors.contract import Connector, Identity
from integration_hub.connectors.http import Response, retry_after
from integration_hub.connectors.hubspot.refusals import Refusal, refusal
from integration_hub.connectors.hubspot.settings import (
	API,
	API_VERSION,
	AS_LEADS,
	KEY_PROPERTY,
	LEAD_STAGES,
	SETTINGS,
)
from integration_hub.connectors.hubspot.shapes import Json, a_dict, parts, zone_of
from integration_hub.connectors.tokens import Token, TokenRefused, Tokens
from integration_hub.failures import Failure, NotAuthorised, RateLimited, Rejected

#: an OAuth token's life when its answer does not say
HALF_AN_HOUR = 1800
VAULT_ACCOUNT = "account"
#: how long the account's number, currency and time zone are remembered
ACCOUNT_KEPT = timedelta(days=1)
#: searches of one account, whoever makes them: 5 a second; their answers tell nothing about limits
SEARCHES = "4/second"
#: the window of the ordinary limit
TEN_SECONDS = 10.0
#: how long a locked record is left alone
LOCKED_FOR = 2.0
#: refusals whose body is read before they are sorted
READ = frozenset((400, 404, 405, 409, 415))


class Client(Connector):
	"""The part all of HubSpot's capabilities stand on."""

	key: ClassVar[str] = "hubspot"
	title: ClassVar[str] = "HubSpot"
	category: ClassVar = "crm"
	settings: ClassVar = SETTINGS
	#: of the smallest plan: 100 in ten seconds for one app; what is left is learned from the answers
	rate_limit: ClassVar[str] = "95/10 second"
	#: its search lags behind by up to some minutes
	pull_overlap: ClassVar[int] = 300
	event_batch: ClassVar[int] = 100

	def __init__(self, settings, http, vault):
		super().__init__(settings, http, vault)
		self._tokens = Tokens(
			vault,
			http,
			self._issued,
			[self.entered(one) for one in ("client_id", "client_secret", "refresh_token")],
		)
		self._account: Json | None = None

	@classmethod
	def base_url(cls, settings: Mapping[str, str]) -> str:
		return cls.sandbox_url(settings) or API

	# what was entered

	def entered(self, name: str, default: str = "") -> str:
		return (self.config.get(name) or "").strip() or default

	@property
	def version(self) -> str:
		return self.entered("api_version", API_VERSION)

	@property
	def key_property(self) -> str:
		return self.entered("key_property", KEY_PROPERTY).lower()

	@property
	def leads_are_contacts(self) -> bool:
		return self.config.get("leads_are") != AS_LEADS

	@property
	def lead_stages(self) -> list[str]:
		return parts(self.entered("lead_stages", LEAD_STAGES))

	# who are we

	def check(self) -> Identity:
		account = self.account(renew=True)
		warnings = self._scope_warnings()
		if not self.entered("client_secret"):
			warnings.append(
				"Without the app's client secret no webhook can be verified; changes are only pulled."
			)
		where = ", ".join(filter(None, (account.get("accountType"), account.get("timeZone"))))
		return Identity(
			account=f"HubSpot {account.get('portalId')}",
			detail=where,
			currency=str(account.get("companyCurrency") or ""),
			warnings=tuple(warnings),
		)

	def account(self, renew: bool = False) -> Json:
		"""The account's details: portalId, timeZone, companyCurrency, uiDomain. Remembered for a day."""
		if not renew and self._account is None:
			kept = self.vault.get(VAULT_ACCOUNT)
			self._account = jsonlib.loads(kept) if kept else None
		if renew or self._account is None:
			self._account = a_dict(self.ask("GET", f"account-info/{self.version}/details"))
			self.vault.put(
				VAULT_ACCOUNT, jsonlib.dumps(self._account), datetime.now(timezone.utc) + ACCOUNT_KEPT
			)
		return self._account

	def _scope_warnings(self) -> list[str]:
		missing = [scope for scope, *probe in self._probes() if self._lacks(*probe)]
		return [f"The app lacks these scopes: {', '.join(missing)}."] if missing else []

	def _probes(self) -> Iterator[tuple[str, str, str, Any]]:
		"""(scope, method, path, body) of calls that need that scope and change nothing: HubSpot tells nobody which scopes a
		private app has. A batch without rows is refused as empty, or as forbidden."""
		nothing: dict[str, Any] = {"inputs": []}
		for name in ("contacts", "companies", "deals", *(() if self.leads_are_contacts else ("leads",))):
			batch = f"crm/objects/{self.version}/{name}/batch"
			yield f"crm.objects.{name}.read", "POST", f"{batch}/read", nothing
			yield f"crm.objects.{name}.write", "POST", f"{batch}/update", nothing
			# for the property that holds our key
			yield f"crm.schemas.{name}.write", "POST", f"crm/properties/{self.version}/{name}", {}
		preferences = f"communication-preferences/{self.version}"
		yield "communication_preferences.read_write", "GET", f"{preferences}/definitions", None
		for right in ("read", "write"):
			path = f"{preferences}/statuses/batch/{right}?channel=EMAIL"
			yield f"communication_preferences.statuses.batch.{right}", "POST", path, nothing

	def _lacks(self, method: str, path: str, body: Any) -> bool:
		return self.send(method, path, json=body, accept=frozenset((400, 403, 404, 405, 415))).status == 403

	# one call

	def ask(
		self,
		method: str,
		path: str,
		*,
		json: Any = None,
		params: Mapping[str, Any] | None = None,
		repeatable: bool = True,
	) -> Any:
		"""The parsed body of a call that must succeed; None for an empty one. Raises what a refusal means."""
		answer = self.send(method, path, json=json, params=params, repeatable=repeatable)
		return answer.json() if answer.body else None

	def send(
		self,
		method: str,
		path: str,
		*,
		json: Any = None,
		params: Mapping[str, Any] | None = None,
		repeatable: bool = True,
		accept: Container[int] = (),
	) -> Response:
		"""One call with our token. A refusal whose status is in `accept` is the caller's to read."""
		options = {"json": json, "params": params, "repeatable": repeatable, "accept": accept}
		if self.entered("refresh_token"):
			return self._tokens.use(lambda token: self._with_token(token.value, method, path, **options))
		if not self.entered("access_token"):
			raise NotAuthorised(
				"Enter the access token of a private app in the Connection, or client ID, client secret and refresh token."
			)
		return self._with_token(self.entered("access_token"), method, path, **options)

	def _with_token(self, token: str, method: str, path: str, **options: Any) -> Response:
		searches = self.http.budget.part("search", SEARCHES) if path.endswith("/search") else None
		answer = self.http.request(
			method,
			path,
			headers={"Authorization": f"Bearer {token}"},
			meaning=self.meaning,
			part=searches,
			**options,
		)
		self._learn(answer)
		return answer

	def meaning(self, answer: Response) -> Failure | None:
		"""What a refusal of a whole call means; None for an answer that is none, or says nothing of its own."""
		if answer.status < 400:
			return None
		self._learn(answer)
		if answer.status in (423, 429, 477):
			return self._wait(answer)
		if answer.status == 401:
			return TokenRefused(
				"HubSpot does not accept the access token (HTTP 401). Enter a valid one in the Connection and test it."
			)
		said = refused(answer)
		if answer.status == 403:
			needed = a_dict(body_of(answer)).get("errors")
			return NotAuthorised(
				f"The HubSpot app lacks a scope: {said.words} Add it to the app and test the Connection.",
				detail=str(needed or said.category)[:1000],
			)
		return said.failure() if answer.status in READ else None

	def _wait(self, answer: Response) -> RateLimited:
		"""HubSpot seldom says how long to wait, but which limit it was, or what keeps it."""
		wait = retry_after(answer.headers)
		if answer.status == 477:
			return RateLimited(
				"HubSpot is moving this account and asks us to wait.",
				retry_after=TEN_SECONDS if wait is None else wait,
			)
		if answer.status == 423:
			return RateLimited(
				"HubSpot keeps this locked at the moment.", retry_after=max(wait or 0, LOCKED_FOR)
			)
		policy = str(a_dict(body_of(answer)).get("policyName") or "").upper()
		if wait is None:
			wait = TEN_SECONDS
			if policy.startswith("DAILY"):
				wait = self._until_midnight()
				self.http.budget.close_for(wait)
			elif policy.startswith("SECONDLY"):
				wait = 1.0
		return RateLimited(f"HubSpot asks us to slow down ({policy or 'HTTP 429'}).", retry_after=wait)

	def _learn(self, answer: Response) -> None:
		"""What is left in the window of ten seconds. Searches tell nothing."""
		try:
			most = float(answer.headers["X-HubSpot-RateLimit-Max"])
			left = float(answer.headers["X-HubSpot-RateLimit-Remaining"])
			seconds = float(answer.headers.get("X-HubSpot-RateLimit-Interval-Milliseconds") or 10_000) / 1000
		except (KeyError, ValueError):
			return
		if most > 0 and seconds > 0:
			self.http.budget.learn(left, most, most / seconds)

	def _until_midnight(self) -> float:
		"""Seconds until the day's budget is fresh: midnight of the account's time zone."""
		kept = self._account or jsonlib.loads(self.vault.get(VAULT_ACCOUNT) or "{}")
		zone = zone_of(kept.get("timeZone"))
		now = datetime.now(zone)
		midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), zone)
		return max((midnight - now).total_seconds(), 1.0)

	# tokens

	def _issued(self, _more: Mapping[str, str]) -> Token:
		"""A token for half an hour; the refresh token stays what it is."""
		if not (self.entered("client_id") and self.entered("client_secret")):
			raise NotAuthorised("Enter client ID and client secret of the app in the Connection.")
		answer = self.http.request(
			"POST",
			f"oauth/{self.version}/token",
			data={
				"grant_type": "refresh_token",
				"client_id": self.entered("client_id"),
				"client_secret": self.entered("client_secret"),
				"refresh_token": self.entered("refresh_token"),
			},
			meaning=self._no_token,
		)
		given = a_dict(answer.json())
		token = str(given.get("access_token") or "")
		if not token:
			raise NotAuthorised("HubSpot issued no access token for this refresh token.")
		return Token(token, timedelta(seconds=int(given.get("expires_in") or HALF_AN_HOUR)))

	def _no_token(self, answer: Response) -> Failure | None:
		if answer.status in READ or answer.status in (401, 403):
			return NotAuthorised(
				f"HubSpot issues no access token: {refused(answer).words} Check client ID, client secret and refresh token."
			)
		return self.meaning(answer)


def body_of(answer: Response) -> Any:
	"""Refusals of HubSpot's edge come as pages: those say nothing."""
	try:
		return answer.json()
	except Rejected:
		return {}


def refused(answer: Response) -> Refusal:
	return refusal(answer.status, body_of(answer))
