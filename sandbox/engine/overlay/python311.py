"""Python 3.11: one line of the fork is Python 3.12's `type` statement."""

EDITS = [
	(
		"frappe/desk/doctype/event/event.py",
		"type EventLikeDict = Event | frappe._dict",
		"EventLikeDict = Event | frappe._dict",
	),
]
