"""JSON as the fixtures hold it."""

from __future__ import annotations

import json
from typing import Any

LINE_WIDTH = 240


def format_json(value: Any, indent: str = "") -> str:
    """ASCII JSON in which everything that fits into a line stands on one: a leaf or a key each, as a rule."""
    text = json.dumps(value, allow_nan=False)
    if len(indent) + len(text) <= LINE_WIDTH or not isinstance(value, (dict, list)):
        return text
    inner = indent + " "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + format_json(item, inner) for item in value) + f"\n{indent}]"
    members = (f"{inner}{json.dumps(key)}: {format_json(item, inner)}" for key, item in value.items())
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"
