"""Compares what orbax-ts and the Python libraries print about one checkpoint.

    python scripts/oracle/compare.py OURS.json PYTHON.json

Both files hold the output of `orbax-ts state --json` and state.py, or of `orbax-ts dump --json` and dump.py. They
may differ in writing and still say the same: the order of keys and of leaves, 1 for 1.0, 1e-05 for 0.00001, a dict
with int keys as `$map` or with decimal keys. Everything else is a difference. Floats are compared as doubles, bit
by bit but for the payload of NaN.

Needs the standard library only. One line a difference; exit code 0: none, 1: some, 2: a file cannot be read.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from typing import Any

INTEGER = re.compile(r"-?\d+")
MOST_LINES = 50


def normalise(value: Any) -> Any:
    """The same JSON in the one way of writing that two equal states share."""
    if isinstance(value, list):
        return [normalise(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$float"}:
        return {"$float": number(value["$float"])}
    if set(value) == {"$int"}:
        return int(value["$int"])
    if set(value) == {"$map"}:
        return {str(key): normalise(item) for key, item in value["$map"]}
    if set(value) == {"$array"}:
        array = value["$array"]
        return {"$array": {**array, "data": [element(item, array["dtype"]) for item in array["data"]]}}
    return {key: normalise(item) for key, item in value.items()}


def normalise_dump(dump: dict[str, Any]) -> dict[str, Any]:
    """A dump with its leaves by path, and their values as numbers."""
    return {**dump, "leaves": {json.dumps(leaf["path"]): normalise_leaf(leaf) for leaf in dump["leaves"]}}


def normalise_leaf(leaf: dict[str, Any]) -> dict[str, Any]:
    """One leaf of a dump. Only arrays, scalars and keys have a dtype, and numbers as values."""
    if "dtype" not in leaf:
        return leaf
    return {**leaf, "values": [element(text, leaf["dtype"]) for text in leaf["values"]]}


def element(item: Any, dtype: str) -> Any:
    """One element of an array, as a number or bool of the array's own kind."""
    if isinstance(item, list):
        return [number(part) for part in item]
    if dtype.startswith("complex"):
        return [number(part) for part in item.split(",")]
    if "float" in dtype:
        return number(item)
    if isinstance(item, str):
        return int(item) if INTEGER.fullmatch(item) else item
    return item


def number(value: Any) -> str:
    """A double, as text that only equal doubles share."""
    double = float(value)
    return "nan" if math.isnan(double) else double.hex()


def differences(ours: Any, theirs: Any, where: str = "") -> Iterator[str]:
    """A line for each place where two normalised values differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            place = f"{where}.{key}" if where else key
            if key not in theirs:
                yield f"{place}: only in the first file"
            elif key not in ours:
                yield f"{place}: only in the second file"
            else:
                yield from differences(ours[key], theirs[key], place)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (left, right) in enumerate(zip(ours, theirs)):
            yield from differences(left, right, f"{where}[{index}]")
    elif type(ours) is not type(theirs) or ours != theirs:
        yield f"{where}: {shown(ours)} is not {shown(theirs)}"


def shown(value: Any) -> str:
    """A value for a line of text, cut where it is long."""
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def read(path: str) -> Any:
    """Normalised content of one file."""
    with open(path, encoding="utf-8") as file:
        content = json.load(file, parse_int=integer)
    is_dump = isinstance(content, dict) and isinstance(content.get("leaves"), list)
    return normalise_dump(content) if is_dump else normalise(content)


def integer(text: str) -> int | float:
    """An integer of JSON; JavaScript writes -0.0 as -0, which int() would take for 0."""
    return -0.0 if text == "-0" else int(text)


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    if len(arguments) != 2:
        print("usage: compare.py OURS.json PYTHON.json", file=sys.stderr)
        return 2
    try:
        ours, theirs = (read(path) for path in arguments)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return 2
    lines = list(differences(ours, theirs))
    print("\n".join(lines[:MOST_LINES]), end="\n" if lines else "")
    if len(lines) > MOST_LINES:
        print(f"and {len(lines) - MOST_LINES} more")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
