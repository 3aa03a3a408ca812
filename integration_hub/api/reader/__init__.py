"""The page /integration-hub/api: read the public API's description and try its methods.

Swagger UI comes from a Python package and is served from this site: nothing is fetched from elsewhere, and the page's
policy (CSP) forbids it. Anybody may read it; what a call may do is decided by the key or session it is made with.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import frappe
from frappe import _
from frappe.utils import escape_html
from frappe.website.page_renderers.base_renderer import BaseRenderer
from werkzeug.wrappers import Response

ROUTE = "integration-hub/api"
#: where the site's OAuth 2 provider sends the browser back to (Frappe takes `.html` off addresses)
RETURN = "oauth2-redirect"
DESCRIPTION = "/api/method/integration_hub.api.v1.description.openapi"
SWAGGER_UI = "5.31.0"
#: sha384 of the official release's files (swagger-ui-dist 5.31.0): a browser runs no other
DIGESTS = {
	"swagger-ui.css": "KX9Rx9vM1AmUNAn07bPAiZhFD4C8jdNgG6f5MRNvR+EfAxs2PmMFtUUazui7ryZQ",
	"swagger-ui-bundle.js": "cxafBeQ+zYROeFafGFxtFbnp1ICqeS9mG7+f0WWSHzhnrUvwg9Za5CCw6wgrHA7K",
	"oauth2-redirect.js": "XuY48ztmqRBrZqX+bDrPUqkTumNohu9Bl+yztOEp/hDTS5qXIApmbiD04MrTFpjk",
}
_OURS = ("start.js", "page.css")
_TYPES = {"css": "text/css", "js": "text/javascript", "html": "text/html"}
_POLICY = "; ".join(
	(
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self' 'unsafe-inline'",  # Swagger UI draws some of its symbols with style attributes
		"img-src 'self' data:",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
	)
)


class ApiPage(BaseRenderer):
	"""Frappe's hook `page_renderer`: the page, and the files it is made of."""

	def can_render(self) -> bool:
		return self.path == ROUTE or self.path.removeprefix(f"{ROUTE}/") in (
			*DIGESTS,
			*_OURS,
			RETURN,
		)

	def render(self) -> Response:
		name = self.path.removeprefix(ROUTE).strip("/")
		if not name:
			return _answer(_page(), "text/html", "private, no-store")
		if name == RETURN:
			return _answer(_return_page(), "text/html", "private, no-store")
		# Swagger UI's files carry their version in the address; ours may change with the app
		kept = "private, max-age=31536000, immutable" if name in DIGESTS else "private, no-cache"
		response = _answer(_file(name), _TYPES[name.rpartition(".")[2]], kept)
		response.add_etag()
		return response.make_conditional(frappe.request)


def _answer(body: str | bytes, mimetype: str, kept: str) -> Response:
	response = Response(body, mimetype=mimetype)
	response.headers["Cache-Control"] = kept
	response.headers["Content-Security-Policy"] = _POLICY
	response.headers["X-Content-Type-Options"] = "nosniff"
	response.headers["Referrer-Policy"] = "no-referrer"
	return response


def _page() -> str:
	signed_in = frappe.session.user not in ("", "Guest", None)
	facts = {
		"description": DESCRIPTION,
		"csrf_token": frappe.sessions.get_csrf_token() if signed_in else "",
		"redirect": f"/{ROUTE}/{RETURN}",
	}
	who = (
		_("Signed in as {0}: calls without a key are made with this user's rights.").format(
			frappe.session.user
		)
		if signed_in
		else _("Not signed in: use Authorize, or sign in to this site first.")
	)
	return _html(
		_("Integration Hub: public API"),
		f"""<header>
	<h1>{_("Integration Hub")} <small>{_("public API, version 1")}</small></h1>
	<p>{escape_html(who)} <a href="{DESCRIPTION}">OpenAPI</a></p>
</header>
<main id="api" data-facts="{escape_html(json.dumps(facts))}"></main>
<noscript>{_("This page needs JavaScript.")}</noscript>
{_script("swagger-ui-bundle.js")}
{_script("start.js")}""",
	)


def _return_page() -> str:
	return _html(_("Integration Hub"), _script("oauth2-redirect.js"))


def _html(title: str, body: str) -> str:
	return f"""<!doctype html>
<html lang="{escape_html(frappe.local.lang or "en")}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape_html(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/{ROUTE}/swagger-ui.css?{SWAGGER_UI}" integrity="sha384-{DIGESTS["swagger-ui.css"]}">
<link rel="stylesheet" href="/{ROUTE}/page.css">
</head>
<body>
{body}
</body>
</html>
"""


def _script(name: str) -> str:
	if name in DIGESTS:
		return f'<script src="/{ROUTE}/{name}?{SWAGGER_UI}" integrity="sha384-{DIGESTS[name]}"></script>'
	return f'<script src="/{ROUTE}/{name}"></script>'


@lru_cache(maxsize=8)
def _file(name: str) -> bytes:
	if name in _OURS:
		return Path(__file__).with_name(name).read_bytes()
	from swagger_ui_bundle import swagger_ui_path  # only when somebody looks: 3 MB of files

	return (Path(str(swagger_ui_path)) / name).read_bytes()
