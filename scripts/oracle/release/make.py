"""Makes the fixtures of the release of Orbax that is installed.

    <environment>/bin/python scripts/oracle/release/make.py OUT [NAME ...]   makes OUT/<name>/ and its .json
    <environment>/bin/python scripts/oracle/release/make.py --list           prints this release's names

Started by scripts/make-release-fixtures.py, which packs what comes out. Each name prints one line: `made
NAME` or `failed NAME: why`. With VERBOSE=1 in the environment, warnings and tracebacks are shown.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import traceback
import warnings
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

MODULES = (
    "fixtures_layouts", "fixtures_leaves", "fixtures_managers", "fixtures_items", "fixtures_projects",
    "fixtures_aggregate", "fixtures_v1", "fixtures_partial", "fixtures_processes", "fixtures_flax",
    "fixtures_own",
)  # fmt: skip


def main() -> int:
    """Command line; returns the exit code: 1 if a fixture failed."""
    verbose = os.environ.get("VERBOSE")
    if not verbose:
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
    import importlib

    from registry import ENTRIES, RELEASE, available

    for module in MODULES:
        importlib.import_module(module)
    names = [entry.name for entry in available(RELEASE)]
    if sys.argv[1:] == ["--list"]:
        print("\n".join(names))
        return 0
    out, wanted = Path(sys.argv[1]), sys.argv[2:] or names
    failed = 0
    for name in wanted:
        try:
            make_one(ENTRIES[name], out, RELEASE)
            print(f"made {name}", flush=True)
        except Exception as error:  # the others shall be made all the same
            if verbose:
                traceback.print_exc()
            print(f"failed {name}: {type(error).__name__}: {str(error)[:600]!r}", flush=True)
            failed = 1
    return failed


def make_one(entry, out: Path, release: str) -> None:
    """Fills OUT/<name>/ and writes what is expected of it."""
    from fixture import Fixture
    from wide_types import wide_types

    root = out / entry.name
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    fixture = Fixture(root, entry.axes)
    with wide_types():
        entry.make(fixture)
    if not fixture.dumps and not fixture.listings:
        raise ValueError("nothing is expected of it")
    expected = {"release": release, "axes": fixture.axes, "dumps": fixture.dumps}
    if fixture.listings:
        expected["ls"] = fixture.listings
    (out / f"{entry.name}.json").write_text(json.dumps(expected, allow_nan=False))


if __name__ == "__main__":
    sys.exit(main())
