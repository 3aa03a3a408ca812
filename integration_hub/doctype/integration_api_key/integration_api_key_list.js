/* The same days that a key has: made, its secret made, switched on, used. The daily job that switches off what nobody uses
   goes by them, too; after as many days as Integration Settings say. This is what a person looks at before. */
const USE_OF_KEY = ["creation", "rotated_at", "enabled_at", "last_used_at"];
const UNUSED_DAYS = 30;

frappe.listview_settings["Integration API Key"] = {
	add_fields: ["enabled", ...USE_OF_KEY],
	get_indicator(doc) {
		if (!doc.enabled) return [__("Off"), "gray", "enabled,=,0"];
		if (!doc.rotated_at) return [__("No Secret"), "orange", "enabled,=,1|rotated_at,is,not set"];
		const since = frappe.datetime.add_days(frappe.datetime.now_date(), -UNUSED_DAYS);
		// a day that is empty, as the last use of a key never used, is before any other in Frappe's lists
		if (USE_OF_KEY.every((day) => (doc[day] || "") < since)) {
			const before = USE_OF_KEY.map((day) => `${day},<,${since}`);
			return [__("Unused for {0} Days", [UNUSED_DAYS]), "orange", ["enabled,=,1", ...before].join("|")];
		}
		return [__("On"), "green", "enabled,=,1"];
	},
};
