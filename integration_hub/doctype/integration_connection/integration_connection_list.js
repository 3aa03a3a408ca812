// Red: paused, a person must mend the credentials. Green: working. Gray: switched off.

frappe.listview_settings["Integration Connection"] = {
	add_fields: ["enabled", "paused", "environment"],
	hide_name_column: true,
	has_indicator_for_draft: true,

	get_indicator(doc) {
		if (doc.paused) return [__("Paused"), "red", "paused,=,1"];
		if (!doc.enabled) return [__("Off"), "gray", "enabled,=,0"];
		if (doc.environment === "Sandbox") return [__("On, Sandbox"), "blue", "environment,=,Sandbox"];
		return [__("On"), "green", "enabled,=,1"];
	},
};
