"""What a buyer orders, as a test or the demo writes it down. Amounts are major units as strings."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class Tax:
	"""rate as a proportion: "0.0825"."""

	title: str
	rate: str


@dataclass
class Discount:
	"""percentage or amount (shop's currency). A `code` makes it a code discount, else it is automatic.

	target "order": across all lines; "lines": across the lines at these positions (empty: its own line, when
	given with a line); "shipping".
	"""

	percentage: str | None = None
	amount: str | None = None
	code: str | None = None
	title: str = ""
	target: str = "order"
	lines: list[int] = field(default_factory=list)
	manual: bool = False


@dataclass
class Line:
	"""A line to be ordered: of the variant with this `sku` or id, or a custom one (neither, with a title).

	`taxes` None: the order's; `duty`: for the whole line, shop's currency.
	"""

	sku: str | None = None
	variant_id: int | None = None
	quantity: int = 1
	price: str | None = None
	title: str | None = None
	taxes: list[Tax | dict] | None = None
	taxable: bool | None = None
	discount: Discount | dict | None = None
	duty: str | None = None
	group: str | None = None  # the bundle it belongs to, by title
	group_sku: str | None = None
	group_quantity: int = 1
	requires_shipping: bool | None = None
	location: str | None = None  # name of the location that ships it
	attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class Shipping:
	"""`taxes` None: the order's. `discount`: off this shipping line."""

	price: str
	title: str = "Standard"
	code: str | None = "Standard"
	taxes: list[Tax | dict] | None = None
	discount: Discount | dict | None = None


@dataclass
class Payment:
	"""amount None: all that is still open, in the buyer's currency. status: SUCCESS or PENDING."""

	gateway: str = "shopify_payments"
	amount: str | None = None
	kind: str = "SALE"
	status: str = "SUCCESS"


def made(kind, given):
	return kind(**given) if isinstance(given, dict) else given


def rates_of(given, default) -> list[tuple[str, Decimal]]:
	chosen = default if given is None else given
	return [(tax.title, Decimal(str(tax.rate))) for tax in (made(Tax, one) for one in chosen)]
