"""Reports and exports over HTTP: asked for, worked out with the caller's rights, fetched, and refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import frappe
import pytest
from frappe.utils import add_days, now_datetime
from openpyxl import load_workbook

from integration_hub.sync import jobs, retention
from tests.support.api import Caller, data, error, token_of, user

FORMULA = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture
def tag():
	return f"rep-{frappe.generate_hash(length=8)}"


@pytest.fixture
def bi(callers):
	return callers("Integration BI")


def customers(tag: str, *more) -> list[str]:
	names = []
	for title in (f"{tag} one", f"{tag} two", *more):
		doc = frappe.get_doc(
			{"doctype": "Customer", "customer_name": title, "customer_type": "Company", "tax_id": f"{tag}"}
		)
		names.append(doc.insert().name)
	frappe.db.commit()  # the web server must see them
	return names


def report(tag: str, **values) -> str:
	doc = frappe.get_doc(
		{
			"doctype": "Report",
			"report_name": f"Report {tag}",
			"ref_doctype": "Customer",
			"report_type": "Query Report",
			"is_standard": "No",
			"query": (
				"select name as `Customer:Link/Customer:200`, customer_name as `Title::200`, 12.5 as `Sum:Float:100`"
				" from `tabCustomer` where tax_id = %(tax_id)s order by name"
			),
			**values,
		}
	).insert()
	frappe.db.commit()  # the web server must see it
	return doc.name


def listed(caller, **asked) -> list[str]:
	"""Names of the reports of all pages."""
	names, cursor = [], None
	while True:
		page = data(caller.get("reports.list", fields="name", cursor=cursor, **asked))
		names += [row.pop("name") for row in page["rows"]]
		assert not any(page["rows"]), "only what was asked for"
		cursor = page["next_cursor"]
		if not cursor:
			return names


def done(caller, answer) -> dict:
	"""The job of an answer, worked on as a worker would."""
	job = data(answer, 202)
	jobs.run(job["name"])
	return data(caller.get("jobs.get", name=job["name"]))


def fetched(caller, job: dict, mimetype: str) -> bytes:
	answer = caller.get("jobs.file", name=job["name"])
	assert answer.status_code == 200, answer.text
	assert answer.headers["Content-Type"].startswith(mimetype)
	assert f'filename="{job["file_name"]}"' in answer.headers["Content-Disposition"]
	return answer.content


def test_a_report_is_listed_run_polled_and_fetched(site, bi, tag):
	first, second = customers(tag)
	name = report(tag)
	assert name in listed(bi)
	job = done(bi, bi.post("reports.run", name=name, filters={"tax_id": tag}))
	assert job["status"] == "Done" and job["result"]["rows"] == 2, job
	told = json.loads(fetched(bi, job, "application/json"))
	columns = [column["fieldname"] for column in told["columns"]]
	assert len(columns) == 3
	assert [[row[one] for one in columns] for row in told["rows"]] == [
		[first, f"{tag} one", 12.5],
		[second, f"{tag} two", 12.5],
	]


def test_reports_come_in_pages_and_only_what_is_new(site, bi, tag):
	names = [report(f"{tag} {number}") for number in range(3)]
	paged = listed(bi, limit=2)
	assert len(paged) == len(set(paged)) and paged[-3:] == names
	first = next(row for row in data(bi.get("reports.list", limit=200))["rows"] if row["name"] == names[0])
	assert listed(bi, modified_since=first["modified"], limit=2) == names
	error(bi.get("reports.list", fields="name,query"), 422, "invalid", "fields")
	error(bi.get("reports.list", cursor="bm8"), 422, "invalid", "cursor")


def test_the_same_as_a_sheet(site, bi, tag):
	customers(tag, FORMULA + tag)
	name = report(tag)
	job = done(bi, bi.post("reports.run", name=name, filters={"tax_id": tag}, format="csv"))
	rows = [*csv.reader(io.StringIO(fetched(bi, job, "text/csv").decode()))]
	assert len(rows) == 4 and sorted(row[1] for row in rows[1:])[0] == f"'{FORMULA}{tag}"
	assert {row[2] for row in rows[1:]} == {"12.5"}

	job = done(bi, bi.post("reports.run", name=name, filters={"tax_id": tag}, format="xlsx"))
	sheet = load_workbook(io.BytesIO(fetched(bi, job, "application/vnd.openxml"))).active
	cells = [*sheet.iter_rows(min_row=2)]
	assert len(cells) == 3 and all(row[2].value == 12.5 and row[2].data_type == "n" for row in cells)
	[formula] = [row[1] for row in cells if row[1].value.startswith("=")]
	assert formula.data_type == "s", "a formula must not run in the sheet"


def test_a_report_builder_report(site, bi, tag):
	customers(tag)
	shape = {
		"columns": [["name", "Customer"], ["customer_name", "Customer"]],
		"filters": [["Customer", "tax_id", "=", tag]],
		"sort_by": "Customer.name",
		"sort_order": "asc",
	}
	name = report(tag, report_type="Report Builder", query="", json=json.dumps(shape))
	job = done(bi, bi.post("reports.run", name=name))
	rows = json.loads(fetched(bi, job, "application/json"))["rows"]
	assert [row["customer_name"] for row in rows] == [f"{tag} one", f"{tag} two"]


def test_an_export_has_what_was_asked_for(site, bi, tag):
	names = customers(tag, FORMULA + tag)
	asked = {
		"doctype": "Customer",
		"fields": ["name", "customer_name", "modified", "disabled"],
		"filters": [["tax_id", "=", tag], ["disabled", "in", [0]]],
	}
	job = done(bi, bi.post("reports.export", **asked))
	rows = [*csv.reader(io.StringIO(fetched(bi, job, "text/csv").decode()))]
	assert rows[0] == asked["fields"] and [row[0] for row in rows[1:]] == [*names[:2], f"'{names[2]}"]
	assert rows[3][1] == f"'{FORMULA}{tag}" and rows[1][2].endswith("Z") and rows[1][3] == "0"
	job = done(bi, bi.post("reports.export", **{**asked, "format": "json", "limit": 1}))
	told = json.loads(fetched(bi, job, "application/json"))
	assert [row["name"] for row in told["rows"]] == names[:1]


def test_without_fields_all_that_may_be_read_and_no_secret(site, callers, bi, tag):
	customers(tag)
	job = done(bi, bi.post("reports.export", doctype="Customer", filters=[["tax_id", "=", tag]]))
	assert {"name", "customer_name", "tax_id"} <= set(job["result"]["columns"])
	manager = callers("System Manager")
	job = done(manager, manager.post("reports.export", doctype="User", limit=1))
	assert job["status"] == "Done" and "email" in job["result"]["columns"]
	assert not {"api_secret", "new_password", "reset_password_key"} & set(job["result"]["columns"])


EXPORT = {"doctype": "Customer"}


@pytest.mark.parametrize(
	"asked, field, says",
	[
		({"fields": ["nothing"]}, "fields.0", "no field nothing"),
		({"fields": ["name", "count(name)"]}, "fields.1", "no field"),
		({"fields": ["name; drop table tabUser"]}, "fields.0", "no field"),
		({"filters": [["name", "=", "x"], ["nothing", "=", 1]]}, "filters.1", "no field nothing"),
		({"filters": [[["name"], "=", 1]]}, "filters.0.0", "valid string"),
		({"filters": [["name", "regexp", "x"]]}, "filters.0.1", "'<='"),
		({"filters": [["name", "=", {"a": 1}]]}, "filters.0.2", "must be a text, a number"),
		({"filters": [["name", "in", [["x"]]]]}, "filters.0.2", "must be a text, a number"),
		({"filters": [["name", "in", "x"]]}, "filters.0", "take a list"),
		({"filters": [["modified", "between", ["2026-01-01"]]]}, "filters.0", "takes two"),
		({"filters": [["name", "is", "nothing"]]}, "filters.0", "not set"),
		({"filters": [["name", "="]]}, "filters.0.2", "required"),
		({"format": "exe"}, "format", ""),
		({"limit": 50_001}, "limit", ""),
	],
)
def test_what_is_wrong_is_named_and_starts_nothing(site, bi, asked, field, says):
	before = frappe.db.count(jobs.DOCTYPE)
	found = error(bi.post("reports.export", **EXPORT, **asked), 422, "invalid")
	assert [one["field"] for one in found["fields"]] == [field] and says in found["message"], found
	assert frappe.db.count(jobs.DOCTYPE) == before


@pytest.mark.parametrize("doctype", ["Sales Order Item", "User", "No Such DocType"])
def test_what_may_not_be_exported_starts_nothing(site, bi, doctype):
	before = frappe.db.count(jobs.DOCTYPE)
	error(bi.post("reports.export", doctype=doctype), 403, "forbidden")
	assert frappe.db.count(jobs.DOCTYPE) == before


def test_rights(site, web, callers, bi, tag):
	names = customers(tag)
	name = report(tag)
	for nobody in (callers(), callers("Integration Shop")):
		error(nobody.post("reports.run", name=name), 403, "forbidden")
		error(nobody.post("reports.export", doctype="Customer"), 403, "forbidden")
		assert name not in listed(nobody)
	error(bi.post("reports.run", name="No Such Report"), 403, "forbidden")
	doc = frappe.get_doc("Report", name)
	doc.set("roles", [{"role": "System Manager"}])
	doc.save()
	frappe.db.commit()  # the web server must see it
	error(bi.post("reports.run", name=name), 403, "forbidden")

	bound = user(f"bound-{tag}@hub.example", "Integration BI")
	frappe.get_doc(
		{"doctype": "User Permission", "user": bound, "allow": "Customer", "for_value": names[0]}
	).insert()
	frappe.db.commit()  # the web server must see it
	caller = Caller(web, {"Authorization": token_of(bound)})
	job = done(
		caller,
		caller.post("reports.export", doctype="Customer", fields=["name"], filters=[["tax_id", "=", tag]]),
	)
	assert job["result"]["rows"] == 1 and names[0].encode() in fetched(caller, job, "text/csv")
	error(bi.get("jobs.file", name=job["name"]), 404, "not_found")


def test_ended_jobs_are_forgotten_with_their_files(bi):
	kept, old = (
		done(bi, bi.post("reports.export", doctype="Item", fields=fields))
		for fields in (["name"], ["name", "item_group"])  # Frappe keeps equal contents once
	)
	file = frappe.db.get_value(jobs.DOCTYPE, old["name"], "file")
	path = frappe.get_doc("File", file).get_full_path()
	assert Path(path).exists()
	frappe.db.set_value(jobs.DOCTYPE, old["name"], "ended_at", add_days(now_datetime(), -8))
	frappe.db.commit()
	retention.forget()
	assert not frappe.db.exists("File", file) and not Path(path).exists()
	error(bi.get("jobs.get", name=old["name"]), 404, "not_found")
	assert fetched(bi, kept, "text/csv")


def test_ended_jobs_are_forgotten_however_many_there_are(bi, monkeypatch):
	data(bi.post("reports.export", doctype="Item", fields=["name"]), 202)
	one = frappe.get_last_doc(jobs.DOCTYPE)
	long_ago = add_days(now_datetime(), -8)
	names = [frappe.generate_hash(length=10) for _number in range(5)]
	for name in names:
		copy = frappe.copy_doc(one)
		copy.update(
			{"name": name, "status": "Done", "ended_at": long_ago, "file": None, "docstatus": 0, "idx": 0}
		).db_insert()
	frappe.db.commit()  # the job of the night commits and reads anew
	monkeypatch.setattr(retention, "CHUNK", 2)
	assert retention.forget()["jobs"] >= len(names)
	assert not frappe.get_all(jobs.DOCTYPE, filters={"name": ("in", names)})


def test_a_job_that_meets_others_at_the_database_is_done_again(bi, monkeypatch):
	job = data(bi.post("reports.export", doctype="Item", fields=["name"]), 202)
	met, result = [], jobs._result

	def meets(*given):
		if not met:
			met.append(1)
			raise frappe.QueryDeadlockError
		return result(*given)

	monkeypatch.setattr(jobs, "_result", meets)
	jobs.run(job["name"])
	assert met and data(bi.get("jobs.get", name=job["name"]))["status"] == "Done"


def test_a_role_that_is_taken_away_meanwhile_counts(site, web, tag):
	email = user(f"gone-{tag}@hub.example", "Integration BI")
	caller = Caller(web, {"Authorization": token_of(email)})
	job = data(caller.post("reports.export", doctype="Customer"), 202)
	frappe.get_doc("User", email).remove_roles("Integration BI")
	frappe.db.commit()  # the worker must see it
	jobs.run(job["name"])
	job = data(caller.get("jobs.get", name=job["name"]))
	assert job["status"] == "Failed" and "may not export" in job["message"]
	error(caller.get("jobs.file", name=job["name"]), 404, "not_found")


def test_a_broken_report_says_so(site, bi, tag):
	name = report(tag, query="select nothing from `tabCustomer`")
	job = done(bi, bi.post("reports.run", name=name))
	assert job["status"] == "Failed" and job["message"]


def test_the_same_key_starts_one_job(site, bi, tag):
	headers = {"Idempotency-Key": tag}
	first = data(bi.post("reports.export", **EXPORT, headers=headers), 202)
	assert data(bi.post("reports.export", **EXPORT, headers=headers), 202) == first
