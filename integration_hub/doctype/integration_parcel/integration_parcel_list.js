// Parcels by status, and manifests for many.

frappe.listview_settings["Integration Parcel"] = {
	get_indicator(doc) {
		const color = { delivered: "green", returned: "orange", exception: "red", failed_attempt: "orange", cancelled: "gray" };
		return [__(frappe.model.unscrub(doc.status || "created")), color[doc.status] || "blue", `status,=,${doc.status}`];
	},
	add_fields: ["status", "shipment"],
	onload(list) {
		list.page.add_action_item(__("Manifest"), async () => {
			const shipments = [...new Set(list.get_checked_items().map((one) => one.shipment).filter(Boolean))];
			const answer = await frappe.call({
				method: "integration_hub.api.shipping.manifest",
				args: { shipments: JSON.stringify(shipments) },
				freeze: true,
			});
			for (const one of answer.message) frappe.show_alert({ message: frappe.utils.escape_html(one.message), indicator: one.status === "Done" ? "green" : "orange" });
			list.refresh();
		});
	},
};
