"""Search and its traps: the window of 10,000, the lag, rows of one millisecond, five a second; and the limits."""

import time

import pytest

CONTACTS = "/crm/objects/2026-03/contacts"


def filters(*known: tuple) -> dict:
	return {"filterGroups": [{"filters": [_filter(*one) for one in known]}]}


def _filter(name: str, operator: str, value=None, high=None) -> dict:
	known = {"propertyName": name, "operator": operator}
	if isinstance(value, list):
		known["values"] = value
	elif value is not None:
		known["value"] = value
	return known | {"highValue": high} if high else known


@pytest.fixture
def people(portal):
	return [
		portal.add_contact(
			email=f"c{n}@example.com",
			firstname=f"Name {n}",
			**({"phone": f"+1 555 {n}"} if n else {}),
			lifecyclestage="lead" if n % 2 else "customer",
		)
		for n in range(6)
	]


@pytest.mark.parametrize(
	("known", "expected"),
	[
		([("email", "EQ", "C1@example.com")], [1]),
		([("email", "IN", ["c1@example.com", "c4@example.com"])], [1, 4]),
		([("email", "NOT_IN", ["c1@example.com"]), ("lifecyclestage", "EQ", "lead")], [3, 5]),
		([("lifecyclestage", "NEQ", "lead")], [0, 2, 4]),
		([("phone", "NOT_HAS_PROPERTY")], [0]),
		([("phone", "HAS_PROPERTY"), ("lifecyclestage", "EQ", "customer")], [2, 4]),
		([("firstname", "CONTAINS_TOKEN", "name")], [0, 1, 2, 3, 4, 5]),
		([("email", "CONTAINS_TOKEN", "*4")], [4]),
	],
)
def test_filters(api, people, known, expected):
	found = api.post(f"{CONTACTS}/search", filters(*known))
	ids = sorted(one["id"] for one in found["results"])
	assert (found["total"], ids) == (len(expected), sorted(str(people[n].id) for n in expected))


def test_groups_are_alternatives_and_query_looks_everywhere(api, people):
	body = {"filterGroups": filters(("email", "EQ", "c1@example.com"))["filterGroups"] * 2}
	body["filterGroups"][1] = filters(("phone", "NOT_HAS_PROPERTY"))["filterGroups"][0]
	assert api.post(f"{CONTACTS}/search", body)["total"] == 2
	assert api.post(f"{CONTACTS}/search", {"query": "name 3"})["total"] == 1


def test_a_second_address_is_found(api, portal, people):
	portal.merge("contacts", people[0].id, people[1].id)
	found = api.post(f"{CONTACTS}/search", filters(("email", "EQ", "c1@example.com")))
	assert [one["id"] for one in found["results"]] == [str(people[0].id)]


def test_changes_since_a_moment(api, portal, people):
	moment = portal.clock.now()
	portal.clock.advance(1000)
	portal.change("contacts", people[3].id, {"phone": "9"})
	known = ("lastmodifieddate", "GTE", str(moment + 1))
	body = {**filters(known), "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]}
	assert [one["id"] for one in api.post(f"{CONTACTS}/search", body)["results"]] == [str(people[3].id)]
	between = ("lastmodifieddate", "BETWEEN", str(moment - 100_000), str(moment))
	assert api.post(f"{CONTACTS}/search", filters(between))["total"] == 5
	# contacts have lastmodifieddate, all others hs_lastmodifieddate
	api.refused("POST", f"{CONTACTS}/search", filters(("hs_lastmodifieddate", "GTE", "1")))
	api.refused("POST", "/crm/v3/objects/companies/search", filters(("lastmodifieddate", "GTE", "1")))


def test_every_write_changes_the_date_even_of_the_same_value(api, portal, people):
	seen = []
	for _ in range(3):
		answer = api.ask("PATCH", f"{CONTACTS}/{people[0].id}", {"properties": {"firstname": "Same"}})
		seen.append(answer.json()["properties"]["lastmodifieddate"])
	assert seen == sorted(set(seen))


def test_many_rows_in_one_millisecond(api, portal):
	portal.clock.stop()
	made = {str(portal.add_contact(email=f"c{n}@example.com").id) for n in range(250)}
	portal.clock.go()
	body = {"limit": 100, "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]}
	seen, dates = [], set()
	while True:
		page = api.post(f"{CONTACTS}/search", body)
		seen += [one["id"] for one in page["results"]]
		dates |= {one["properties"]["lastmodifieddate"] for one in page["results"]}
		if "paging" not in page:
			break
		body["after"] = page["paging"]["next"]["after"]
	assert len(dates) == 1 and len(seen) == 250 and set(seen) == made
	assert seen != sorted(seen), "rows that sort alike are not in the order of their ids"


def test_what_search_refuses(api):
	path = f"{CONTACTS}/search"
	one = filters(("email", "EQ", "a@example.com"))["filterGroups"][0]
	for body in (
		{"limit": 201},
		{"after": "9990", "limit": 11},
		{"filterGroups": [one] * 6},
		{"filterGroups": [{"filters": one["filters"] * 7}]},
		{"filterGroups": [{"filters": one["filters"] * 5}] * 4},
		{"query": "x" * 3000},
		{"sorts": ["email", "phone"]},
		filters(("nope", "EQ", "1")),
		filters(("email", "LIKE", "1")),
		filters(("email", "EQ")),
		filters(("email", "IN", "a")),
		filters(("lastmodifieddate", "GTE", "yesterday")),
	):
		api.refused("POST", path, body)
	assert api.post(path, {"after": "9990", "limit": 10})["total"] == 0


def test_search_lags_behind(api, portal, hubspot):
	contact = portal.add_contact(email="ada@example.com", firstname="Ada")
	api.do("set_search_lag", seconds=0.4)
	new = portal.add_contact(email="new@example.com")
	portal.change("contacts", contact.id, {"firstname": "Augusta"})

	def names():
		found = api.post(f"{CONTACTS}/search", {"properties": ["firstname"]})["results"]
		return {one["id"]: one["properties"]["firstname"] for one in found}

	assert names() == {str(contact.id): "Ada"}
	assert api.get(f"{CONTACTS}/{contact.id}")["properties"]["firstname"] == "Augusta"
	portal.delete("contacts", contact.id)
	time.sleep(0.45)
	assert names() == {str(new.id): None}


# ---- limits


def test_five_searches_a_second_and_no_word_about_it(api, hubspot):
	hubspot.limits.set(searches=5)
	answers = [api.ask("POST", f"{CONTACTS}/search", {}) for _ in range(7)]
	assert [one.status_code for one in answers[:5]] == [200] * 5 and answers[-1].status_code == 429
	assert answers[-1].json()["policyName"] == "SECONDLY"
	for answer in answers:
		assert not [name for name in answer.headers if "ratelimit" in name.lower() or name == "Retry-After"]


def test_the_window_of_ten_seconds(api, hubspot):
	hubspot.limits.set(burst=3)
	answers = [api.ask("GET", CONTACTS) for _ in range(4)]
	left = [answer.headers["X-HubSpot-RateLimit-Remaining"] for answer in answers]
	assert left == ["2", "1", "0", "0"] and answers[3].status_code == 429
	body = answers[3].json()
	assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
	assert answers[3].headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
	assert "Retry-After" not in answers[3].headers


def test_the_day_is_used_up(api, hubspot):
	api.do("set_limits", daily=2, used_today=1)
	answer = api.ask("GET", CONTACTS)
	assert (
		answer.headers["X-HubSpot-RateLimit-Daily"],
		answer.headers["X-HubSpot-RateLimit-Daily-Remaining"],
	) == ("2", "0")
	assert api.refused("GET", CONTACTS, status=429)["policyName"] == "DAILY"
	assert api.refused("POST", f"{CONTACTS}/search", {}, status=429)["policyName"] == "DAILY"


@pytest.mark.parametrize(
	("kind", "status", "told"),
	[
		("rate_limited", 429, {"policyName": "TEN_SECONDLY_ROLLING"}),
		("search_limit", 429, {"policyName": "SECONDLY"}),
		("daily_limit", 429, {"policyName": "DAILY"}),
		("unauthorised", 401, {"category": "INVALID_AUTHENTICATION"}),
		("expired", 401, {"category": "EXPIRED_AUTHENTICATION"}),
		("missing_scopes", 403, {"category": "MISSING_SCOPES"}),
		("locked", 423, {}),
		("migration", 477, {}),
		("error", 500, {}),
	],
)
def test_troubles_in_hubspots_words(api, hubspot, kind, status, told):
	hubspot.troubles.add(kind, operation="contacts.list", retry_after=7)
	assert told.items() <= api.refused("GET", CONTACTS, status=status).items()
	assert api.ask("GET", CONTACTS).status_code == 200


def test_the_edge_speaks_html_and_a_migration_says_when(api, hubspot):
	hubspot.troubles.add("error", status=502)
	answer = api.ask("GET", CONTACTS)
	assert answer.status_code == 502 and answer.text.startswith("<html>")
	hubspot.troubles.add("migration", retry_after=30)
	assert api.ask("GET", CONTACTS).headers["Retry-After"] == "30"


def test_an_error_after_the_deed(api, hubspot, portal):
	hubspot.troubles.add("error_after", operation="contacts.batch.create", status=504)
	answer = api.ask(
		"POST", f"{CONTACTS}/batch/create", {"inputs": [{"properties": {"email": "a@example.com"}}]}
	)
	assert answer.status_code == 504 and len(portal.live("contacts")) == 1


@pytest.mark.parametrize(
	("method", "path", "name"),
	[
		("GET", "/crm/v3/objects/contacts", "contacts.list"),
		("POST", "/crm/objects/2026-03/0-1", "contacts.create"),
		("GET", "/crm/v3/objects/company/7", "companies.read"),
		("PATCH", "/crm/v3/objects/deals/7", "deals.update"),
		("DELETE", "/crm/v3/objects/deals/7", "deals.archive"),
		("POST", "/crm/v3/objects/leads/batch/upsert", "leads.batch.upsert"),
		("POST", "/crm/v3/objects/contacts/gdpr-delete", "contacts.gdpr-delete"),
		("PUT", "/crm/v4/objects/contacts/7/associations/default/companies/8", "contacts.associations.put"),
		("POST", "/crm/v4/associations/contacts/companies/batch/read", "associations.batch.read"),
		("POST", "/crm/properties/2026-03/contacts", "properties.create"),
		("GET", "/crm/v3/properties/contacts/email", "properties.read"),
		("GET", "/crm/v3/pipelines/deals", "pipelines.read"),
		("GET", "/crm/v3/owners/", "owners"),
		("PUT", "/crm/lists/2026-03/7/memberships/add", "lists.memberships.add"),
		(
			"POST",
			"/communication-preferences/v4/statuses/batch/write",
			"communication-preferences.statuses.batch.write",
		),
		("GET", "/communication-preferences/v4/statuses/a@b.example", "communication-preferences.statuses"),
		("GET", "/account-info/v3/details", "account-info.details"),
		("POST", "/oauth/2026-03/token", "oauth.token"),
	],
)
def test_names_of_operations(api, hubspot, method, path, name):
	api.ask(method, path, {})
	assert [entry.operations for entry in hubspot.log.entries] == [[name]]
