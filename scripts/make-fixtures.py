"""Makes fixtures/ocdbt and fixtures/orbax with the real libraries.

    .oracle/bin/python scripts/make-fixtures.py [--force] [ocdbt/one-key orbax/manager ...]

Makes those that are missing, of all or of the ones named. What exists is left alone unless --force is given:
the trees and values are the same each time, but TensorStore and Orbax put random file names and the time into
what they write, so every remake is a diff. Beside each database or checkpoint lies `<name>.expected.json`,
read back by the same libraries. fixtures/ocdbt/README.md and fixtures/orbax/README.md tell what each one
shows.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "oracle"))

from fixture_checkpoints import CHECKPOINTS  # noqa: E402
from fixture_databases import DATABASES  # noqa: E402
from line_json import format_json  # noqa: E402

FIXTURES = {f"ocdbt/{name}": make for name, make in DATABASES.items()} | {
    f"orbax/{name}": make for name, make in CHECKPOINTS.items()
}


def make_fixture(name: str) -> None:
    """Makes one fixture anew. It is written elsewhere first: Orbax notes the path in commit_success.txt."""
    place = ROOT / "fixtures" / name
    with tempfile.TemporaryDirectory(prefix="orbax-ts-") as folder:
        made = Path(folder) / place.name
        expected = FIXTURES[name](str(made))
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, place)
    expected_file(name).write_text(format_json(expected) + "\n", encoding="ascii")


def expected_file(name: str) -> Path:
    """Where the truth about a fixture lies."""
    return ROOT / "fixtures" / f"{name}.expected.json"


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="all by default")
    parser.add_argument("--force", action="store_true", help="make anew what exists")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(FIXTURES))
    if unknown:
        parser.error(f"unknown {', '.join(unknown)}; there are {', '.join(FIXTURES)}")
    warnings.simplefilter("ignore")
    for name in arguments.names or FIXTURES:
        if arguments.force or not (ROOT / "fixtures" / name).is_dir() or not expected_file(name).is_file():
            make_fixture(name)
            print(f"made {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
