"""Client of Integration Hub's public API: see README.md."""

from __future__ import annotations

from . import types
from .calling import UNSET, Reply, Rows, Unset
from .errors import (
	Busy,
	ChangedMeanwhile,
	Conflict,
	Forbidden,
	HubError,
	Invalid,
	NotFound,
	Refused,
	TooMany,
	Unauthorised,
)
from .hub import Hub

__all__ = [
	"UNSET",
	"Busy",
	"ChangedMeanwhile",
	"Conflict",
	"Forbidden",
	"Hub",
	"HubError",
	"Invalid",
	"NotFound",
	"Refused",
	"Reply",
	"Rows",
	"TooMany",
	"Unauthorised",
	"Unset",
	"types",
]
