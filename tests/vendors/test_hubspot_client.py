"""HubSpot's own Python client (PyPI hubspot-api-client) drives the sandbox portal, and is content."""

import json
import time

import pytest
import requests

from sandbox.vendors.hubspot import signing

sdk = pytest.importorskip("hubspot", reason="PyPI hubspot-api-client is not installed")
from hubspot.crm import associations, contacts, deals, lists, properties  # noqa: E402
from hubspot.exceptions import InvalidSignatureTimestampError  # noqa: E402
from hubspot.utils.signature import Signature  # noqa: E402
from hubspot.webhooks import (  # noqa: E402
	SettingsChangeRequest,
	SubscriptionCreateRequest,
	ThrottlingSettings,
)


@pytest.fixture
def client(hubspot):
	return sdk.Client.create(access_token="pat-na1-sandbox", host=hubspot.url)


def new_contact(**known) -> contacts.SimplePublicObjectInputForCreate:
	return contacts.SimplePublicObjectInputForCreate(associations=[], properties=known)


def make_unique(client, object_type: str = "contacts", group: str = "contactinformation"):
	return client.crm.properties.core_api.create(
		object_type,
		properties.PropertyCreate(
			name="erpnext_id",
			label="ERPNext",
			type="string",
			field_type="text",
			group_name=group,
			has_unique_value=True,
		),
	)


# ---- contacts


def test_one_contact_from_birth_to_the_recycle_bin(client):
	api = client.crm.contacts.basic_api
	made = api.create(new_contact(email="Ada@Example.com", firstname="Ada"))
	assert made.properties["email"] == "ada@example.com"
	read = api.get_by_id("ada@example.com", id_property="email", properties=["phone", "firstname"])
	assert (read.id, read.properties["phone"], read.properties["firstname"]) == (made.id, None, "Ada")
	changed = api.update(made.id, contacts.SimplePublicObjectInput(properties={"phone": "+1 555"}))
	assert changed.properties["phone"] == "+1 555" and changed.updated_at > made.updated_at
	api.archive(made.id)
	with pytest.raises(contacts.ApiException) as gone:
		api.get_by_id(made.id)
	assert gone.value.status == 404
	(binned,) = api.get_page(archived=True).results
	assert (binned.id, binned.archived) == (made.id, True) and binned.archived_at


def test_an_address_belongs_to_one_contact(client):
	api = client.crm.contacts.basic_api
	first = api.create(new_contact(email="ada@example.com"))
	with pytest.raises(contacts.ApiException) as refused:
		api.create(new_contact(email="ADA@example.com"))
	body = json.loads(refused.value.body)
	assert (refused.value.status, body["category"]) == (409, "CONFLICT")
	assert body["message"] == f"Contact already exists. Existing ID: {first.id}"
	api.archive(first.id)
	again = api.create(new_contact(email="ada@example.com"))
	assert again.id != first.id


def test_history_and_associations_of_a_contact(client, portal):
	company = portal.add_company(name="Acme")
	contact = portal.add_contact(company, email="ada@example.com", lifecyclestage="lead")
	portal.change("contacts", contact.id, {"lifecyclestage": "customer"})
	read = client.crm.contacts.basic_api.get_by_id(
		contact.id, properties_with_history=["lifecyclestage"], associations=["companies"]
	)
	values = [one.value for one in read.properties_with_history["lifecyclestage"]]
	assert values == ["customer", "lead"]
	names = [(one.id, one.type) for one in read.associations["companies"].results]
	assert (str(company.id), "contact_to_company") in names


def test_get_all_walks_the_pages(client, portal):
	made = [str(portal.add_contact(email=f"c{n}@example.com").id) for n in range(230)]
	assert [one.id for one in client.crm.contacts.get_all()] == made


def test_merge_and_gdpr_delete(client, portal):
	first = portal.add_contact(email="ada@example.com")
	second = portal.add_contact(email="lovelace@example.com", phone="1")
	api = client.crm.contacts.basic_api
	merged = api.merge(
		contacts.PublicMergeInput(primary_object_id=str(first.id), object_id_to_merge=str(second.id))
	)
	assert merged.id == str(first.id)
	assert api.get_by_id(str(second.id), properties=["phone"]).properties["phone"] == "1"
	api.purge(contacts.PublicGdprDeleteInput(object_id="lovelace@example.com", id_property="email"))
	assert api.get_page().results == [] and api.get_page(archived=True).results == []


# ---- batches


def test_batches_of_contacts(client):
	api = client.crm.contacts.batch_api
	made = api.create(
		contacts.BatchInputSimplePublicObjectBatchInputForCreate(
			inputs=[new_contact(email=f"c{n}@example.com") for n in range(3)]
		)
	)
	ids = [one.id for one in made.results]
	assert (made.status, len(set(ids))) == ("COMPLETE", 3)
	changed = api.update(
		contacts.BatchInputSimplePublicObjectBatchInput(
			inputs=[contacts.SimplePublicObjectBatchInput(id=id, properties={"firstname": "X"}) for id in ids]
		)
	)
	assert {one.properties["firstname"] for one in changed.results} == {"X"}
	read = api.read(
		contacts.BatchReadInputSimplePublicObjectId(
			inputs=[contacts.SimplePublicObjectId(id) for id in [*ids, "77"]],
			properties=["email"],
			properties_with_history=[],
		)
	)
	assert (len(read.results), read.num_errors) == (3, 1)
	assert read.errors[0].category == "OBJECT_NOT_FOUND" and read.errors[0].context == {"ids": ["77"]}
	api.archive(contacts.BatchInputSimplePublicObjectId([contacts.SimplePublicObjectId(ids[0])]))
	assert len(client.crm.contacts.get_all()) == 2


def test_upsert_by_a_property_of_our_own(client, portal):
	unique = make_unique(client)
	assert unique.has_unique_value and not unique.hubspot_defined

	def upsert(*rows):
		return client.crm.contacts.batch_api.upsert(
			contacts.BatchInputSimplePublicObjectBatchInputUpsert(
				inputs=[
					contacts.SimplePublicObjectBatchInputUpsert(
						id=key, id_property="erpnext_id", properties=known, object_write_trace_id=f"row-{key}"
					)
					for key, known in rows
				]
			)
		)

	first = upsert(("A", {"email": "a@example.com"}), ("B", {"email": "b@example.com"}))
	assert [(one.new, one.object_write_trace_id) for one in first.results] == [
		(True, "row-A"),
		(True, "row-B"),
	]
	second = upsert(("A", {"firstname": "Ada"}), ("C", {"email": "b@example.com"}), ("D", {"nope": "1"}))
	assert [(one.id, one.new) for one in second.results] == [(first.results[0].id, False)]
	assert second.num_errors == 2
	assert [one.context["objectWriteTraceId"] for one in second.errors] == [["row-C"], ["row-D"]]
	assert second.errors[0].category == "CONFLICT"
	assert len(portal.live("contacts")) == 2


# ---- search


def test_search(client, portal):
	for n in range(5):
		portal.add_company(name=f"Company {n}", numberofemployees=str(n))
	answer = client.crm.companies.search_api.do_search(
		sdk.crm.companies.PublicObjectSearchRequest(
			filter_groups=[
				{"filters": [{"propertyName": "numberofemployees", "operator": "GTE", "value": "2"}]}
			],
			sorts=[{"propertyName": "numberofemployees", "direction": "DESCENDING"}],
			properties=["name"],
			limit=2,
		)
	)
	assert answer.total == 3 and answer.paging.next.after == "2"
	assert [one.properties["name"] for one in answer.results] == ["Company 4", "Company 3"]


# ---- deals, pipelines, owners, properties


def test_deals_and_what_they_need(client, portal):
	(pipeline,) = client.crm.pipelines.pipelines_api.get_all("deals").results
	assert pipeline.id == "default" and pipeline.stages[-2].metadata == {
		"isClosed": "true",
		"probability": "1.0",
	}
	api = client.crm.deals.basic_api
	with pytest.raises(deals.ApiException) as refused:
		api.create(deals.SimplePublicObjectInputForCreate(associations=[], properties={"dealname": "X"}))
	assert "required properties" in json.loads(refused.value.body)["message"]
	contact = portal.add_contact(email="ada@example.com")
	made = api.create(
		deals.SimplePublicObjectInputForCreate(
			associations=[
				deals.PublicAssociationsForObject(
					to=deals.PublicObjectId(str(contact.id)),
					types=[deals.AssociationSpec("HUBSPOT_DEFINED", 3)],
				)
			],
			properties={"dealname": "X", "dealstage": "closedwon", "amount": "10.50"},
		)
	)
	assert made.properties["pipeline"] == "default" and made.properties["hs_is_closed_won"] == "true"
	assert made.properties["closedate"]
	(owner,) = client.crm.owners.owners_api.get_page().results
	api.update(made.id, deals.SimplePublicObjectInput(properties={"hubspot_owner_id": owner.id}))
	assert contact.get("num_associated_deals") == "1"


def test_leads_by_their_type_id(client, portal):
	contact = portal.add_contact(email="ada@example.com")
	made = client.crm.objects.basic_api.create(
		"0-136",
		sdk.crm.objects.SimplePublicObjectInputForCreate(
			properties={"hs_lead_name": "Ada", "hs_lead_label": "HOT"},
			associations=[
				{
					"to": {"id": str(contact.id)},
					"types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}],
				}
			],
		),
	)
	assert made.properties["hs_pipeline_stage"] == "new-stage-id"
	assert client.crm.objects.basic_api.get_page("leads").results[0].id == made.id


def test_properties(client):
	make_unique(client, "companies", "companyinformation")
	known = {one.name: one for one in client.crm.properties.core_api.get_all("companies").results}
	assert known["erpnext_id"].has_unique_value
	assert known["hs_lastmodifieddate"].modification_metadata.read_only_value
	assert "COMPUTER_SOFTWARE" in [one.value for one in known["industry"].options]
	with pytest.raises(properties.ApiException) as twice:
		make_unique(client, "companies", "companyinformation")
	assert twice.value.status == 409


# ---- associations


def test_associations(client, portal):
	first, second = portal.add_company(name="First"), portal.add_company(name="Second")
	contact = portal.add_contact(email="ada@example.com")
	api = client.crm.associations.v4.basic_api
	default = api.create_default("contacts", contact.id, "companies", first.id)
	assert {one.association_spec.association_type_id for one in default.results} == {1, 279, 2, 280}
	api.create("contacts", contact.id, "companies", second.id, [_primary()])
	page = api.get_page("contacts", contact.id, "companies")
	known = {one.to_object_id: sorted(type.type_id for type in one.association_types) for one in page.results}
	assert {int(id): types for id, types in known.items()} == {first.id: [279], second.id: [1, 279]}
	assert contact.get("associatedcompanyid") == str(second.id)
	api.archive("contacts", contact.id, "companies", second.id)
	assert len(api.get_page("companies", second.id, "contacts").results) == 0
	v4 = sdk.crm.associations.v4
	read = client.crm.associations.v4.batch_api.get_page(
		"contacts",
		"companies",
		v4.BatchInputPublicFetchAssociationsBatchRequest(
			inputs=[v4.PublicFetchAssociationsBatchRequest(id=str(id)) for id in (contact.id, 77)]
		),
	)
	assert len(read.results) == 1 and read.num_errors == 1


def _primary():
	return sdk.crm.associations.v4.AssociationSpec("HUBSPOT_DEFINED", 1)


def test_version_3_associations(client, portal):
	company, contact = portal.add_company(name="Acme"), portal.add_contact(email="ada@example.com")
	client.crm.associations.batch_api.create(
		"contacts",
		"companies",
		associations.BatchInputPublicAssociation(
			inputs=[
				associations.PublicAssociation(
					_from=associations.PublicObjectId(str(contact.id)),
					to=associations.PublicObjectId(str(company.id)),
					type="contact_to_company",
				)
			]
		),
	)
	read = client.crm.associations.batch_api.read(
		"contacts",
		"companies",
		associations.BatchInputPublicObjectId(inputs=[associations.PublicObjectId(str(contact.id))]),
	)
	assert [one.to[0].id for one in read.results] == [str(company.id)]


# ---- lists and consent


def test_lists(client, portal):
	ids = [str(portal.add_contact(email=f"c{n}@example.com").id) for n in range(3)]
	made = client.crm.lists.lists_api.create(
		lists.ListCreateRequest(object_type_id="0-1", name="All", processing_type="MANUAL")
	).list
	api = client.crm.lists.memberships_api
	changed = api.add_and_remove(
		made.list_id,
		lists.MembershipChangeRequest(record_ids_to_add=[*ids, "77"], record_ids_to_remove=[]),
	)
	assert (changed.records_ids_added, changed.record_ids_missing) == (ids, ["77"])
	api.remove(made.list_id, [ids[0]])
	page = api.get_page(made.list_id)
	assert [one.record_id for one in page.results] == ids[1:]
	fetched = client.crm.lists.lists_api.get_by_id(made.list_id).list
	assert fetched.size == 2


def test_consent(client, portal):
	portal.add_contact(email="ada@example.com")
	definitions = client.communication_preferences.definition_api.get_page().subscription_definitions
	wanted = sdk.communication_preferences.PublicUpdateSubscriptionStatusRequest(
		email_address="ada@example.com", subscription_id=definitions[1].id
	)
	status_api = client.communication_preferences.status_api
	assert status_api.subscribe(wanted).status == "SUBSCRIBED"
	portal.unsubscribe("ada@example.com")
	known = status_api.get_email_status("ada@example.com")
	assert {one.status for one in known.subscription_statuses} == {"NOT_SUBSCRIBED"}
	with pytest.raises(sdk.communication_preferences.ApiException):
		status_api.subscribe(wanted)


# ---- tokens


def test_oauth(hubspot):
	client = sdk.Client.create(host=hubspot.url)
	tokens = client.oauth.tokens_api.create(
		grant_type="refresh_token",
		client_id="sandbox-client",
		client_secret="sandbox-secret",
		refresh_token="na1-sandbox-refresh",
	)
	assert (tokens.expires_in, tokens.refresh_token) == (1800, "na1-sandbox-refresh")
	signed_in = sdk.Client.create(access_token=tokens.access_token, host=hubspot.url)
	assert signed_in.crm.contacts.get_all() == []
	assert client.oauth.access_tokens_api.get(tokens.access_token).hub_id == hubspot.portal.id
	hubspot.expire_tokens()
	with pytest.raises(contacts.ApiException) as over:
		signed_in.crm.contacts.get_all()
	assert json.loads(over.value.body)["category"] == "EXPIRED_AUTHENTICATION"
	with pytest.raises(sdk.oauth.ApiException) as refused:
		client.oauth.tokens_api.create(
			grant_type="refresh_token",
			client_id="sandbox-client",
			client_secret="sandbox-secret",
			refresh_token="another",
		)
	assert json.loads(refused.value.body)["status"] == "BAD_REFRESH_TOKEN"


# ---- webhooks


def test_webhooks_by_the_developer_and_their_signature(hubspot, portal, mailbox):
	developer = sdk.Client.create(api_key="sandbox-developer-key", host=hubspot.url)
	app = str(hubspot.app_id)
	developer.webhooks.settings_api.configure(
		app,
		SettingsChangeRequest(
			throttling=ThrottlingSettings(max_concurrent_requests=10), target_url=mailbox.url
		),
	)
	made = developer.webhooks.subscriptions_api.create(
		app, SubscriptionCreateRequest(event_type="contact.creation", active=True)
	)
	contact = portal.add_contact(email="zoe@example.com", firstname="Zoë")
	assert hubspot.courier.wait()
	((headers, raw),) = mailbox.received
	(event,) = json.loads(raw)
	assert (event["subscriptionId"], event["objectId"]) == (int(made.id), contact.id)
	stamp = headers["X-HubSpot-Request-Timestamp"]
	known = {"client_secret": "sandbox-secret", "request_body": raw.decode(), "http_uri": mailbox.url}
	assert Signature.is_valid(
		signature=headers["X-HubSpot-Signature-v3"], signature_version="v3", timestamp=stamp, **known
	)
	assert Signature.is_valid(signature=headers["X-HubSpot-Signature"], signature_version="v1", **known)
	hubspot.hooks.versions = ("v2",)
	headers, raw = hubspot.webhook([event])
	known["request_body"] = raw.decode()
	assert "X-HubSpot-Signature-v3" not in headers
	assert Signature.is_valid(signature=headers["X-HubSpot-Signature"], signature_version="v2", **known)
	with pytest.raises(InvalidSignatureTimestampError):
		old = str(int(stamp) - 400_000)
		Signature.is_valid(
			signature=signing.v3("sandbox-secret", "POST", mailbox.url, raw, old),
			signature_version="v3",
			timestamp=old,
			**known,
		)


def test_webhooks_are_not_for_the_private_app(hubspot):
	answer = requests.get(
		f"{hubspot.url}/webhooks/v3/{hubspot.app_id}/subscriptions",
		headers={"Authorization": "Bearer pat-na1-sandbox"},
		timeout=10,
	)
	assert answer.status_code == 401


def test_the_client_reads_our_rate_limit(hubspot, client):
	hubspot.limits.set(burst=2)
	client.crm.owners.owners_api.get_page()
	client.crm.owners.owners_api.get_page()
	began = time.monotonic()
	with pytest.raises(sdk.crm.owners.ApiException) as limited:
		client.crm.owners.owners_api.get_page()
	assert limited.value.status == 429 and time.monotonic() - began < 5
	assert json.loads(limited.value.body)["policyName"] == "TEN_SECONDLY_ROLLING"
