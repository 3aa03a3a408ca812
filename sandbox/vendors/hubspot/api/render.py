"""Records as the API shows them."""

from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.model import Record
from sandbox.vendors.hubspot.portal import Portal


def rendered(
	record: Record,
	asked: list[str] | None = None,
	*,
	also: list[str] | None = None,
	history: list[str] | None = None,
	properties: dict[str, str] | None = None,
) -> dict:
	"""asked: names of properties, or none for the usual ones; names that do not exist are passed over.
	also: names shown besides. properties: values to show instead of the present ones (those of the index)."""
	type, values = record.type, record.properties if properties is None else properties
	always = [type.created, type.modified, "hs_object_id"]
	names = dict.fromkeys([*(asked or type.shown), *(also or []), *always])
	shown = {name: values.get(name) for name in names if name in type.properties or name in always}
	known = {
		"id": str(record.id),
		"properties": shown,
		"createdAt": iso(record.created_at),
		"updatedAt": values.get(type.modified) or iso(record.updated_at),
		"archived": record.archived_at is not None,
	}
	if record.archived_at is not None:
		known["archivedAt"] = iso(record.archived_at)
	if history:
		known["propertiesWithHistory"] = {
			name: [
				{
					"value": change.value,
					"timestamp": iso(change.at),
					"sourceType": change.source.type,
					"sourceId": change.source.id,
				}
				for change in record.history.get(name, [])
			]
			for name in history
			if name in type.properties
		}
	return known


def associations(portal: Portal, record: Record, names: list[str]) -> dict:
	"""{"companies": {"results": [{"id", "type"}]}}; a pair with a label stands there once for each type."""
	found = {}
	for name in names:
		other = portal.type(name)
		results = []
		for id, types in portal.links.of(record, other.name).items():
			for known in types:
				results.append({"id": str(id), "type": _type_name(portal, record, other.singular, known)})
		if results:
			found[other.name] = {"results": results}
	return found


def _type_name(portal: Portal, record: Record, other: str, known) -> str:
	name = f"{record.type.singular}_to_{other}"
	with_primary = any(one.primary for one in portal.links.between(known.source, known.target))
	return f"{name}_unlabeled" if with_primary and known.label is None else name
