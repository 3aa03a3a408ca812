"""What this API can do, for programs."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Annotated

from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.shapes import Answer, Media


@endpoint("GET", "This description, OpenAPI 3.1", guests=True)
def openapi() -> Annotated[Answer, Media("application/json")]:
	"""The same for everybody, whatever they may call. A page to read and try it is at /integration-hub/api."""
	return Answer(_written())


@lru_cache(maxsize=1)
def _written() -> bytes:
	from integration_hub.api.rest.openapi import document  # it imports all methods, this one too

	return json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()
