"""A request finds its site.

The fork answers for the one site of its environment and serves files from the current directory.
As in Frappe: the site is the one the server was started for, or the header `X-Frappe-Site-Name`,
or the host name.
"""

import os

EDITS = [
	(
		"frappe/app.py",
		"	# Single-tenant: always init with env-based config, no host-header routing\n	frappe.init(force=True)\n",
		"	from frappe._sandbox.web import open_site_of\n\n	open_site_of(request)\n",
	),
	(
		"frappe/app.py",
		"from dotenv import load_dotenv\nload_dotenv()\n",
		'_site = None\n_sites_path = os.environ.get("SITES_PATH", ".")\n',
	),
	# Loads the driver that has no wheel for Linux, only to have it in memory before forks.
	("frappe/app.py", "import frappe.database.mariadb.mysqlclient  # Load database related utils\n", ""),
	("frappe/app.py", '"site": "frappe",', '"site": frappe.local.site,'),
]

REPLACES = {"frappe/app.py": {"application_with_statics": "application_with_statics"}}


def open_site_of(request) -> None:
	"""Open the site that this request is for; 404 when there is none of that name."""
	import frappe.app
	from frappe.utils import get_site_name_from_host
	from werkzeug.exceptions import NotFound

	site = frappe.app._site or os.environ.get("FRAPPE_SITE") or request.headers.get("X-Frappe-Site-Name")
	site = site or get_site_name_from_host(request.host)
	try:
		frappe.init(site, sites_path=os.environ.get("SITES_PATH", frappe.app._sites_path), force=True)
	except frappe.IncorrectSitePath:
		raise NotFound from None


def application_with_statics():
	"""The WSGI application with `/assets` and the site's public `/files` served from disk."""
	import frappe.app
	from werkzeug.middleware.shared_data import SharedDataMiddleware

	sites = os.environ.get("SITES_PATH", frappe.app._sites_path)
	folders = {"/assets": os.path.join(sites, "assets")}
	if site := frappe.app._site or os.environ.get("FRAPPE_SITE"):
		folders["/files"] = os.path.join(sites, site, "public", "files")
	frappe.app.application = SharedDataMiddleware(frappe.app.application, folders)
	return frappe.app.application
