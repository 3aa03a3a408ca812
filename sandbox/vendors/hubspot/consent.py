"""Who wants which e-mails: subscription types ("definitions"), a status per address and type, and the opt-out of all."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.vendors.hubspot import writing
from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import broken_json, invalid, not_found
from sandbox.vendors.hubspot.model import Property, Source

if TYPE_CHECKING:
	from sandbox.vendors.hubspot.portal import Portal

STATES = ("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED")
LEGAL_BASES = (
	"LEGITIMATE_INTEREST_PQL LEGITIMATE_INTEREST_CLIENT PERFORMANCE_OF_CONTRACT CONSENT_WITH_NOTICE NON_GDPR "
	"PROCESS_AND_STORE LEGITIMATE_INTEREST_OTHER"
).split()


@dataclass
class Definition:
	id: int
	name: str
	description: str
	purpose: str
	created_at: int
	default: bool = False

	def as_json(self, *, number: bool) -> dict:
		return {
			"id": self.id if number else str(self.id),
			"name": self.name,
			"description": self.description,
			"purpose": self.purpose,
			"communicationMethod": "Email",
			"isActive": True,
			"isDefault": self.default,
			"isInternal": self.default,
			"createdAt": iso(self.created_at),
			"updatedAt": iso(self.created_at),
		}


@dataclass
class Status:
	state: str
	at: int
	legal_basis: str | None = None
	explanation: str | None = None
	source: str = ""


class Consent:
	def __init__(self, portal: "Portal"):
		self.portal = portal
		self.definitions: dict[int, Definition] = {}
		self.known: dict[tuple[str, int], Status] = {}
		self.out: dict[str, int] = {}  # addresses that opted out of everything, and when
		self.add_definition("One to One", "One to One emails", "Sales", default=True)
		self.add_definition("Marketing Information", "Offers and news", "Marketing")

	def add_definition(self, name: str, description: str, purpose: str, default: bool = False) -> Definition:
		id = self.portal.new_id("definitions") % 10**9
		made = Definition(id, name, description, purpose, self.portal.clock.now(), default)
		self.definitions[id] = made
		contacts = self.portal.types["contacts"]
		known = Property(f"hs_email_optout_{id}", f"Opted out of email: {name}", "bool", "booleancheckbox")
		known.group, known.read_only = "contactinformation", True
		contacts.properties[known.name] = known
		return made

	def definition(self, id: object) -> Definition:
		found = self.definitions.get(int(id)) if str(id).isdigit() else None
		if found is None:
			raise not_found(f"Subscription type {id} does not exist")
		return found

	def status(self, email: str, definition: Definition) -> Status:
		"""What counts: an opt-out of everything is above the single ones."""
		email = email.lower()
		if email in self.out:
			return Status("UNSUBSCRIBED", self.out[email], source="PORTAL_WIDE")
		return self.known.get((email, definition.id)) or Status("NOT_SPECIFIED", self.portal.clock.now())

	def set(self, wanted: object, source: Source, email: str | None = None) -> tuple[Definition, Status, str]:
		"""One status as the API takes it. Says which type, what it is now, and why it worked."""
		if not isinstance(wanted, dict):
			raise broken_json("a status must be an object")
		email = (email or str(wanted.get("subscriberIdString") or "")).lower()
		if "@" not in email:
			raise invalid(f"Email address {email} is invalid")
		if wanted.get("channel") != "EMAIL":
			raise invalid("channel must be EMAIL")
		if wanted.get("statusState") not in STATES:
			raise broken_json(
				f"Cannot deserialize value of type `StatusState`: {wanted.get('statusState')!r}"
			)
		if not isinstance(wanted.get("subscriptionId"), int):
			raise broken_json("subscriptionId must be a number")
		definition = self.definition(wanted["subscriptionId"])
		basis = wanted.get("legalBasis")
		if basis is not None and basis not in LEGAL_BASES:
			raise broken_json(f"Cannot deserialize value of type `LegalBasis`: {basis!r}")
		explanation = wanted.get("legalBasisExplanation")
		if self.portal.gdpr and wanted["statusState"] == "SUBSCRIBED" and not (basis and explanation):
			raise invalid("legalBasis and legalBasisExplanation are required, for GDPR is turned on")
		before = self.status(email, definition).state
		now = Status(
			wanted["statusState"], self.portal.clock.now(), basis, explanation, f"{source.type}:{source.id}"
		)
		reason = _reason(before, now.state)
		if now.state == "SUBSCRIBED":
			self.out.pop(email, None)
		self.known[email, definition.id] = now
		self._show(email, source)
		return definition, now, reason

	def opt_out(self, email: str, source: Source) -> None:
		"""Out of everything."""
		self.out[email.lower()] = self.portal.clock.now()
		self._show(email.lower(), source)

	def _show(self, email: str, source: Source) -> None:
		"""The contact's own properties say the same."""
		contact = self.portal.find(self.portal.types["contacts"], email, "email")
		if contact is None or not contact.live:
			return
		facts = {"hs_email_optout": "true" if email in self.out else ""}
		if not facts["hs_email_optout"] and contact.get("hs_email_optout"):
			facts["hs_email_optout"] = "false"
		for definition in self.definitions.values():
			state = self.status(email, definition).state
			name = f"hs_email_optout_{definition.id}"
			if state == "UNSUBSCRIBED" or contact.get(name):
				facts[name] = str(state == "UNSUBSCRIBED").lower()
		writing.set_computed(self.portal, contact, facts, source)

	def as_json(self, email: str, definition: Definition, status: Status) -> dict:
		known = {
			"channel": "EMAIL",
			"status": status.state,
			"subscriberIdString": email.lower(),
			"subscriptionId": definition.id,
			"subscriptionName": definition.name,
			"source": status.source,
			"timestamp": iso(status.at),
		}
		if status.legal_basis:
			known["legalBasis"] = status.legal_basis
			known["legalBasisExplanation"] = status.explanation
		return known

	def all_of(self, email: str) -> list[dict]:
		return [self.as_json(email, one, self.status(email, one)) for one in self.definitions.values()]


def _reason(before: str, now: str) -> str:
	if before == now:
		return "NO_STATUS_CHANGE"
	if before == "UNSUBSCRIBED" and now == "SUBSCRIBED":
		return "RESUBSCRIBE_OCCURRED"
	return "UNSUBSCRIBE_FROM_ALL_OCCURRED" if now == "NOT_SPECIFIED" else "NO_STATUS_CHANGE"
