"""Both spellings of a path: dated (/crm/objects/2026-03/contacts) and legacy (/crm/v3/objects/contacts)."""

import re
from dataclasses import dataclass

LEGACY = {
	"objects": ("v3", "v4"),
	"associations": ("v3", "v4"),
	"properties": ("v3",),
	"pipelines": ("v3",),
	"owners": ("v3",),
	"lists": ("v3",),
	"communication-preferences": ("v3", "v4"),
	"account-info": ("v3",),
	"oauth": ("v1", "v3"),
	"webhooks": ("v3",),
}
CRM = ("objects", "associations", "properties", "pipelines", "owners", "lists")


@dataclass(frozen=True)
class Place:
	"""api: the key in LEGACY. version: v3, v4 or a date. parts: what follows."""

	api: str
	version: str
	parts: tuple[str, ...]

	@property
	def dated(self) -> bool:
		return self.version[0].isdigit()


def place(path: str, versions: list[str]) -> Place | None:
	"""Where this path leads; None where there is nothing. versions: dates that are supported."""
	found = re.fullmatch(r"/crm/(v\d)/([a-z-]+)(/.*)?", path)
	if found:
		version, api, rest = found.groups()
	else:
		found = re.fullmatch(r"(?:/crm)?/([a-z-]+)/(v\d|\d{4}-\d\d)(/.*)?", path)
		if not found:
			return None
		api, version, rest = found.groups()
		if (api in CRM) != path.startswith("/crm/") or (api in CRM and version[0] == "v"):
			return None
	if api not in LEGACY or version not in (*LEGACY[api], *versions):
		return None
	parts = tuple(part for part in (rest or "").split("/") if part)
	if (api, version) == ("objects", "v4") and "associations" not in parts:
		return None
	return Place(api, version, parts)
