// The form of an Event: what became of it in one sentence, with a link to what to fix, and Replay / Ignore.

const OPERATORS = ["Integration Manager", "Integration User", "System Manager"];
const REPLAYABLE = ["Parked", "Dead", "Done", "Ignored", "Retrying"];
const IGNORABLE = ["Parked", "Dead", "Retrying"];

frappe.ui.form.on("Integration Event", {
	setup(frm) {
		// only how it is shown: the stored text stays as it arrived
		frappe.meta.docfield_map[frm.doctype].payload.formatter = (value) => value;
	},

	refresh(frm) {
		frm.disable_save();
		draw_headline(frm);
		draw_payload(frm);
		draw_buttons(frm);
	},
});

// --- headline ----------------------------------------------------------------------------------------------

function draw_headline(frm) {
	const doc = frm.doc;
	const [color, sentence, link] = headline_of(doc);
	frm.layout.show_message();
	frm.layout.show_message(`<div>${[sentence, link].filter(Boolean).join(" ")}</div>`, color, true);
	frm.layout.message.find("a").addClass("bold").css("text-decoration", "underline");
}

function headline_of(doc) {
	const message = frappe.utils.escape_html(doc.message || "");
	const fix = link_to(doc.fix_doctype, doc.fix_name);
	const made = link_to(doc.reference_doctype, doc.reference_name);
	switch (doc.status) {
		case "Parked":
			return [
				"red",
				message,
				[
					fix && __("Mend it here: {0}.", [fix]),
					doc.waits_for && __("It goes on by itself when that is done."),
				]
					.filter(Boolean)
					.join(" "),
			];
		case "Dead":
			return ["red", message || __("Refused for good."), fix];
		case "Retrying":
			return ["orange", message, __("Tried again {0}.", [when(doc.due_at)])];
		case "Working":
			return ["blue", __("A worker has it now."), ""];
		case "Done":
			return ["green", message || __("Done {0}.", [when(doc.done_at)]), made];
		case "Ignored":
			return ["yellow", message || __("Stored, but nothing of interest."), ""];
		default:
			return ["blue", __("Waits for a worker since {0}.", [when(doc.creation)]), ""];
	}
}

function when(moment) {
	return moment ? frappe.datetime.str_to_user(moment) : "";
}

function link_to(doctype, name) {
	if (!doctype) return "";
	const label = frappe.utils.escape_html(name ? `${__(doctype)} ${name}` : __(doctype));
	return frappe.utils.get_form_link(doctype, name || doctype, true, label);
}

// --- payload -----------------------------------------------------------------------------------------------

function draw_payload(frm) {
	const field = frm.fields_dict.payload;
	field.$wrapper.find(".hub-payload").remove();
	const $plain = field.$wrapper.find(".form-group").show();
	if (!frm.doc.payload) return;
	$plain.hide();
	$("<pre class='hub-payload'>")
		.css({ "max-height": "32rem", overflow: "auto", "white-space": "pre-wrap", "word-break": "break-word" })
		.text(pretty(frm.doc.payload))
		.appendTo(field.$wrapper);
}

/**
 * JSON with line breaks, every number and letter as it is stored. `JSON.parse` would round long ids and drop
 * the zeros of amounts, so the text is only broken into lines.
 */
function pretty(text) {
	if (!is_json(text)) return text;
	const out = [];
	let depth = 0;
	let before = "";
	const line = () => "\n" + "  ".repeat(Math.max(0, depth));
	for (const token of text.match(/"(?:\\.|[^"\\])*"?|[{}[\],:]|[^\s{}[\],:"]+/g) || []) {
		const closes = token === "}" || token === "]";
		const opened = before === "{" || before === "[";
		if (closes) depth -= 1;
		if (before === "," || (opened && !closes) || (closes && !opened)) out.push(line());
		out.push(token === ":" ? ": " : token);
		if (token === "{" || token === "[") depth += 1;
		before = token;
	}
	return out.join("");
}

function is_json(text) {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false; // a delivery that could not be read is kept, and shown, as it came
	}
}

// --- buttons -----------------------------------------------------------------------------------------------

function draw_buttons(frm) {
	if (!OPERATORS.some((role) => frappe.user.has_role(role))) return;
	if (REPLAYABLE.includes(frm.doc.status)) {
		const button = frm.add_custom_button(__("Replay"), () => operate(frm, "replay_events"));
		if (["Parked", "Dead"].includes(frm.doc.status)) button.addClass("btn-primary");
	}
	if (IGNORABLE.includes(frm.doc.status)) {
		const question = __("Put this Event aside? Nothing will be done for it unless it is replayed.");
		frm.add_custom_button(__("Ignore"), () => frappe.confirm(question, () => operate(frm, "ignore_events")));
	}
	if (frm.doc.resource === "payments" && frm.doc.direction === "In" && frm.doc.status === "Parked") {
		frm.add_custom_button(__("Assign"), () => assign(frm));
	}
}

/** A payment that nobody asked for: a person says what it is for. */
function assign(frm) {
	const fields = [
		{ fieldname: "doctype", fieldtype: "Select", label: __("It Pays"), reqd: 1, default: "Sales Invoice",
			options: ["Sales Invoice", "Sales Order", "Customer"] },
		{ fieldname: "name", fieldtype: "Dynamic Link", label: __("Document"), options: "doctype", reqd: 1 },
	];
	frappe.prompt(fields, async (values) => {
		const args = { event: frm.doc.name, ...values };
		const answer = (await frappe.call({ method: "integration_hub.api.payments.assign", args, freeze: true })).message;
		frappe.show_alert({ message: frappe.utils.escape_html(answer.message), indicator: answer.status === "Done" ? "green" : "orange" });
		await frm.reload_doc();
	}, __("Assign the Payment"), __("Book"));
}

async function operate(frm, method) {
	const answer = await frappe.call({
		method: "integration_hub.api.desk." + method,
		type: "POST",
		args: { events: [frm.doc.name] },
	});
	frappe.show_alert({
		message: frappe.utils.escape_html(answer.message.message),
		indicator: answer.message.count ? "green" : "orange",
	});
	await frm.reload_doc();
}
