"""What every record shares: exact amounts, the address, the buyer."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict


def _no_float(value: Any) -> Any:
	"""Refuse binary floats: 0.1 + 0.2 has no place in a ledger. Strings, ints and Decimals are exact."""
	if isinstance(value, float):
		raise ValueError("money and quantities must be str, int or Decimal, not float")
	return value


Amount = Annotated[Decimal, BeforeValidator(_no_float)]
ZERO = Decimal(0)


class Record(BaseModel):
	model_config = ConfigDict(extra="forbid", frozen=True)


class Address(Record):
	"""A postal address. `country_code` is ISO 3166-1 alpha-2, `state` the name or code as given."""

	name: str = ""
	company: str = ""
	line1: str = ""
	line2: str = ""
	city: str = ""
	state: str = ""
	postal_code: str = ""
	country_code: str = ""
	phone: str = ""
	email: str = ""

	@property
	def is_empty(self) -> bool:
		return not (self.line1 or self.city or self.postal_code)


class Customer(Record):
	"""A buyer. `id` is None for guests; guests are recognised by e-mail, then by phone."""

	id: str | None = None
	first_name: str = ""
	last_name: str = ""
	company: str = ""
	email: str = ""
	phone: str = ""
	tax_id: str = ""
	tax_exempt: bool = False
	addresses: tuple[Address, ...] = ()
	updated_at: AwareDatetime | None = None

	@property
	def full_name(self) -> str:
		return " ".join(part for part in (self.first_name.strip(), self.last_name.strip()) if part)


class Reference(Record):
	"""One of our documents, as it is named in ERPNext ("Sales Invoice", "ACC-SINV-2026-00001"). To a vendor it is
	only a label that it gives back."""

	doctype: str
	name: str
