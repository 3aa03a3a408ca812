// What needs me? Parked (mend something) and Dead (refused for good) are one click away.

frappe.listview_settings["Integration Event"] = {
	add_fields: ["status", "message", "failure", "direction"],
	hide_name_column: true,
	has_indicator_for_draft: true,

	get_indicator(doc) {
		const colors = {
			Queued: "blue",
			Working: "light-blue",
			Retrying: "orange",
			Parked: "red",
			Dead: "darkgrey",
			Done: "green",
			Ignored: "gray",
		};
		return [__(doc.status), colors[doc.status] || "gray", `status,=,${doc.status}`];
	},

	formatters: {
		label: (value, _df, doc) => frappe.utils.escape_html(value || doc.outside_id || ""),
	},

	onload(listview) {
		// the sentence is what the list is read for: its column, the last one, is the widest
		frappe.dom.set_style(
			".hub-events .level-left > .list-row-col:last-child { flex: 3 }",
			"hub-events-style"
		);
		$(listview.page.wrapper).addClass("hub-events");
		const needs_me = () => show_statuses(listview, ["Parked", "Dead"]);
		listview.page.add_inner_button(__("Needs Me"), needs_me);
		listview.page.add_menu_item(__("Show What Needs Me"), needs_me);
		listview.page.add_menu_item(__("Show What Is on Its Way"), () =>
			show_statuses(listview, ["Queued", "Working", "Retrying"])
		);
		const operators = ["Integration Manager", "Integration User", "System Manager"];
		if (operators.some((role) => frappe.user.has_role(role))) {
			listview.page.add_actions_menu_item(__("Replay"), () => operate(listview, "replay_events"), false);
			listview.page.add_actions_menu_item(__("Ignore"), () => operate(listview, "ignore_events"), false);
		}
	},
};

async function show_statuses(listview, statuses) {
	// the Connection chosen in the list stays chosen
	await listview.filter_area.remove("status");
	await listview.filter_area.add([["Integration Event", "status", "in", statuses]]);
}

function operate(listview, method) {
	const events = listview.get_checked_items(true);
	const number = events.length;
	const questions = {
		replay_events: number === 1 ? __("Try this Event again?") : __("Try {0} Events again?", [number]),
		ignore_events:
			(number === 1 ? __("Put this Event aside?") : __("Put {0} Events aside?", [number])) +
			" " +
			__("Nothing will be done unless it is replayed."),
	};
	frappe.confirm(questions[method], async () => {
		const answer = await frappe.call({
			method: "integration_hub.api.desk." + method,
			type: "POST",
			args: { events },
			freeze: true,
		});
		frappe.show_alert({
			message: frappe.utils.escape_html(answer.message.message),
			indicator: answer.message.count ? "green" : "orange",
		});
		listview.clear_checked_items();
		listview.refresh();
	});
}
