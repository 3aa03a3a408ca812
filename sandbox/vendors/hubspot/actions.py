"""What other processes may do to the portal, as a user of it would. Records are named by object type and id."""

from sandbox.vendors.hubspot import consent
from sandbox.vendors.hubspot.api import properties
from sandbox.vendors.hubspot.api.render import associations, rendered
from sandbox.vendors.hubspot.model import Record
from sandbox.vendors.hubspot.portal import Portal
from sandbox.vendors.hubspot.webhooks import EVENT_TYPES, Hooks

SUBSCRIBED = (
	"contact.creation contact.deletion contact.privacyDeletion contact.merge contact.restore "
	"contact.associationChange company.creation company.deletion company.merge company.restore deal.creation "
	"deal.deletion deal.merge deal.restore contact.propertyChange:email contact.propertyChange:firstname "
	"contact.propertyChange:lastname contact.propertyChange:phone contact.propertyChange:hs_email_optout "
	"company.propertyChange:name company.propertyChange:domain deal.propertyChange:dealname "
	"deal.propertyChange:dealstage deal.propertyChange:amount"
).split()


class Actions:
	"""For the control API; every method is an action. Mixed into the vendor."""

	portal: Portal
	hooks: Hooks

	def state(self) -> dict:
		with self.lock:
			return {
				"portal_id": self.portal.id,
				"currency": self.portal.currency,
				"timezone": self.portal.timezone,
				"counts": self.do_counts(),
				"subscriptions": [one.as_json() for one in self.hooks.subscriptions.values()],
				"target": self.hooks.target,
				"calls_today": self.limits.used_today,
			}

	def _shown(self, record: Record) -> dict:
		shown = rendered(record, sorted(record.properties))
		shown["associations"] = associations(self.portal, record, list(self.portal.types))
		return shown

	# ---- records

	def do_add_contact(self, company: int | str | None = None, **properties: str) -> dict:
		"""company: id of the company to associate; `company` the text property is called company_name here."""
		with self.lock, self.portal.together():
			if "company_name" in properties:
				properties["company"] = properties.pop("company_name")
			contact = self.portal.add("contacts", properties)
			if company is not None:
				self.portal.associate(contact, self.portal.record("companies", company))
			return self._shown(contact)

	def do_add_company(self, **properties: str) -> dict:
		with self.lock:
			return self._shown(self.portal.add_company(**properties))

	def do_add_deal(
		self, contacts: list[int | str] = (), companies: list[int | str] = (), **properties: str
	) -> dict:
		with self.lock:
			about = [self.portal.record("contacts", id) for id in contacts]
			about += [self.portal.record("companies", id) for id in companies]
			return self._shown(self.portal.add_deal(*about, **properties))

	def do_add_lead(
		self, contact: int | str | None = None, company: int | str | None = None, **properties: str
	) -> dict:
		with self.lock:
			kind, id = ("contacts", contact) if contact is not None else ("companies", company)
			return self._shown(self.portal.add_lead(self.portal.record(kind, id), **properties))

	def do_add_note(self, id: int | str, body: str, object: str = "contacts", **properties: str) -> dict:
		with self.lock:
			return self._shown(self.portal.add_note(self.portal.record(object, id), body, **properties))

	def do_add_email(
		self, id: int | str, subject: str, text: str = "", object: str = "contacts", **properties: str
	) -> dict:
		with self.lock:
			return self._shown(
				self.portal.add_email(self.portal.record(object, id), subject, text, **properties)
			)

	def do_change(self, object: str, id: int | str, properties: dict[str, str]) -> dict:
		with self.lock:
			return self._shown(self.portal.change(object, id, properties))

	def do_delete(self, object: str, id: int | str) -> dict:
		with self.lock:
			self.portal.delete(object, id)
			return {}

	def do_restore(self, object: str, id: int | str) -> dict:
		with self.lock:
			return self._shown(self.portal.restore(object, id))

	def do_privacy_delete(self, id: int | str) -> dict:
		with self.lock:
			self.portal.privacy_delete(id)
			return {}

	def do_merge(self, object: str, primary: int | str, other: int | str) -> dict:
		with self.lock:
			return self._shown(self.portal.merge(object, primary, other))

	def do_associate(
		self, object: str, id: int | str, to_object: str, to_id: int | str, type_id: int | None = None
	) -> dict:
		with self.lock:
			first = self.portal.record(object, id)
			self.portal.associate(first, self.portal.record(to_object, to_id), type_id)
			return self._shown(first)

	def do_dissociate(self, object: str, id: int | str, to_object: str, to_id: int | str) -> dict:
		with self.lock:
			first = self.portal.record(object, id)
			self.portal.dissociate(first, self.portal.record(to_object, to_id))
			return self._shown(first)

	def do_unsubscribe(self, email: str) -> dict:
		"""The person opts out of every e-mail."""
		with self.lock:
			self.portal.unsubscribe(email)
			return {}

	def do_show(self, object: str, id: int | str) -> dict:
		"""A record with all its properties and associations; archived ones, too."""
		with self.lock:
			found = self.portal.find(self.portal.type(object), id)
			if found is None:
				raise LookupError(f"No {object} {id}")
			return self._shown(found)

	def do_all(self, object: str) -> list[dict]:
		with self.lock:
			return [self._shown(record) for record in self.portal.live(object)]

	def do_find(self, object: str, **properties: str) -> list[dict]:
		"""Live records that have just these values."""
		with self.lock:
			return [
				self._shown(record)
				for record in self.portal.live(object)
				if all(record.get(name) == value for name, value in properties.items())
			]

	def do_counts(self) -> dict:
		"""{object: live records}"""
		with self.lock:
			return {name: len(self.portal.live(name)) for name in self.portal.types}

	def do_consent(self, email: str) -> list[dict]:
		with self.lock:
			return self.portal.consent.all_of(email)

	def do_definitions(self) -> list[dict]:
		with self.lock:
			return [one.as_json(number=True) for one in self.portal.consent.definitions.values()]

	# ---- the account

	def do_add_property(self, object: str, **known) -> dict:
		"""As the properties API takes it: name, label, type, fieldType, groupName, hasUniqueValue, options."""
		with self.lock:
			type = self.portal.type(object)
			known = {"type": "string", "fieldType": "text", "groupName": next(iter(type.groups)), **known}
			known.setdefault("label", known["name"])
			return properties.rendered(self.portal, type, properties.create(self.portal, type, known))

	def do_add_owner(self, email: str, first_name: str = "", last_name: str = "") -> dict:
		with self.lock:
			return {"id": str(self.portal.add_owner(email, first_name, last_name).id)}

	def do_add_definition(self, name: str, description: str = "", purpose: str = "Marketing") -> dict:
		with self.lock:
			made: consent.Definition = self.portal.consent.add_definition(name, description, purpose)
			return made.as_json(number=True)

	# ---- webhooks

	def do_subscribe(
		self,
		url: str | None = None,
		events: list[str] | None = None,
		sign_as: str | None = None,
	) -> list[dict]:
		"""What the app's settings page does: where to, and active subscriptions. An event is "contact.creation",
		"contact.propertyChange:email", "object.creation@0-136"; none: the usual ones, "*": all but property changes.
		"""
		with self.lock:
			if url is not None:
				self.hooks.target = url
			if sign_as is not None:
				self.hooks.sign_as = sign_as
			if events == ["*"]:
				events = sorted(one for one in EVENT_TYPES if "property" not in one and one[:6] != "object")
			for event in SUBSCRIBED if events is None else events:
				event, _, type_id = event.partition("@")
				event, _, name = event.partition(":")
				body = {"eventType": event, "active": True}
				body |= {"propertyName": name} if name else {}
				self.hooks.subscribe(body | {"objectTypeId": type_id} if type_id else body)
			return [one.as_json() for one in self.hooks.subscriptions.values()]

	def do_set_webhooks(
		self,
		versions: list[str] | None = None,
		repeat: int | None = None,
		shuffle: bool | None = None,
		most: int | None = None,
		target: str | None = None,
		sign_as: str | None = None,
	) -> dict:
		"""How deliveries look: signature versions, each event so often, mixed up, at most so many in one."""
		known = {
			"versions": tuple(versions) if versions else None,
			"repeat": repeat,
			"shuffle": shuffle,
			"most": most,
			"target": target,
			"sign_as": sign_as,
		}
		for name, value in known.items():
			if value is not None:
				setattr(self.hooks, name, value)
		return {}

	# ---- knobs

	def do_expire_tokens(self) -> dict:
		self.expire_tokens()
		return {}

	def do_rotate_secret(self, secret: str) -> dict:
		self.rotate_secret(secret)
		return {}

	def do_authorise(self, redirect_uri: str) -> dict:
		return {"code": self.authorise(redirect_uri)}

	def do_set_search_lag(self, seconds: float) -> dict:
		"""How long a change stays out of search."""
		self.portal.search_lag = float(seconds)
		return {}

	def do_set_limits(self, **known: int | None) -> dict:
		"""burst, oauth_burst (in ten seconds), daily, searches (a second), used_today; null turns one off."""
		self.limits.set(**known)
		return {}

	def do_set_scopes(self, scopes: list[str]) -> dict:
		self.access.scopes = list(scopes)
		return {}

	def do_stop_clock(self, at: int | None = None) -> dict:
		"""All writes happen in the same millisecond until `start_clock`."""
		return {"at": self.portal.clock.stop(at)}

	def do_start_clock(self) -> dict:
		self.portal.clock.go()
		return {}

	def do_advance_clock(self, milliseconds: int) -> dict:
		self.portal.clock.advance(milliseconds)
		return {}

	def do_set_versions(self, versions: list[str]) -> dict:
		"""Dated versions that are supported, oldest first."""
		self.versions = list(versions)
		return {}
