"""Talking to Shopify's GraphQL Admin API: tokens, cost budget, and what its errors mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from integration_hub.connectors.contract import Connector, Identity
from integration_hub.connectors.http import RULES as HTTP_RULES
from integration_hub.connectors.http import Response, Rule
from integration_hub.connectors.shopify import queries
from integration_hub.connectors.shopify.queries import Query
from integration_hub.connectors.shopify.settings import API_VERSION, SCOPES, SETTINGS, shop_domain
from integration_hub.connectors.tokens import Token, TokenRefused, Tokens
from integration_hub.failures import Failure, NotAuthorised, RateLimited, Rejected, Unreachable

GRAPHQL_PATH = f"admin/api/{API_VERSION}/graphql.json"
TOKEN_PATH = "admin/oauth/access_token"
#: Seconds that a token of the client-credentials grant lives when its answer does not say.
A_DAY = 86399
#: Points given back per second on the smallest plan; only used when a THROTTLED answer does not tell.
SLOWEST_RESTORE = 50.0

RULES: Mapping[int, Rule] = {
	404: Rule(NotAuthorised, "There is no Shopify shop at {host}. Check the shop domain in the Connection."),
	402: Rule(
		NotAuthorised,
		"Shopify has frozen the shop {host} (unpaid bill). It answers again once that is settled.",
	),
	423: Rule(NotAuthorised, "Shopify has locked the shop {host}. Its owner must contact Shopify's support."),
	430: Rule(RateLimited, "Shopify's protection refuses our calls to {host} for the moment (HTTP 430)."),
}
#: A token that Shopify issued may be withdrawn before its time; one that a person entered is that person's to replace.
ISSUED_RULES: Mapping[int, Rule] = {**RULES, 401: Rule(TokenRefused, HTTP_RULES[401].sentence)}
#: The token call answers 400 or 403 when client ID and secret do not fit together or the shop is not ours.
TOKEN_RULES: Mapping[int, Rule] = {
	**RULES,
	**{
		status: Rule(
			NotAuthorised,
			"Shopify does not accept client ID and client secret for {host}.{message} They must belong to an app "
			"of the shop's own organisation that is installed in the shop.",
		)
		for status in (400, 401, 403)
	},
}

#: Fields that Shopify hides from apps without protected-customer-data approval: an order without them is
#: still an order.
PERSONAL = frozenset(
	"customer billingAddress shippingAddress email phone defaultEmailAddress defaultPhoneNumber defaultAddress "
	"addressesV2 firstName lastName name address1 address2 city zip province provinceCode countryCodeV2 company "
	"displayName emailAddress phoneNumber".split()
)


@dataclass(frozen=True)
class UserError:
	"""One entry of a mutation's `userErrors`: the vendor says which input it dislikes."""

	message: str
	code: str
	field: Sequence[str]


class Client(Connector):
	"""The part all of Shopify's Resources stand on."""

	key: ClassVar[str] = "shopify"
	title: ClassVar[str] = "Shopify"
	category: ClassVar = "shop"
	settings: ClassVar = SETTINGS

	#: requested cost by operation, learned from the vendor's answers in this process
	_learned_costs: ClassVar[dict[str, int]] = {}

	def __init__(self, settings, http, vault):
		super().__init__(settings, http, vault)
		self.served_version: str | None = None
		self.hidden_fields: set[str] = set()
		entered = [self.config.get(one) or "" for one in ("client_id", "client_secret")]
		self._tokens = Tokens(vault, http, self._grant, entered)

	@classmethod
	def base_url(cls, settings: Mapping[str, str]) -> str:
		return cls.sandbox_url(settings) or f"https://{shop_domain(settings)}"

	# who are we

	def check(self) -> Identity:
		data = self.graphql(queries.SHOP)
		shop = data["shop"]
		granted = {scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"]}
		# a write scope contains the read scope
		granted |= {scope.replace("write_", "read_", 1) for scope in granted if scope.startswith("write_")}
		missing = [scope for scope in SCOPES if scope not in granted]
		warnings = []
		if missing:
			warnings.append(f"The app lacks these access scopes: {', '.join(missing)}.")
		if "read_all_orders" not in granted:
			warnings.append(
				"Without the scope read_all_orders, Shopify shows orders of the last 60 days only."
			)
		if self.served_version and self.served_version != API_VERSION:
			warnings.append(
				f"Shopify answers with API version {self.served_version} instead of {API_VERSION}. "
				"Update Integration Hub before fields it needs disappear."
			)
		if not self.webhook_secrets():
			warnings.append("Without the client secret no webhook can be verified; only pulls will work.")
		plan = (shop.get("plan") or {}).get("publicDisplayName") or ""
		return Identity(
			account=shop["name"],
			detail=", ".join(filter(None, (shop["myshopifyDomain"], plan))),
			currency=shop["currencyCode"],
			warnings=tuple(warnings),
		)

	def webhook_secrets(self) -> list[str]:
		return [
			secret
			for secret in (self.config.get("client_secret"), self.config.get("webhook_secret"))
			if secret
		]

	# one call

	def graphql(
		self, query: Query, variables: Mapping[str, Any] | None = None, *, repeatable: bool = True
	) -> dict[str, Any]:
		"""The `data` of one operation. Raises the failures of `Http`, and those its `errors` mean."""
		body = {"query": query.text, "variables": dict(variables or {})}
		cost = self._learned_costs.get(query.name, query.cost)
		answer = self._authorised(body, cost, repeatable)
		self.served_version = answer.headers.get("X-Shopify-API-Version") or self.served_version
		document = answer.json()
		if not isinstance(document, dict):
			raise Rejected("Shopify answered with something that is not a GraphQL result.")
		self._learn(query, document)
		if document.get("errors"):
			self._raise_for(document, repeatable)
		if document.get("data") is None:
			raise Rejected("Shopify answered without data and without an error.")
		return document["data"]

	def mutate(
		self, query: Query, variables: Mapping[str, Any], *, repeatable: bool = False
	) -> tuple[dict[str, Any], list[UserError]]:
		"""The payload of a mutation and its userErrors. `repeatable` only with an idempotency key."""
		payload = next(iter(self.graphql(query, variables, repeatable=repeatable).values())) or {}
		errors = [
			UserError(error.get("message") or "", error.get("code") or "", error.get("field") or ())
			for error in payload.get("userErrors") or ()
		]
		return payload, errors

	def rest_of(self, connection: dict[str, Any], query: Query, owner: str, path: Sequence[str]) -> None:
		"""Append the further pages of a nested connection, in place."""
		while connection["pageInfo"]["hasNextPage"]:
			page = self.graphql(
				query,
				{"id": owner, "first": queries.MORE_LINES, "after": connection["pageInfo"]["endCursor"]},
			)
			for step in path:
				page = page[step]
			connection["nodes"].extend(page["nodes"])
			connection["pageInfo"] = page["pageInfo"]

	def _authorised(self, body: Mapping[str, Any], cost: int, repeatable: bool) -> Response:
		if self.config.get("access_token"):
			return self._post(body, self.config["access_token"], cost, repeatable, RULES)
		return self._tokens.use(lambda token: self._post(body, token.value, cost, repeatable, ISSUED_RULES))

	def _post(
		self, body: Mapping[str, Any], token: str, cost: int, repeatable: bool, rules: Mapping[int, Rule]
	) -> Response:
		return self.http.request(
			"POST",
			GRAPHQL_PATH,
			json=body,
			headers={"X-Shopify-Access-Token": token},
			cost=cost,
			repeatable=repeatable,
			rules=rules,
		)

	# tokens

	def _grant(self, _more: Mapping[str, str]) -> Token:
		"""A 24-hour token of the client-credentials grant (only for shops of the app's own organisation)."""
		if not (self.config.get("client_id") and self.config.get("client_secret")):
			raise NotAuthorised(
				"Enter the shop's Admin API access token in the Connection, or client ID and client secret of the app."
			)
		answer = self.http.request(
			"POST",
			TOKEN_PATH,
			json={
				"client_id": self.config["client_id"],
				"client_secret": self.config["client_secret"],
				"grant_type": "client_credentials",
			},
			cost=0,
			rules=TOKEN_RULES,
		).json()
		token = answer.get("access_token") if isinstance(answer, dict) else None
		if not token:
			raise NotAuthorised("Shopify issued no access token for this client ID.")
		return Token(token, timedelta(seconds=int(answer.get("expires_in") or A_DAY)))

	# what came back

	def _learn(self, query: Query, document: Mapping[str, Any]) -> None:
		cost = (document.get("extensions") or {}).get("cost") or {}
		if cost.get("requestedQueryCost"):
			self._learned_costs[query.name] = int(cost["requestedQueryCost"])
		status = cost.get("throttleStatus")
		if status:
			self.http.budget.learn(
				float(status["currentlyAvailable"]),
				float(status["maximumAvailable"]),
				float(status["restoreRate"]),
			)

	def _raise_for(self, document: Mapping[str, Any], repeatable: bool) -> None:
		errors = document["errors"]
		if isinstance(errors, str):
			raise Rejected(f"Shopify refuses the request: {errors[:200]}")
		serious = [error for error in errors if not self._is_hidden_field(error, document)]
		if serious:
			raise self._failure(serious[0], document, repeatable)

	def _is_hidden_field(self, error: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
		"""A personal field that this app may not see, in an answer that is otherwise there."""
		path = [part for part in error.get("path") or () if isinstance(part, str)]
		hidden = (
			_code(error) == "ACCESS_DENIED"
			and document.get("data") is not None
			and len(path) > 1
			and path[-1] in PERSONAL
		)
		if hidden:
			self.hidden_fields.add(path[-1])
		return hidden

	def _failure(self, error: Mapping[str, Any], document: Mapping[str, Any], repeatable: bool) -> Failure:
		code, message = _code(error), str(error.get("message") or "")[:200]
		if code == "THROTTLED":
			wait = _restore_seconds(document)
			self.http.budget.close_for(wait)
			return RateLimited("Shopify asks us to slow down.", retry_after=wait, detail=message)
		if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT"):
			# the request id in the message is what Shopify's support asks for
			return Unreachable(
				"Shopify has a problem of its own. It is tried again later.",
				maybe_done=not repeatable,
				detail=message,
			)
		if code == "ACCESS_DENIED":
			needed = (error.get("extensions") or {}).get("requiredAccess")
			return NotAuthorised(
				f"The Shopify app lacks an access scope{f': {needed}' if needed else ''}. Grant it and test the Connection.",
				detail=message,
			)
		if code == "SHOP_INACTIVE":
			return NotAuthorised("The Shopify shop is not active.", detail=message)
		return Rejected(f"Shopify refuses the request: {message or code}", detail=code)


def _code(error: Mapping[str, Any]) -> str:
	return str((error.get("extensions") or {}).get("code") or "")


def _restore_seconds(document: Mapping[str, Any]) -> float:
	"""How long until the bucket holds what the throttled query asked for."""
	cost = (document.get("extensions") or {}).get("cost") or {}
	status = cost.get("throttleStatus") or {}
	missing = float(cost.get("requestedQueryCost") or 100) - float(status.get("currentlyAvailable") or 0)
	return max(missing / float(status.get("restoreRate") or SLOWEST_RESTORE), 1.0)


def sentence_of(errors: Sequence[UserError]) -> str:
	"""The vendor's own words, for a sentence of ours."""
	return "; ".join(dict.fromkeys(error.message for error in errors if error.message))[:300]
