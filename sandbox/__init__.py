"""A whole ERPNext-shaped company on one machine, for trying and testing Integration Hub.

Nothing in here is part of the installed app. The rooms: `engine` (a fork of Frappe v16, made from
one wheel), `erpnext` (a stand-in for ERPNext) and `vendors` (servers that behave like the vendors).
"""
