// Shipping from Delivery Note, Pick List and Shipment: parcels, rates side by side, booking, label, tracking.

(() => {
	// the file is loaded for each of its DocTypes; its handlers are wanted once
	if (frappe.integration_hub_shipping) return;
	frappe.integration_hub_shipping = true;

	const API = "integration_hub.api.shipping.";
	const STATUS = {
		created: __("Created"),
		picked_up: __("Picked up"),
		in_transit: __("In transit"),
		out_for_delivery: __("Out for delivery"),
		delivered: __("Delivered"),
		failed_attempt: __("Failed attempt"),
		returned: __("Returned"),
		exception: __("Exception"),
		cancelled: __("Cancelled"),
	};
	const COLOR = { delivered: "green", returned: "orange", exception: "red", failed_attempt: "orange", cancelled: "gray" };

	const get = (method, args) => frappe.call({ method: API + method, type: "GET", args }).then((answer) => answer.message);
	const post = (method, args, freeze_message) =>
		frappe.call({ method: API + method, args, freeze: true, freeze_message }).then((answer) => answer.message);

	for (const doctype of ["Delivery Note", "Pick List"]) {
		frappe.ui.form.on(doctype, {
			refresh(frm) {
				if (frm.doc.docstatus !== 1 || !frappe.model.can_create("Shipment")) return;
				frm.add_custom_button(__("Ship with Carrier"), () => ship(frm), __("Create"));
			},
		});
	}

	frappe.ui.form.on("Shipment", {
		refresh(frm) {
			if (frm.is_new()) return;
			draw_parcels(frm);
			if (frm.doc.docstatus !== 1 || !frappe.model.can_write("Shipment")) return;
			const group = __("Carrier");
			if (!frm.doc.awb_number) frm.add_custom_button(__("Rates and Booking"), () => book(frm), group);
			if (!frm.doc.awb_number) return;
			frm.add_custom_button(__("Where Is It?"), () => told(post("refresh", { shipment: frm.doc.name })), group);
			frm.add_custom_button(__("Fetch Label"), () => answered(frm, post("labels", { shipment: frm.doc.name })), group);
			frm.add_custom_button(__("Ask for Pickup"), () => ask_pickup(frm), group);
			frm.add_custom_button(__("Manifest"), () => answered(frm, post("manifest", { shipments: [frm.doc.name] })), group);
			frm.add_custom_button(__("Return Shipment"), () => bring_back(frm), group);
			frm.add_custom_button(__("Cancel at Carrier"), () => call_off(frm), group);
		},
	});

	/** From a Delivery Note: what is in which box, then the Shipment, then its rates. */
	async function ship(frm) {
		const options = await get("options", { doctype: frm.doctype, name: frm.docname });
		if (!options.carriers.length) {
			frappe.msgprint(__("No carrier is connected for this company. Make an Integration Connection of a carrier."));
			return;
		}
		const dialog = new frappe.ui.Dialog({
			title: __("Ship {0}", [options.delivery_notes.join(", ")]),
			fields: [
				{ fieldname: "connection", fieldtype: "Select", label: __("Carrier"), reqd: 1, default: options.carriers[0].name,
					options: options.carriers.map((one) => ({ value: one.name, label: one.title })) },
				parcels_field(options.parcels),
				{ fieldname: "cod", fieldtype: "Check", label: __("Cash on Delivery") },
				{ fieldname: "cod_amount", fieldtype: "Float", label: __("Amount to Collect ({0})", [options.currency]),
					default: options.owed, depends_on: "cod", mandatory_depends_on: "cod" },
			],
			primary_action_label: __("Make Shipment"),
			async primary_action(values) {
				dialog.hide();
				const shipment = await post("make_shipment", {
					doctype: frm.doctype, name: frm.docname, parcels: JSON.stringify(values.parcels),
					cod_amount: values.cod ? values.cod_amount : 0,
				});
				await choose(shipment, values.connection, options.carriers, () => frappe.set_route("Form", "Shipment", shipment));
			},
		});
		dialog.show();
	}

	function parcels_field(rows) {
		const number = (fieldname, label, fieldtype = "Float") => ({ fieldname, label, fieldtype, in_list_view: 1, reqd: 1, columns: 2 });
		return {
			fieldname: "parcels", fieldtype: "Table", label: __("Parcels"), cannot_add_rows: false, in_place_edit: true, data: rows, reqd: 1,
			fields: [
				number("weight", __("Weight (kg)")), number("length", __("Length (cm)")), number("width", __("Width (cm)")),
				number("height", __("Height (cm)")), number("count", __("Count"), "Int"),
			],
		};
	}

	async function book(frm) {
		const options = await get("options", { doctype: "Shipment", name: frm.doc.name });
		if (!options.carriers.length) {
			frappe.msgprint(__("No carrier is connected for this company. Make an Integration Connection of a carrier."));
			return;
		}
		const done = () => frm.reload_doc();
		if (options.carriers.length === 1) return choose(frm.doc.name, options.carriers[0].name, options.carriers, done);
		frappe.prompt(
			{ fieldname: "connection", fieldtype: "Select", label: __("Carrier"), reqd: 1,
				options: options.carriers.map((one) => ({ value: one.name, label: one.title })) },
			(values) => choose(frm.doc.name, values.connection, options.carriers, done),
			__("Choose a Carrier")
		);
	}

	/** Rates side by side; a carrier without rates, or with a rule, books at once. */
	async function choose(shipment, connection, carriers, done) {
		const carrier = carriers.find((one) => one.name === connection);
		if (!carrier.quotes_rates) return book_with(shipment, connection, "", done);
		const rates = await get("rates", { shipment, connection });
		if (!rates.length) {
			frappe.msgprint(__("No service goes there."));
			return done();
		}
		const dialog = new frappe.ui.Dialog({ title: __("Rates of {0}", [carrier.title]), size: "large", fields: [{ fieldname: "rates", fieldtype: "HTML" }] });
		const by_rule = carrier.rule && carrier.rule !== "Ask Me";
		if (by_rule) {
			dialog.set_primary_action(__("Book: {0}", [__(carrier.rule)]), () => {
				dialog.hide();
				book_with(shipment, connection, "", done);
			});
		}
		const cell = (value) => `<td style="white-space: nowrap">${frappe.utils.escape_html(String(value ?? ""))}</td>`;
		const rows = rates.map(
			(rate, index) => `<tr>${cell(rate.carrier)}${cell(rate.service)}${cell(format_currency(Number(rate.amount), rate.currency))}${cell(rate.days)}` +
				`${cell(rate.arrives_on ? frappe.datetime.str_to_user(rate.arrives_on) : "")}${cell(rate.cod ? __("Yes") : "")}${cell(rate.rating)}` +
				`<td><button class="btn btn-xs btn-primary" data-rate="${index}">${__("Book")}</button></td></tr>`
		);
		const head = [__("Carrier"), __("Service"), __("Price"), __("Days"), __("Arrives"), __("Cash on Delivery"), __("Rating"), ""];
		dialog.fields_dict.rates.$wrapper.html(
			`<table class="table table-bordered"><thead><tr>${head.map((one) => `<th>${one}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`
		);
		dialog.$wrapper.find("[data-rate]").on("click", (event) => {
			dialog.hide();
			book_with(shipment, connection, rates[Number(event.currentTarget.dataset.rate)].service_id, done);
		});
		dialog.onhide = () => done();
		dialog.show();
	}

	function book_with(shipment, connection, service_id, done) {
		return post("book", { shipment, connection, service_id }, __("Booking…")).then((answer) => {
			show(answer);
			done();
		});
	}

	function ask_pickup(frm) {
		frappe.prompt({ fieldname: "on", fieldtype: "Date", label: __("Day"), default: frappe.datetime.get_today() }, (values) =>
			answered(frm, post("pickup", { shipments: [frm.doc.name], on: values.on }, __("Asking the carrier…")))
		, __("Ask for Pickup"));
	}

	function bring_back(frm) {
		frappe.confirm(__("Make a Shipment that brings these goods back from the customer?"), async () => {
			const name = await post("return_shipment", { shipment: frm.doc.name });
			frappe.set_route("Form", "Shipment", name);
		});
	}

	function call_off(frm) {
		frappe.confirm(__("Cancel these parcels at the carrier?"), () =>
			answered(frm, post("cancel", { shipment: frm.doc.name }, __("Asking the carrier…"))));
	}

	async function answered(frm, promise) {
		for (const answer of await promise) show(answer);
		frm.reload_doc();
	}

	async function told(promise) {
		frappe.show_alert(await promise);
	}

	function show(answer) {
		const good = answer.status === "Done";
		const text = frappe.utils.escape_html(answer.message || "");
		if (good) return frappe.show_alert({ message: text, indicator: "green" });
		const event = `<a href="/app/integration-event/${encodeURIComponent(answer.event)}">${__("Event")}</a>`;
		frappe.msgprint({ title: __(answer.status), message: `${text}<br>${event}`, indicator: answer.status === "Retrying" ? "orange" : "red" });
	}

	/** Each parcel's newest status above the form. */
	async function draw_parcels(frm) {
		const parcels = await frappe.db.get_list("Integration Parcel", {
			filters: { shipment: frm.doc.name },
			fields: ["name", "tracking_number", "tracking_url", "status", "status_text", "dry_run"],
			limit: 20,
		});
		for (const one of parcels) {
			const number = frappe.utils.escape_html(one.tracking_number);
			frm.dashboard.add_indicator(
				`${one.dry_run ? __("Dry run") + ": " : ""}<a href="/app/integration-parcel/${encodeURIComponent(one.name)}">${number}</a> ${STATUS[one.status] || one.status}`,
				COLOR[one.status] || "blue"
			);
		}
	}
})();
