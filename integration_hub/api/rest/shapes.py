"""Types of the public API's input and output.

Money is a string in major units with the currency's decimals ("19.90"), or in input also a number. Quantities are
numbers. Times are ISO 8601 in UTC ("2026-03-01T09:30:00Z"), dates YYYY-MM-DD of the site. Booleans are booleans.
Names of documents and fields are ERPNext's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from annotated_types import Ge, Le, MaxLen
from pydantic import (
	AfterValidator,
	AllowInfNan,
	AwareDatetime,
	BaseModel,
	BeforeValidator,
	ConfigDict,
	Field,
	GetCoreSchemaHandler,
	GetJsonSchemaHandler,
	PlainSerializer,
	StringConstraints,
	ValidationError,
	ValidatorFunctionWrapHandler,
	WithJsonSchema,
	WrapValidator,
)
from pydantic_core import CoreSchema

from integration_hub.api.rest import strict

#: rows of one bulk call, and of one page
MOST_ROWS = 1000
MOST_ON_PAGE = 200
#: ERPNext keeps 21 digits, 9 of them after the point; more than 11 before it is a slip of the hand
LARGEST = Decimal("1e11")


def _plain(text: str) -> str:
	if any(ord(sign) < 32 and sign not in "\t\n\r" for sign in text):
		raise ValueError("holds control characters")
	if any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
		raise ValueError("holds half a character")
	return text


def _reasonable(value: Decimal) -> Decimal:
	if abs(value) >= LARGEST:
		raise ValueError("is too large")
	if value != value.quantize(Decimal("1e-9")):
		raise ValueError("has more than 9 decimals")
	return value


def _finite(value: float) -> float:
	if not math.isfinite(value) or abs(value) >= float(LARGEST):
		raise ValueError("is too large")
	return value


class Says:
	"""What the description says of a type besides its rules."""

	def __init__(self, **words: Any):
		self.words = words

	def __get_pydantic_json_schema__(
		self, schema: CoreSchema, handler: GetJsonSchemaHandler
	) -> dict[str, Any]:
		return {**handler(schema), **self.words}


#: what `_plain` and the taking away of blanks at both ends mean, for the description
_SIGNS = r"[^\x00-\x08\x0b\x0c\x0e-\x1f]*"
_SOME = rf"^{_SIGNS}[^\x00-\x20]{_SIGNS}$"

# No `Field(…)` in these: pydantic 2.10 (Frappe v15) keeps the default that one model gives such a type and hands it to
# the next, so that a required field elsewhere would be optional. tests/test_api_schema.py looks.

#: text of people: at most one Data field's worth, no control characters
Text = Annotated[str, StringConstraints(max_length=140), AfterValidator(_plain), Says(pattern=f"^{_SIGNS}$")]
LongText = Annotated[
	str, StringConstraints(max_length=10_000), AfterValidator(_plain), Says(pattern=f"^{_SIGNS}$")
]
#: the name of a document
Name = Annotated[
	str, StringConstraints(min_length=1, max_length=140), AfterValidator(_plain), Says(pattern=_SOME)
]
MONEY_SCHEMA = {
	"type": "string",
	"pattern": strict.MONEY,
	"description": 'Major units, as a string with the currency\'s decimals: "19.90".',
	"examples": ["19.90"],
}
Money = Annotated[
	Decimal,
	BeforeValidator(strict.money),
	AllowInfNan(False),
	AfterValidator(_reasonable),
	PlainSerializer(str, return_type=str),
	WithJsonSchema(MONEY_SCHEMA, mode="serialization"),  # what is taken: openapi.py
]
Quantity = Annotated[float, AllowInfNan(False), Ge(-1e11), Le(1e11), AfterValidator(_finite)]


def plainly(value: Any, known: ValidatorFunctionWrapHandler) -> Any:
	"""One sentence under the field's own name, not one for each type that it might have been."""
	try:
		return known(value)
	except ValidationError as error:
		too_long = [one["msg"] for one in error.errors() if one["type"] == "too_long"]
		if too_long:
			raise ValueError(too_long[0]) from None
		raise ValueError("must be a text, a number, true, false or null, or a list of these") from None


Single = Text | int | float | bool | None
#: what documents are chosen by
Value = Annotated[Single | list[Single], WrapValidator(plainly)]
Email = Annotated[
	str,
	StringConstraints(max_length=140, pattern=r"^[^@\s<>\"',;]+@[^@\s<>\"',;]+\.[^@\s<>\"',;]+$"),
	AfterValidator(_plain),
]
Country = Annotated[
	str, StringConstraints(pattern=r"^[A-Za-z]{2}$"), Says(description='ISO 3166-1 alpha-2: "DE".')
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Says(description='ISO 4217: "EUR".')]
#: names of fields in an address: `fields=name,customer,items.item_code`
FieldNames = Annotated[
	list[Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]],
	MaxLen(100),
]


class Input(BaseModel):
	"""What a method takes. What it does not know is an error: a misspelt field must not be ignored in silence."""

	model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

	@classmethod
	def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
		return strict.guarded(handler(source))


class Output(BaseModel):
	"""What a method gives. Fields may be absent where the caller asked for fewer."""


class Sparse(Input):
	"""Reads of which the caller may name the fields it needs."""

	fields: FieldNames | None = Field(
		None, description="Only these fields, e.g. `name,customer,items.item_code`. Default: all."
	)


class One(Sparse):
	"""One document by its name."""

	name: Name


class Listing(Sparse):
	"""A list, oldest change first. Go on with `cursor` = `next_cursor` of the page before."""

	modified_since: AwareDatetime | None = Field(
		None, description="Only what was changed at or after this moment (with its time zone)."
	)
	limit: int = Field(50, ge=1, le=MOST_ON_PAGE)
	cursor: str | None = Field(None, max_length=400, pattern=r"^[A-Za-z0-9_-]+$")


Row = TypeVar("Row")


class Page(BaseModel, Generic[Row]):
	"""One page. `next_cursor` is null on the last one; what changes later is found with `modified_since`."""

	rows: list[Row]
	next_cursor: str | None


class Problem(BaseModel):
	field: str
	message: str


class RowError(BaseModel):
	type: str
	message: str
	fields: list[Problem]


class RowResult(BaseModel):
	"""What became of one row. `status`: "created", "updated", "unchanged", "done", "failed", or "not_tried" when time
	was up: send those again."""

	row: int
	status: str
	name: str | None = None
	error: RowError | None = None


class BulkResult(BaseModel):
	"""One result for each row, in the order sent. Rows that failed changed nothing; the others are kept."""

	results: list[RowResult]
	done: int
	failed: int
	not_tried: int


class Bulk(Input, Generic[Row]):
	"""Up to 1,000 rows. `background`: answered at once with a job to be polled (`jobs.get`)."""

	rows: Annotated[list[Row], Field(min_length=1, max_length=MOST_ROWS)]
	background: bool = False


class Job(BaseModel):
	"""Work in the background, as it stands. `status`: "Queued", "Working", "Done" or "Failed" (`message` says why)."""

	name: str
	method: str
	status: str
	message: str | None
	result: Any = Field(description="What the method would have answered, when it is done.")
	file_name: str | None


@dataclass(frozen=True)
class Media:
	"""Beside `Answer` in the annotation of a method that gives a file: the types it may have, for the description.

	def download(query: One) -> Annotated[Answer, Media("text/csv", "application/json")]:
	"""

	types: tuple[str, ...]

	def __init__(self, *types: str):
		object.__setattr__(self, "types", types)


@dataclass(frozen=True)
class Answer:
	"""A result that is more than its body: another status, headers, or a body that is no JSON."""

	body: Any
	status: int = 200
	headers: Sequence[tuple[str, str]] = ()
	mimetype: str = "application/json"


def day(value: date | None) -> str | None:
	return value.isoformat() if value else None
