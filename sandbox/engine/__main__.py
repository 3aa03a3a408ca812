"""`python -m sandbox.engine`: the commands of a bench that a sandbox needs.

The fork's own commands know one site from the environment; these take `--site` and `--sites-path`.
"""

import json
from pathlib import Path

import click

from sandbox.engine import EngineError, activate, ensure
from sandbox.engine import sites as site_store


@click.group(help="A bench of the sandbox: a fork of Frappe v16 (not Frappe itself) from one wheel.")
@click.option(
	"--sites-path", envvar="SITES_PATH", default="sites", show_default=True, help="the `sites` folder"
)
@click.option("--site", envvar="FRAPPE_SITE", help="the site's name")
@click.pass_context
def cli(context, sites_path, site):
	context.obj = {"sites_path": Path(sites_path).resolve(), "site": site}


def opened(context):
	"""Open the site that the command is for and return frappe."""
	if not context.obj["site"]:
		raise click.UsageError("which site? Give --site before the command")
	activate()
	import frappe

	frappe.init(context.obj["site"], sites_path=str(context.obj["sites_path"]), force=True)
	frappe.connect()
	return frappe


@cli.command(help="Download, verify and unpack the fork, and print where it is.")
def fetch():
	click.echo(ensure())


@cli.command(help="Make a site with apps installed (SQLite).")
@click.argument("site")
@click.option("--app", "apps", multiple=True, default=("erpnext", "integration_hub"), show_default=True)
@click.option("--admin-password", default=site_store.ADMIN_PASSWORD, show_default=True)
@click.pass_context
def new_site(context, site, apps, admin_password):
	apps = [app for app in apps if app]
	click.echo(site_store.new_site(context.obj["sites_path"], site, apps=apps, admin_password=admin_password))


@cli.command(help="Install an app on the site.")
@click.argument("app")
@click.pass_context
def install_app(context, app):
	site_store.make_bench(context.obj["sites_path"], [app])
	frappe = opened(context)
	from frappe.installer import install_app

	install_app(app)
	frappe.db.commit()  # the end of this command's work


@cli.command(help="Uninstall an app from the site, with its documents.")
@click.argument("app")
@click.pass_context
def uninstall_app(context, app):
	frappe = opened(context)
	from frappe.installer import remove_app

	remove_app(app, yes=True, no_backup=True)
	frappe.db.commit()  # the end of this command's work


@cli.command(help="Bring doctypes, patches and fixtures of all apps into the site.")
@click.pass_context
def migrate(context):
	opened(context)
	from frappe.migrate import SiteMigration

	SiteMigration().run(site=context.obj["site"])


@cli.command(help="Call a function and print its answer as JSON.")
@click.argument("method")
@click.option("--args", default="[]", help="JSON list")
@click.option("--kwargs", default="{}", help="JSON object")
@click.pass_context
def execute(context, method, args, kwargs):
	frappe = opened(context)
	answer = frappe.get_attr(method)(*json.loads(args), **json.loads(kwargs))
	frappe.db.commit()  # as `bench execute` does
	if answer is not None:
		click.echo(frappe.as_json(answer))


@cli.command(help="A Python prompt with the site open.")
@click.pass_context
def console(context):
	import code

	frappe = opened(context)
	code.interact(banner=f"{frappe.local.site}: a fork of Frappe v16", local={"frappe": frappe})


@cli.command(help="Serve the site on loopback until interrupted.")
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True)
@click.pass_context
def serve(context, port, workers):
	from sandbox.engine import processes

	if not context.obj["site"]:
		raise click.UsageError("which site? Give --site before the command")
	process, address = processes.serve(context.obj["sites_path"], context.obj["site"], port, workers=workers)
	click.echo(f"{context.obj['site']} is on {address}")
	try:
		raise SystemExit(process.wait())
	except KeyboardInterrupt:
		pass


@cli.command(help="Build the Desk's scripts and styles into the bench (needs npm).")
@click.pass_context
def build_desk(context):
	from sandbox.engine.desk import link_assets

	sites = context.obj["sites_path"]
	for sentence in link_assets(sites, (sites / "apps.txt").read_text().split()):
		click.echo(f"left out: {sentence}")


@cli.command(help="Work off the bench's queues until interrupted.")
@click.option("--queue", default="default,short,long", show_default=True)
@click.option("--burst", is_flag=True, help="end when the queues are empty")
@click.pass_context
def worker(context, queue, burst):
	from sandbox.engine import processes

	_tell_environment(context)
	processes.worker_forever(queue, burst)


@cli.command(help="Enqueue due scheduled jobs of all sites, again and again.")
@click.option("--every", default=60.0, show_default=True, help="seconds")
@click.pass_context
def schedule(context, every):
	from sandbox.engine import processes

	_tell_environment(context)
	processes.schedule_forever(every)


def _tell_environment(context) -> None:
	import os

	os.environ["SITES_PATH"] = str(context.obj["sites_path"])
	os.environ.pop("FRAPPE_SITE", None)


if __name__ == "__main__":
	try:
		cli(prog_name="python -m sandbox.engine")
	except EngineError as error:
		raise SystemExit(f"error: {error}") from None
