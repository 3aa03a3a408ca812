// An Audit: both sides line by line; it can be compared again once something was booked or cancelled.

const COLORS = { Agrees: "green", Differs: "orange", "Missing Here": "red" };

frappe.ui.form.on("Integration Audit", {
	refresh(frm) {
		frm.disable_save();
		frm.page.set_indicator(__(frm.doc.status), COLORS[frm.doc.status]);
		if (frm.doc.kind !== "payout" || !frappe.model.can_create("Payment Entry")) return;
		frm.add_custom_button(__("Compare Again"), async () => {
			const args = { audit: frm.doc.name };
			const answer = (await frappe.call({ method: "integration_hub.api.payments.audit_again", args, freeze: true })).message;
			frappe.show_alert({ message: frappe.utils.escape_html(answer.summary), indicator: COLORS[answer.status] });
			await frm.reload_doc();
		});
	},
});
