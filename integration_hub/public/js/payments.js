// Payment pages, captures and refunds from Sales Invoice, Sales Order and Payment Request.

(() => {
	// the file is loaded for each of its DocTypes; its handlers are wanted once
	if (frappe.integration_hub_payments) return;
	frappe.integration_hub_payments = true;

	const API = "integration_hub.api.payments.";
	const group = __("Pay Online");
	const call = (method, args, freeze_message) =>
		frappe.call({ method: API + method, args, freeze: true, freeze_message }).then((answer) => answer.message);

	for (const doctype of ["Sales Invoice", "Sales Order", "Payment Request"]) {
		frappe.ui.form.on(doctype, { refresh: draw });
	}

	frappe.ui.form.on("Subscription", {
		setup(frm) {
			frm.set_query("integration_connection", () => ({
				filters: { category: "payments", enabled: 1, ...(frm.doc.company ? { company: frm.doc.company } : {}) },
			}));
		},
		refresh(frm) {
			if (frm.is_new() || !frm.doc.integration_connection) return;
			const status = frm.doc.integration_status;
			const color = { active: "green", trialing: "blue", cancelled: "gray" }[status] || "orange";
			const text = status ? __("At the gateway: {0}", [__(status)]) : __("Not opened at the gateway yet");
			frm.dashboard.add_indicator(frappe.utils.escape_html(text), color);
			frm.add_custom_button(__("Events"), () =>
				frappe.set_route("List", "Integration Event", { connection: frm.doc.integration_connection, label: frm.doc.name }), group);
			if (frm.doc.integration_payment_url) {
				frm.add_custom_button(__("Copy Address of First Payment"), () =>
					frappe.utils.copy_to_clipboard(frm.doc.integration_payment_url), group);
			}
		},
	});

	async function draw(frm) {
		if (frm.is_new() || frm.doc.docstatus !== 1) return;
		const name = frm.doc.name;
		const args = { doctype: frm.doctype, name };
		const options = (await frappe.call({ method: API + "options", type: "GET", args })).message;
		if (frm.doc.name !== name) return; // another document was opened meanwhile
		if (frm.doc.is_return) {
			for (const one of options.refunds) {
				frm.add_custom_button(__("Refund at {0}", [one.title]), () => refund(frm, one), group);
			}
			return;
		}
		for (const one of options.gateways) {
			frm.add_custom_button(__("Payment Page of {0}", [one.title]), () => make(frm, one.name), group);
		}
		if (options.page) {
			frm.add_custom_button(__("Copy Address"), () => frappe.utils.copy_to_clipboard(options.page.url), group);
			frm.add_custom_button(__("Close Payment Page"), () => close(frm), group);
		}
		for (const one of options.reserved) {
			// amounts come as text with a point; as text they would be read in the user's own number format
			const money = format_currency(Number(one.amount), one.currency);
			frm.add_custom_button(__("Capture {0}", [money]), () => capture(frm, one), group);
			frm.add_custom_button(__("Release {0}", [money]), () => release(frm, one), group);
		}
	}

	async function make(frm, connection) {
		const answer = await call("make_link", { doctype: frm.doctype, name: frm.doc.name, connection }, __("Asking the gateway…"));
		if (answer.status !== "Done") return show(answer);
		await frm.reload_doc();
		const url = frappe.utils.escape_html(answer.url);
		frappe.msgprint({
			title: __("Payment Page"),
			indicator: "green",
			message: `<a href="${url}" target="_blank" rel="noopener">${url}</a>`,
			primary_action: { label: __("Copy Address"), action: () => frappe.utils.copy_to_clipboard(answer.url) },
		});
	}

	async function close(frm) {
		for (const answer of await call("close_link", { doctype: frm.doctype, name: frm.doc.name })) show(answer);
		frm.reload_doc();
	}

	function capture(frm, one) {
		const field = { fieldname: "amount", fieldtype: "Float", label: __("Amount ({0})", [one.currency]), default: Number(one.amount), reqd: 1 };
		frappe.prompt(field, async (values) => {
			const args = { connection: one.connection, payment_id: one.payment_id, amount: String(values.amount) };
			show(await call("capture", args, __("Asking the gateway…")));
			frm.reload_doc();
		}, __("Capture; the rest is released"));
	}

	function release(frm, one) {
		frappe.confirm(__("Release the reserved money?"), async () => {
			show(await call("release", { connection: one.connection, payment_id: one.payment_id }));
			frm.reload_doc();
		});
	}

	function refund(frm, one) {
		const money = format_currency(Math.abs(frm.doc.outstanding_amount), frm.doc.currency);
		frappe.confirm(__("Give {0} back to the customer through {1}?", [money, one.title]), async () => {
			for (const answer of await call("refund", { credit_note: frm.doc.name, connection: one.name }, __("Refunding…"))) show(answer);
			frm.reload_doc();
		});
	}

	function show(answer) {
		const text = frappe.utils.escape_html(answer.message || "");
		if (answer.status === "Done") return frappe.show_alert({ message: text, indicator: "green" });
		const event = answer.event ? `<br><a href="/app/integration-event/${encodeURIComponent(answer.event)}">${__("Event")}</a>` : "";
		frappe.msgprint({ title: __(answer.status), message: text + event, indicator: answer.status === "Retrying" ? "orange" : "red" });
	}
})();
