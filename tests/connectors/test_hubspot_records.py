"""HubSpot's records against the sandbox portal: pulled, fetched, found, pushed, archived, whatever gets lost."""

from __future__ import annotations

import contextlib
import json
import zoneinfo

import pytest

from integration_hub.connectors.contract import SyncsLeads, capabilities
from integration_hub.connectors.contract.capabilities import satisfies
from integration_hub.connectors.hubspot import HubSpot
from integration_hub.connectors.hubspot.shapes import day_of, noon_of, zone_of
from integration_hub.failures import Gone, Invalid, NotAuthorised, RateLimited, Unreachable
from integration_hub.records import COMMON_FIELDS, Match
from tests.connectors.hubspot_ground import Connected, ago, change, fetched, push, start, walk

RESOURCES = ("customers", "contacts", "leads", "deals")


@pytest.fixture
def account():
	with contextlib.ExitStack() as stack:
		yield start(stack)


@pytest.fixture
def portal(account):
	return account.portal


@pytest.fixture
def hubspot(account):
	return Connected(account).connector


def found_by_key(portal, kind, key):
	return [one for one in portal.live(kind) if one.get("erpnext_id") == key]


# --- what it is


def test_its_capabilities():
	assert capabilities(HubSpot) == [
		"ReceivesWebhooks",
		"SyncsCompanies",
		"SyncsContacts",
		"SyncsLeads",
		"SyncsDeals",
		"LogsCommunications",
		"ManagesConsent",
	]


def test_leads_are_what_the_settings_say(account):
	assert Connected(account).connector.leads_are == "contacts"
	own = Connected(account, leads_are="Leads").connector
	assert own.leads_are == "0-136" and satisfies(own, SyncsLeads)


def test_defaults_name_common_fields_and_properties_that_exist(account, hubspot):
	for resource, names in HubSpot.crm_defaults.items():
		assert set(names) <= set(COMMON_FIELDS[resource])
		known = {one.name: one for one in hubspot.crm_fields(resource)}
		assert set(names.values()) <= set(known)
		assert not [name for name in names.values() if known[name].read_only and name != "hs_email_optout"]


def test_check_says_where_and_what_is_missing(account):
	connected = Connected(account)
	identity = connected.connector.check()
	assert identity.account == f"HubSpot {account.portal.id}"
	assert (identity.currency, identity.detail) == ("USD", "STANDARD, US/Eastern")
	assert identity.warnings == ()
	account.access.scopes = [one for one in account.access.scopes if "deals" not in one]
	(warning,) = Connected(account).connector.check().warnings
	assert warning == (
		"The app lacks these scopes: crm.objects.deals.read, crm.objects.deals.write, crm.schemas.deals.write."
	)
	assert not account.portal.live("contacts"), "asking changes nothing"
	(no_secret,) = [
		one for one in Connected(account, client_secret="").connector.check().warnings if "webhook" in one
	]
	assert "client secret" in no_secret


def test_a_wrong_token_says_so(account):
	with pytest.raises(NotAuthorised, match="access token"):
		Connected(account, access_token="pat-wrong").connector.check()


def test_a_missing_scope_names_it(account, hubspot):
	account.access.scopes = ["crm.objects.companies.read"]
	with pytest.raises(NotAuthorised, match="lacks a scope") as failure:
		walk(hubspot, "contacts")
	assert "crm.objects.contacts.read" in failure.value.detail


# --- fields


def test_fields_with_choices_and_own_ones(account, portal, hubspot):
	account.do_add_property(
		object="contacts",
		name="shoe_size",
		label="Shoe size",
		type="number",
		fieldType="number",
		groupName="contactinformation",
	)
	contacts = {one.name: one for one in hubspot.crm_fields("contacts")}
	assert (contacts["shoe_size"].kind, contacts["shoe_size"].label) == ("number", "Shoe size")
	assert contacts["email"].unique and contacts["email"].kind == "email"
	assert contacts["hs_email_optout"].read_only and contacts["hs_email_optout"].kind == "boolean"
	assert contacts["hs_lead_status"].kind == "choice" and contacts["hs_lead_status"].choices["NEW"] == "New"
	deals = {one.name: one for one in hubspot.crm_fields("deals")}
	assert deals["dealstage"].choices["contractsent"] == "Sales Pipeline / Contract Sent"
	assert deals["pipeline"].choices == {"default": "Sales Pipeline"}
	assert deals["closedate"].kind == "date" and deals["amount"].kind == "number"


# --- in


def test_a_record_as_it_is(portal, hubspot):
	acme = portal.add_company(name="Acme", domain="acme.example")
	beta = portal.add_company(name="Beta")
	ada = portal.add_contact(
		acme, email="ada@acme.example", firstname="Ada", lastname="L", lifecyclestage="customer"
	)
	portal.associate(ada, beta)
	record = fetched(hubspot, "contacts", ada.id, "email", "jobtitle")
	assert (record.resource, record.id, record.label) == ("contacts", str(ada.id), "Ada L")
	assert record.fields["email"] == "ada@acme.example" and record.fields["jobtitle"] is None
	assert record.related == {"customers": (str(acme.id), str(beta.id))}, "the primary company first"
	assert record.url == f"https://app.hubspot.com/contacts/{portal.id}/record/0-1/{ada.id}"
	assert record.version == record.updated_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def test_a_deal_and_its_day_and_currency(portal, hubspot):
	acme = portal.add_company(name="Acme")
	ada = portal.add_contact(acme, email="ada@acme.example")
	# 03:00 UTC is still the day before in the account's zone, US/Eastern
	deal = portal.add_deal(
		ada,
		acme,
		dealname="Looms",
		amount="1200.50",
		dealstage="contractsent",
		closedate="2026-12-01T03:00:00Z",
	)
	record = fetched(hubspot, "deals", deal.id, "closedate", "amount", "deal_currency_code")
	assert record.fields["closedate"] == "2026-11-30"
	assert record.fields["deal_currency_code"] == "USD"
	assert record.related == {
		"customers": (str(acme.id),),
		"contacts": (str(ada.id),),
		"leads": (str(ada.id),),
	}


def test_leads_and_contacts_by_their_stage(portal, hubspot):
	for number, stage in enumerate(("lead", "subscriber", "customer", "evangelist", "")):
		portal.add_contact(
			email=f"{number}@x.example",
			firstname=stage or "none",
			**({"lifecyclestage": stage} if stage else {}),
		)
	label = lambda resource: sorted(one.label for one in walk(hubspot, resource))  # noqa: E731
	assert label("leads") == ["lead", "subscriber"]
	assert label("contacts") == ["customer", "evangelist", "none"]
	lead = portal.find(portal.types["contacts"], "0@x.example", "email")
	assert fetched(hubspot, "contacts", lead.id).resource == "leads", (
		"asked for as a contact, it says what it is"
	)


def test_one_that_we_made_comes_as_a_contact_in_whatever_stage(portal, hubspot):
	(outcome,) = push(hubspot, "contacts", change("Contact/A", email="a@x.example", lifecyclestage="lead"))
	assert outcome.outside_id in [one.outside_id for one in walk(hubspot, "contacts")]


def test_a_thousand_in_six_searches(account, portal, hubspot):
	for number in range(1000):
		portal.add_company(name=f"Company {number}")
	notices = walk(hubspot, "customers")
	assert len({one.outside_id for one in notices}) == 1000
	assert account.log.count(operation="companies.search") == 6
	ids = [one.outside_id for one in notices]
	assert len(hubspot.fetch_records("customers", ids, ["name"])) == 1000
	assert account.log.count(operation="companies.batch.read") <= 11


def test_many_changed_in_one_millisecond(portal, hubspot):
	portal.add_company(name="before")
	portal.clock.stop()
	for number in range(450):
		portal.add_company(name=f"Import {number}")
	portal.clock.go()
	portal.add_company(name="after")
	assert len({one.outside_id for one in walk(hubspot, "customers")}) == 452


def test_what_changes_during_the_walk_hides_nothing(portal, hubspot):
	companies = [portal.add_company(name=f"Company {number}") for number in range(450)]
	page = hubspot.pull_records("customers", ago(hours=1), None)
	seen = {one.outside_id for one in page.notices}
	for one in companies[:100]:  # these move to the end of the list
		portal.change("companies", one.id, {"city": "Berlin"})
	while page.cursor:
		page = hubspot.pull_records("customers", ago(hours=1), page.cursor)
		seen |= {one.outside_id for one in page.notices}
	assert len(seen) == 450


def test_only_what_changed_since(portal, hubspot):
	portal.clock.advance(-3 * 3600 * 1000)
	portal.add_company(name="old")
	portal.clock.advance(3 * 3600 * 1000)
	new = portal.add_company(name="new")
	assert [one.outside_id for one in walk(hubspot, "customers", ago(hours=1))] == [str(new.id)]


def test_the_recycle_bin_is_told_once_in_a_while(account, portal):
	connected = Connected(account)
	portal.delete("companies", portal.add_company(name="Gone").id)
	portal.add_company(name="Here")
	told = [(one.label, one.action) for one in walk(connected.connector, "customers")]
	assert [action for _label, action in told] == ["upsert", "delete"]
	portal.delete("companies", portal.add_company(name="Gone too").id)
	assert [one.action for one in walk(connected.connector, "customers")] == ["upsert"], (
		"the bin is left alone now"
	)
	assert account.log.count(operation="companies.list") == 1


def test_two_pulls_of_one_state_give_the_same_keys(portal, hubspot):
	portal.add_company(name="Acme")
	assert walk(hubspot, "customers")[0].dedupe_key == walk(hubspot, "customers")[0].dedupe_key


@pytest.mark.parametrize(
	"kind, resource", [("contacts", "contacts"), ("companies", "customers"), ("deals", "deals")]
)
def test_merged_ones_come_under_the_id_asked_for(portal, hubspot, kind, resource):
	add = {
		"contacts": lambda n: portal.add_contact(email=f"{n}@x.example", lifecyclestage="customer"),
		"companies": lambda n: portal.add_company(name=f"C{n}"),
		"deals": lambda n: portal.add_deal(dealname=f"D{n}", dealstage="contractsent"),
	}[kind]
	one, two = add(1), add(2)
	survivor = portal.merge(kind, one.id, two.id)
	payloads = hubspot.fetch_records(resource, [str(one.id), str(two.id)], [])
	assert set(payloads) == {str(one.id), str(two.id)}
	for payload in payloads.values():
		record = hubspot.read_record(resource, payload)
		assert record.id == str(survivor.id)
		assert set(record.replaces) == {str(one.id), str(two.id)} - {str(survivor.id)}


def test_what_is_not_there_is_left_out(portal, hubspot):
	gone = portal.add_company(name="Gone")
	portal.delete("companies", gone.id)
	assert hubspot.fetch_records("customers", [str(gone.id), "123", "abc"], []) == {}


# --- who is there already


def test_many_are_looked_for_in_few_searches(account, portal, hubspot):
	for number in range(100):
		portal.add_contact(email=f"person.{number}@company-{number}.example", lifecyclestage="customer")
	wanted = [Match(key=f"Contact/{n}", email=f"PERSON.{n}@company-{n}.example") for n in range(0, 200, 2)]
	found = hubspot.find_records("contacts", wanted)
	assert sum(map(bool, found.values())) == 50
	assert [one.fields["email"] for one in found["Contact/4"]] == ["person.4@company-4.example"]
	assert account.log.count(operation="contacts.search") == 2, "a search's body holds 3,000 characters"


def test_many_with_long_addresses_and_phones_fit_as_well(portal, hubspot):
	long = "a.very.long.name.of.somebody" * 2
	for number in range(0, 100, 10):
		portal.add_contact(
			mobilephone=f"+49 30 12345{number:02}", firstname="By phone", lifecyclestage="customer"
		)
	wanted = [
		Match(key=f"Contact/{n}", email=f"{long}{n}@x.example", phone=f"+493012345{n:02}") for n in range(100)
	]
	found = hubspot.find_records("contacts", wanted)
	assert {key for key, records in found.items() if records} == {f"Contact/{n}" for n in range(0, 100, 10)}


@pytest.mark.parametrize("written", ["+49 30 1234567", "+49 (30) 123-4567", "301234567"])
def test_a_phone_number_however_it_is_written(portal, hubspot, written):
	portal.add_company(name="Acme", phone=written)
	portal.add_company(name="Beta", phone="+49 30 7654321")
	found = hubspot.find_records("customers", [Match(key="k", phone="+49301234567")])["k"]
	assert [one.label for one in found] == ["Acme"]


def test_companies_by_domain_and_tax_id(account, portal):
	account.do_add_property(
		object="companies",
		name="vat_id",
		label="VAT",
		type="string",
		fieldType="text",
		groupName="companyinformation",
	)
	hubspot = Connected(account, tax_id_property="vat_id").connector
	portal.add_company(name="By domain", domain="www.acme.example")
	portal.add_company(name="By tax id", vat_id="DE123")
	portal.add_company(name="Neither", domain="other.example", vat_id="DE999")
	found = hubspot.find_records(
		"customers", [Match(key="k", domain="acme.example", tax_id="DE123"), Match(key="none")]
	)
	assert {one.label for one in found["k"]} == {"By domain", "By tax id"} and found["none"] == []


def test_a_second_address_is_the_same_person(portal, hubspot):
	one = portal.add_contact(email="a@x.example", lifecyclestage="customer")
	two = portal.add_contact(email="b@x.example", lifecyclestage="customer")
	portal.merge("contacts", one.id, two.id)
	assert [
		found.id for found in hubspot.find_records("contacts", [Match(key="k", email="b@x.example")])["k"]
	] == [str(one.id)]


def test_found_ones_say_our_key(hubspot):
	push(hubspot, "contacts", change("Contact/A", email="a@x.example"))
	(found,) = hubspot.find_records("contacts", [Match(key="Contact/A", email="a@x.example")])["Contact/A"]
	assert found.key == "Contact/A"


# --- out


def test_made_and_changed_and_related(account, portal, hubspot):
	(company,) = push(hubspot, "customers", change("Customer/Acme", name="Acme", domain="acme.example"))
	(contact,) = push(
		hubspot,
		"contacts",
		change(
			"Contact/Ada",
			email="ada@acme.example",
			firstname="Ada",
			related={"customers": [company.outside_id]},
		),
	)
	record = fetched(hubspot, "contacts", contact.outside_id, "lifecyclestage")
	assert record.key == "Contact/Ada" and record.related == {"customers": (company.outside_id,)}
	assert record.resource == "contacts" and record.fields["lifecyclestage"] == "customer"
	(again,) = push(hubspot, "contacts", change("Contact/Ada", contact.outside_id, jobtitle="Countess"))
	assert again.failure is None and again.version > contact.version
	assert portal.record("contacts", int(contact.outside_id)).get("jobtitle") == "Countess"


def test_the_version_is_what_our_write_made(portal, hubspot):
	(outcome,) = push(hubspot, "customers", change("Customer/A", name="A"))
	assert fetched(hubspot, "customers", outcome.outside_id).version == outcome.version


def test_a_thousand_in_ten_calls(account, portal, hubspot):
	(company,) = push(hubspot, "customers", change("Customer/Acme", name="Acme"))
	before = account.log.count()
	for start_ in range(0, 1000, 100):
		outcomes = push(
			hubspot,
			"contacts",
			*(
				change(f"Contact/{n}", email=f"{n}@x.example", related={"customers": [company.outside_id]})
				for n in range(start_, start_ + 100)
			),
		)
		assert (
			not [one for one in outcomes if one.failure] and len({one.outside_id for one in outcomes}) == 100
		)
	assert account.log.count(operation="contacts.batch.upsert") == 10
	assert account.log.count(operation="associations.batch.associate.default") == 10
	# and what it takes to know that our property is there
	assert account.log.count() - before <= 25
	assert len(portal.live("contacts")) == 1000


def test_the_property_for_our_key_is_made_once(account, portal, hubspot):
	push(hubspot, "contacts", change("Contact/A", email="a@x.example"))
	push(hubspot, "contacts", change("Contact/B", email="b@x.example"))
	push(Connected(account).connector, "contacts", change("Contact/C", email="c@x.example"))
	assert account.log.count(operation="properties.create") == 1
	assert portal.types["contacts"].properties["erpnext_id"].unique


def test_the_property_is_made_again_when_somebody_has_deleted_it(account, portal, hubspot):
	(first,) = push(hubspot, "contacts", change("Contact/A", email="a@x.example"))
	portal.types["contacts"].properties["erpnext_id"].archived = True
	new, known = push(
		hubspot,
		"contacts",
		change("Contact/B", email="b@x.example"),
		change("Contact/A", first.outside_id, firstname="Ada"),
	)
	assert new.failure is None and known.failure is None
	assert account.log.count(operation="properties.create") == 2
	assert found_by_key(portal, "contacts", "Contact/B") and found_by_key(portal, "contacts", "Contact/A")


def test_two_sites_at_one_account(account, portal):
	one, two = Connected(account).connector, Connected(account, key_property="erp_two").connector
	(first,) = push(one, "customers", change("Customer/C-1", name="Of one"))
	(second,) = push(two, "customers", change("Customer/C-1", name="Of two"))
	assert first.outside_id != second.outside_id and len(portal.live("companies")) == 2
	assert fetched(two, "customers", first.outside_id).key == "", "another site's key is not ours"


def test_a_property_that_is_not_unique_is_refused(account, hubspot):
	account.do_add_property(
		object="companies",
		name="erpnext_id",
		label="x",
		type="string",
		fieldType="text",
		groupName="companyinformation",
	)
	with pytest.raises(Invalid, match="does not require unique values"):
		push(hubspot, "customers", change("Customer/A", name="A"))


STRIKES = {"upsert": "*.batch.upsert", "associate": "associations.batch.*", "properties": "properties.create"}


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize(
	"trouble",
	[
		{"kind": "error_after", "status": 502},
		{"kind": "drop"},
		{"kind": "timeout", "seconds": 0.6},
		{"kind": "drop_before"},
	],
	ids=lambda one: one["kind"],
)
@pytest.mark.parametrize("strikes", ["upsert", "associate", "properties"])
def test_a_lost_answer_makes_no_second_one(account, portal, resource, trouble, strikes):
	hubspot = Connected(account, timeouts=(1.0, 0.3)).connector
	acme = portal.add_company(name="Acme") if resource != "customers" else None
	kind = hubspot.kind_of(resource).name
	wanted = {
		"customers": {"name": "New"},
		"contacts": {"email": "new@x.example"},
		"leads": {"email": "new@x.example"},
		"deals": {"dealname": "New"},
	}[resource]
	one = change("Doc/New", related={"customers": [str(acme.id)]} if acme else None, **wanted)
	account.troubles.add(**trouble, times=1, operation=STRIKES[strikes])
	if resource == "customers" and strikes == "associate":
		assert push(hubspot, resource, one)[0].failure is None, "a company belongs to nobody: no such call"
		return
	with pytest.raises(Unreachable):
		push(hubspot, resource, one)
	account.troubles.clear()
	(outcome,) = push(Connected(account).connector, resource, one, look_first=True)
	assert outcome.failure is None
	assert [str(record.id) for record in found_by_key(portal, kind, "Doc/New")] == [outcome.outside_id]
	assert len(portal.live(kind)) == 1
	if acme:
		assert str(acme.id) in fetched(hubspot, resource, outcome.outside_id).related["customers"]


def test_one_bad_row_spoils_nothing(account, portal, hubspot):
	changes = [change(f"Contact/{n}", email=f"{n}@x.example") for n in range(100)]
	changes[17] = change("Contact/17", email="no address")
	changes[55] = change("Contact/55", email="55@x.example", hs_lead_status="HUNGRY")
	changes[80] = change("Contact/80", email="80@x.example", no_such_field="x")
	outcomes = push(hubspot, "contacts", *changes)
	bad = {one.key: one.failure for one in outcomes if one.failure}
	assert set(bad) == {"Contact/17", "Contact/55", "Contact/80"}
	assert all(isinstance(failure, Invalid) for failure in bad.values())
	assert "no address" in bad["Contact/17"].sentence and "HUNGRY" in bad["Contact/55"].sentence
	assert "no_such_field" in bad["Contact/80"].sentence
	assert len(portal.live("contacts")) == 97


class Whole:
	"""Makes the vendor refuse a whole batch for one bad row, as HubSpot does for some mistakes."""

	def __init__(self, account, bad, body):
		self.calls = 0
		handled = account.handle

		def handle(request):
			from sandbox.vendors.base import json_response

			if request.path.endswith(("/batch/upsert", "/batch/update")):
				self.calls += 1
				if any(bad(row) for row in json.loads(request.get_data())["inputs"]):
					return json_response(body, 400)
			return handled(request)

		account.handle = handle


def test_a_batch_refused_as_a_whole_is_halved(account, portal, hubspot):
	refusing = Whole(
		account,
		lambda row: row["properties"].get("firstname") == "poison",
		{"status": "error", "category": "VALIDATION_ERROR", "message": "Something is wrong with a row"},
	)
	changes = [
		change(f"Contact/{n}", email=f"{n}@x.example", firstname="poison" if n == 42 else "good")
		for n in range(100)
	]
	outcomes = push(hubspot, "contacts", *changes)
	assert [one.key for one in outcomes if one.failure] == ["Contact/42"]
	assert len(portal.live("contacts")) == 99 and refusing.calls <= 15


def test_rows_with_a_property_that_does_not_exist_are_taken_out_at_once(account, portal, hubspot):
	refusing = Whole(
		account,
		lambda row: "fax_2" in row["properties"],
		{
			"status": "error",
			"category": "VALIDATION_ERROR",
			"message": "Property values were not valid: [{}]",
			"errors": [
				{
					"message": 'Property "fax_2" does not exist',
					"code": "PROPERTY_DOESNT_EXIST",
					"context": {"propertyName": ["fax_2"]},
				}
			],
		},
	)
	changes = [
		change(f"Contact/{n}", email=f"{n}@x.example", **({"fax_2": "1"} if n % 2 else {}))
		for n in range(100)
	]
	outcomes = push(hubspot, "contacts", *changes)
	assert sum(one.failure is None for one in outcomes) == 50 and refusing.calls == 2
	assert "fax_2" in outcomes[1].failure.sentence


def test_an_address_that_is_taken_names_who_has_it(portal, hubspot):
	known = portal.add_contact(email="ada@x.example", firstname="Ada")
	new, good = push(
		hubspot,
		"contacts",
		change("Contact/A", email="ada@x.example"),
		change("Contact/B", email="b@x.example"),
	)
	assert isinstance(new.failure, Invalid) and new.outside_id == str(known.id)
	assert good.failure is None and len(portal.live("contacts")) == 2


def test_a_second_address_that_is_taken_on_a_change(portal, hubspot):
	portal.add_contact(email="ada@x.example")
	(made,) = push(hubspot, "contacts", change("Contact/B", email="b@x.example"))
	(outcome,) = push(hubspot, "contacts", change("Contact/B", made.outside_id, email="ada@x.example"))
	assert isinstance(outcome.failure, Invalid) and "another contact" in outcome.failure.sentence


def test_a_change_of_what_was_archived_says_gone(portal, hubspot):
	(made,) = push(hubspot, "customers", change("Customer/A", name="A"))
	portal.delete("companies", int(made.outside_id))
	(outcome,) = push(hubspot, "customers", change("Customer/A", made.outside_id, name="B"))
	assert isinstance(outcome.failure, Gone) and not portal.live("companies")


def test_a_change_of_what_was_merged_reaches_what_it_became(portal, hubspot):
	one, two = push(hubspot, "customers", change("Customer/A", name="A"), change("Customer/B", name="B"))
	survivor = portal.merge("companies", int(one.outside_id), int(two.outside_id))
	(outcome,) = push(hubspot, "customers", change("Customer/B", two.outside_id, city="Berlin"))
	assert outcome.failure is None and survivor.get("city") == "Berlin"


def test_a_record_linked_later_gets_our_key(portal, hubspot):
	known = portal.add_company(name="Theirs")
	push(hubspot, "customers", change("Customer/Ours", str(known.id), city="Berlin"))
	assert known.get("erpnext_id") == "Customer/Ours"


def test_a_renamed_document_gives_its_old_key_free(portal, hubspot):
	(first,) = push(hubspot, "customers", change("Customer/Acme", name="Acme"))
	renamed, new = push(
		hubspot,
		"customers",
		change("Customer/Acme Old", first.outside_id, name="Acme Old"),
		change("Customer/Acme", name="Acme"),
	)
	assert renamed.outside_id == first.outside_id != new.outside_id
	assert portal.record("companies", int(first.outside_id)).get("erpnext_id") == "Customer/Acme Old"


def test_a_key_that_another_record_holds_is_left_to_it(portal, hubspot):
	(holder,) = push(hubspot, "customers", change("Customer/Acme", name="Acme"))
	other = portal.add_company(name="Other")
	(outcome,) = push(hubspot, "customers", change("Customer/Acme", str(other.id), city="Berlin"))
	assert outcome.failure is None and other.get("city") == "Berlin" and other.get("erpnext_id") is None
	assert portal.record("companies", int(holder.outside_id)).get("erpnext_id") == "Customer/Acme"


def test_a_deals_stage_brings_its_pipeline(portal, hubspot):
	from sandbox.vendors.hubspot.pipelines import Pipeline, deal_stage

	portal.add_pipeline(
		Pipeline("b2b", "B2B", [deal_stage("s1", "Open", "0.5"), deal_stage("s9", "Won", "1.0")])
	)
	one, two = push(
		hubspot,
		"deals",
		change(
			"Opportunity/1", dealname="One", dealstage="s1", closedate="2026-12-24", deal_currency_code="USD"
		),
		change("Opportunity/2", amount="5"),
	)
	first, second = (portal.record("deals", int(outcome.outside_id)) for outcome in (one, two))
	assert (first.get("pipeline"), first.get("dealstage")) == ("b2b", "s1")
	assert first.get("closedate") == "2026-12-24T17:00:00.000Z", "noon where the account is"
	assert fetched(hubspot, "deals", one.outside_id, "closedate").fields["closedate"] == "2026-12-24"
	assert (second.get("pipeline"), second.get("dealname")) == ("default", "Opportunity/2")
	(moved,) = push(hubspot, "deals", change("Opportunity/2", two.outside_id, dealstage="s9"))
	assert moved.failure is None and second.get("pipeline") == "b2b"


def test_a_currency_that_the_account_does_not_have(account, portal, hubspot):
	portal.currencies = ["USD", "EUR"]
	(outcome,) = push(hubspot, "deals", change("Opportunity/1", dealname="One", deal_currency_code="JPY"))
	assert isinstance(outcome.failure, Invalid) and "JPY" in outcome.failure.sentence
	assert not portal.live("deals"), "an amount in yen is never taken for dollars"


def test_archived_ones_and_those_that_are_gone(account, portal, hubspot):
	made = push(hubspot, "customers", *(change(f"Customer/{n}", name=str(n)) for n in range(3)))
	ids = [one.outside_id for one in made]
	outcomes = hubspot.archive_records("customers", [*ids, "999"])
	assert [one.key for one in outcomes] == [*ids, "999"] and not [one for one in outcomes if one.failure]
	assert not portal.live("companies")
	assert not [one for one in hubspot.archive_records("customers", ids) if one.failure]


# --- leads with an object of their own


@pytest.fixture
def own_leads(account):
	return Connected(account, leads_are="Leads").connector


def test_a_lead_brings_its_contact(portal, own_leads):
	changes = [
		change("Lead/1", email="ada@x.example", firstname="Ada", lastname="L", hs_lead_label="HOT"),
		change("Lead/2", email="bob@x.example", firstname="Bob"),
	]
	outcomes = push(own_leads, "leads", *changes)
	assert not [one for one in outcomes if one.failure]
	again = push(own_leads, "leads", *changes, look_first=True)
	assert [one.outside_id for one in again] == [one.outside_id for one in outcomes]
	assert len(portal.live("leads")) == 2 and len(portal.live("contacts")) == 2
	record = fetched(own_leads, "leads", outcomes[0].outside_id, "email", "firstname", "hs_lead_label")
	assert (record.resource, record.key, record.label) == ("leads", "Lead/1", "Ada L")
	assert record.fields["email"] == "ada@x.example" and record.fields["hs_lead_label"] == "HOT"
	(outcome,) = push(
		own_leads, "leads", change("Lead/1", outcomes[0].outside_id, phone="+1 555", hs_lead_label="COLD")
	)
	assert outcome.failure is None
	contact = portal.find(portal.types["contacts"], "ada@x.example", "email")
	assert contact.get("phone") == "+1 555"
	assert portal.record("leads", int(outcome.outside_id)).get("hs_lead_label") == "COLD"


def test_a_lead_of_a_person_who_is_known(portal, own_leads):
	ada = portal.add_contact(email="ada@x.example", firstname="Ada")
	(outcome,) = push(own_leads, "leads", change("Lead/1", email="ada@x.example", firstname="Ada"))
	assert outcome.failure is None and len(portal.live("contacts")) == 1
	assert fetched(own_leads, "leads", outcome.outside_id).related["contacts"] == (str(ada.id),)


def test_leads_are_pulled_and_found(portal, own_leads):
	ada = portal.add_contact(email="ada@x.example", firstname="Ada")
	lead = portal.add_lead(ada, hs_lead_name="Ada's wish")
	assert [one.outside_id for one in walk(own_leads, "leads")] == [str(lead.id)]
	assert [one.outside_id for one in walk(own_leads, "contacts")] == [str(ada.id)]
	found = own_leads.find_records("leads", [Match(key="k", email="ADA@x.example")])["k"]
	assert [one.id for one in found] in ([str(lead.id)], []), (
		"where HubSpot has calculated the lead's address"
	)


# --- limits and tokens


@pytest.mark.parametrize(
	"trouble, at_least, at_most",
	[
		("rate_limited", 9, 10),
		("search_limit", 0.5, 1),
		("daily_limit", 60, 86400),
		("locked", 2, 2),
		("migration", 3, 3),
	],
)
def test_how_long_each_limit_makes_us_wait(account, hubspot, trouble, at_least, at_most):
	hubspot.account()
	account.troubles.add(trouble, retry_after=3, operation="companies.search")
	with pytest.raises(RateLimited) as failure:
		walk(hubspot, "customers")
	if trouble == "daily_limit":
		at_least = 1  # midnight may be near
	assert at_least <= failure.value.retry_after <= at_most


def test_a_full_second_of_searches_holds_back_searches_only(account, portal, hubspot):
	hubspot.account()
	acme = portal.add_company(name="Acme")
	account.troubles.add("search_limit", operation="companies.search")
	with pytest.raises(RateLimited):
		walk(hubspot, "customers")
	assert fetched(hubspot, "customers", acme.id).label == "Acme", "other calls go on"


def test_searches_keep_to_five_a_second(account, portal):
	account.limits.set(searches=5)
	hubspot = Connected(account).connector
	for _n in range(12):
		hubspot.pull_records("customers", ago(hours=1), None)  # a refusal would raise


def test_oauth_tokens_are_renewed_by_the_clock_and_kept(account, portal):
	oauth = {
		"access_token": "",
		"client_id": account.access.client_id,
		"refresh_token": account.refresh_token,
	}
	connected = Connected(account, **oauth)
	connected.connector.check()
	connected.connector.check()
	assert account.log.count(operation="oauth.token") == 1
	other = Connected(account, vault=connected.vault, **oauth)
	other.connector.check()
	assert account.log.count(operation="oauth.token") == 1, "all workers share it"
	_token, until = connected.vault.kept["access_token"]
	assert ago(minutes=-26) > until > ago(minutes=-24), "five minutes before its end"
	account.expire_tokens()
	Connected(account, vault=connected.vault, **oauth).connector.check()
	assert account.log.count(operation="oauth.token") == 2
	stored = json.dumps([vars(one) for one in connected.exchanges], default=str)
	assert account.access.client_secret not in stored and account.refresh_token not in stored
	assert _token.partition(":")[2] not in stored


def test_a_refresh_token_that_was_revoked(account):
	with pytest.raises(NotAuthorised, match="refresh token"):
		Connected(
			account, access_token="", client_id=account.access.client_id, refresh_token="na1-wrong"
		).connector.check()


def test_older_names_of_time_zones_are_known_on_every_machine():
	"""Today's Debian keeps "US/Eastern" in a package of its own, which servers do not have."""
	known = zoneinfo.TZPATH
	zoneinfo.reset_tzpath(to=[])
	zoneinfo.ZoneInfo.clear_cache()
	try:
		assert noon_of("2026-12-01", zone_of("US/Eastern")) == "2026-12-01T17:00:00.000Z"
		assert day_of("2026-12-02T03:00:00Z", zone_of("US/Eastern")) == "2026-12-01"
	finally:
		zoneinfo.reset_tzpath(to=known)
		zoneinfo.ZoneInfo.clear_cache()
