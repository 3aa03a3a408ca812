"""Records of HubSpot: which object a Resource is, its fields, and how a record is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import ValidationError

from integration_hub.connectors.hubspot.kinds import (
	BELONGS_TO,
	COMPANIES,
	CONTACTS,
	DEALS,
	LEADS,
	OF_RESOURCE,
	PRIMARY,
	Kind,
)
from integration_hub.connectors.hubspot.properties import STAGES, Properties
from integration_hub.connectors.hubspot.shapes import (
	Json,
	a_dict,
	a_list,
	day_of,
	instant,
	parts,
	version,
	zone_of,
)
from integration_hub.failures import Rejected
from integration_hub.records import CrmRecord, CrmResource, FieldInfo

Payload = Mapping[str, Any]
#: what a contact can be searched and recognised by, also on a lead of its own object
CONTACT_NAMES = frozenset(("email", "firstname", "lastname", "phone", "mobilephone", "company", "jobtitle"))
#: moments at HubSpot that people mean as a day: read and taken as the day where the account is
DAYS = frozenset((("deals", "closedate"),))
_KINDS = {
	"number": "number",
	"date": "date",
	"datetime": "datetime",
	"bool": "boolean",
	"phone_number": "phone",
}
_BY_NAME = {"email": "email", "website": "url", "phone": "phone", "mobilephone": "phone"}
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, ValidationError)


class Records(Properties):
	companies_are: ClassVar[str] = "companies"
	contacts_are: ClassVar[str] = "contacts"
	deals_are: ClassVar[str] = "deals"
	#: rows of one batch call
	crm_batch: ClassVar[int] = 100
	#: HubSpot has no tax id, and its industries and probabilities are not ERPNext's: those are for a person to map
	crm_defaults: ClassVar[Mapping[str, Mapping[str, str]]] = {
		"customers": {
			"name": "name",
			"website": "domain",
			"phone": "phone",
			"street": "address",
			"city": "city",
			"state": "state",
			"zip": "zip",
			"country": "country",
		},
		"contacts": {
			"first_name": "firstname",
			"last_name": "lastname",
			"email": "email",
			"phone": "phone",
			"mobile": "mobilephone",
			"job_title": "jobtitle",
			"unsubscribed": "hs_email_optout",
		},
		"leads": {
			"first_name": "firstname",
			"last_name": "lastname",
			"email": "email",
			"phone": "phone",
			"mobile": "mobilephone",
			"company": "company",
			"job_title": "jobtitle",
			"website": "website",
		},
		"deals": {
			"title": "dealname",
			"amount": "amount",
			"currency": "deal_currency_code",
			"stage": "dealstage",
			"closes_on": "closedate",
			"lost_reason": "closed_lost_reason",
		},
	}

	@property
	def leads_are(self) -> str:
		"""The object of leads: that of contacts unless the settings say otherwise."""
		return self.kind_of("leads").name

	def kind_of(self, resource: CrmResource) -> Kind:
		if resource == "leads" and self.leads_are_contacts:
			return CONTACTS
		return OF_RESOURCE[resource]

	def resource_of(self, kind: Kind, properties: Json) -> CrmResource:
		"""What a record is to us. A contact may be a lead, by its lifecycle stage."""
		if kind is CONTACTS and self.leads_are_contacts:
			return "leads" if properties.get("lifecyclestage") in self.lead_stages else "contacts"
		return next(resource for resource, one in OF_RESOURCE.items() if one is kind)  # type: ignore[return-value]

	# --- fields

	def crm_fields(self, resource: CrmResource) -> Sequence[FieldInfo]:
		kind = self.kind_of(resource)
		fields = [
			self._field(kind, one)
			for one in self.properties_of(kind, fresh=True).values()
			if _is_for_people(one)
		]
		if kind is LEADS:
			# the person behind a lead is its contact, whose fields go with it
			own = {one.name for one in fields}
			contact = self.properties_of(CONTACTS)
			fields += [
				self._field(CONTACTS, contact[name])
				for name in sorted(CONTACT_NAMES | {"website"})
				if name in contact and name not in own
			]
		return sorted(fields, key=lambda one: one.label.casefold())

	def _field(self, kind: Kind, described: Json) -> FieldInfo:
		name = str(described["name"])
		return FieldInfo(
			name=name,
			label=str(described.get("label") or name),
			kind="date" if (kind.name, name) in DAYS else _kind(described),
			choices=self._choices(kind, described),
			read_only=_is_read_only(described),
			unique=bool(described.get("hasUniqueValue")) or (kind is CONTACTS and name == "email"),
		)

	def _choices(self, kind: Kind, described: Json) -> dict[str, str]:
		pipeline, stage = STAGES.get(kind.name, ("", ""))
		if described["name"] == stage:
			return {
				one: f"{its.get('label')} / {step.get('label')}"
				for one, (its, step) in self.stages_of(kind).items()
			}
		if described["name"] == pipeline:
			return {str(one["id"]): str(one.get("label")) for one in self.pipelines_of(kind)}
		return {
			str(option["value"]): str(option.get("label") or option["value"])
			for option in a_list(described.get("options"))
			if not option.get("hidden")
		}

	# --- reading

	def needed(self, kind: Kind, names: Iterable[str] = ()) -> list[str]:
		"""Properties to ask for: those wanted, and those a record is known by."""
		more = {
			CONTACTS.name: ("email", "lifecyclestage", "hs_additional_emails"),
			DEALS.name: ("deal_currency_code",),
			COMPANIES.name: (),
		}.get(kind.name, ("hs_primary_contact_id",))
		wanted = [
			*names,
			*kind.titles,
			*more,
			kind.modified,
			kind.merged,
			"hs_merged_object_ids",
			self.key_property,
		]
		return list(dict.fromkeys(wanted))

	def read_record(self, resource: CrmResource, payload: Payload) -> CrmRecord:
		"""Raises Rejected for what is no record. The record says which Resource it is of: a contact asked for may have
		become a lead."""
		try:
			return self._read(self.kind_of(resource), payload)
		except _UNREADABLE as error:
			raise Rejected("HubSpot's record cannot be read.", detail=type(error).__name__) from error

	def _read(self, kind: Kind, payload: Payload) -> CrmRecord:
		properties = a_dict(payload["properties"])
		changed = instant(payload.get("updatedAt") or properties.get(kind.modified))
		made = payload.get("createdAt")
		return CrmRecord(
			resource=self.resource_of(kind, properties),
			id=str(payload["id"]),
			version=version(changed),
			updated_at=changed,
			created_at=instant(made) if made else None,
			label=_label(kind, properties) or str(payload["id"]),
			fields=_texts(kind, properties, payload.get("zone")),
			related={
				resource: tuple(ids)  # type: ignore[misc]
				for resource, ids in a_dict(payload.get("related")).items()
				if ids
			},
			replaces=tuple(merged_ids(kind, properties)),
			key=str(properties.get(self.key_property) or ""),
			url=str(payload.get("url") or ""),
		)

	def related_to(self, kind: Kind, ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
		"""Record id → Resource → ids it belongs to, the primary one first. Where leads are contacts, a deal's contact
		stands under both: it is one of them."""
		found: dict[str, dict[str, list[str]]] = {one: {} for one in ids}
		for resource, other in self.others_of(kind).items():
			if resource == "leads" and other is CONTACTS:
				continue  # read with the contacts
			for record, rows in self.associated(kind.name, other.name, ids).items():
				found.setdefault(record, {})[resource] = in_order(rows)
				if other is CONTACTS and self.leads_are_contacts:
					found[record]["leads"] = in_order(rows)
		return found

	def others_of(self, kind: Kind) -> dict[str, Kind]:
		"""Resource → object, of what a record of this Kind belongs to. A contact belongs to the leads whose person it is,
		where those are an object of their own."""
		others = dict(BELONGS_TO[kind.name])
		if kind is CONTACTS and not self.leads_are_contacts:
			return {**others, "leads": LEADS}
		return {**others, "leads": self.kind_of("leads")} if kind is DEALS else others

	def payload(self, kind: Kind, row: Json, **more: Any) -> dict[str, Any]:
		"""A row as `read_record` takes it: with its address, and the time zone its days are meant in."""
		account = self.account()
		return {**row, "url": self.url_of(kind, str(row["id"])), "zone": account.get("timeZone"), **more}

	def url_of(self, kind: Kind, outside_id: str) -> str:
		account = self.account()
		host = account.get("uiDomain") or "app.hubspot.com"
		return f"https://{host}/contacts/{account.get('portalId')}/record/{kind.type_id}/{outside_id}"


def in_order(rows: Sequence[Json]) -> list[str]:
	"""Ids of associated records: the primary one first, then as they were made."""
	first = [row for row in rows if _is_primary(row)]
	return list(dict.fromkeys(str(row["toObjectId"]) for row in (*first, *rows)))


def merged_ids(kind: Kind, properties: Json) -> list[str]:
	"""Ids of records that were merged into this one. Contacts list them as "id:time;id:time"."""
	listed = [*parts(properties.get(kind.merged)), *parts(properties.get("hs_merged_object_ids"))]
	own = str(properties.get("hs_object_id") or "")
	ids = [one.partition(":")[0] for one in listed]
	return [one for one in dict.fromkeys(ids) if one.isdigit() and one != own]


def _is_primary(row: Json) -> bool:
	return any(int(one.get("typeId") or 0) in PRIMARY for one in a_list(row.get("associationTypes")))


def _label(kind: Kind, properties: Json) -> str:
	said = [str(properties.get(name) or "") for name in kind.titles]
	if kind is CONTACTS:
		return " ".join(filter(None, said)) or str(properties.get("email") or "")
	return next(filter(None, said), "")


def _texts(kind: Kind, properties: Json, zone: Any) -> dict[str, str | None]:
	found = {str(name): None if value is None else str(value) for name, value in properties.items()}
	for name, text in found.items():
		if text and (kind.name, name) in DAYS:
			found[name] = day_of(text, zone_of(zone))
	return found


def _kind(described: Json) -> Any:
	name, type_, form = described["name"], described.get("type"), described.get("fieldType")
	if type_ == "enumeration":
		return {"checkbox": "choices", "booleancheckbox": "boolean"}.get(str(form), "choice")
	if type_ in _KINDS:
		return _KINDS[type_]
	if form in ("textarea", "html"):
		return "long_text"
	return "phone" if form == "phonenumber" else _BY_NAME.get(str(name), "text")


def _is_read_only(described: Json) -> bool:
	rules = a_dict(described.get("modificationMetadata"))
	return bool(described.get("calculated") or rules.get("readOnlyValue"))


def _is_for_people(described: Json) -> bool:
	return not described.get("hidden") and not described.get("archived")
