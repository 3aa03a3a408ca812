"""What an app's developer does: its webhook subscriptions, and OAuth."""

import time

from sandbox.vendors.hubspot.access import Access
from sandbox.vendors.hubspot.api.call import Answer, Call, batch, not_allowed
from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import Refusal, broken_json, invalid, not_found
from sandbox.vendors.hubspot.webhooks import Hooks

FORM = "application/x-www-form-urlencoded"


def webhooks(call: Call, hooks: Hooks) -> Answer:
	"""{app id}/settings, {app id}/subscriptions, .../{id}, .../batch/update."""
	parts, method = call.parts, call.method
	if len(parts) < 2 or parts[0] != str(hooks.app_id):
		raise not_found(f"App {parts[0] if parts else ''} does not exist")
	if parts[1:] == ("settings",):
		return _settings(call, hooks)
	if parts[1] != "subscriptions":
		raise not_found()
	if len(parts) == 2:
		if method == "GET":
			return 200, {"results": [one.as_json() for one in hooks.subscriptions.values()]}
		if method == "POST":
			return 201, hooks.subscribe(call.json()).as_json()
		raise not_allowed()
	if parts[2:] == ("batch", "update") and method == "POST":
		for one in call.inputs(100):
			_activate(call, hooks, str(one.get("id")), one)
		return batch(call.portal, [one.as_json() for one in hooks.subscriptions.values()])
	if len(parts) == 3:
		found = hooks.subscription(parts[2])
		if method == "GET":
			return 200, found.as_json()
		if method == "PATCH":
			_activate(call, hooks, parts[2], call.object())
			return 200, found.as_json()
		if method == "DELETE":
			del hooks.subscriptions[found.id]
			return 204, None
		raise not_allowed()
	raise not_found()


def _activate(call: Call, hooks: Hooks, id: str, body: dict) -> None:
	found = hooks.subscription(id)
	if not isinstance(body.get("active"), bool):
		raise broken_json("active must be true or false")
	found.active, found.updated_at = body["active"], call.portal.clock.now()


def _settings(call: Call, hooks: Hooks) -> Answer:
	if call.method == "PUT":
		body = call.object()
		url, throttling = body.get("targetUrl"), body.get("throttling") or {}
		if not isinstance(url, str) or not url.startswith(
			("https://", "http://127.0.0.1", "http://localhost")
		):
			raise invalid("targetUrl must be an https address")
		if not isinstance(throttling.get("maxConcurrentRequests"), int):
			raise invalid("throttling.maxConcurrentRequests is required")
		hooks.target, hooks.max_concurrent = url, throttling["maxConcurrentRequests"]
	elif call.method == "DELETE":
		hooks.target = None
		return 204, None
	elif call.method != "GET":
		raise not_allowed()
	if hooks.target is None:
		raise not_found(f"App {hooks.app_id} has no webhook settings")
	now = iso(call.portal.clock.now())
	return 200, {
		"targetUrl": hooks.target,
		"throttling": {"maxConcurrentRequests": hooks.max_concurrent, "period": "SECONDLY"},
		"createdAt": now,
		"updatedAt": now,
	}


# ---- OAuth


def oauth(call: Call) -> Answer:
	"""token, token/introspect, token/revoke; and version 1's access-tokens/{token}, refresh-tokens/{token}."""
	parts, method = call.parts, call.method
	if parts == ("token",) and method == "POST":
		return _token(call)
	if parts == ("token", "introspect") and method == "POST":
		return 200, _about(call, _form(call).get("token", ""))
	if parts == ("token", "revoke") and method == "POST":
		return _revoke(call, _form(call).get("token", ""))
	if call.place.version == "v1" and len(parts) == 2:
		if parts[0] == "access-tokens" and method == "GET":
			return 200, _about(call, parts[1])
		if parts[0] == "refresh-tokens" and method == "GET":
			if parts[1] not in call.access.refresh_tokens:
				raise not_found("refresh token doesn't exist")
			return 200, _facts(call) | {"token": parts[1], "client_id": call.access.client_id}
		if parts[0] == "refresh-tokens" and method == "DELETE":
			call.access.refresh_tokens.discard(parts[1])
			return 204, None
	raise not_found()


def _form(call: Call) -> dict[str, str]:
	if not (call.request.content_type or "").startswith(FORM):
		raise Refusal(415, "", "Unsupported Media Type")
	return call.request.form.to_dict()


def _refused(status: str, message: str) -> Refusal:
	"""OAuth has words of its own in `status`."""
	words = {"BAD_REFRESH_TOKEN": "invalid_grant", "BAD_AUTH_CODE": "invalid_grant"}
	more = {"status": status, "error": words.get(status, "invalid_client"), "error_description": message}
	return Refusal(400, "VALIDATION_ERROR", message, more=more)


def _token(call: Call) -> Answer:
	form, access = _form(call), call.access
	if form.get("client_id") != access.client_id:
		raise _refused("BAD_CLIENT_ID", "missing or invalid client id")
	if form.get("client_secret") != access.client_secret:
		raise _refused("BAD_CLIENT_SECRET", "missing or invalid client secret")
	grant = form.get("grant_type")
	if grant == "refresh_token":
		refresh = form.get("refresh_token", "")
		if refresh not in access.refresh_tokens:
			raise _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token")
		return 200, _issued(call, access, refresh)
	if grant == "authorization_code":
		uri = access.codes.pop(form.get("code", ""), None)
		if uri is None:
			raise _refused("BAD_AUTH_CODE", "missing or invalid auth code")
		if form.get("redirect_uri") != uri:
			raise _refused("BAD_REDIRECT_URI", "missing or unknown redirect URI")
		refresh = f"na1-{form['code']}"
		access.refresh_tokens.add(refresh)
		return 200, _issued(call, access, refresh)
	if grant == "client_credentials":
		return 200, _issued(call, access, None)
	raise _refused("BAD_GRANT_TYPE", "missing or unknown grant type")


def _issued(call: Call, access: Access, refresh: str | None) -> dict:
	"""The refresh token stays what it was."""
	known = {
		"token_type": "bearer",
		"access_token": access.issue(),
		"expires_in": int(access.token_life),
		"hub_id": call.portal.id,
	}
	return known | {"refresh_token": refresh} if refresh else known


def _facts(call: Call) -> dict:
	return {
		"hub_id": call.portal.id,
		"hub_domain": "sandbox-hub.example",
		"user": "sam@sandbox-hub.example",
		"user_id": 7129207,
		"scopes": call.access.scopes,
		"token_type": "access",
	}


def _about(call: Call, token: str) -> dict:
	ends = call.access.issued.get(token, 0)
	if ends <= time.time() or token in call.access.revoked:
		raise not_found("access token doesn't exist or is expired")
	return _facts(call) | {
		"token": token,
		"expires_in": int(ends - time.time()),
		"app_id": int(call.source.id),
	}


def _revoke(call: Call, token: str) -> Answer:
	call.access.refresh_tokens.discard(token)
	call.access.issued.pop(token, None)
	call.access.revoked.add(token)
	return 200, {}
