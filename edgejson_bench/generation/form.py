"""The form style: a heading, ``Title Case Key: value`` lines, nesting by two spaces, a closing request.

The layout is the published EdgeJSON v3 one, so scores in this style compare with published numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADINGS = {
    "transaction_record": "New {title}",
    "log_entry": "New {title}",
    "medical_record": "New {title}",
    "invoice": "=== {title} ===",
    "order_details": "=== {title} ===",
    "ecommerce_analytics": "{title} Report",
}
"""Headings that are more than the bare title; all other tasks print the title alone."""


def display_key(key: str) -> str:
    """``unit_price`` -> ``Unit Price``: the spelling of a property name in the form style."""
    return key.replace("_", " ").title()


def print_form(task: str, title: str, gold: Mapping[str, Any]) -> str:
    """The whole text of one example in the form style.

    Values print as Python's ``str`` does (``True``, ``12.5``); array items run together without a
    separator, so an item must begin with a key that every item has for the text to be read back.
    """
    heading = HEADINGS.get(task, "{title}").format(title=title)
    closing = f"Please extract the {title.lower()} information as JSON."
    return "\n".join([heading, "", *_lines(gold, 0), "", closing])


def _lines(fields: Mapping[str, Any], depth: int) -> list[str]:
    indent = "  " * depth
    lines: list[str] = []
    for key, value in fields.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{display_key(key)}:", *_lines(value, depth + 1)]
        elif isinstance(value, list):
            lines.append(f"{indent}{display_key(key)}:")
            for item in value:
                lines += _lines(item, depth + 1) if isinstance(item, Mapping) else [f"{indent}  {item}"]
        else:
            lines.append(f"{indent}{display_key(key)}: {value}")
    return lines
