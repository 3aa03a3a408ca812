// The form of a Connection: what is wrong (headline), what to enter (drawn from the connector), what to do (buttons).

const DESK = "integration_hub.api.desk.";
const CATEGORIES = {
	shop: __("Shop"),
	payments: __("Payments"),
	crm: __("CRM"),
	marketing: __("Marketing"),
	carrier: __("Carrier"),
	devices: __("Devices"),
	accounting: __("Accounting"),
	generic: __("Generic"),
};

frappe.ui.form.on("Integration Connection", {
	setup(frm) {
		const of_company = () => ({ filters: { company: frm.doc.company, is_group: 0 } });
		frm.set_query("warehouse", of_company);
		frm.set_query("cost_center", of_company);
		frm.set_query("warehouse", "locations", of_company);
		frm.set_query("account", "accounts", of_company);
		frm.set_query("account", "payment_methods", of_company);
		frm.set_query("price_list", () => ({ filters: { selling: 1 } }));
		frm.set_query("customer_group", () => ({ filters: { is_group: 0 } }));
		frm.set_query("territory", () => ({ filters: { is_group: 0 } }));
		frm.set_query("item_group", () => ({ filters: { is_group: 0 } }));
	},

	async refresh(frm) {
		frm.layout.show_message();
		frm.toggle_display("paused", frm.doc.paused);
		draw_webhook_address(frm);
		keep_rows(frm);
		await load_connectors(frm);
		draw_picker(frm);
		draw_credentials(frm);
		if (!frm.is_new()) await draw_state(frm);
	},

	connector(frm) {
		fill_credentials(frm);
		fill_resources(frm);
		draw_credentials(frm);
	},

	environment(frm) {
		if (frm.doc.environment !== "Sandbox") frm.set_value("sandbox_url", null);
	},
});

// --- the connector and its credentials ---------------------------------------------------------------------

/** The connectors of this site are asked for once per form. */
async function load_connectors(frm) {
	if (frm.hub_connectors) return;
	const answer = await frappe.call({ method: DESK + "connectors", type: "GET" });
	frm.hub_connectors = answer.message || [];
}

function connector_of(frm) {
	return (frm.hub_connectors || []).find((one) => one.key === frm.doc.connector);
}

function draw_picker(frm) {
	const options = frm.hub_connectors.map((one) => ({
		value: one.key,
		label: one.title,
		description: CATEGORIES[one.category] || one.category,
	}));
	frm.set_df_property("connector", "options", options);
	frappe.meta.docfield_map[frm.doctype].connector.formatter = (value) =>
		options.find((option) => option.value === value)?.label || value;
	frm.fields_dict.connector.set_data?.(options);
	frm.refresh_field("connector");
}

/** One row per setting of the connector; what was entered under the same name stays. */
function fill_credentials(frm) {
	const connector = connector_of(frm);
	if (!connector) return;
	const entered = Object.fromEntries((frm.doc.credentials || []).map((row) => [row.setting, row]));
	frm.clear_table("credentials");
	for (const setting of connector.settings) {
		const old = entered[setting.name] || {};
		frm.add_child("credentials", {
			setting: setting.name,
			label: setting.label,
			help: setting.help,
			is_secret: setting.secret ? 1 : 0,
			value: setting.secret ? null : old.value || setting.default || null,
			secret: setting.secret ? old.secret : null,
		});
	}
	frm.refresh_field("credentials");
}

/** One row per Resource the connector can do, all off: a person switches on what is wanted. */
function fill_resources(frm) {
	const connector = connector_of(frm);
	if (!connector) return;
	frm.clear_table("resources");
	for (const one of connector.resources) {
		frm.add_child("resources", { ...one, enabled: 0, every_minutes: 10 });
	}
	keep_rows(frm);
}

/** The rows come from the connector: nobody adds or removes one. */
function keep_rows(frm) {
	frm.set_df_property("resources", "cannot_add_rows", true);
	frm.set_df_property("resources", "cannot_delete_rows", true);
	frm.toggle_display("sb_resources", !!(frm.doc.resources || []).length);
	frm.refresh_field("resources");
}

/** The rows as the fields they are: label, help, a star where required. The table itself stays hidden. */
function draw_credentials(frm) {
	const connector = connector_of(frm);
	const table = frm.fields_dict.credentials;
	frm.hub_credentials?.remove();
	frm.hub_credentials = null;
	// without its connector's description a Connection still shows what was entered
	table.$wrapper.toggle(!connector && !!(frm.doc.credentials || []).length);
	frm.toggle_display("sb_credentials", !!connector || !!(frm.doc.credentials || []).length);
	if (!connector) return;
	const writable = frm.has_perm("write");
	const rows = Object.fromEntries((frm.doc.credentials || []).map((row) => [row.setting, row]));
	const fields = connector.settings
		.filter((setting) => rows[setting.name])
		.map((setting) => ({
			fieldname: setting.name,
			fieldtype: setting.secret ? "Password" : setting.choices.length ? "Select" : "Data",
			options: setting.choices,
			label: setting.label,
			description: frappe.utils.escape_html(setting.help || ""),
			reqd: setting.required ? 1 : 0,
			read_only: writable ? 0 : 1,
			ignore_link_validation: true,
		}));
	const half = Math.ceil(fields.length / 2);
	if (fields.length > 2) fields.splice(half, 0, { fieldtype: "Column Break", fieldname: "hub_cb" });
	frm.hub_credentials = $('<div class="hub-credentials">')
		.css({ margin: "0 -15px" }) // a group of fields has a gutter of its own
		.insertAfter(table.$wrapper);
	const group = new frappe.ui.FieldGroup({ fields, body: frm.hub_credentials, no_submit_on_enter: true });
	group.make();
	for (const setting of connector.settings) {
		const control = group.fields_dict[setting.name];
		const row = rows[setting.name];
		if (!control || !row) continue;
		const column = setting.secret ? "secret" : "value";
		// a vendor's key is no password a person chose: its strength is nobody's business
		control.disable_password_checks?.();
		if (row[column]) control.set_value(row[column]);
		control.$input?.attr("autocomplete", setting.secret ? "new-password" : "off");
		control.$input?.on("input change", () => {
			const value = control.$input.val();
			if ((row[column] || "") !== value) frappe.model.set_value(row.doctype, row.name, column, value);
		});
	}
}

function draw_webhook_address(frm) {
	const field = frm.fields_dict.webhook_address;
	field.$wrapper.find(".hub-copy").remove();
	if (!frm.doc.webhook_address) return;
	$(`<button type="button" class="btn btn-xs btn-default hub-copy mb-3">${__("Copy")}</button>`)
		.on("click", () => frappe.utils.copy_to_clipboard(frm.doc.webhook_address))
		.appendTo(field.$wrapper);
}

// --- headline and buttons ----------------------------------------------------------------------------------

async function draw_state(frm) {
	const name = frm.doc.name;
	const answer = await frappe.call({ method: DESK + "status", type: "GET", args: { connection: name } });
	if (frm.doc.name !== name) return; // another Connection was opened meanwhile
	const state = answer.message;
	frm.layout.show_message();
	for (const trouble of state.troubles) draw_trouble(frm, trouble);
	frm.toggle_display("webhook_address", state.capabilities.includes("ReceivesWebhooks"));
	draw_buttons(frm, state);
}

function draw_trouble(frm, trouble) {
	const sentence = frappe.utils.escape_html(trouble.sentence);
	const link = trouble.doctype
		? ` <a class="hub-show bold" href="#" style="text-decoration: underline">${frappe.utils.escape_html(trouble.action)}</a>`
		: "";
	frm.layout.show_message(`<div>${sentence}${link}</div>`, trouble.color, true);
	frm.layout.message
		.find(".hub-show")
		.last()
		.on("click", (event) => {
			event.preventDefault();
			if (trouble.name) frappe.set_route("Form", trouble.doctype, trouble.name);
			else frappe.set_route("List", trouble.doctype, trouble.filters);
		});
}

function draw_buttons(frm, state) {
	frm.clear_custom_buttons();
	if (frm.has_perm("write")) {
		if (frm.doc.paused) {
			frm.add_custom_button(__("Resume"), () => resume(frm)).addClass("btn-primary");
		}
		frm.add_custom_button(__("Test Connection"), () => test_connection(frm));
		draw_work_buttons(frm, state);
	}
	if (state.may_replay) draw_replay_buttons(frm, state);
}

function draw_work_buttons(frm, state) {
	const group = __("Actions");
	for (const resource of state.pulls) {
		const label = __("Pull Now: {0}", [__(frappe.utils.to_title_case(resource))]);
		frm.add_custom_button(label, () => call_and_tell(frm, "pull_now", { resource }), group);
	}
	if (state.pushes_stock) {
		frm.add_custom_button(__("Push Now: Stock"), () => call_and_tell(frm, "push_now"), group);
	}
	for (const resource of state.tells_all) {
		const label = __("Tell All: {0}", [__(frappe.utils.to_title_case(resource))]);
		frm.add_custom_button(label, () => tell_all(frm, resource), group);
	}
	if (state.capabilities.includes("DeliversMessages")) draw_message_buttons(frm, group);
	if (state.capabilities.includes("ReceivesWebhooks")) {
		frm.add_custom_button(__("Register Webhooks"), () => register_webhooks(frm), group);
	}
	if (state.capabilities.includes("ListsLocations")) {
		frm.add_custom_button(__("Fetch Locations"), () => fetch_locations(frm), group);
	}
}

function draw_replay_buttons(frm, state) {
	for (const status of ["Parked", "Dead"]) {
		const count = state.counts[status];
		if (!count) continue;
		const label = status === "Parked" ? __("Replay Parked ({0})", [count]) : __("Replay Dead ({0})", [count]);
		const question =
			status === "Parked"
				? __("Try the {0} parked Events again?", [count])
				: __("Try the {0} Events again that were refused for good?", [count]);
		const replay = () => frappe.confirm(question, () => call_and_tell(frm, "replay_all", { status }));
		frm.add_custom_button(label, replay, __("Actions"));
	}
}

/** What is not saved is not known to the server: buttons work on what is stored. */
async function saved(frm) {
	if (frm.is_dirty()) await frm.save();
	return !frm.is_dirty();
}

async function ask(frm, method, args = {}, message = null) {
	const answer = await frappe.call({
		method: DESK + method,
		type: "POST",
		args: { connection: frm.doc.name, ...args },
		freeze: !!message,
		freeze_message: message,
	});
	return answer.message;
}

async function call_and_tell(frm, method, args = {}) {
	if (!(await saved(frm))) return;
	const told = await ask(frm, method, args);
	frappe.show_alert({ message: frappe.utils.escape_html(told.message || told), indicator: "blue" });
	await frm.reload_doc();
}

async function test_connection(frm) {
	if (!(await saved(frm))) return;
	const result = await ask(frm, "test_connection", {}, __("Asking {0} …", [connector_of(frm)?.title || ""]));
	await frm.reload_doc();
	const warnings = result.warnings || [];
	const lines = [result.message, result.detail, ...warnings].filter(Boolean).map(frappe.utils.escape_html);
	const color = !result.ok ? "red" : warnings.length ? "orange" : "green";
	const title = result.ok ? __("Connected") : __("Not Connected");
	frappe.msgprint({ title, indicator: color, message: lines.join("<br>") });
}

async function register_webhooks(frm) {
	if (!(await saved(frm))) return;
	const lines = await ask(frm, "register_webhooks", {}, __("Registering webhooks …"));
	frappe.msgprint({
		title: __("Webhooks"),
		indicator: "green",
		message: lines.map(frappe.utils.escape_html).join("<br>"),
	});
}

/** Rows for the locations that are not mapped yet; a person chooses their Warehouse and saves. */
async function fetch_locations(frm) {
	if (!(await saved(frm))) return;
	const locations = await ask(frm, "fetch_locations", {}, __("Asking for locations …"));
	const mapped = new Set((frm.doc.locations || []).map((row) => row.location_id));
	const missing = locations.filter((location) => location.active && !mapped.has(location.id));
	if (!missing.length) {
		frappe.show_alert({ message: __("All locations are in the table already."), indicator: "green" });
		return;
	}
	for (const location of missing) {
		const only_choice = locations.length === 1 ? frm.doc.warehouse : null;
		frm.add_child("locations", {
			location_id: location.id,
			location_name: location.name,
			warehouse: only_choice,
		});
	}
	frm.refresh_field("locations");
	frm.dirty();
	frm.scroll_to_field("locations");
	frappe.show_alert({ message: __("Choose a Warehouse for each new row, then save."), indicator: "blue" });
}

async function resume(frm) {
	if (!(await saved(frm))) return;
	await call_and_tell(frm, "resume");
}

// --- outgoing webhooks --------------------------------------------------------------------------------------

const MESSAGES = "integration_hub.api.messages.";

function draw_message_buttons(frm, group) {
	frm.add_custom_button(__("Send Test"), () => send_test(frm), group);
	frm.add_custom_button(__("Replay Messages"), () => replay_messages(frm), group);
	frm.add_custom_button(__("Rotate Secret"), () => rotate_secret(frm), group);
}

async function ask_messages(frm, method, args = {}) {
	const answer = await frappe.call({
		method: MESSAGES + method,
		type: "POST",
		args: { connection: frm.doc.name, ...args },
	});
	return answer.message;
}

async function send_test(frm) {
	if (!(await saved(frm))) return;
	const event = await ask_messages(frm, "send_test");
	const link = `<a href="/app/integration-event/${encodeURIComponent(event)}">${__("its Event")}</a>`;
	frappe.msgprint({
		title: __("Test Message"),
		indicator: "blue",
		message: __("It is on its way. What the receiver answers is in {0}.", [link]),
	});
}

function replay_messages(frm) {
	const dialog = new frappe.ui.Dialog({
		title: __("Replay Messages"),
		fields: [
			{
				fieldname: "failed",
				fieldtype: "Check",
				label: __("Only what was not taken"),
				default: 1,
				description: __("Receivers know a message again by its id (webhook-id)."),
			},
			{ fieldname: "since", fieldtype: "Datetime", label: __("From") },
			{ fieldname: "cb", fieldtype: "Column Break" },
			{ fieldname: "until", fieldtype: "Datetime", label: __("Until") },
		],
		primary_action_label: __("Replay"),
		async primary_action(values) {
			dialog.hide();
			const told = await ask_messages(frm, "replay", values);
			frappe.show_alert({ message: frappe.utils.escape_html(told.message), indicator: "blue" });
			await frm.reload_doc();
		},
	});
	dialog.show();
}

/** The secret is shown this once: it goes to whoever looks after the receiver. */
async function rotate_secret(frm) {
	if (!(await saved(frm))) return;
	const question = __("Make a new signing secret? The present one signs too for 24 hours.");
	frappe.confirm(question, async () => {
		const secret = await ask_messages(frm, "rotate_secret");
		const dialog = new frappe.ui.Dialog({
			title: __("New Secret"),
			fields: [
				{
					fieldname: "secret",
					fieldtype: "Data",
					label: __("Signing Secret"),
					read_only: 1,
					default: secret,
					description: __("It is shown this once. Give it to whoever looks after the receiver."),
				},
			],
			primary_action_label: __("Copy"),
			primary_action: () => frappe.utils.copy_to_clipboard(secret),
		});
		dialog.show();
		await frm.reload_doc();
	});
}

// --- which field goes where ---------------------------------------------------------------------------------

const CRM = "integration_hub.api.crm.";

frappe.ui.form.on("Integration Field Mapping", {
	form_render: offer_fields,
	resource: offer_fields,
});

/** Both sides' fields are offered in the row's own form; what is typed otherwise is checked when it is saved. */
async function offer_fields(frm, doctype, name) {
	const row = frappe.get_doc(doctype, name);
	if (frm.is_new() || !row.resource) return;
	frm.hub_fields = frm.hub_fields || {};
	if (!frm.hub_fields[row.resource]) {
		const args = { connection: frm.doc.name, resource: row.resource };
		const answer = await frappe.call({ method: CRM + "fields", type: "GET", args });
		frm.hub_fields[row.resource] = answer.message;
	}
	const form = frm.fields_dict.field_mappings.grid.grid_rows_by_docname[name]?.grid_form;
	if (!form) return;
	form.fields_dict.erp_field.set_data(frm.hub_fields[row.resource].here);
	form.fields_dict.outside_field.set_data(frm.hub_fields[row.resource].there);
}

async function tell_all(frm, resource) {
	if (!(await saved(frm))) return;
	const answer = await frappe.call({ method: CRM + "tell_all", args: { connection: frm.doc.name, resource } });
	frappe.show_alert({ message: frappe.utils.escape_html(answer.message), indicator: "blue" });
}
