# Made of the API's description by clients/generate.py (`make generated`): do not edit.
"""Shapes of what the API takes and gives. Fields of answers may be absent: `fields` asks for fewer, and
permission levels hide some."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from typing_extensions import NotRequired, TypedDict

#: an aware moment; in answers it is a string, ISO 8601 in UTC
Moment = str | datetime
#: a day, YYYY-MM-DD
Day = str | date
#: an amount in major units; in answers it is a string
Money = str | int | float | Decimal


class BulkResult(TypedDict):
	"""One result for each row, in the order sent. Rows that failed changed nothing; the others are
	kept."""

	results: list[RowResult]
	done: int
	failed: int
	not_tried: int


class Customer(TypedDict):
	name: NotRequired[str]
	customer_name: NotRequired[str]
	customer_type: NotRequired[str | None]
	customer_group: NotRequired[str | None]
	territory: NotRequired[str | None]
	tax_id: NotRequired[str | None]
	email_id: NotRequired[str | None]
	mobile_no: NotRequired[str | None]
	default_currency: NotRequired[str | None]
	default_price_list: NotRequired[str | None]
	disabled: NotRequired[bool]
	creation: NotRequired[str]
	modified: NotRequired[str]


class Job(TypedDict):
	"""Work in the background, as it stands. `status`: "Queued", "Working", "Done" or "Failed"
	(`message` says why)."""

	name: str
	method: str
	status: str
	message: str | None
	result: Any
	file_name: str | None


class NewCustomer(TypedDict):
	customer_name: str
	customer_type: NotRequired[str]
	customer_group: NotRequired[str | None]
	territory: NotRequired[str | None]
	tax_id: NotRequired[str | None]
	email_id: NotRequired[str | None]
	mobile_no: NotRequired[str | None]
	default_currency: NotRequired[str | None]
	default_price_list: NotRequired[str | None]


class NewSecret(TypedDict):
	token: NotRequired[str]
	former_works_until: NotRequired[str | None]


class Problem(TypedDict):
	field: str
	message: str


class RowError(TypedDict):
	type: str
	message: str
	fields: list[Problem]


class RowResult(TypedDict):
	"""What became of one row. `status`: "created", "updated", "unchanged", "done", "failed", or
	"not_tried" when time was up: send those again."""

	row: int
	status: str
	name: NotRequired[str | None]
	error: NotRequired[RowError | None]


class Whoami(TypedDict):
	user: NotRequired[str]
	key: NotRequired[str | None]
	roles: NotRequired[list[str]]
	calls_per_minute: NotRequired[int]
	expires_on: NotRequired[str | None]
