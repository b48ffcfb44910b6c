"""The checkpoints that Orbax ships to test its own compatibility, and what Orbax reads from each.

    .oracle/bin/python scripts/oracle/own_compatibility.py          a line each, and the counts
    .oracle/bin/python scripts/oracle/own_compatibility.py --json   everything

The package of Orbax 0.12.8 holds 44 of them, as written by v0 and v1, whole or with one thing missing. Each
is one directory: a tree itself (`direct_checkpoint`), or a step with the items `state` (a tree) and
`metadata` (JSON).
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

DEPTH = 4
"""Folders from the base to a checkpoint: who wrote it, its shape, what was altered, how."""


def base_directory() -> Path:
    """Where the installed Orbax keeps them."""
    from orbax.checkpoint.experimental.v1._src import testing

    return Path(testing.__path__[0]) / "compatibility" / "checkpoints"


def names() -> list[str]:
    """Path of each checkpoint below the base directory, sorted."""
    base = base_directory()
    folders = (path.relative_to(base) for path in base.rglob("*") if path.is_dir())
    return sorted(str(folder) for folder in folders if len(folder.parts) == DEPTH)


def tree_directory(name: str) -> str | None:
    """The folder below the base in which the tree of this checkpoint should be; None if it was removed."""
    if "/direct_checkpoint/" in name:
        return name
    return f"{name}/state" if (base_directory() / name / "state").is_dir() else None


def inputs() -> dict[str, Any]:
    """The tree that all of them hold, as Orbax's own generator made it."""
    import numpy as np

    return {"a": np.arange(8, dtype=np.int32), "b": {"c": np.array([1, 2, 3], np.int32)}}


def read(name: str) -> dict[str, Any]:
    """What Orbax makes of one: by PyTreeCheckpointer from the tree's folder, by v1 from the whole."""
    import orbax.checkpoint as ocp
    import orbax.checkpoint.experimental.v1 as v1

    directory, base = tree_directory(name), base_directory()
    return {
        "name": name,
        "entries": sorted(os.listdir(base / name)),
        "pytree_checkpointer": _attempt(lambda: ocp.PyTreeCheckpointer().restore(str(base / str(directory)))),
        "v1_load": _attempt(lambda: v1.load(str(base / name))),
    }


def _attempt(restore: Any) -> dict[str, Any]:
    from dump import dump_tree

    try:
        return {"dump": dump_tree(restore())}
    except Exception as error:  # whatever Orbax raises is the answer
        return {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"}


def main() -> int:
    """Command line; returns the exit code."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    found = [read(name) for name in names()]
    if sys.argv[1:] == ["--json"]:
        print(json.dumps(found, allow_nan=False))
        return 0
    for entry in found:
        print(f"{entry['name']}: {_line(entry['pytree_checkpointer'])} · v1: {_line(entry['v1_load'])}")
    for api in ("pytree_checkpointer", "v1_load"):
        print(f"{api}: {sum('dump' in entry[api] for entry in found)} of {len(found)}")
    return 0


def _line(result: dict[str, Any]) -> str:
    return "opens" if "dump" in result else result["error"]


if __name__ == "__main__":
    sys.exit(main())
