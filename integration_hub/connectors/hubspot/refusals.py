"""What HubSpot says when it does not do something, whole or for one row of a batch.

Source: "Error handling" in HubSpot's documentation; every field of an error may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_hub.connectors.hubspot.shapes import Json, a_dict, a_list
from integration_hub.failures import Failure, Gone, Invalid, Rejected

_EXISTING = re.compile(r"Existing ID:\s*(\d+)", re.I)
_HOLDER = re.compile(r"(\d+) already has that value", re.I)
_CONFLICT = re.compile(r"already (?:exists|has that value)", re.I)
#: the row will never be taken with this property in it, whatever its value
OF_THE_PROPERTY = frozenset(("PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE", "INVALID_PROPERTY"))


@dataclass(frozen=True)
class Refusal:
	"""One refusal. `codes` maps what is wrong to the properties it is wrong with."""

	status: int
	category: str = ""
	message: str = ""
	sub_category: str = ""
	codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
	rows: tuple[str, ...] = ()
	ids: tuple[str, ...] = ()

	@property
	def existing_id(self) -> str:
		"""The record that has this e-mail address already."""
		found = _EXISTING.search(self.message)
		return found[1] if found else ""

	@property
	def holder(self) -> str:
		"""The record that has this unique value already."""
		found = _HOLDER.search(self.message)
		return found[1] if found else ""

	@property
	def conflict(self) -> bool:
		return self.status == 409 or self.category == "CONFLICT" or _CONFLICT.search(self.message) is not None

	@property
	def not_there(self) -> bool:
		return self.category == "OBJECT_NOT_FOUND" or self.status == 404

	@property
	def hopeless(self) -> frozenset[str]:
		"""Properties that spoil every row they are in."""
		return frozenset(name for code in OF_THE_PROPERTY for name in self.codes.get(code, ()))

	def names(self, name: str) -> bool:
		"""Is it about this property?"""
		return name in self.message or any(name in names for names in self.codes.values())

	def failure(self, what: str = "HubSpot refuses this") -> Failure:
		"""In a sentence with HubSpot's own words. Wrong values are a person's to mend, so they are parked."""
		sentence = f"{what}: {self.words}"
		detail = " ".join(filter(None, (str(self.status), self.category, self.sub_category, self.message)))
		if self.not_there:
			return Gone(
				f"HubSpot does not have this record (any more). {self.words}".strip(), detail=detail[:1000]
			)
		if self.category == "VALIDATION_ERROR" or self.conflict or self.codes:
			return Invalid(sentence, detail=detail[:1000])
		return Rejected(sentence, detail=detail[:1000])

	@property
	def words(self) -> str:
		said = self.message.partition(": [{")[0].strip().rstrip(".")
		named = sorted({name for names in self.codes.values() for name in names} - {""})
		line = " ".join(said.split()) or self.category or f"HTTP {self.status}"
		if len(line) > 300:
			line = line[:300] + "…"
		about = [name for name in named if name not in line]
		reasons = ", ".join(code.lower().replace("_", " ") for code in self.codes if code)
		if about:
			line += f" ({', '.join(about)}{': ' + reasons if reasons else ''})"
		return line + "."


def refusal(status: int, body: Any) -> Refusal:
	"""A refusal's body, or one of the `errors` of a batch answer."""
	body = a_dict(body)
	codes: dict[str, tuple[str, ...]] = {}
	said = []
	for error in a_list(body.get("errors")):
		error = a_dict(error)
		context = a_dict(error.get("context"))
		names = tuple(
			str(one)
			for one in (
				*a_list(context.get("propertyName")),
				*a_list(context.get("properties")),
				error.get("in") or error.get("name") or "",
			)
			if one
		)
		code = str(error.get("code") or error.get("subCategory") or "")
		if code or names:
			codes[code] = (*codes.get(code, ()), *names)
		said.append(str(error.get("message") or ""))
	message = str(body.get("message") or "")
	if said and message.partition(":")[0].strip() in ("", "Property values were not valid"):
		message = "; ".join(dict.fromkeys(filter(None, said))) or message
	context = a_dict(body.get("context"))
	return Refusal(
		status=status,
		category=str(body.get("category") or body.get("error") or ""),
		message=message,
		sub_category=str(body.get("subCategory") or ""),
		codes=codes,
		rows=_texts(context, "objectWriteTraceId"),
		ids=(*_texts(context, "ids"), *_texts(context, "id")),
	)


def _texts(context: Json, name: str) -> tuple[str, ...]:
	return tuple(str(one) for one in a_list(context.get(name)))
