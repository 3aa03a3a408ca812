"""The portal: one HubSpot account with everything in it. Changes go through `writing`, `associations`, `consent`,
`lists`, or the short-cuts here, which act as a user of the portal would."""

import itertools
import random
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.vendors.hubspot import associations, writing
from sandbox.vendors.hubspot.clock import Clock, iso
from sandbox.vendors.hubspot.consent import Consent
from sandbox.vendors.hubspot.errors import Refusal, not_found
from sandbox.vendors.hubspot.lists import Lists
from sandbox.vendors.hubspot.model import USER, News, ObjectType, Property, Record, Version
from sandbox.vendors.hubspot.pipelines import PROPERTIES, Pipeline, standard_pipelines
from sandbox.vendors.hubspot.standard import standard_types

CURRENCIES = ("USD", "EUR", "GBP", "INR", "JPY", "KWD")


@dataclass
class Owner:
	id: int
	email: str
	first_name: str
	last_name: str
	user_id: int
	created_at: int
	archived: bool = False


class Portal:
	"""prefix: seed of all ids, so that runs against one ERPNext never meet each other's records.

	currency, timezone: of the company; currencies: all that deals may have.
	"""

	def __init__(
		self,
		*,
		currency: str = "USD",
		currencies: tuple[str, ...] | list[str] = CURRENCIES,
		timezone: str = "US/Eastern",
		prefix: str = "",
		gdpr: bool = False,
		id: int | None = None,
	):
		seed = zlib.crc32(prefix.encode()) % 10**6
		self.id = id or 20_000_000 + seed
		self.currency, self.timezone, self.prefix, self.gdpr = currency, timezone, prefix, gdpr
		self.currencies = list(dict.fromkeys([currency, *currencies]))
		self.lock = threading.RLock()  # around all state; the server uses it, too
		self.clock = Clock()
		self.random = random.Random(seed)
		# ids are not consecutive, and those of types overlap: 0-1/101 and 0-2/101 are two things
		self._ids: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(10**9 + seed * 10**6 + 1))
		self.types = {type.name: type for type in standard_types()}
		self.pipelines = standard_pipelines()
		self.records: dict[str, dict[int, Record]] = {name: {} for name in self.types}
		self.unique: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
		self.blocked: set[str] = set()  # e-mail addresses that were erased for good
		self.binned: dict[str, int] = {}  # e-mail addresses in the recycle bin
		self.links = associations.Links()
		self.owners: dict[int, Owner] = {}
		self.consent = Consent(self)
		self.lists = Lists(self)
		self.search_lag = 0.0  # seconds that a change made from now on stays out of search
		self.listeners: list[Callable[[list[News]], None]] = []
		self._news: list[News] = []
		self._depth = 0
		# a merge of contacts keeps the first one's id; of other objects it makes a new record
		self.merge_keeps_id = {"contacts"}
		self.add_owner("sam@sandbox-hub.example", "Sam", "Sandbox")

	# ---- ids, time, news

	def new_id(self, what: str = "") -> int:
		return next(self._ids[what])

	def tell(self, news: News) -> None:
		with self.together():
			self._news.append(news)

	@contextmanager
	def together(self):
		"""What happens inside is told at once when it is over: one request's changes travel in one webhook."""
		with self.lock:
			self._depth += 1
			try:
				yield
			finally:
				self._depth -= 1
				if not self._depth and self._news:
					news, self._news = self._news, []
					for listener in self.listeners:
						listener(news)

	def indexed(self, record: Record) -> Version | None:
		"""The record as search knows it now; None while it does not know it."""
		now = time.monotonic()
		return next((version for version in reversed(record.versions) if version.at <= now), None)

	# ---- finding

	def type(self, name: str) -> ObjectType:
		"""By name, singular or id: contacts, contact, 0-1; raises Refusal."""
		wanted = name.lower()
		for type in self.types.values():
			if wanted in (type.name, type.singular, type.id):
				return type
		raise Refusal(400, "VALIDATION_ERROR", f"Unable to infer object type from: {name}")

	def record(self, type: ObjectType | str, id: int | str, id_property: str | None = None) -> Record:
		"""A live record; the id of one that was merged away finds what it became. Raises Refusal."""
		type = type if isinstance(type, ObjectType) else self.type(type)
		found = self.find(type, id, id_property)
		if found is None or not found.live:
			raise not_found()
		return found

	def find(self, type: ObjectType, id: int | str, id_property: str | None = None) -> Record | None:
		"""As `record`, but archived ones too, and None when there is none."""
		if id_property and id_property != "hs_object_id":
			self.key_property(type, id_property)
			value = str(id).strip()
			if id_property == "email":
				value = value.lower()
			id = self.unique[type.name, id_property].get(value, 0)
		if not str(id).isdigit():
			return None
		found = self.records[type.name].get(int(id))
		while found is not None and found.merged_into is not None:
			found = self.records[type.name].get(found.merged_into)
		return found if found is not None and not found.erased else None

	def key_property(self, type: ObjectType, name: str) -> Property:
		"""The property, if it is unique; raises Refusal."""
		known = type.properties.get(name)
		if known is not None and (known.unique or (type.name, name) == ("contacts", "email")):
			return known
		raise Refusal(
			400,
			"VALIDATION_ERROR",
			f"Unable to perform update/upsert by non-unique {type.id} property {name} in portal ID {self.id}",
		)

	def live(self, type: ObjectType | str) -> list[Record]:
		name = type.name if isinstance(type, ObjectType) else self.type(type).name
		return [record for record in self.records[name].values() if record.live]

	def options(self, type: ObjectType, known: Property) -> list[str]:
		"""The values that an enumeration takes now."""
		if known.options_of == "owners":
			return [str(owner.id) for owner in self.owners.values() if not owner.archived]
		if known.options_of == "currencies":
			return self.currencies
		if known.options_of == "pipelines":
			return [pipeline.id for pipeline in self.pipelines[type.name]]
		if known.options_of == "stages":
			return [stage.id for pipeline in self.pipelines[type.name] for stage in pipeline.stages]
		return [option.value for option in known.options]

	def pipeline_of(self, type: ObjectType, properties: dict[str, str]) -> Pipeline | None:
		"""The pipeline these properties name; None when they name none."""
		name = properties.get(PROPERTIES[type.name][0])
		return next((one for one in self.pipelines[type.name] if one.id == name), None)

	# ---- what a user of the portal does

	def add_owner(self, email: str, first_name: str = "", last_name: str = "") -> Owner:
		id = self.new_id("owners")
		owner = Owner(id, email, first_name, last_name, id + 7_000_000, self.clock.now())
		self.owners[owner.id] = owner
		return owner

	def add_pipeline(self, pipeline: Pipeline, type: str = "deals") -> Pipeline:
		self.pipelines[self.type(type).name].append(pipeline)
		return pipeline

	def add(self, type: str, properties: dict, associations: list[dict] | None = None) -> Record:
		"""associations as the API takes them: [{"to": {"id"}, "types": [{...}]}]."""
		with self.together():
			return writing.create(self, self.type(type), properties, associations, source=USER)

	def add_contact(self, company: "Record | None" = None, /, **properties: str) -> Record:
		"""company: a company record to associate with."""
		with self.together():
			contact = self.add("contacts", properties)
			if company is not None:
				self.associate(contact, company)
			return contact

	def add_company(self, **properties: str) -> Record:
		return self.add("companies", properties)

	def add_deal(self, *about: Record, **properties: str) -> Record:
		"""about: contacts and companies of the deal. Without a stage: the default pipeline's first."""
		if "dealstage" not in properties:
			pipeline = self.pipelines["deals"][0]
			properties = {"pipeline": pipeline.id, "dealstage": pipeline.stages[0].id, **properties}
		with self.together():
			deal = self.add("deals", properties)
			for one in about:
				self.associate(deal, one)
			return deal

	def add_lead(self, about: Record, **properties: str) -> Record:
		"""about: the contact or company that may buy."""
		properties.setdefault("hs_lead_name", f"Lead {about.get('email') or about.get('name') or about.id}")
		link = associations.default_type(self.types["leads"], about.type, primary=True)
		wanted = {
			"to": {"id": str(about.id)},
			"types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": link}],
		}
		return self.add("leads", properties, [wanted])

	def add_note(self, about: Record, body: str, **properties: str) -> Record:
		return self._engagement("notes", about, {"hs_note_body": body, **properties})

	def add_email(self, about: Record, subject: str, text: str = "", **properties: str) -> Record:
		known = {"hs_email_subject": subject, "hs_email_text": text, "hs_email_direction": "EMAIL"}
		return self._engagement("emails", about, {**known, "hs_email_status": "SENT", **properties})

	def _engagement(self, type: str, about: Record, properties: dict) -> Record:
		with self.together():
			properties.setdefault("hs_timestamp", iso(self.clock.now()))
			made = self.add(type, properties)
			self.associate(made, about)
			return made

	def change(self, type: str, id: int | str, properties: dict[str, str]) -> Record:
		with self.together():
			return writing.update(self, self.record(type, id), properties, source=USER)

	def delete(self, type: str, id: int | str) -> None:
		"""Into the recycle bin."""
		with self.together():
			writing.archive(self, self.record(type, id), source=USER)

	def restore(self, type: str, id: int | str) -> Record:
		"""Out of the recycle bin; only users can."""
		with self.together():
			return writing.restore(self, self.type(type), int(id), source=USER)

	def privacy_delete(self, id: int | str) -> None:
		"""The contact is erased for good."""
		with self.together():
			writing.erase(self, self.record("contacts", id), source=USER)

	def merge(self, type: str, primary: int | str, other: int | str) -> Record:
		with self.together():
			return writing.merge(self, self.type(type), str(primary), str(other), source=USER)

	def associate(self, first: Record, second: Record, type_id: int | None = None) -> None:
		"""With the unlabelled type, or the one that is named."""
		with self.together():
			associations.link(
				self, first, second, [type_id or associations.default_type(first.type, second.type)], USER
			)

	def dissociate(self, first: Record, second: Record) -> None:
		with self.together():
			associations.unlink(self, first, second, None, USER)

	def unsubscribe(self, email: str) -> None:
		"""The person clicks "unsubscribe from all" in an e-mail."""
		with self.together():
			self.consent.opt_out(email, USER)
