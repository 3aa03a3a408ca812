"""Prints have a body again.

The fork has left out everything about PDF, and with it the function that renders the body of any print.
"""

from typing import Any

REPLACES = {"frappe/utils/pdf.py": {"pdf_body_html": "pdf_body_html"}}


def pdf_body_html(template: Any, args: dict, **_more: Any) -> str:
	return template.render(args, filters={"len": len})
