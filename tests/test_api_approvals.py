"""Approvals over HTTP, by a Workflow as a company would make it: what waits for whom, who may decide, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest

from tests.support.api import Caller, data, error, token_of, user

REQUEST, WORKFLOW = "Hub Test Request", "Hub Test Approval"
APPROVER, ASKER = "Purchase Manager", "Purchase User"
PENDING = "Hub Pending"


@pytest.fixture(scope="module")
def workflow(web):
	for state in ("Hub Draft", PENDING, "Hub Approved", "Hub Rejected"):
		if not frappe.db.exists("Workflow State", state):
			frappe.get_doc({"doctype": "Workflow State", "workflow_state_name": state}).insert()
	for action in ("Submit for Approval", "Approve", "Reject"):
		if not frappe.db.exists("Workflow Action Master", action):
			frappe.get_doc({"doctype": "Workflow Action Master", "workflow_action_name": action}).insert()
	for role in (APPROVER, ASKER):
		if not frappe.db.exists("Role", role):
			frappe.get_doc({"doctype": "Role", "role_name": role}).insert()
	if not frappe.db.exists("DocType", REQUEST):
		rights = {"read": 1, "write": 1, "create": 1, "submit": 1}
		frappe.get_doc(
			{
				"doctype": "DocType",
				"name": REQUEST,
				"module": "Custom",
				"custom": 1,
				"is_submittable": 1,
				"autoname": "hash",
				"title_field": "subject",
				"fields": [
					{"fieldname": "subject", "fieldtype": "Data", "label": "Subject"},
					{"fieldname": "amount", "fieldtype": "Float", "label": "Amount"},
					{
						"fieldname": "customer",
						"fieldtype": "Link",
						"options": "Customer",
						"label": "Customer",
					},
				],
				"permissions": [{"role": role, **rights} for role in (APPROVER, ASKER, "System Manager")],
			}
		).insert()
	frappe.get_doc(
		{
			"doctype": "Workflow",
			"workflow_name": WORKFLOW,
			"document_type": REQUEST,
			"is_active": 1,
			"workflow_state_field": "workflow_state",
			"states": [
				{"state": "Hub Draft", "doc_status": "0", "allow_edit": ASKER},
				{"state": PENDING, "doc_status": "0", "allow_edit": APPROVER},
				{"state": "Hub Approved", "doc_status": "1", "allow_edit": APPROVER},
				{"state": "Hub Rejected", "doc_status": "0", "allow_edit": ASKER},
			],
			"transitions": [
				{
					"state": "Hub Draft",
					"action": "Submit for Approval",
					"next_state": PENDING,
					"allowed": ASKER,
				},
				{
					"state": PENDING,
					"action": "Approve",
					"next_state": "Hub Approved",
					"allowed": APPROVER,
					"allow_self_approval": 0,
					"condition": "doc.amount < 1000",
				},
				{
					"state": PENDING,
					"action": "Reject",
					"next_state": "Hub Rejected",
					"allowed": APPROVER,
					"allow_self_approval": 1,
				},
			],
		}
	).insert()
	frappe.db.commit()  # the web server must know them
	yield
	frappe.db.rollback()
	frappe.delete_doc("Workflow", WORKFLOW)
	frappe.delete_doc("DocType", REQUEST)
	frappe.db.commit()  # nothing of it is left for later tests


@pytest.fixture
def approver(workflow, callers):
	return callers(APPROVER)


def request(tag: str, state: str = PENDING, owner: str = "Administrator", **values) -> str:
	doc = frappe.get_doc({"doctype": REQUEST, "subject": tag, "amount": 10, **values}).insert()
	frappe.db.set_value(REQUEST, doc.name, {"workflow_state": state, "owner": owner}, update_modified=False)
	frappe.db.commit()  # the web server must see it
	return doc.name


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


def waits(caller) -> dict[str, dict]:
	return {row["name"]: row for row in pages(caller, doctype=REQUEST, limit=200)}


def pages(caller, **asked) -> list[dict]:
	rows, cursor = [], None
	while True:
		page = data(caller.get("approvals.list", **asked, cursor=cursor))
		rows += page["rows"]
		cursor = page["next_cursor"]
		if not cursor:
			return rows


def test_only_what_is_asked_for(approver, tag):
	old, new = request(tag), request(tag)
	moment = data(approver.get("approvals.get", doctype=REQUEST, name=new, fields="modified"))
	assert [*moment] == ["modified"]
	found = pages(approver, doctype=REQUEST, modified_since=moment["modified"], fields="name,actions")
	assert {"name": new, "actions": ["Approve", "Reject"]} in found
	assert old not in [row["name"] for row in found] and all(len(row) == 2 for row in found)
	error(approver.get("approvals.list", fields="name,comments"), 422, "invalid", "fields")
	error(approver.get("approvals.list", modified_since="yesterday"), 422, "invalid", "modified_since")


def test_what_waits_for_whom(approver, callers, tag):
	pending, draft = request(tag), request(tag, "Hub Draft")
	dear, rejected = request(tag, amount=5000), request(tag, "Hub Rejected")
	found = waits(approver)
	assert found[pending]["actions"] == ["Approve", "Reject"] and found[pending]["title"] == tag
	assert found[dear]["actions"] == ["Reject"], "the Workflow's condition counts"
	assert draft not in found and rejected not in found
	asks = waits(callers(ASKER))
	assert asks[draft]["actions"] == ["Submit for Approval"] and pending not in asks
	assert data(callers().get("approvals.list"))["rows"] == []
	assert pending in [row["name"] for row in pages(approver, limit=200)]


def test_pages(approver, tag):
	names = {request(tag) for _number in range(5)}
	frappe.db.set_value(REQUEST, {"subject": tag}, "modified", "2026-11-01 10:00:00", update_modified=False)
	frappe.db.commit()  # all changed at the very same moment
	found = [row["name"] for row in pages(approver, limit=2)]
	assert names <= set(found) and len(found) == len(set(found))
	assert [row["name"] for row in pages(approver, doctype=REQUEST, limit=200)] == found
	for broken in ("x", "WyIyMDI2LTExLTAxVDEwOjAwOjAwIiwieCJd"):
		error(approver.get("approvals.list", cursor=broken), 422, "invalid", "cursor")


def test_a_page_ends_when_enough_was_looked_at(approver, workflow, tag, monkeypatch):
	from integration_hub.sync import approvals

	monkeypatch.setattr(approvals, "MOST_LOOKED_AT", 2)
	monkeypatch.setattr(approvals, "_AT_ONCE", 2)
	names, place = [request(tag, amount=number) for number in range(5)], None
	found, rounds = [], 0
	while rounds == 0 or place:
		rows, place = approvals.waiting(100, REQUEST, place)
		found += [one.doc.name for one in rows]
		rounds += 1
		assert len(rows) <= 2
	assert set(names) <= set(found) and len(found) == len(set(found)) and rounds > len(names) // 2


def test_a_condition_that_fails_hides_nothing_else(approver, tag):
	"""The site's own condition `doc.amount < 1000` meets an amount that is no number."""
	good, bad = request(tag), request(tag)
	doc = frappe.get_doc("Workflow", WORKFLOW)
	doc.transitions[1].condition = f"doc.amount < (1000 if doc.name != '{bad}' else None)"
	doc.save()
	frappe.db.commit()  # the web server must know it
	try:
		found = waits(approver)
		assert found[good]["actions"] == ["Approve", "Reject"] and found[good]["problem"] is None
		assert found[bad]["actions"] == [] and "(TypeError)" in found[bad]["problem"]
		refused = error(approver.post("approvals.approve", doctype=REQUEST, name=bad), 422, "refused")
		assert "cannot be worked out" in refused["message"]
	finally:
		doc.reload()
		doc.transitions[1].condition = "doc.amount < 1000"
		doc.save()
		frappe.db.commit()  # as it was, for the other tests


def test_approve(approver, tag):
	name = request(tag)
	done = data(approver.post("approvals.approve", doctype=REQUEST, name=name, workflow_state=PENDING))
	assert (done["workflow_state"], done["docstatus"], done["actions"]) == ("Hub Approved", 1, [])
	assert name not in waits(approver)
	assert frappe.db.get_value(REQUEST, name, "docstatus") == 1


def test_reject_with_its_reason(approver, tag):
	name = request(tag)
	error(approver.post("approvals.reject", doctype=REQUEST, name=name), 422, "invalid", "reason")
	reason = f"Too dear <script>alert(1)</script> {tag}"
	done = data(approver.post("approvals.reject", doctype=REQUEST, name=name, reason=reason))
	assert done["workflow_state"] == "Hub Rejected"
	comments = frappe.get_all(
		"Comment", filters={"reference_name": name, "comment_type": "Comment"}, fields=["content", "owner"]
	)
	assert len(comments) == 1 and tag in comments[0].content and "<script>" not in comments[0].content
	said = [(one["by"], one["text"]) for one in done["comments"]]
	assert said == [
		(comments[0].owner, "Hub Rejected"),
		(comments[0].owner, f"Reject: {reason}"),
	]
	assert data(approver.get("approvals.get", doctype=REQUEST, name=name)) == done
	error(
		approver.post("approvals.approve", doctype=REQUEST, name=request(tag), action="Reject"),
		422,
		"invalid",
		"reason",
	)


def test_another_action_of_the_workflow(callers, approver, tag):
	name = request(tag, "Hub Draft")
	done = data(
		callers(ASKER).post("approvals.approve", doctype=REQUEST, name=name, action="Submit for Approval")
	)
	assert done["workflow_state"] == PENDING and name in waits(approver)


@pytest.mark.parametrize(
	"state, values, asked, status, type_, says",
	[
		("Hub Draft", {}, {"workflow_state": PENDING}, 409, "conflict", "Hub Draft by now"),
		("Hub Rejected", {}, {}, 409, "conflict", "is Hub Rejected now"),
		(PENDING, {"amount": 5000}, {}, 422, "refused", "You can: Reject"),
		(PENDING, {}, {"action": "Explode"}, 422, "refused", "You can: Approve, Reject"),
	],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(
	approver, tag, state, values, asked, status, type_, says
):
	name = request(tag, state, **values)
	found = error(approver.post("approvals.approve", doctype=REQUEST, name=name, **asked), status, type_)
	assert says in found["message"]
	assert frappe.db.get_value(REQUEST, name, ["workflow_state", "docstatus"]) == (state, 0)


def test_nobody_approves_of_its_own(web, workflow, tag):
	email = user(f"self-{tag}@hub.example", APPROVER)
	caller = Caller(web, {"Authorization": token_of(email)})
	name = request(tag, owner=email)
	assert waits(caller)[name]["actions"] == ["Reject"]
	found = error(caller.post("approvals.approve", doctype=REQUEST, name=name), 422, "refused")
	assert "Self approval" in found["message"]


def test_who_may_not(approver, callers, web, workflow, tag):
	name = request(tag)
	error(callers().post("approvals.approve", doctype=REQUEST, name=name), 403, "forbidden")
	error(callers(ASKER).post("approvals.approve", doctype=REQUEST, name=name), 422, "refused")
	error(approver.post("approvals.approve", doctype="Customer", name=name), 403, "forbidden")
	error(approver.post("approvals.approve", doctype="No Such", name=name), 403, "forbidden")
	error(approver.get("approvals.get", doctype=REQUEST, name="no such"), 404, "not_found")
	from sandbox import books

	hidden = request(tag, customer=books.customer(f"Hidden {tag}"))
	bound = user(f"bound-{tag}@hub.example", APPROVER)
	frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": bound,
			"allow": "Customer",
			"for_value": books.customer(f"Seen {tag}"),
		}
	).insert()
	frappe.db.commit()  # the web server must see it
	caller = Caller(web, {"Authorization": token_of(bound)})
	assert hidden not in waits(caller)
	error(caller.post("approvals.approve", doctype=REQUEST, name=hidden), 404, "not_found")


def test_rows_of_many(approver, tag):
	names = [request(tag), request(tag, amount=5000), request(tag), request(tag), request(tag)]
	rows = [{"doctype": REQUEST, "name": name} for name in names]
	rows[3] |= {"action": "Reject"}
	rows[4] |= {"action": "Reject", "reason": "Not now"}
	found = data(approver.post("approvals.decide_many", rows=rows))
	assert [row["status"] for row in found["results"]] == ["done", "failed", "done", "failed", "done"]
	assert [one["field"] for one in found["results"][3]["error"]["fields"]] == ["reason"]
	states = [frappe.db.get_value(REQUEST, name, "workflow_state") for name in names]
	assert states == ["Hub Approved", PENDING, "Hub Approved", PENDING, "Hub Rejected"]


def test_of_those_who_decide_at_once_one_has_decided(web, approver, tag):
	others = [
		Caller(web, {"Authorization": token_of(user(f"many-{number}-{tag}@hub.example", APPROVER))})
		for number in range(4)
	]
	name = request(tag)

	def post(number):
		action = ("Approve", "Reject")[number % 2]
		return others[number].session.post(
			f"{web}/api/method/integration_hub.api.v1.approvals.approve",
			json={"doctype": REQUEST, "name": name, "action": action, "reason": f"By {number}"},
			timeout=60,
		)

	with ThreadPoolExecutor(len(others)) as pool:
		answers = [*pool.map(post, range(len(others)))]
	codes = [answer.status_code for answer in answers]
	# 503: the database had no patience (SQLite has one writer); whoever sends it again gets 409
	assert codes.count(200) == 1 and set(codes) <= {200, 409, 503}, [answer.text for answer in answers]
	again = [post(number).status_code for number, code in enumerate(codes) if code == 503]
	assert set(again) <= {409}
	won = codes.index(200)
	frappe.db.rollback()
	state = ("Hub Approved", "Hub Rejected")[won % 2]
	assert frappe.db.get_value(REQUEST, name, "workflow_state") == state
	remarks = [one["text"] for one in data(answers[won])["comments"]]
	assert remarks == [state, f"{('Approve', 'Reject')[won % 2]}: By {won}"]
	assert (
		data(approver.get("approvals.get", doctype=REQUEST, name=name))["comments"]
		== (data(answers[won])["comments"])
	)


@pytest.fixture
def ruled(site):
	"""A factory of Workflows that only this process sees, and that a rollback takes away."""
	frappe.db.commit()  # what former tests did is not ours to undo

	def rule(doctype):
		doc = frappe.get_doc(
			{
				"doctype": "Workflow",
				"name": f"Hub Test {doctype}",
				"workflow_name": f"Hub Test {doctype}",
				"document_type": doctype,
				"is_active": 1,
				"workflow_state_field": "workflow_state",
				"states": [
					{"state": "Hub Draft", "doc_status": "0", "allow_edit": ASKER},
					{"state": "Hub Approved", "doc_status": "1", "allow_edit": APPROVER},
					{"state": "Hub Rejected", "doc_status": "2", "allow_edit": APPROVER},
				],
				"transitions": [
					{"state": state, "action": "Approve", "next_state": after, "allowed": APPROVER}
					for state, after in (("Hub Draft", "Hub Approved"), ("Hub Approved", "Hub Rejected"))
				],
			}
		)
		# past its own on_update, which adds a column and so commits
		doc.db_insert()
		for number, row in enumerate([*doc.states, *doc.transitions], start=1):
			row.update({"name": frappe.generate_hash(length=10), "parent": doc.name, "idx": number})
			row.db_insert()
		return doc.name

	yield rule
	frappe.db.rollback()
	for doctype in DECIDED:
		frappe.clear_document_cache("Workflow", f"Hub Test {doctype}")


DECIDED = ("Sales Order", "Sales Invoice", "Payment Entry", "Shipment", "Stock Entry", "Stock Reconciliation")


@pytest.mark.parametrize("doctype", DECIDED)
def test_what_a_workflow_decides_is_not_submitted_past_it(ruled, doctype):
	from integration_hub.sync import approvals

	approvals.must_be_free(doctype, 1)
	approvals.must_be_free(doctype, 2)
	name = ruled(doctype)
	for docstatus, word in ((1, "submitted"), (2, "cancelled")):
		with pytest.raises(frappe.ValidationError, match=f"{name} decides when a {doctype} is {word}"):
			approvals.must_be_free(doctype, docstatus)


def test_the_methods_obey_the_workflow(ruled):
	"""Each method that submits or cancels asks first, before it makes anything."""
	from integration_hub.api.rest.documents import Documents
	from integration_hub.api.v1 import invoices, orders, payments, shipments, stock
	from tests.support.shiprocket import BOX, delivered

	note = delivered()
	for doctype in DECIDED:
		ruled(doctype)
	for documents in (orders.ORDERS, invoices.INVOICES, payments.PAYMENTS):
		assert isinstance(documents, Documents)
		doc = frappe.new_doc(documents.doctype)
		for do, word in ((documents.submit, "submitted"), (documents.cancel, "cancelled")):
			with pytest.raises(frappe.ValidationError, match=f"is {word}"):
				do(doc)
	new = shipments.NewShipment(delivery_note=note.name, parcels=[BOX])
	with pytest.raises(frappe.ValidationError, match="when a Shipment is submitted"):
		shipments.create.endpoint.function(new)
	row = {"item_code": note.items[0].item_code, "warehouse": note.items[0].warehouse, "change": 1}
	body = stock.adjust.endpoint.takes.model_validate({"rows": [{**row, "valuation_rate": "1"}]})
	with pytest.raises(frappe.ValidationError, match="when a Stock Entry is submitted"):
		stock.adjust.endpoint.function(body)


def test_no_method_submits_or_cancels_by_itself():
	"""Whoever adds one goes through `Documents.submit` and `Documents.cancel`, which ask the Workflow."""
	from pathlib import Path

	from integration_hub.api import v1

	for path in Path(v1.__path__[0]).glob("*.py"):
		assert "doc.submit()" not in path.read_text() and "doc.cancel()" not in path.read_text(), path.name
