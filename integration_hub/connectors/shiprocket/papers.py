"""Labels and manifests: PDF files that Shiprocket keeps at an address of their own, fetched and kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from integration_hub.connectors.shiprocket import dry_run
from integration_hub.connectors.shiprocket.client import Client, Refused
from integration_hub.connectors.shiprocket.shapes import a_dict, a_list, text
from integration_hub.failures import Invalid, Rejected
from integration_hub.records import BookedParcel, Paper

NO_MANIFEST = "Shiprocket makes no manifest"
_PRINTED = re.compile(r"already", re.I)


class Papers(Client):
	def fetch_labels(self, parcels: Sequence[BookedParcel]) -> Sequence[Paper]:
		"""One PDF with the labels of all. Parcels of a dry run have none."""
		real = dry_run.real_ones(parcels, self.dry_run, "its label is not printed")
		if not real:
			return ()
		body = a_dict(self.ask("POST", "courier/generate/label", json={"shipment_id": shipment_ids(real)}))
		missing = [text(a_dict(one).get("shipment_id") or one) for one in a_list(body.get("not_created"))]
		if missing:
			raise Rejected(f"Shiprocket made no label for the shipments {', '.join(missing)}.")
		return [self._paper("label", _url(body.get("label_url"), "label"), _named("label", real))]

	def make_manifest(
		self, parcels: Sequence[BookedParcel], *, key: str, look_first: bool
	) -> Sequence[Paper]:
		"""One PDF for all. A manifest is made once; after that it is printed again. Shiprocket itself says for which parcels
		it was made, so a try whose answer was lost is simply made again."""
		real = dry_run.real_ones(parcels, self.dry_run, "no manifest is made")
		if not real:
			return ()
		return [self._paper("manifest", _url(self._manifest(real), "manifest"), _named("manifest", real))]

	def _manifest(self, parcels: Sequence[BookedParcel]) -> str:
		try:
			body = self._generate(parcels)
		except Refused as refused:
			if not _PRINTED.search(refused.detail):
				raise
			# it refuses all of them when one has a manifest
			left = _without_manifest(parcels, refused)
			if left:
				self._generate(left)
			body = self._print(parcels)
		return text(a_dict(body).get("manifest_url"))

	def _generate(self, parcels: Sequence[BookedParcel]) -> Any:
		request = {"shipment_id": shipment_ids(parcels)}
		return self.ask("POST", "manifests/generate", what=NO_MANIFEST, json=request, repeatable=False)

	def _print(self, parcels: Sequence[BookedParcel]) -> Any:
		return self.ask("POST", "manifests/print", what=NO_MANIFEST, json={"order_ids": order_ids(parcels)})

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


def _without_manifest(parcels: Sequence[BookedParcel], refused: Refused) -> list[BookedParcel]:
	"""Those that Shiprocket does not name as having one; none when it names nobody: then it means all."""
	named = a_list(a_dict(refused.answer.body).get("already_manifested_shipment_ids"))
	made = {text(one) for one in named}
	return [one for one in parcels if one.id not in made] if made else []


def _id(parcel: BookedParcel, value: str) -> int:
	if not value.isdigit():
		raise Invalid(f"{parcel.tracking_number} was not booked here; its number at Shiprocket is not known.")
	return int(value)


def _url(value: Any, kind: str) -> str:
	url = text(value)
	if "://" not in url:
		raise Rejected(f"Shiprocket made no {kind}: its answer has no address of one.")
	return url


def _named(kind: str, parcels: Sequence[BookedParcel]) -> str:
	more = f"-and-{len(parcels) - 1}-more" if len(parcels) > 1 else ""
	return f"{kind}-{re.sub(r'[^A-Za-z0-9-]', '', parcels[0].tracking_number)}{more}.pdf"
