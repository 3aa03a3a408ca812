"""Lists of what is no document of a DocType: only the fields asked for, and pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from frappe import _
from frappe.utils import get_datetime
from pydantic import BaseModel

from integration_hub.api.rest import paging
from integration_hub.api.rest.errors import invalid
from integration_hub.api.rest.shapes import Listing
from integration_hub.erp.times import to_site


def must_be_there(shape: type[BaseModel], fields: Sequence[str] | None) -> None:
	"""Refuse names of fields that `shape` does not have. To be asked before anything is looked up."""
	for name in fields or ():
		if name not in shape.model_fields:
			raise invalid("fields", _("{0} is not a field of this").format(name))


def only(shown: dict[str, Any], fields: Sequence[str] | None) -> dict[str, Any]:
	"""Of what would be answered the fields that were asked for (None: all)."""
	return {name: shown[name] for name in fields} if fields else shown


def page(rows: Sequence[Any], query: Listing) -> tuple[list[Any], str | None]:
	"""Of rows that are all at hand (with `modified` and `name`) those of the page, oldest change first, and the cursor of
	the next one."""
	placed = sorted(((get_datetime(row.modified), row.name), row) for row in rows)
	if query.modified_since:
		since = to_site(query.modified_since)
		placed = [one for one in placed if one[0][0] >= since]
	if query.cursor:
		place = paging.read(query.cursor)
		placed = [one for one in placed if one[0] > place]
	found = placed[: query.limit]
	more = len(placed) > len(found)
	return [row for _place, row in found], paging.write(*found[-1][0]) if more else None
