// Many Shipments at once: one manifest for the driver, one pickup. ERPNext's own list settings stay as they are.

(() => {
	const API = "integration_hub.api.shipping.";
	const settings = (frappe.listview_settings["Shipment"] = frappe.listview_settings["Shipment"] || {});
	const before = settings.onload;

	settings.onload = function (listview) {
		if (before) before.call(this, listview);
		if (!frappe.model.can_write("Shipment")) return;
		const add = (label, work) => listview.page.add_actions_menu_item(label, work, false);
		add(__("Manifest"), () => ask(listview, "manifest", {}, __("Asking the carrier…")));
		add(__("Ask for Pickup"), () =>
			frappe.prompt(
				{ fieldname: "on", fieldtype: "Date", label: __("Day"), default: frappe.datetime.get_today() },
				(values) => ask(listview, "pickup", { on: values.on }, __("Asking the carrier…")),
				__("Ask for Pickup")
			)
		);
	};

	/** One answer for each carrier; what is not booked is said by the server. */
	async function ask(listview, method, args, freeze_message) {
		const shipments = listview.get_checked_items(true);
		const answer = await frappe.call({ method: API + method, args: { shipments, ...args }, freeze: true, freeze_message });
		const lines = answer.message.map((one) => {
			const event = `<a href="/app/integration-event/${encodeURIComponent(one.event)}">${__("Event")}</a>`;
			return `${frappe.utils.escape_html(one.message || "")}${one.status === "Done" ? "" : ` ${event}`}`;
		});
		const good = answer.message.every((one) => one.status === "Done");
		frappe.msgprint({ title: __("Carrier"), message: lines.join("<br>"), indicator: good ? "green" : "orange" });
		listview.clear_checked_items();
		listview.refresh();
	}
})();
