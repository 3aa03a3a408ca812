frappe.ui.form.on("Integration API Key", {
	refresh(frm) {
		if (frm.is_new()) {
			frm.set_intro(__("Save first; then make its secret, which is shown once."));
			return;
		}
		const first = !frm.doc.rotated_at;
		frm.add_custom_button(first ? __("Make Secret") : __("Rotate Secret"), () =>
			first ? make_secret(frm, 0) : ask_overlap(frm)
		).addClass(first ? "btn-primary" : "");
	},
});

function ask_overlap(frm) {
	frappe.prompt(
		{
			fieldname: "hours",
			fieldtype: "Int",
			label: __("Hours that the present secret works on"),
			default: 24,
			reqd: 1,
		},
		(values) => make_secret(frm, values.hours),
		__("Rotate Secret")
	);
}

function make_secret(frm, overlap_hours) {
	frappe
		.xcall("integration_hub.api.desk.rotate_api_key", { key: frm.doc.name, overlap_hours })
		.then((token) => {
			const shown = new frappe.ui.Dialog({
				title: __("Copy it now: it is not shown again"),
				fields: [
					{ fieldname: "token", fieldtype: "Small Text", label: __("Token"), default: token, read_only: 1 },
				],
				primary_action_label: __("Copy"),
				primary_action() {
					frappe.utils.copy_to_clipboard(token);
				},
				on_hide: () => frm.reload_doc(),
			});
			shown.show();
		});
}
