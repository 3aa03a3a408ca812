"""What the sandbox gives back to the fork. Each module is one concern; its docstring says why.

These files are copied into the unpacked fork as `frappe._sandbox.*` (see `sandbox/engine/wheel.py`).
They run inside Frappe, so they import nothing of the sandbox, and at their top nothing of Frappe
that is not loaded before the module they mend.
"""
