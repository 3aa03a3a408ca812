"""Who is there already: records with the same e-mail address, domain, phone number or tax ID, many in one search."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import phonenumbers

from integration_hub.connectors.hubspot.kinds import COMPANIES, CONTACTS, LEADS, Kind
from integration_hub.connectors.hubspot.pushing import Pushes
from integration_hub.connectors.hubspot.shapes import parts
from integration_hub.records import CrmRecord, CrmResource, Match

#: characters of a search's body, and values in one filter
LONGEST_BODY, MOST_VALUES = 2900, 100
#: HubSpot compares phone numbers without country code and punctuation in properties of their own
PHONES = {
	"hs_searchable_calculated_phone_number": "phone",
	"hs_searchable_calculated_mobile_number": "mobilephone",
}
#: more digits than that in common are the same number, whatever its country code is written like
SAME_DIGITS = 7


class Finds(Pushes):
	def find_records(self, resource: CrmResource, matches: Sequence[Match]) -> dict[str, list[CrmRecord]]:
		"""Deals have nothing to be recognised by; they are found by our key alone, when they are pushed."""
		kind = self.kind_of(resource)
		found: dict[str, list[CrmRecord]] = {one.key: [] for one in matches}
		if resource == "deals":
			return found
		properties = self.needed(kind, self.crm_defaults[resource].values())
		records: dict[str, CrmRecord] = {}
		for chunk in self._searchable(kind, matches, properties):
			after = ""
			while True:
				rows, after = self.search(
					kind, self._groups(kind, chunk), properties, sort="hs_object_id", after=after
				)
				for row in rows:
					records[str(row["id"])] = self.read_record(resource, self.payload(kind, row))
				if not after:
					break
		for one in matches:
			found[one.key] = [record for record in records.values() if self._same(kind, one, record)]
		return found

	def _searchable(
		self, kind: Kind, matches: Sequence[Match], properties: Sequence[str]
	) -> Iterator[list[Match]]:
		"""As many Matches together as one search can hold."""
		chunk: list[Match] = []
		size = 0
		room = LONGEST_BODY - len(json.dumps(list(properties))) - 700
		for one in matches:
			wanted = self._wanted(kind, one)
			if not wanted:
				continue
			length = sum(len(json.dumps(value)) + 2 for value in wanted.values())
			if chunk and (size + length > room or len(chunk) == MOST_VALUES):
				yield chunk
				chunk, size = [], 0
			chunk.append(one)
			size += length
		if chunk:
			yield chunk

	def _groups(self, kind: Kind, matches: Sequence[Match]) -> list[list[dict[str, Any]]]:
		values: dict[str, dict[str, None]] = {}
		for one in matches:
			for name, value in self._wanted(kind, one).items():
				values.setdefault(name, {})[value] = None
		return [
			[{"propertyName": name, "operator": "IN", "values": list(wanted)}]
			for name, wanted in values.items()
		]

	def _wanted(self, kind: Kind, one: Match) -> dict[str, str]:
		"""Property → value that a record with this Match has."""
		wanted: dict[str, str] = {}
		number = national(one.phone)
		if kind is COMPANIES:
			wanted["domain"] = one.domain.lower()
			wanted["hs_searchable_calculated_phone_number"] = number
			if self.entered("tax_id_property"):
				wanted[self.entered("tax_id_property")] = one.tax_id
		elif kind is CONTACTS:
			wanted["email"] = one.email.lower()
			wanted |= dict.fromkeys(PHONES, number)
		elif kind is LEADS:
			wanted["hs_associated_contact_email"] = one.email.lower()
		return {name: value for name, value in wanted.items() if value}

	def _same(self, kind: Kind, one: Match, record: CrmRecord) -> bool:
		"""Is it really equal? A search for many says only that it fits one of them."""
		said = record.fields
		if kind is LEADS:
			return (
				bool(one.email)
				and one.email.lower() == (said.get("hs_associated_contact_email") or "").lower()
			)
		if kind is COMPANIES:
			tax_id = said.get(self.entered("tax_id_property")) or ""
			domains = [said.get("domain") or "", *parts(said.get("hs_additional_domains"))]
			if one.tax_id and one.tax_id == tax_id.strip():
				return True
			if one.domain and one.domain.lower() in map(str.lower, domains):
				return True
		else:
			emails = [said.get("email") or "", *parts(said.get("hs_additional_emails"))]
			if one.email and one.email.lower() in map(str.lower, emails):
				return True
		return any(same_number(one.phone, said.get(name)) for name in PHONES.values())

	def needed(self, kind: Kind, names=()) -> list[str]:
		more = {
			COMPANIES.name: ("phone", "domain", "hs_additional_domains", self.entered("tax_id_property")),
			CONTACTS.name: ("phone", "mobilephone"),
			LEADS.name: ("hs_associated_contact_email",),
		}.get(kind.name, ())
		return list(dict.fromkeys(filter(None, (*super().needed(kind, names), *more))))


def national(phone: str) -> str:
	"""The digits of a number without its country code; all digits where that is not known."""
	if not phone:
		return ""
	try:
		return phonenumbers.national_significant_number(phonenumbers.parse(phone, None))
	except phonenumbers.NumberParseException:
		digits = _digits(phone)
		return digits if len(digits) >= SAME_DIGITS else ""


def same_number(one: str, other: str | None) -> bool:
	mine, theirs = national(one), _digits(other or "")
	return (
		len(mine) >= SAME_DIGITS
		and len(theirs) >= SAME_DIGITS
		and (theirs.endswith(mine) or mine.endswith(theirs))
	)


def _digits(text: str) -> str:
	return "".join(char for char in text if char.isdigit())
