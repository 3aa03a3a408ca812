"""Records of CRMs. A person decides which field goes where, so a CrmRecord is a bag of the vendor's own fields.

Values are what the vendor's API says, as text: what they mean is said by `FieldInfo.kind`, and turned into ERPNext's
types by the mapping. None and "" both mean "empty".
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from integration_hub.records.base import Record

#: what a CRM keeps that we know too: companies are Customers, deals are Opportunities
CrmResource = Literal["customers", "contacts", "leads", "deals"]
FieldKind = Literal[
	"text", "long_text", "number", "date", "datetime", "boolean", "choice", "choices", "email", "phone", "url"
]

#: What a connector may name in its `crm_defaults`, so that a new Connection has a sensible mapping without anybody
#: knowing both sides' field names. `erp/` knows what they are in ERPNext.
COMMON_FIELDS: dict[str, tuple[str, ...]] = {
	"customers": ("name", "website", "email", "phone", "tax_id", "industry", "street", "city", "state", "zip", "country"),
	"contacts": ("first_name", "last_name", "email", "phone", "mobile", "job_title", "unsubscribed"),
	"leads": ("first_name", "last_name", "email", "phone", "mobile", "company", "job_title", "website", "status"),
	"deals": ("title", "amount", "currency", "stage", "closes_on", "probability", "lost_reason"),
}  # fmt: skip


class FieldInfo(Record):
	"""A field of the vendor, for the mapping form. `choices` maps the internal value to its label."""

	name: str
	label: str
	kind: FieldKind = "text"
	choices: dict[str, str] = Field(default_factory=dict)
	read_only: bool = False
	unique: bool = False


class CrmRecord(Record):
	"""A company, contact, lead or deal as the vendor has it now.

	`related` names others by Resource: a contact's companies, the primary one first; the leads whose person it is, where
	those are records of their own. `replaces` are ids of records that
	were merged into this one.
	"""

	resource: CrmResource
	id: str
	version: str
	updated_at: AwareDatetime
	created_at: AwareDatetime | None = None
	label: str = ""
	fields: dict[str, str | None]
	related: dict[CrmResource, tuple[str, ...]] = Field(default_factory=dict)
	replaces: tuple[str, ...] = ()
	key: str = ""
	url: str = ""


class CrmChange(Record):
	"""A record of ours to be told. `key` is our document ("Customer/CUST-1") and stays the same on every try; `id` is
	None for one the vendor does not know yet. `fields` holds only what changed, or all of a new one."""

	key: str
	id: str | None = None
	fields: dict[str, str]
	related: dict[CrmResource, tuple[str, ...]] = Field(default_factory=dict)


class Match(Record):
	"""What to look for at the vendor before something new is made there: any of them equal is a candidate."""

	key: str
	email: str = ""
	domain: str = ""
	phone: str = ""
	tax_id: str = ""
	name: str = ""


class Communication(Record):
	"""Something said between people: an e-mail, a call, a meeting, a note. `related` as in CrmRecord. `body` is text or
	HTML. `sent` says whether we spoke (True) or they."""

	id: str
	version: str
	kind: Literal["email", "call", "meeting", "note"]
	at: AwareDatetime
	subject: str = ""
	body: str = ""
	sent: bool = True
	sender: str = ""
	recipients: tuple[str, ...] = ()
	related: dict[CrmResource, tuple[str, ...]] = Field(default_factory=dict)
	url: str = ""


class Consent(Record):
	"""May this address be written to? `topic` is the vendor's id of a kind of mail, "" means all marketing."""

	email: str
	state: Literal["subscribed", "unsubscribed", "not_specified"]
	topic: str = ""
	legal_basis: str = ""
	explanation: str = ""
	at: AwareDatetime | None = None
