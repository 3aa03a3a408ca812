"""Every change of a record: create, update, archive, restore, merge, erase, and what HubSpot computes along the way."""

import time
from typing import TYPE_CHECKING

import phonenumbers

from sandbox.vendors.hubspot import associations
from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import Refusal, broken_json, invalid, not_found
from sandbox.vendors.hubspot.model import Change, News, ObjectType, Record, Source, Version
from sandbox.vendors.hubspot.pipelines import PROPERTIES
from sandbox.vendors.hubspot.values import Wrong, cleaned, moment, not_valid

if TYPE_CHECKING:
	from sandbox.vendors.hubspot.portal import Portal

MOST_MERGES = 250  # records that may be merged into one
# phone numbers are searched in these, which hold them without country code and punctuation
SEARCHABLE = {
	"phone": "hs_searchable_calculated_phone_number",
	"mobilephone": "hs_searchable_calculated_mobile_number",
}
STAGES = "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist".split()


def create(
	portal: "Portal", type: ObjectType, properties: object, links: object, *, source: Source
) -> Record:
	"""A new record with its first associations; raises Refusal and then has changed nothing."""
	values = {name: value for name, value in cleaned(portal, type, properties).items() if value}
	check_new(portal, type, values)
	wanted = associations.wanted(portal, type, links)
	_check_lead(type, wanted)
	revived = _archived_namesake(portal, type, values)
	now = portal.clock.now()
	record = Record(portal.new_id(type.name), type, {}, now, now)
	portal.records[type.name][record.id] = record
	if revived is not None:
		values = {**_own_values(revived), **values}
		revived.merged_into = record.id
	values.setdefault(type.created, iso(now))
	values |= {"hs_object_id": str(record.id)}
	values |= {"hs_object_source": source.type, "hs_object_source_id": source.id}
	_tell(portal, "creation", record, source, now)
	_write(portal, record, values, source, now)
	for other, types in wanted:
		associations.link(portal, record, other, types, source)
	return record


def update(portal: "Portal", record: Record, properties: object, *, source: Source) -> Record:
	"""Raises Refusal and then has changed nothing."""
	values = cleaned(portal, record.type, properties)
	check_change(portal, record, values)
	_only_forward(record, values)
	_write(portal, record, values, source, portal.clock.after(record.updated_at))
	return record


def set_computed(portal: "Portal", record: Record, values: dict[str, str], source: Source) -> None:
	"""Write what clients may not: counts, consent, the primary company."""
	changed = {name: value for name, value in values.items() if record.properties.get(name, "") != value}
	if changed:
		_write(portal, record, changed, source, portal.clock.after(record.updated_at))


def archive(portal: "Portal", record: Record, *, source: Source) -> None:
	"""Into the recycle bin: gone from lists and search, its unique values are free."""
	now = portal.clock.after(record.updated_at)
	_forget_unique(portal, record)
	record.archived_at, record.updated_at = now, now
	if record.type.name == "contacts" and record.get("email"):
		portal.binned[record.properties["email"]] = record.id
	_index(portal, record)
	_tell(portal, "deletion", record, source, now)


def restore(portal: "Portal", type: ObjectType, id: int, *, source: Source) -> Record:
	record = portal.records[type.name].get(id)
	if record is None or record.archived_at is None or record.merged_into or record.erased:
		raise not_found()
	_check_unique(portal, type, record.properties, record)
	record.archived_at = None
	_claim_unique(portal, record)
	_write(portal, record, {}, source, portal.clock.after(record.updated_at))
	_tell(portal, "restore", record, source, record.updated_at)
	return record


def erase(portal: "Portal", record: Record, *, source: Source) -> None:
	"""GDPR delete: nothing of the person stays, and the address is blocked."""
	now = portal.clock.after(record.updated_at)
	_forget_unique(portal, record)
	portal.blocked.update(emails(record))
	portal.links.drop(record)
	record.erased, record.archived_at, record.updated_at = True, now, now
	record.properties, record.history = {"hs_object_id": str(record.id)}, {}
	record.versions = [Version(time.monotonic(), {}, True)]
	_tell(portal, "privacyDeletion", record, source, now)


def merge(portal: "Portal", type: ObjectType, primary: object, other: object, *, source: Source) -> Record:
	"""The first one's values win, gaps are filled from the other; both old ids find the result."""
	first, second = portal.record(type, _id(primary)), portal.record(type, _id(other))
	if first is second:
		raise invalid(f"Cannot merge {type.singular} {first.id} with itself")
	before = [id for one in (first, second) for id in _merged_ids(one)]
	if len(before) > MOST_MERGES:
		raise invalid(f"A {type.singular} can take part in {MOST_MERGES} merges")
	now = portal.clock.after(max(first.updated_at, second.updated_at))
	values = {**_own_values(second), **_own_values(first)}
	moved = sum(name not in first.properties for name in values)
	values |= _merged_values(first, second, before)
	_forget_unique(portal, first)
	_forget_unique(portal, second)
	if type.name in portal.merge_keeps_id:
		result, gone = first, [second]
	else:
		result = Record(portal.new_id(type.name), type, {}, min(first.created_at, second.created_at), now)
		result.history = {name: list(changes) for name, changes in first.history.items()}
		portal.records[type.name][result.id] = result
		values |= {"hs_object_id": str(result.id)}
		gone = [first, second]
	for one in gone:
		one.merged_into, one.archived_at, one.updated_at = result.id, now, now
		_index(portal, one)
		associations.move(portal, one, result)
	more = {
		"primaryObjectId": first.id,
		"mergedObjectIds": [second.id],
		"newObjectId": result.id,
		"numberOfPropertiesMoved": moved,
	}
	_tell(portal, "merge", result, source, now, **more)
	_write(portal, result, values, source, now)
	_claim_unique(portal, result)
	return result


def emails(record: Record) -> list[str]:
	"""All addresses of a contact, the primary one first."""
	found = [record.get("email"), *(record.get("hs_additional_emails") or "").split(";")]
	return [email for email in found if email]


# ---- checks


def check_new(portal: "Portal", type: ObjectType, values: dict[str, str]) -> None:
	"""Raises Refusal for values that a new record cannot have; fills in the only pipeline there is."""
	_check_required(type, values)
	_check_stage(portal, type, values)
	_check_unique(portal, type, values, None)


def check_change(portal: "Portal", record: Record, values: dict[str, str]) -> None:
	"""Raises Refusal for values that this record cannot get."""
	_check_stage(portal, record.type, {**record.properties, **values})
	_check_unique(portal, record.type, values, record)


def _id(value: object) -> str:
	if not isinstance(value, str):
		raise broken_json("Cannot deserialize value of type `java.lang.String` for an object id")
	return value


def _check_required(type: ObjectType, values: dict[str, str]) -> None:
	missing = [name for name in type.required if not values.get(name)]
	if not missing and type.one_of and not any(values.get(name) for name in type.one_of):
		missing = list(type.one_of)
	if missing:
		message = f"Error creating {type.word}. Some required properties were not set."
		raise invalid(
			message,
			errors=[
				{
					"message": message,
					"code": "REQUIRED_PROPERTIES_NOT_SET",
					"context": {"properties": missing},
				}
			],
		)


def _check_stage(portal: "Portal", type: ObjectType, values: dict[str, str]) -> None:
	"""A stage belongs to a pipeline; where there is only one pipeline it need not be named."""
	if type.name not in PROPERTIES:
		return
	pipeline_name, stage_name = PROPERTIES[type.name]
	pipelines = portal.pipelines[type.name]
	if pipeline_name not in values and (len(pipelines) == 1 or type.name == "leads"):
		values[pipeline_name] = pipelines[0].id
	if stage_name not in values and type.name == "leads":
		values[stage_name] = pipelines[0].stages[0].id
	pipeline = portal.pipeline_of(type, values)
	if pipeline is None:
		message = f"Error creating {type.word}. Some required properties were not set."
		raise invalid(message, context={"properties": [pipeline_name]})
	stage = values.get(stage_name)
	if stage and pipeline.stage(stage) is None:
		wrong = Wrong("INVALID_PIPELINE_STAGE", f"Stage {stage} is not in the pipeline {pipeline.id}")
		raise not_valid(portal, [(stage_name, wrong)])


def _check_lead(type: ObjectType, wanted: list) -> None:
	if type.name == "leads" and not any(other.type.name in ("contacts", "companies") for other, _ in wanted):
		raise invalid("A lead must be associated with a contact or a company when it is created")


def _check_unique(portal: "Portal", type: ObjectType, values: dict[str, str], record: Record | None) -> None:
	for name, value in values.items():
		if not value:
			continue
		if (type.name, name) == ("contacts", "email"):
			_check_email(portal, value, record)
			continue
		if name not in type.properties or not type.properties[name].unique:
			continue
		holder = portal.unique[type.name, name].get(value)
		if holder is not None and (record is None or holder != record.id):
			id = record.id if record is not None else portal.new_id(type.name)
			raise invalid(
				f"Cannot set PropertyValueCoordinates{{portalId={portal.id}, "
				f"objectTypeId=ObjectTypeId{{legacyObjectType={type.word}}}, propertyName={name}, "
				f"value={value}}} on {id}. {holder} already has that value.",
				errors=[
					{
						"message": f"{holder} already has that value.",
						"code": "CONFLICTING_UNIQUE_VALUE",
						"context": {"propertyName": [name]},
					}
				],
			)


def _check_email(portal: "Portal", email: str, record: Record | None) -> None:
	if email in portal.blocked:
		raise invalid(f"{email} was deleted for privacy and cannot be used again")
	holder = portal.unique["contacts", "email"].get(email)
	if holder is not None and (record is None or holder != record.id):
		raise Refusal(
			409,
			"CONFLICT",
			f"Contact already exists. Existing ID: {holder}",
			more={"error": "CONTACT_EXISTS"},
		)


def _archived_namesake(portal: "Portal", type: ObjectType, values: dict[str, str]) -> Record | None:
	"""The contact in the recycle bin that has this e-mail address."""
	email = values.get("email") if type.name == "contacts" else None
	if not email or email in portal.unique["contacts", "email"]:
		return None
	record = portal.records[type.name].get(portal.binned.get(email, 0))
	binned = record and record.archived_at and record.merged_into is None and not record.erased
	return record if binned and record.get("email") == email else None


def _only_forward(record: Record, values: dict[str, str]) -> None:
	"""A lifecycle stage only moves forward: one that would go back is dropped, without a word."""
	old, new = record.get("lifecyclestage"), values.get("lifecyclestage")
	if old in STAGES and new in STAGES and STAGES.index(new) < STAGES.index(old):
		del values["lifecyclestage"]


# ---- writing


def _write(portal: "Portal", record: Record, values: dict[str, str], source: Source, now: int) -> None:
	values = _with_derived(portal, record, values, now)
	record.updated_at = now
	for name, value in values.items():
		old = record.properties.get(name, "")
		if value == old:
			continue
		_remember_unique(portal, record, name, old, value)
		if value:
			record.properties[name] = value
		else:
			record.properties.pop(name, None)
		record.history.setdefault(name, []).insert(0, Change(value, now, source))
		told = {"propertyName": name, "propertyValue": value}
		_tell(portal, "propertyChange", record, source, now, **told)
	record.properties[record.type.modified] = iso(now)
	record.properties["hs_object_id"] = str(record.id)
	_index(portal, record)
	if record.type.name == "contacts" and "associatedcompanyid" in values:
		associations.follow_company_id(portal, record, values["associatedcompanyid"], source)


def _with_derived(portal: "Portal", record: Record, values: dict[str, str], now: int) -> dict[str, str]:
	values = dict(values)
	after = {**record.properties, **values}
	name = record.type.name
	if name == "contacts" and "email" in values:
		values["hs_email_domain"] = values["email"].rpartition("@")[2]
	for property, calculated in SEARCHABLE.items():
		if property in values and calculated in record.type.properties:
			values[calculated] = _national(values[property])
	if name == "companies" and "domain" in values:
		values["domain"] = _bare_domain(values["domain"])
	if name == "deals":
		values |= _deal_facts(portal, record, after, now)
	if name == "line_items" and ("price" in values or "quantity" in values):
		values["amount"] = f"{float(after.get('price') or 0) * float(after.get('quantity') or 0):g}"
	if record.type.created in values and values[record.type.created]:
		record.created_at = moment(values[record.type.created])
	return values


def _national(phone: str) -> str:
	"""Digits without the country code, where one is written."""
	try:
		return phonenumbers.national_significant_number(phonenumbers.parse(phone, None))
	except phonenumbers.NumberParseException:
		return "".join(char for char in phone if char.isdigit())


def _bare_domain(domain: str) -> str:
	return domain.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").split("/")[0]


def _deal_facts(portal: "Portal", record: Record, after: dict[str, str], now: int) -> dict[str, str]:
	pipeline = portal.pipeline_of(record.type, after)
	stage = pipeline.stage(after.get("dealstage")) if pipeline else None
	metadata = stage.metadata if stage else {}
	closed = metadata.get("isClosed") == "true"
	won = closed and float(metadata.get("probability", "0")) == 1
	facts = {
		"pipeline": after.get("pipeline", ""),
		"hs_is_closed": str(closed).lower(),
		"hs_is_closed_won": str(won).lower(),
		"hs_is_closed_lost": str(closed and not won).lower(),
		"hs_deal_stage_probability": metadata.get("probability", ""),
	}
	if closed and not after.get("closedate"):
		facts["closedate"] = iso(now)
	if after.get("deal_currency_code", portal.currency) == portal.currency:
		facts["amount_in_home_currency"] = after.get("amount", "")
	return facts


def _remember_unique(portal: "Portal", record: Record, name: str, old: str, new: str) -> None:
	known = record.type.properties.get(name)
	is_email = record.type.name == "contacts" and name in ("email", "hs_additional_emails")
	if known is None or not (known.unique or is_email):
		return
	holders = portal.unique[record.type.name, "email" if is_email else name]
	for value in old.split(";") if is_email else [old]:
		if holders.get(value) == record.id:
			del holders[value]
	for value in new.split(";") if is_email else [new]:
		if value:
			holders[value] = record.id


def _forget_unique(portal: "Portal", record: Record) -> None:
	for name, value in record.properties.items():
		_remember_unique(portal, record, name, value, "")


def _claim_unique(portal: "Portal", record: Record) -> None:
	for name, value in record.properties.items():
		_remember_unique(portal, record, name, "", value)


def _index(portal: "Portal", record: Record) -> None:
	now = time.monotonic()
	version = Version(now + portal.search_lag, dict(record.properties), not record.live)
	settled = [known for known in record.versions if known.at <= now][-1:] if portal.search_lag > 0 else []
	waiting = [known for known in record.versions if known.at > now] if portal.search_lag > 0 else []
	record.versions = [*settled, *waiting, version]


# ---- merging


def _own_values(record: Record) -> dict[str, str]:
	"""What was said about it, without what HubSpot says itself."""
	own = {record.type.modified, "hs_object_id", "hs_merged_object_ids", "hs_object_source"}
	return {name: value for name, value in record.properties.items() if name not in own}


def _merged_ids(record: Record) -> list[str]:
	before = (record.get("hs_merged_object_ids") or "").split(";")
	return [*(id for id in before if id), str(record.id)]


def _merged_values(first: Record, second: Record, before: list[str]) -> dict[str, str]:
	values = {"hs_merged_object_ids": ";".join(before)}
	if first.type.name == "contacts":
		known = dict.fromkeys([*emails(first), *emails(second)])
		primary = first.get("email") or second.get("email") or ""
		values["hs_additional_emails"] = ";".join(email for email in known if email != primary)
		stages = [one.get("lifecyclestage") for one in (first, second)]
		ranked = [stage for stage in stages if stage in STAGES]
		if ranked:
			values["lifecyclestage"] = max(ranked, key=STAGES.index)
	if first.type.name == "companies":
		domains = dict.fromkeys(one.get("domain") for one in (first, second) if one.get("domain"))
		values["hs_additional_domains"] = ";".join(list(domains)[1:])
	values[first.type.created] = iso(min(first.created_at, second.created_at))
	return values


def _tell(portal: "Portal", kind: str, record: Record, source: Source, at: int, **more) -> None:
	portal.tell(News(kind, record.type, record.id, at, source, more))
