"""Labels and manifests: PDF files that Shiprocket keeps at an address of their own, fetched and kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from integration_hub.connectors.shiprocket import dry_run
from integration_hub.connectors.shiprocket.client import Answer, Client
from integration_hub.connectors.shiprocket.shapes import a_dict, a_list, text
from integration_hub.failures import Invalid, Rejected
from integration_hub.records import BookedParcel, Paper

_PRINTED = re.compile(r"already", re.I)


class Papers(Client):
	def fetch_labels(self, parcels: Sequence[BookedParcel]) -> Sequence[Paper]:
		"""One PDF with the labels of all. Parcels of a dry run have none."""
		real = dry_run.real_ones(parcels, self.dry_run, "its label is not printed")
		if not real:
			return ()
		body = a_dict(self.demand("POST", "courier/generate/label", json={"shipment_id": shipment_ids(real)}))
		missing = [text(a_dict(one).get("shipment_id") or one) for one in a_list(body.get("not_created"))]
		if missing:
			raise Rejected(f"Shiprocket made no label for the shipments {', '.join(missing)}.")
		return [self._paper("label", _url(body.get("label_url"), "label"), _named("label", real))]

	def make_manifest(
		self, parcels: Sequence[BookedParcel], *, key: str, look_first: bool
	) -> Sequence[Paper]:
		"""One PDF for all. A manifest is made once; after that it is printed again."""
		real = dry_run.real_ones(parcels, self.dry_run, "no manifest is made")
		if not real:
			return ()
		answer = self._printed(real) if look_first else None
		if answer is None or not _manifest_url(answer):
			request = {"shipment_id": shipment_ids(real)}
			answer = self.ask("POST", "manifests/generate", json=request, repeatable=False)
			if answer.refusal and _PRINTED.search(answer.refusal):
				answer = self._printed(real)
		if answer.refusal:
			raise self.failure(answer.refusal, "Shiprocket makes no manifest")
		return [self._paper("manifest", _url(_manifest_url(answer), "manifest"), _named("manifest", real))]

	def _printed(self, parcels: Sequence[BookedParcel]) -> Answer:
		return self.ask("POST", "manifests/print", json={"order_ids": order_ids(parcels)})

	def _paper(self, kind: Any, url: str, name: str) -> Paper:
		"""The file at an address outside the API, which must not see our token."""
		content = self.http.file(url, accept="application/pdf")
		if not content.lstrip()[:5] == b"%PDF-":
			raise Rejected(f"The {kind} that Shiprocket points to is no PDF file.")
		return Paper(kind=kind, name=name, content=content)


def shipment_ids(parcels: Sequence[BookedParcel]) -> list[int]:
	return [_id(one, one.id) for one in parcels]


def order_ids(parcels: Sequence[BookedParcel]) -> list[int]:
	return [_id(one, one.order_id) for one in parcels]


def _id(parcel: BookedParcel, value: str) -> int:
	if not value.isdigit():
		raise Invalid(f"{parcel.tracking_number} was not booked here; its number at Shiprocket is not known.")
	return int(value)


def _manifest_url(answer: Answer) -> str:
	return "" if answer.refusal else text(a_dict(answer.body).get("manifest_url"))


def _url(value: Any, kind: str) -> str:
	url = text(value)
	if "://" not in url:
		raise Rejected(f"Shiprocket made no {kind}: its answer has no address of one.")
	return url


def _named(kind: str, parcels: Sequence[BookedParcel]) -> str:
	more = f"-and-{len(parcels) - 1}-more" if len(parcels) > 1 else ""
	return f"{kind}-{re.sub(r'[^A-Za-z0-9-]', '', parcels[0].tracking_number)}{more}.pdf"
