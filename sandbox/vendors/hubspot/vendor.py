"""The portal as a server: signing in, limits, the API, the app's webhooks, troubles in HubSpot's words, actions."""

import json
import re
import secrets
import uuid

from werkzeug.wrappers import Request, Response

from sandbox.vendors.base import Vendor, json_response
from sandbox.vendors.hubspot import limits
from sandbox.vendors.hubspot.access import SCOPES, Access, expired, unauthorised
from sandbox.vendors.hubspot.actions import Actions
from sandbox.vendors.hubspot.api import account, apps, audience, links, objects, properties
from sandbox.vendors.hubspot.api.call import Answer, Call
from sandbox.vendors.hubspot.errors import Refusal, not_found
from sandbox.vendors.hubspot.limits import Limits
from sandbox.vendors.hubspot.model import Source
from sandbox.vendors.hubspot.paths import Place, place
from sandbox.vendors.hubspot.pipelines import Pipeline, deal_stage
from sandbox.vendors.hubspot.portal import Portal
from sandbox.vendors.hubspot.webhooks import Hooks
from sandbox.vendors.troubles import KINDS, Trouble

VERSIONS = ["2026-03", "2026-09"]  # supported, oldest first

HANDLERS = {
	"objects": objects.handle,
	"associations": links.handle,
	"properties": properties.handle,
	"pipelines": account.pipelines_of,
	"owners": account.owners,
	"account-info": account.details,
	"lists": audience.lists,
	"communication-preferences": audience.preferences,
}


class HubSpot(Actions, Vendor):
	"""A HubSpot account on this machine, with one app that is installed in it.

	token: of the private app. client_id, client_secret, refresh_token: of the OAuth app; the secret signs webhooks.
	developer_key, app_id: to manage the app's webhook subscriptions by API.
	"""

	key = "hubspot"
	title = "HubSpot"
	# besides those that every vendor has: the day's budget is used up, the search's second is full, the OAuth token
	# has just ended, a scope is missing, the record is locked (423), the account is being moved (477)
	kinds = (*KINDS, "daily_limit", "search_limit", "expired", "missing_scopes", "locked", "migration")

	def __init__(
		self,
		portal: Portal | None = None,
		*,
		token: str = "pat-na1-sandbox",
		client_id: str = "sandbox-client",
		client_secret: str = "sandbox-secret",
		refresh_token: str = "na1-sandbox-refresh",
		developer_key: str = "sandbox-developer-key",
		app_id: int = 1160452,
		scopes: list[str] | None = None,
	):
		super().__init__()
		self.portal = portal or Portal()
		self.lock = self.portal.lock
		self.access = Access(
			token, client_id, client_secret, developer_key, list(SCOPES if scopes is None else scopes)
		)
		self.refresh_token = refresh_token
		self.access.refresh_tokens.add(refresh_token)
		self.app_id = app_id
		self.source = Source("INTEGRATION", str(app_id))
		self.limits = Limits()
		self.hooks = Hooks(self.portal, self.courier, app_id, client_secret)
		self.versions = list(VERSIONS)
		self.portal.listeners.append(self.hooks.tell)
		self.actions = {name[3:]: getattr(self, name) for name in dir(self) if name.startswith("do_")}

	@classmethod
	def from_seed(cls, seed: dict) -> "HubSpot":
		"""seed: {"portal": Portal's arguments, "token", "client_id", "client_secret", "refresh_token",
		"developer_key", "app_id", "scopes", "owners": [{email, first_name, last_name}], "pipelines": [{id, label,
		stages: [{id, label, probability}]}], "properties": [{"object", ...as the API takes it}], "companies",
		"contacts", "deals", "leads": [arguments of the actions], "webhook": {"url", "events": [...]}}."""
		names = "token client_id client_secret refresh_token developer_key app_id scopes".split()
		vendor = cls(Portal(**seed.get("portal", {})), **{name: seed[name] for name in names if name in seed})
		for one in seed.get("owners", []):
			vendor.portal.add_owner(**one)
		for one in seed.get("pipelines", []):
			stages = [deal_stage(**stage) for stage in one["stages"]]
			vendor.portal.add_pipeline(Pipeline(one["id"], one["label"], stages))
		for one in seed.get("properties", []):
			vendor.do_add_property(**one)
		for kind in ("companies", "contacts", "deals", "leads"):
			for one in seed.get(kind, []):
				getattr(vendor, {"companies": "do_add_company"}.get(kind, f"do_add_{kind[:-1]}"))(**one)
		if "webhook" in seed:
			vendor.do_subscribe(**seed["webhook"])
		return vendor

	def credentials(self) -> dict:
		access = self.access
		return {
			"token": access.token,
			"client_id": access.client_id,
			"client_secret": access.client_secret,
			"refresh_token": self.refresh_token,
			"developer_key": access.developer_key,
			"app_id": self.app_id,
			"portal_id": self.portal.id,
		}

	# ---- knobs of its own

	def expire_tokens(self) -> None:
		"""Every token that OAuth issued is over, now."""
		self.access.expire()

	def rotate_secret(self, secret: str) -> None:
		"""New client secret; webhooks are signed with it from now on."""
		self.access.client_secret = self.hooks.secret = secret

	def authorise(self, redirect_uri: str) -> str:
		"""A user installs the app: the code that comes back to redirect_uri."""
		code = str(uuid.uuid4())
		self.access.codes[code] = redirect_uri
		return code

	# ---- requests

	def operations(self, request: Request) -> list[str]:
		"""contacts.search, contacts.batch.upsert, contacts.create|list|read|update|archive, associations.batch.read,
		properties.create, oauth.token, lists.memberships.add, ..."""
		where = place(request.path, self.versions)
		if where is None:
			return [f"{request.method} {request.path}"]
		return [_name(self.portal, where, request.method)]

	def handle(self, request: Request) -> Response:
		headers: dict[str, str] = {}
		try:
			status, body = self._handled(request, headers)
		except Refusal as refusal:
			status, body = refusal.status, refusal.envelope()
			headers |= refusal.headers
		answer = Response(status=status) if body is None else json_response(body, status)
		answer.headers.update(headers)
		answer.headers["X-HubSpot-Correlation-Id"] = str(uuid.uuid4())
		return answer

	def _handled(self, request: Request, headers: dict[str, str]) -> Answer:
		where = place(request.path, self.versions)
		if where is None:
			raise not_found(f"No route for {request.method} {request.path}")
		call = Call(self.portal, self.access, request, where, self.source)
		if where.api == "oauth":
			with self.lock:
				return apps.oauth(call)
		if where.api == "webhooks":
			self._developer(request)
			with self.lock:
				return apps.webhooks(call, self.hooks)
		oauth = self.access.check(request.headers.get("Authorization", ""))
		search = where.parts[-1:] == ("search",) and where.api == "objects"
		refused = self.limits.take(oauth=oauth, search=search)
		headers |= self.limits.headers(oauth=oauth, search=search)
		if refused is not None:
			raise refused
		with self.lock, self.portal.together():
			return HANDLERS[where.api](call)

	def _developer(self, request: Request) -> None:
		"""Webhook subscriptions are the developer's: with the developer key, or a token by client credentials."""
		key = request.args.get("hapikey", "")
		if key and secrets.compare_digest(key.encode(), self.access.developer_key.encode()):
			return
		if not self.access.check(request.headers.get("Authorization", "")):
			raise unauthorised()

	def refuse(self, trouble: Trouble, request: Request) -> Response:
		trouble_status = trouble.status if trouble.kind in ("error", "error_after") else 0
		if trouble_status in (502, 503, 504) or trouble_status >= 520:
			# these come from the edge, which speaks no JSON
			page = f"<html><head><title>{trouble_status}</title></head><body>cloudflare</body></html>"
			return Response(page, trouble_status, content_type="text/html")
		refusal = {
			"rate_limited": limits.ten_secondly_limit,
			"daily_limit": limits.daily_limit,
			"search_limit": limits.secondly_limit,
			"unauthorised": unauthorised,
			"expired": lambda: expired(7, self.portal.clock.now() - 7000),
			"missing_scopes": _missing_scopes,
			"locked": lambda: Refusal(423, "LOCKED", "The resource is locked. Try again in 2 seconds."),
			"migration": lambda: Refusal(
				477,
				"MIGRATION_IN_PROGRESS",
				"This account is being moved to another data center.",
				headers={"Retry-After": f"{trouble.retry_after:g}"},
			),
		}.get(trouble.kind, lambda: Refusal(trouble_status, "", "internal error"))()
		return json_response(refusal.envelope(), refusal.status, refusal.headers)

	# ---- webhooks for tests that deliver them themselves

	def webhook(self, events: list[dict], uri: str | None = None) -> tuple[dict[str, str], bytes]:
		"""Headers and bytes of a delivery with these events. uri: what is signed, else the target."""
		raw = json.dumps(events, separators=(",", ":"), ensure_ascii=False).encode()
		return self.hooks.signed(raw, uri), raw


def _missing_scopes() -> Refusal:
	return Refusal(
		403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."
	)


def _name(portal: Portal, where: Place, method: str) -> str:
	parts = list(where.parts)
	if where.api == "objects" and parts:
		known = {name for type in portal.types.values() for name in (type.id, type.singular, type.name)}
		kind = portal.type(parts[0]).name if parts[0].lower() in known else parts[0]
		if len(parts) > 2 and parts[2] == "associations":
			return f"{kind}.associations.{'list' if method == 'GET' else method.lower()}"
		if len(parts) == 1:
			return f"{kind}.{'create' if method == 'POST' else 'list'}"
		if len(parts) == 2 and parts[1] not in ("search", "merge", "gdpr-delete"):
			return f"{kind}." + {"GET": "read", "PATCH": "update", "DELETE": "archive"}.get(method, method)
		return ".".join([kind, *parts[1:]])
	words = [part for part in parts if not re.fullmatch(r"[\d-]+|.*@.*", part)]
	if where.api == "associations":
		words = parts[2:]
	if where.api in ("properties", "pipelines"):
		words = words[1:]
		verb = {"GET": "read", "POST": "create", "PATCH": "update", "DELETE": "archive"}.get(method, method)
		return ".".join([where.api, *(words if words[:1] in (["batch"], ["groups"]) else [verb])])
	return ".".join([where.api, *words]) or where.api
