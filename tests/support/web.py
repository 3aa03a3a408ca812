"""The WSGI application of one site, for gunicorn: tests call it by its address, not by the site's name."""

import os


def application():
	import frappe.app

	frappe.app._site = os.environ["HUB_SITE"]
	return frappe.app.application
