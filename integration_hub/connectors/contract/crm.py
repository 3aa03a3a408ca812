"""What a CRM's connector may be able to do.

All kinds of records share the methods of `SyncsRecords`; which kinds a CRM has is said by naming the vendor's
own object for each: `contacts_are = "contacts"`, `companies_are = "Account"`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

from integration_hub.connectors.contract.base import Outcome, Page
from integration_hub.records import (
	Communication,
	Consent,
	CrmChange,
	CrmRecord,
	CrmResource,
	FieldInfo,
	Match,
)

Payload = Mapping[str, Any]


@runtime_checkable
class SyncsRecords(Protocol):
	#: records told in one call
	crm_batch: ClassVar[int]
	#: Resource → name in `records.COMMON_FIELDS` → the vendor's field: the mapping a new Connection starts with
	crm_defaults: ClassVar[Mapping[str, Mapping[str, str]]]

	def crm_fields(self, resource: CrmResource) -> Sequence[FieldInfo]:
		"""The vendor's fields, own ones included, for the mapping form."""

	def pull_records(self, resource: CrmResource, since: datetime, cursor: str | None) -> Page:
		"""Records changed at or after `since`, oldest change first. Deleted ones come as Notices with the action
		"delete" where the vendor lists them."""

	def fetch_records(
		self, resource: CrmResource, ids: Sequence[str], fields: Sequence[str]
	) -> Mapping[str, Payload]:
		"""Payloads by id with at least these fields and what they are related to. A record that was merged into
		another comes under the id that was asked for, as the record it became."""

	def read_record(self, resource: CrmResource, payload: Payload) -> CrmRecord: ...

	def find_records(
		self, resource: CrmResource, matches: Sequence[Match]
	) -> Mapping[str, Sequence[CrmRecord]]:
		"""For each Match (by its key) the records that could be the same: equal e-mail, domain, phone or tax id."""

	def push_records(
		self, resource: CrmResource, changes: Sequence[CrmChange], *, key: str, look_first: bool
	) -> Sequence[Outcome]:
		"""Make or change records, at most `crm_batch`, and relate them. A change without id makes one, once: a
		former try is found by `CrmChange.key`. Outcomes carry the id and the version that our own write made."""

	def archive_records(self, resource: CrmResource, ids: Sequence[str]) -> Sequence[Outcome]:
		"""Put records into the vendor's recycle bin (Outcome.key = id). One that is gone is no failure."""


@runtime_checkable
class SyncsCompanies(SyncsRecords, Protocol):
	"""Resource "customers"."""

	companies_are: ClassVar[str]


@runtime_checkable
class SyncsContacts(SyncsRecords, Protocol):
	contacts_are: ClassVar[str]


@runtime_checkable
class SyncsLeads(SyncsRecords, Protocol):
	leads_are: ClassVar[str]


@runtime_checkable
class SyncsDeals(SyncsRecords, Protocol):
	deals_are: ClassVar[str]


@runtime_checkable
class LogsCommunications(Protocol):
	"""E-mails, calls, meetings and notes: Resource "communications"."""

	def pull_communications(self, since: datetime, cursor: str | None) -> Page: ...

	def fetch_communications(self, ids: Sequence[str]) -> Mapping[str, Payload]: ...

	def read_communication(self, payload: Payload) -> Communication: ...

	def push_communications(
		self, communications: Sequence[Communication], *, key: str, look_first: bool
	) -> Sequence[Outcome]:
		"""Write ours into the vendor's timeline (Communication.id is our document, Outcome.key the same)."""


@runtime_checkable
class ManagesConsent(Protocol):
	"""Who may be written to: Resource "consents", by e-mail address."""

	def push_consents(self, consents: Sequence[Consent]) -> Sequence[Outcome]:
		"""Outcome.key = the address. Saying the same again changes nothing."""

	def fetch_consents(self, emails: Sequence[str]) -> Mapping[str, Payload]: ...

	def read_consent(self, payload: Payload) -> Consent: ...
