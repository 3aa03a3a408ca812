frappe.listview_settings["Integration API Key"] = {
	add_fields: ["enabled", "last_used_at", "rotated_at"],
	get_indicator(doc) {
		if (!doc.enabled) return [__("Off"), "gray", "enabled,=,0"];
		const used = doc.last_used_at || doc.rotated_at;
		const idle = used ? frappe.datetime.get_day_diff(frappe.datetime.now_date(), used) : 0;
		if (!doc.rotated_at) return [__("No Secret"), "orange", "rotated_at,is,not set"];
		if (idle > 30) return [__("Unused"), "orange", `last_used_at,<,${frappe.datetime.add_days(frappe.datetime.now_date(), -30)}`];
		return [__("On"), "green", "enabled,=,1"];
	},
};
