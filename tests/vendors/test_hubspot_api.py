"""What HubSpot refuses, the sandbox portal refuses, in HubSpot's words; and both spellings of its paths."""

import concurrent.futures

import pytest
import requests

from sandbox.vendors.hubspot.pipelines import Pipeline, deal_stage

OBJECTS = ["/crm/objects/2026-03", "/crm/objects/2026-09", "/crm/v3/objects"]
CONTACTS = "/crm/objects/2026-03/contacts"
DEALS = "/crm/v3/objects/deals"


def rows(*properties: dict, **known) -> dict:
	return {"inputs": [{"properties": one, **known} for one in properties]}


def codes(error: dict) -> list[tuple[str, str]]:
	return [(one["code"], one["context"]["propertyName"][0]) for one in error["errors"]]


# ---- paths and signing in


@pytest.mark.parametrize("base", OBJECTS)
def test_every_spelling_of_a_path_leads_to_the_same_records(api, base):
	made = api.post(f"{base}/contacts", {"properties": {"email": "ada@example.com"}}, 201)
	for name in ("contacts", "contact", "0-1"):
		assert api.get(f"{base}/{name}/{made['id']}")["id"] == made["id"]
	for other in OBJECTS:
		assert api.post(f"{other}/contacts/search", {})["total"] == 1


@pytest.mark.parametrize(
	("dated", "legacy"),
	[
		("/crm/properties/2026-03/deals", "/crm/v3/properties/deals"),
		("/crm/pipelines/2026-03/deals", "/crm/v3/pipelines/deals"),
		("/crm/owners/2026-03", "/crm/v3/owners/"),
		("/account-info/2026-03/details", "/account-info/v3/details"),
		("/crm/lists/2026-03", "/crm/v3/lists/"),
	],
)
def test_other_apis_have_both_spellings_too(api, dated, legacy):
	assert api.get(dated) == api.get(legacy)


@pytest.mark.parametrize(
	"path",
	[
		"/crm/objects/2025-09/contacts",
		"/crm/v2/objects/contacts",
		"/crm/objects/v3/contacts",
		"/objects/2026-03/contacts",
	],
)
def test_versions_that_are_not_there(api, path):
	api.refused("GET", path, status=404)


def test_an_unknown_object_type(api):
	assert "Unable to infer object type" in api.refused("GET", "/crm/v3/objects/customers")["message"]


def test_tokens_and_scopes(hubspot, api):
	api.token = "wrong"
	assert api.refused("GET", CONTACTS, status=401)["category"] == "INVALID_AUTHENTICATION"
	api.token = "pat-na1-sandbox"
	hubspot.access.scopes = ["crm.objects.contacts.read"]
	api.get(CONTACTS)
	error = api.refused("POST", CONTACTS, {"properties": {"email": "a@example.com"}}, status=403)
	assert error["category"] == "MISSING_SCOPES"
	assert error["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.contacts.write"]


def test_the_account(api, portal):
	known = api.get("/account-info/v3/details")
	assert (known["portalId"], known["companyCurrency"], known["timeZone"]) == (
		portal.id,
		"USD",
		"US/Eastern",
	)
	assert "EUR" in known["additionalCurrencies"] and known["utcOffset"] in ("-05:00", "-04:00")


# ---- values


@pytest.mark.parametrize(
	("path", "properties", "expected"),
	[
		(CONTACTS, {"email": "a@example.com", "nope": "1"}, ("PROPERTY_DOESNT_EXIST", "nope")),
		(CONTACTS, {"email": "a@example.com", "createdate": "2026-01-01"}, ("READ_ONLY_VALUE", "createdate")),
		(CONTACTS, {"email": "a.example.com"}, ("INVALID_EMAIL", "email")),
		(
			CONTACTS,
			{"email": "a@example.com", "lifecyclestage": "Customer"},
			("INVALID_OPTION", "lifecyclestage"),
		),
		(
			CONTACTS,
			{"email": "a@example.com", "hubspot_owner_id": "77"},
			("INVALID_OPTION", "hubspot_owner_id"),
		),
		(DEALS, {"dealname": "X", "dealstage": "won"}, ("INVALID_OPTION", "dealstage")),
		(DEALS, {"dealname": "X", "dealstage": "closedwon", "amount": "12,5"}, ("INVALID_LONG", "amount")),
		(
			DEALS,
			{"dealname": "X", "dealstage": "closedwon", "closedate": "1.2.26"},
			("INVALID_DATE", "closedate"),
		),
		(
			DEALS,
			{"dealname": "X", "dealstage": "closedwon", "deal_currency_code": "XXX"},
			("INVALID_OPTION", "deal_currency_code"),
		),
	],
)
def test_values_that_are_not_taken(api, portal, path, properties, expected):
	error = api.refused("POST", path, {"properties": properties})
	assert error["category"] == "VALIDATION_ERROR" and codes(error) == [expected]
	assert error["message"].startswith('Property values were not valid: [{"isValid":false,')
	assert not portal.live("contacts") and not portal.live("deals")


@pytest.mark.parametrize("value", [5, True, None, {"a": "b"}, ["x"]])
def test_values_are_strings(api, value):
	error = api.refused("POST", CONTACTS, {"properties": {"email": "a@example.com", "phone": value}})
	assert "Invalid input JSON" in error["message"]


def test_dates_and_clearing(api, portal):
	deal = {"dealname": "X", "dealstage": "contractsent", "closedate": "1767225600000"}
	made = api.post(DEALS, {"properties": deal}, 201)
	assert made["properties"]["closedate"] == "2026-01-01T00:00:00.000Z"
	path = f"{DEALS}/{made['id']}"
	answer = api.ask(
		"PATCH", path, {"properties": {"closedate": "2026-02-03T10:00:00+02:00", "description": "x"}}
	)
	assert answer.json()["properties"]["closedate"] == "2026-02-03T08:00:00.000Z"
	assert (
		api.ask("PATCH", path, {"properties": {"description": ""}}).json()["properties"]["description"]
		is None
	)
	api.do("add_property", object="deals", name="starts", type="date", fieldType="date")
	assert (
		api.ask("PATCH", path, {"properties": {"starts": "1767225600000"}}).json()["properties"]["starts"]
		== "2026-01-01"
	)
	error = api.refused("PATCH", path, {"properties": {"starts": "1767225600001"}})
	assert codes(error) == [("INVALID_DATE", "starts")]


def test_required_properties(api):
	for path, properties in (
		(CONTACTS, {"phone": "1"}),
		(DEALS, {"dealname": "X"}),
		("/crm/v3/objects/notes", {"hs_note_body": "x"}),
	):
		assert (
			"Some required properties were not set"
			in api.refused("POST", path, {"properties": properties})["message"]
		)


def test_a_lead_is_about_somebody(api):
	error = api.refused("POST", "/crm/v3/objects/leads", {"properties": {"hs_lead_name": "X"}})
	assert "associated with a contact or a company" in error["message"]


def test_a_stage_belongs_to_its_pipeline(api, hubspot):
	hubspot.portal.add_pipeline(Pipeline("b2b", "B2B", [deal_stage("open", "Open", "0.5")]))
	error = api.refused(
		"POST", DEALS, {"properties": {"dealname": "X", "dealstage": "open", "pipeline": "default"}}
	)
	assert codes(error) == [("INVALID_PIPELINE_STAGE", "dealstage")]
	# with two pipelines the pipeline must be said
	api.refused("POST", DEALS, {"properties": {"dealname": "X", "dealstage": "open"}})
	api.post(DEALS, {"properties": {"dealname": "X", "dealstage": "open", "pipeline": "b2b"}}, 201)


def test_the_lifecycle_moves_forward_only(api, portal):
	contact = portal.add_contact(email="ada@example.com", lifecyclestage="customer")
	path = f"{CONTACTS}/{contact.id}"
	assert api.ask("PATCH", path, {"properties": {"lifecyclestage": "lead"}}).status_code == 200
	assert contact.get("lifecyclestage") == "customer"
	api.ask("PATCH", path, {"properties": {"lifecyclestage": ""}})
	api.ask("PATCH", path, {"properties": {"lifecyclestage": "lead"}})
	assert contact.get("lifecyclestage") == "lead"


# ---- uniqueness


def test_a_unique_property(api, portal):
	api.do("add_property", object="contacts", name="erpnext_id", hasUniqueValue=True)
	first = api.post(CONTACTS, {"properties": {"email": "a@example.com", "erpnext_id": "A"}}, 201)
	error = api.refused("POST", CONTACTS, {"properties": {"email": "b@example.com", "erpnext_id": "A"}})
	assert error["message"].endswith(f"{first['id']} already has that value.")
	assert "propertyName=erpnext_id, value=A" in error["message"]
	assert api.get(f"{CONTACTS}/A", idProperty="erpnext_id")["id"] == first["id"]
	api.refused("GET", f"{CONTACTS}/Ada", idProperty="firstname")
	# the archived one's value is free
	api.ask("DELETE", f"{CONTACTS}/{first['id']}")
	api.post(CONTACTS, {"properties": {"email": "b@example.com", "erpnext_id": "A"}}, 201)


def test_an_address_cannot_move_to_a_second_contact(api, portal):
	first, second = portal.add_contact(email="a@example.com"), portal.add_contact(email="b@example.com")
	error = api.refused(
		"PATCH", f"{CONTACTS}/{second.id}", {"properties": {"email": "a@example.com"}}, status=409
	)
	assert error["message"] == f"Contact already exists. Existing ID: {first.id}"
	portal.merge("contacts", first.id, second.id)
	error = api.refused("POST", CONTACTS, {"properties": {"email": "b@example.com"}}, status=409)
	assert error["message"].endswith(str(first.id)), "a second address of a contact is taken, too"


def test_companies_are_not_unique_by_domain(api, portal):
	for _ in range(2):
		api.post(
			"/crm/v3/objects/companies",
			{"properties": {"name": "A", "domain": "https://www.acme.example/x"}},
			201,
		)
	assert [one.get("domain") for one in portal.live("companies")] == ["acme.example"] * 2


def test_at_most_ten_unique_properties(api):
	body = {
		"label": "X",
		"type": "string",
		"fieldType": "text",
		"groupName": "contactinformation",
		"hasUniqueValue": True,
	}
	for number in range(10):
		api.post("/crm/v3/properties/contacts", {**body, "name": f"key_{number}"}, 201)
	assert (
		"At most 10"
		in api.refused("POST", "/crm/v3/properties/contacts", {**body, "name": "key_10"})["message"]
	)
	error = api.ask("PATCH", "/crm/v3/properties/contacts/key_1", {"hasUniqueValue": False})
	assert error.status_code == 400


# ---- batches


def test_a_batch_has_a_hundred_rows_at_most(api):
	path = f"{CONTACTS}/batch/create"
	assert (
		"100"
		in api.refused("POST", path, rows(*[{"email": f"c{n}@example.com"} for n in range(101)]))["message"]
	)
	assert (
		len(api.post(path, rows(*[{"email": f"c{n}@example.com"} for n in range(100)]), 201)["results"])
		== 100
	)
	api.refused("POST", path, {"inputs": []})
	api.refused("POST", path, {})


def test_one_bad_row_refuses_all_unless_every_row_has_its_trace(api, portal):
	path = f"{CONTACTS}/batch/create"
	good, bad = {"email": "a@example.com"}, {"email": "b@example.com", "nope": "1"}
	assert codes(api.refused("POST", path, rows(good, bad))) == [("PROPERTY_DOESNT_EXIST", "nope")]
	assert codes(api.refused("POST", path, rows(good, bad, objectWriteTraceId="same")))
	assert not portal.live("contacts")
	traced = {
		"inputs": [
			{"properties": one, "objectWriteTraceId": str(n)} for n, one in enumerate((good, bad, good))
		]
	}
	answer = api.post(path, traced, 207)
	assert [one["objectWriteTraceId"] for one in answer["results"]] == ["0"]
	assert [one["context"]["objectWriteTraceId"] for one in answer["errors"]] == [["1"], ["2"]]
	assert [one["category"] for one in answer["errors"]] == ["VALIDATION_ERROR", "CONFLICT"]
	assert answer["numErrors"] == 2 and len(portal.live("contacts")) == 1


def test_update_row_by_row(api, portal):
	first, second = portal.add_contact(email="a@example.com"), portal.add_contact(email="b@example.com")
	inputs = [
		{"id": str(first.id), "properties": {"phone": "1"}, "objectWriteTraceId": "x"},
		{"id": str(second.id), "properties": {"email": "a@example.com"}, "objectWriteTraceId": "y"},
		{"id": "77", "properties": {"phone": "1"}, "objectWriteTraceId": "z"},
	]
	answer = api.post(f"{CONTACTS}/batch/update", {"inputs": inputs}, 207)
	assert [(one["id"], one["properties"]["phone"]) for one in answer["results"]] == [(str(first.id), "1")]
	assert [(one["category"], one["context"]["ids"]) for one in answer["errors"]] == [
		("CONFLICT", [str(second.id)]),
		("OBJECT_NOT_FOUND", ["77"]),
	]
	error = api.refused("POST", f"{CONTACTS}/batch/update", {"inputs": inputs[:1] * 2})
	assert error["message"] == f"Duplicate IDs found in batch input: [{first.id}]"
	by_key = [{**inputs[0], "idProperty": "hs_object_id"}]
	assert (
		"non-unique 0-1 property hs_object_id"
		in api.refused("POST", f"{CONTACTS}/batch/update", {"inputs": by_key})["message"]
	)


def test_upsert_by_email_is_whole_or_not_at_all(api, portal):
	portal.add_contact(email="a@example.com")
	good = {"id": "A@example.com", "idProperty": "email", "properties": {"firstname": "Ada"}}
	new = {"id": "n@example.com", "idProperty": "email", "properties": {"firstname": "New"}}
	bad = {"id": "b@example.com", "idProperty": "email", "properties": {"nope": "1"}}
	path = f"{CONTACTS}/batch/upsert"
	api.refused("POST", path, {"inputs": [good, new, bad]})
	assert [one.get("firstname") for one in portal.live("contacts")] == [None]
	answer = api.post(path, {"inputs": [good, new]})
	assert [one["new"] for one in answer["results"]] == [False, True]


@pytest.mark.parametrize(
	"row",
	[
		{"id": "1", "properties": {}},
		{"id": "1", "idProperty": "hs_object_id", "properties": {}},
		{"id": "1", "idProperty": "phone", "properties": {}},
	],
)
def test_upsert_needs_a_unique_property(api, row):
	api.refused("POST", f"{CONTACTS}/batch/upsert", {"inputs": [row]})


def test_a_batch_reads_by_a_unique_property_and_never_tells_associations(api, portal):
	contact = portal.add_contact(portal.add_company(name="Acme"), email="a@example.com")
	body = {"inputs": [{"id": "a@example.com"}], "idProperty": "email", "properties": ["email"]}
	(read,) = api.post(f"{CONTACTS}/batch/read", body)["results"]
	assert read["id"] == str(contact.id) and "associations" not in read


# ---- lists of records


def test_a_list_pages_by_id_and_shows_what_is_asked(api, portal):
	company = portal.add_company(name="Acme")
	ids = [str(portal.add_contact(company, email=f"c{n}@example.com").id) for n in range(5)]
	page = api.get(CONTACTS, limit=2, properties="email,phone,nope", associations="companies")
	assert [one["id"] for one in page["results"]] == ids[:2] and page["paging"]["next"]["after"] == ids[2]
	first = page["results"][0]
	assert set(first["properties"]) == {"email", "phone", "createdate", "lastmodifieddate", "hs_object_id"}
	assert {one["type"] for one in first["associations"]["companies"]["results"]} == {
		"contact_to_company",
		"contact_to_company_unlabeled",
	}
	page = api.get(CONTACTS, limit=100, after=page["paging"]["next"]["after"])
	assert [one["id"] for one in page["results"]] == ids[2:] and "paging" not in page
	api.refused("GET", CONTACTS, limit=101)
	api.refused("GET", CONTACTS, limit=51, propertiesWithHistory="email")


# ---- merge and erase


def test_merging_companies_makes_a_new_record(api, portal):
	first = portal.add_company(name="Acme", domain="acme.example")
	second = portal.add_company(name="ACME Ltd", domain="acme.test", phone="1")
	contact = portal.add_contact(second, email="a@acme.example")
	path = "/crm/v3/objects/companies"
	merged = api.post(f"{path}/merge", {"primaryObjectId": str(first.id), "objectIdToMerge": str(second.id)})
	assert merged["id"] not in (str(first.id), str(second.id))
	assert (merged["properties"]["name"], merged["properties"]["domain"]) == ("Acme", "acme.example")
	for id in (first.id, second.id):
		assert api.get(f"{path}/{id}", properties="phone")["id"] == merged["id"]
	assert api.get(path, archived="true")["results"] == []
	found = api.get(f"/crm/v4/objects/contacts/{contact.id}/associations/companies")["results"]
	assert [one["toObjectId"] for one in found] == [int(merged["id"])]
	api.refused(
		"POST", f"{path}/merge", {"primaryObjectId": str(first.id), "objectIdToMerge": str(second.id)}
	)
	api.refused("POST", f"{path}/merge", {"primaryObjectId": str(first.id)})


def test_erased_for_good(api, portal):
	contact = portal.add_contact(email="ada@example.com", phone="1")
	assert (
		api.post(f"{CONTACTS}/gdpr-delete", {"objectId": "ada@example.com", "idProperty": "email"}, 204) == {}
	)
	for archived in ("true", "false"):
		api.refused("GET", f"{CONTACTS}/{contact.id}", status=404, archived=archived)
	assert contact.properties == {"hs_object_id": str(contact.id)} and not contact.history
	api.refused("POST", CONTACTS, {"properties": {"email": "ada@example.com"}})


# ---- associations


def test_there_is_one_primary_company(api, portal):
	contact = portal.add_contact(email="a@example.com")
	first, second = portal.add_company(name="First"), portal.add_company(name="Second")
	base = f"/crm/objects/2026-03/contacts/{contact.id}/associations"

	def types():
		found = api.get(f"{base}/companies")["results"]
		return {
			one["toObjectId"]: sorted(kind["typeId"] for kind in one["associationTypes"]) for one in found
		}

	assert api.ask("PUT", f"{base}/default/companies/{first.id}").status_code == 200
	assert api.ask("PUT", f"{base}/default/companies/{second.id}").status_code == 200
	assert types() == {str(first.id): [1, 279], str(second.id): [279]}
	primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
	labels = api.ask("PUT", f"{base}/companies/{second.id}", primary)
	assert labels.status_code == 201 and labels.json()["labels"] == ["Primary"]
	assert types() == {str(first.id): [279], str(second.id): [1, 279]}
	body = {"inputs": [{"from": {"id": str(contact.id)}, "to": {"id": str(second.id)}, "types": primary}]}
	api.post("/crm/associations/2026-03/contacts/companies/batch/labels/archive", body, 204)
	assert (
		types() == {str(first.id): [279], str(second.id): [279]}
		and contact.get("associatedcompanyid") is None
	)
	assert api.ask(
		"PATCH", f"{CONTACTS}/{contact.id}", {"properties": {"associatedcompanyid": str(first.id)}}
	).ok
	assert types()[str(first.id)] == [1, 279]


@pytest.mark.parametrize("base", ["/crm/v4/associations", "/crm/associations/2026-03"])
def test_batches_of_associations(api, portal, base):
	company = portal.add_company(name="Acme")
	people = [portal.add_contact(email=f"c{n}@example.com") for n in range(3)]
	pairs = [{"from": {"id": str(one.id)}, "to": {"id": str(company.id)}} for one in people[:2]]
	path = f"{base}/contacts/companies/batch"
	assert len(api.post(f"{path}/associate/default", {"inputs": pairs})["results"]) == 8
	answer = api.post(f"{path}/read", {"inputs": [{"id": str(one.id)} for one in people]}, 207)
	assert len(answer["results"]) == 2
	(error,) = answer["errors"]
	assert error["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
	assert error["context"]["fromObjectId"] == [str(people[2].id)]
	kind = str if base.endswith("2026-03") else int
	assert answer["results"][0]["to"][0]["toObjectId"] == kind(company.id)
	gone = [{"from": {"id": str(people[0].id)}, "to": [{"id": str(company.id)}]}]
	api.post(f"{path}/archive", {"inputs": gone}, 204)
	assert company.get("num_associated_contacts") == "1"
	wrong = [{**pairs[0], "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 4}]}]
	assert (
		"association type 4 does not exist"
		in api.refused("POST", f"{path}/create", {"inputs": wrong})["message"]
	)
	nobody = [{"from": {"id": "77"}, "to": {"id": str(company.id)}}]
	api.refused("POST", f"{path}/associate/default", {"inputs": nobody}, status=404)


def test_a_label_of_ones_own(api, portal):
	company, contact = portal.add_company(name="Acme"), portal.add_contact(email="a@example.com")
	made = api.post(
		"/crm/v4/associations/contacts/companies/labels", {"label": "Billing", "name": "billing"}
	)["results"]
	spec = [{"associationCategory": "USER_DEFINED", "associationTypeId": made[0]["typeId"]}]
	answer = api.ask(
		"PUT", f"/crm/v4/objects/contacts/{contact.id}/associations/companies/{company.id}", spec
	)
	assert sorted(answer.json()["labels"]) == ["Billing", "Primary"]


def test_associations_with_the_record_itself(api, portal):
	contact = portal.add_contact(email="ada@example.com")
	spec = {
		"to": {"id": str(contact.id)},
		"types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}],
	}
	note = {
		"properties": {"hs_timestamp": "2026-11-23T10:00:00Z", "hs_note_body": "Called"},
		"associations": [spec],
	}
	made = api.post("/crm/v3/objects/notes", note, 201)
	(found,) = api.get(f"/crm/v4/objects/notes/{made['id']}/associations/contacts")["results"]
	assert (
		found["toObjectId"] == contact.id and contact.get("notes_last_updated") == "2026-11-23T10:00:00.000Z"
	)
	spec["to"]["id"] = "77"
	error = api.refused("POST", "/crm/v3/objects/notes", note)
	assert error["subCategory"] == "crm.associations.INVALID_OBJECT_IDS" and len(portal.live("notes")) == 1


# ---- lists, consent


def test_lists_and_who_may_write_them(api, portal):
	contact = portal.add_contact(email="ada@example.com")
	made = api.post(
		"/crm/lists/2026-03", {"name": "All", "objectTypeId": "0-1", "processingType": "SNAPSHOT"}
	)["list"]
	path = f"/crm/lists/2026-03/{made['listId']}/memberships"
	changed = api.ask("PUT", f"{path}/add", [str(contact.id), "77"]).json()
	assert changed == {
		"recordsIdsAdded": [str(contact.id)],
		"recordIdsRemoved": [],
		"recordIdsMissing": ["77"],
	}
	(member,) = api.get(f"{path}/join-order")["results"]
	assert member["recordId"] == str(contact.id) and member["membershipTimestamp"]
	error = api.refused(
		"POST", "/crm/lists/2026-03", {"name": "all", "objectTypeId": "0-1", "processingType": "MANUAL"}
	)
	assert error["subCategory"] == "ILS.DUPLICATE_LIST_NAMES"
	dynamic = {
		"name": "D",
		"objectTypeId": "0-1",
		"processingType": "DYNAMIC",
		"filterBranch": {"filterBranchType": "OR"},
	}
	id = api.post("/crm/lists/2026-03", dynamic)["list"]["listId"]
	assert (
		"DYNAMIC"
		in api.refused("PUT", f"/crm/lists/2026-03/{id}/memberships/add", [str(contact.id)])["message"]
	)
	portal.delete("contacts", contact.id)
	assert api.get(path)["results"] == []


@pytest.mark.parametrize("base", ["/communication-preferences/v4", "/communication-preferences/2026-03"])
def test_consent_single_and_in_batches(api, portal, base):
	contact = portal.add_contact(email="ada@example.com")
	first, second = api.get(f"{base}/definitions")["results"]
	state = {"channel": "EMAIL", "statusState": "SUBSCRIBED", "subscriptionId": int(second["id"])}
	(status,) = api.post(
		f"{base}/statuses/Ada@example.com",
		{**state, "legalBasis": "CONSENT_WITH_NOTICE", "legalBasisExplanation": "asked"},
	)["results"]
	assert (status["status"], status["legalBasis"]) == ("SUBSCRIBED", "CONSENT_WITH_NOTICE")
	rows = [
		{**state, "subscriberIdString": "ada@example.com", "statusState": "UNSUBSCRIBED"},
		{**state, "subscriptionId": 1, "subscriberIdString": "b@example.com"},
	]
	answer = api.post(f"{base}/statuses/batch/write", {"inputs": rows}, 207)
	assert answer["errors"][0]["context"]["subscriberIdString"] == ["b@example.com"]
	assert contact.get(f"hs_email_optout_{second['id']}") == "true" and contact.get("hs_email_optout") is None
	(read,) = api.post(f"{base}/statuses/batch/read", {"inputs": ["ada@example.com"]}, channel="EMAIL")[
		"results"
	]
	assert {one["subscriptionId"]: one["status"] for one in read["statuses"]} == {
		int(first["id"]): "NOT_SPECIFIED",
		int(second["id"]): "UNSUBSCRIBED",
	}
	api.refused("GET", f"{base}/statuses/ada@example.com")
	assert api.get(f"{base}/statuses/ada@example.com/unsubscribe-all", channel="EMAIL")["results"] == []
	api.post(f"{base}/statuses/batch/unsubscribe-all", {"inputs": ["ada@example.com"]}, channel="EMAIL")
	assert contact.get("hs_email_optout") == "true"
	(wide,) = api.get(f"{base}/statuses/ada@example.com/unsubscribe-all", channel="EMAIL")["results"]
	assert wide["wideStatusType"] == "PORTAL_WIDE"
	(status,) = api.post(f"{base}/statuses/ada@example.com", state)["results"]
	assert (
		status["setStatusSuccessReason"] == "RESUBSCRIBE_OCCURRED"
		and contact.get("hs_email_optout") == "false"
	)


def test_with_gdpr_a_legal_basis_is_needed(api, portal):
	portal.gdpr = True
	definition = next(iter(portal.consent.definitions))
	state = {"channel": "EMAIL", "statusState": "SUBSCRIBED", "subscriptionId": definition}
	assert (
		"legalBasis"
		in api.refused("POST", "/communication-preferences/v4/statuses/a@example.com", state)["message"]
	)
	api.post("/communication-preferences/v4/statuses/a@example.com", {**state, "statusState": "UNSUBSCRIBED"})


# ---- OAuth


@pytest.mark.parametrize("path", ["/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token"])
def test_an_app_is_installed_and_its_token_renewed(hubspot, api, path):
	code = api.do("authorise", redirect_uri="https://erp.example/back")["code"]
	form = {
		"grant_type": "authorization_code",
		"client_id": "sandbox-client",
		"client_secret": "sandbox-secret",
		"redirect_uri": "https://erp.example/back",
		"code": code,
	}
	issued = requests.post(api.url + path, data=form, timeout=10).json()
	assert (issued["expires_in"], issued["hub_id"]) == (1800, hubspot.portal.id)
	assert requests.post(api.url + path, data=form, timeout=10).json()["status"] == "BAD_AUTH_CODE"
	assert requests.post(api.url + path, json=form, timeout=10).status_code == 415
	form |= {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
	renewed = requests.post(api.url + path, data=form, timeout=10).json()
	assert renewed["refresh_token"] == issued["refresh_token"]
	api.token = renewed["access_token"]
	headers = api.ask("GET", CONTACTS).headers
	assert headers["X-HubSpot-RateLimit-Max"] == "110" and "X-HubSpot-RateLimit-Daily" not in headers
	hubspot.expire_tokens()
	assert api.refused("GET", CONTACTS, status=401)["category"] == "EXPIRED_AUTHENTICATION"
	form["client_secret"] = "wrong"
	assert requests.post(api.url + path, data=form, timeout=10).status_code == 400


def test_the_same_address_twice_in_a_batch(api, portal):
	same = rows({"email": "a@example.com"}, {"email": "A@example.com"})
	assert api.refused("POST", f"{CONTACTS}/batch/create", same, status=409)["category"] == "CONFLICT"
	assert not portal.live("contacts")


def test_many_at_once_make_one_contact(api, portal):
	def create(_):
		return api.ask("POST", CONTACTS, {"properties": {"email": "ada@example.com"}}).status_code

	with concurrent.futures.ThreadPoolExecutor(8) as pool:
		assert sorted(pool.map(create, range(8))) == [201] + [409] * 7
	assert len(portal.live("contacts")) == 1
