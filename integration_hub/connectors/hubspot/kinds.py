"""HubSpot's objects as far as they are synchronised, and what each calls its things.

Source: HubSpot's object reference. Contacts keep their change time under another name than all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
	"""An object. `name` stands in paths, `type_id` in webhooks and addresses, `word` in webhook types. `group` is where
	its own properties are shown, `titles` are the properties a person knows a record by."""

	name: str
	type_id: str
	word: str
	group: str
	titles: tuple[str, ...]
	modified: str = "hs_lastmodifieddate"
	merged: str = "hs_merged_object_ids"


COMPANIES = Kind("companies", "0-2", "company", "companyinformation", ("name", "domain"))
CONTACTS = Kind(
	"contacts",
	"0-1",
	"contact",
	"contactinformation",
	("firstname", "lastname"),
	modified="lastmodifieddate",
	merged="hs_calculated_merged_vids",
)
DEALS = Kind("deals", "0-3", "deal", "dealinformation", ("dealname",))
LEADS = Kind("0-136", "0-136", "lead", "leadinformation", ("hs_lead_name",))
NOTES = Kind("notes", "0-46", "note", "engagement", ())
CALLS = Kind("calls", "0-48", "call", "engagement", ("hs_call_title",))
EMAILS = Kind("emails", "0-49", "email", "engagement", ("hs_email_subject",))
MEETINGS = Kind("meetings", "0-47", "meeting", "engagement", ("hs_meeting_title",))

#: of a record, by Resource; leads may be contacts (see `records`)
OF_RESOURCE: Mapping[str, Kind] = {
	"customers": COMPANIES,
	"contacts": CONTACTS,
	"deals": DEALS,
	"leads": LEADS,
}
BY_TYPE_ID: Mapping[str, Kind] = {kind.type_id: kind for kind in (COMPANIES, CONTACTS, DEALS, LEADS)}
BY_WORD: Mapping[str, Kind] = {kind.word: kind for kind in (COMPANIES, CONTACTS, DEALS, LEADS)}

#: which others a record of a Kind belongs to: the Kind's name → Resource → Kind of the other
BELONGS_TO: Mapping[str, Mapping[str, Kind]] = {
	COMPANIES.name: {},
	CONTACTS.name: {"customers": COMPANIES},
	DEALS.name: {"customers": COMPANIES, "contacts": CONTACTS},
	LEADS.name: {"contacts": CONTACTS, "customers": COMPANIES},
}
#: association types that mark the primary one: a contact's, a deal's company, a lead's contact
PRIMARY = frozenset((1, 5, 578))
