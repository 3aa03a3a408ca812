"""Who may be written to: HubSpot's subscription types, and the opt-out of everything.

ERPNext knows one switch, "unsubscribed". Out of everything is HubSpot's unsubscribe-all. Back in is only told of who
is out there: that nobody has unsubscribed in ERPNext is no consent, so no status is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integration_hub.connectors.contract import Outcome
from integration_hub.connectors.hubspot.batches import ROWS, Batches, chunks
from integration_hub.connectors.hubspot.client import refused
from integration_hub.connectors.hubspot.kinds import CONTACTS
from integration_hub.connectors.hubspot.records import merged_ids
from integration_hub.connectors.hubspot.refusals import Refusal, refusal
from integration_hub.connectors.hubspot.shapes import Json, a_dict, a_list, instant, parts
from integration_hub.failures import Failure, Invalid, Rejected
from integration_hub.records import Consent

Payload = Mapping[str, Any]
STATES = {"subscribed": "SUBSCRIBED", "unsubscribed": "UNSUBSCRIBED", "not_specified": "NOT_SPECIFIED"}
LEGAL_BASES = frozenset(
	(
		"LEGITIMATE_INTEREST_PQL",
		"LEGITIMATE_INTEREST_CLIENT",
		"PERFORMANCE_OF_CONTRACT",
		"CONSENT_WITH_NOTICE",
		"NON_GDPR",
		"PROCESS_AND_STORE",
		"LEGITIMATE_INTEREST_OTHER",
	)
)
#: what a legal basis in words of one's own is to HubSpot; the words go along as its explanation
OTHER_BASIS = "LEGITIMATE_INTEREST_OTHER"


class Consents(Batches):
	def push_consents(self, consents: Sequence[Consent]) -> list[Outcome]:
		failures: dict[str, Failure] = {}
		out = [one.email for one in consents if not one.topic and one.state == "unsubscribed"]
		for some in chunks(list(dict.fromkeys(out)), ROWS):
			self._halved(self._opt_out, list(some), str, failures)
		said = [one for one in consents if one.topic or one.state != "unsubscribed"]
		for some in chunks(self._statuses(said), ROWS):
			self._halved(self._write, list(some), lambda status: status["subscriberIdString"], failures)
		return [Outcome(one.email, failures.get(one.email)) for one in consents]

	def _statuses(self, said: Sequence[Consent]) -> list[dict[str, Any]]:
		"""What is to be written. "Subscribed" to everything is written for the types somebody is out of."""
		wide = [one.email for one in said if not one.topic]
		now = self.fetch_consents(wide) if wide else {}
		found = []
		for one in said:
			topics = [one.topic] if one.topic else self._left(now.get(one.email, {}))
			found += [_status(one, topic) for topic in topics]
		return found

	def _left(self, payload: Payload) -> list[str]:
		"""Types of marketing mail that this address is out of."""
		marketing = self._marketing()
		if _is_out(payload):
			return marketing
		states = {str(one.get("subscriptionId")): one.get("status") for one in payload.get("statuses") or ()}
		return [topic for topic in marketing if states.get(topic) == "UNSUBSCRIBED"]

	def _marketing(self) -> list[str]:
		"""Ids of the types of mail a person can choose: those entered, or all that are not HubSpot's own (One to One)."""
		if entered := parts(self.entered("subscription_ids")):
			return entered
		body = a_dict(self.ask("GET", f"communication-preferences/{self.version}/definitions"))
		active = [one for one in a_list(body.get("results")) if one.get("isActive", True)]
		return [str(one["id"]) for one in active if not one.get("isInternal")] or [
			str(one["id"]) for one in active
		]

	# --- calls

	def _opt_out(self, emails: Sequence[str]) -> list[Refusal]:
		return self._tell_statuses("batch/unsubscribe-all", emails, {"channel": "EMAIL"})

	def _write(self, statuses: Sequence[Mapping[str, Any]]) -> list[Refusal]:
		return self._tell_statuses("batch/write", statuses)

	def _tell_statuses(
		self, what: str, inputs: Sequence[Any], params: Mapping[str, str] | None = None
	) -> list[Refusal]:
		answer = self.send(
			"POST",
			f"communication-preferences/{self.version}/statuses/{what}",
			params=params,
			json={"inputs": list(inputs)},
			accept=(400, 404, 409),
		)
		if answer.status >= 300:
			return [refused(answer)]
		errors = a_list(a_dict(answer.json()).get("errors")) if answer.body else []
		return [refusal(207, one) for one in errors]

	def _halved(
		self,
		call: Callable[[Sequence[Any]], list[Refusal]],
		rows: list[Any],
		email_of: Callable[[Any], str],
		failures: dict[str, Failure],
	) -> None:
		"""Saying the same again changes nothing, so what is refused is said again in halves until it stands alone."""
		said = call(rows) if rows else []
		if not said:
			return
		if len(rows) == 1:
			failure = said[0].failure("HubSpot does not take this consent")
			if said[0].not_there:
				failure = Invalid(
					f"HubSpot has no such subscription type: {said[0].words} Mend it in the Connection."
				)
			failures.setdefault(email_of(rows[0]), failure)
			return
		half = len(rows) // 2
		self._halved(call, rows[:half], email_of, failures)
		self._halved(call, rows[half:], email_of, failures)

	# --- in

	def fetch_consents(self, emails: Sequence[str]) -> dict[str, Payload]:
		"""By what was asked for: an address, or the id of a contact (webhooks know no more). Two calls for 100."""
		addresses = {one: one.lower() for one in emails if "@" in one}
		ids = [one for one in emails if one.isdigit()]
		for row in self.read_batch(CONTACTS.name, ids, ["email", CONTACTS.merged]):
			if email := str(a_dict(row["properties"]).get("email") or ""):
				these = {str(row["id"]), *merged_ids(CONTACTS, row["properties"])}
				addresses |= {one: email.lower() for one in ids if one in these}
		found: dict[str, Payload] = {}
		for some in chunks(list(dict.fromkeys(addresses.values())), ROWS):
			statuses = self._states_of("batch/read", some, "statuses")
			wide = self._states_of("batch/unsubscribe-all/read", some, "wideStatuses")
			for asked, email in addresses.items():
				if email in some:
					found[asked] = {
						"email": email,
						"statuses": statuses.get(email, []),
						"wide": wide.get(email, []),
					}
		return found

	def _states_of(self, what: str, emails: Sequence[str], name: str) -> dict[str, list[Json]]:
		body = a_dict(
			self.ask(
				"POST",
				f"communication-preferences/{self.version}/statuses/{what}",
				params={"channel": "EMAIL"},
				json={"inputs": list(emails)},
			)
		)
		return {
			str(one["subscriberIdString"]).lower(): a_list(one.get(name))
			for one in a_list(body.get("results"))
		}

	def read_consent(self, payload: Payload) -> Consent:
		"""About all marketing: out when everything was left, in as soon as one type of mail is wanted."""
		try:
			states = {one["status"] for one in payload["statuses"]}
			state = "not_specified"
			if _is_out(payload) or states == {"UNSUBSCRIBED"}:
				state = "unsubscribed"
			elif "SUBSCRIBED" in states:
				state = "subscribed"
			said = [one for one in (*payload["wide"], *payload["statuses"]) if one["status"] == STATES[state]]
			newest = max(said, key=lambda one: one.get("timestamp") or "", default={})
			at = newest.get("timestamp")
			return Consent(
				email=payload["email"],
				state=state,  # type: ignore[arg-type]
				legal_basis=newest.get("legalBasis") or "",
				explanation=newest.get("legalBasisExplanation") or "",
				at=instant(at) if at and state != "not_specified" else None,
			)
		except (KeyError, TypeError, ValueError, AttributeError) as error:
			raise Rejected("HubSpot's consent cannot be read.", detail=type(error).__name__) from error


def _is_out(payload: Payload) -> bool:
	return any(one.get("status") == "UNSUBSCRIBED" for one in payload.get("wide") or ())


def _status(consent: Consent, topic: str) -> dict[str, Any]:
	if not topic.isdigit():
		raise Invalid(
			f"HubSpot's subscription types have numbers; {topic!r} is none. Mend it in the Connection."
		)
	status: dict[str, Any] = {
		"channel": "EMAIL",
		"statusState": STATES[consent.state],
		"subscriberIdString": consent.email,
		"subscriptionId": int(topic),
	}
	if consent.legal_basis:
		known = consent.legal_basis.strip().upper().replace(" ", "_")
		status["legalBasis"] = known if known in LEGAL_BASES else OTHER_BASIS
		words = (consent.explanation, "" if known in LEGAL_BASES else consent.legal_basis)
		status["legalBasisExplanation"] = ": ".join(filter(None, words)) or "ERPNext"
	return status
