"""The module "Integration Hub" lives in the app's root folder, not in this one.

Frappe looks for a module's doctypes, reports and pages next to this package's `__file__`; pointing both
`__file__` and `__path__` at the app's root lets `integration_hub/doctype/…` be where they are.

Because a controller could then be imported under two names (and its class exist twice), nobody imports
controllers: documents come from `frappe.get_doc`, helpers live in `sync/` and `erp/`.
"""

import os

_root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
__path__ = [_root]
__file__ = os.path.join(_root, "__init__.py")
