"""What a portal is made of: object types with their properties, and records with their past."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
	"""Who made a change, as webhooks and histories tell: an integration's app, or a user."""

	type: str
	id: str


USER = Source("CRM_UI", "userId:7129207")


@dataclass
class Option:
	value: str
	label: str
	display_order: int = -1
	hidden: bool = False


@dataclass
class Property:
	"""type: string, number, date, datetime, enumeration, bool. options_of: "owners", "pipelines", "stages",
	"currencies": the allowed values are kept elsewhere (HubSpot's externalOptions)."""

	name: str
	label: str
	type: str = "string"
	field_type: str = "text"
	group: str = ""
	options: list[Option] = field(default_factory=list)
	read_only: bool = False
	unique: bool = False
	defined_by_hubspot: bool = True
	options_of: str = ""
	description: str = ""
	calculated: bool = False
	archived: bool = False
	created_at: int = 1_500_000_000_000
	updated_at: int = 1_500_000_000_000


@dataclass
class ObjectType:
	"""created, modified: names of the properties with the dates. shown: properties answered when none are asked
	for. required: properties a new record must have; one_of: of which it must have one."""

	id: str
	name: str
	singular: str
	created: str
	modified: str
	shown: tuple[str, ...]
	required: tuple[str, ...] = ()
	one_of: tuple[str, ...] = ()
	groups: dict[str, str] = field(default_factory=dict)
	properties: dict[str, Property] = field(default_factory=dict)

	@property
	def word(self) -> str:
		"""As messages call it: CONTACT."""
		return self.singular.upper()


@dataclass
class Change:
	value: str
	at: int
	source: Source


@dataclass
class Version:
	"""A record as the search index knows it from `at` (seconds, monotonic) on."""

	at: float
	properties: dict[str, str]
	archived: bool


@dataclass
class Record:
	"""One object. Values are strings; a property without a value is not in `properties`."""

	id: int
	type: ObjectType
	properties: dict[str, str]
	created_at: int
	updated_at: int
	archived_at: int | None = None
	merged_into: int | None = None
	erased: bool = False
	history: dict[str, list[Change]] = field(default_factory=dict)
	versions: list[Version] = field(default_factory=list)

	@property
	def live(self) -> bool:
		return self.archived_at is None and self.merged_into is None and not self.erased

	def get(self, name: str) -> str | None:
		return self.properties.get(name)


@dataclass
class News:
	"""One thing that happened, for webhooks. kind: creation, propertyChange, deletion, privacyDeletion, merge,
	restore, associationChange."""

	kind: str
	type: ObjectType
	id: int
	at: int
	source: Source
	more: dict = field(default_factory=dict)
