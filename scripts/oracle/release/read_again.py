"""Restores the trees of fixtures with the newest Orbax: what a program of today sees in old checkpoints.

    .oracle/bin/python scripts/oracle/release/read_again.py OUT NAME ...

OUT is what make.py filled. One JSON object goes to stdout: by name a list with, for each expected dump, the
dump of PyTreeCheckpointer.restore, `{"error": ...}` where it raises, or null where there is nothing to
compare.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> int:
    """Command line; returns the exit code."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    out = Path(sys.argv[1])
    print(json.dumps({name: read_fixture(out, name) for name in sys.argv[2:]}, allow_nan=False))
    return 0


def read_fixture(out: Path, name: str) -> list[Any]:
    """One entry for each expected dump of a fixture."""
    expected = json.loads((out / f"{name}.json").read_text())
    return [_read(out / name, entry) for entry in expected["dumps"]]


def _read(root: Path, entry: dict[str, Any]) -> Any:
    if entry.get("dump", {}).get("kind") != "pytree" or "directory" not in entry or entry.get("alone"):
        return None
    from dump import dump_checkpoint

    try:
        return dump_checkpoint(str(root / entry["directory"]))
    except Exception as error:  # whatever Orbax raises is what is to be told
        message = str(error).replace(str(root), "<fixture>")
        return {"error": f"{type(error).__name__}: {message[:200]}"}


if __name__ == "__main__":
    sys.exit(main())
