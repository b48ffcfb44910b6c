"""Makes fixtures/releases with Orbax as it was at many releases.

    python3.11 scripts/make-release-fixtures.py [--environments DIR] [--release 0.6.4] [--force] [NAME ...]

Needs the environments of scripts/oracle/make-releases.sh (DIR, default <temporary folder>/orbax-releases)
and those of scripts/oracle/make.sh. Makes those fixtures that are missing; what exists is left alone unless
--force is given: trees and values are the same each time, but Orbax puts random file names and the time into
what it writes.

In each release's environment scripts/oracle/release/make.py saves the checkpoints and restores them again.
Here each one is packed (fixtures/releases/README.md), restored once more by Orbax 0.12.8, and the truth is
written beside it. Standard library only.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ORACLE = ROOT / "scripts" / "oracle"
sys.path.insert(0, str(ORACLE))

from line_json import format_json  # noqa: E402

FIXTURES = ROOT / "fixtures" / "releases"
MAKER = ORACLE / "release" / "make.py"
READER = ORACLE / "release" / "read_again.py"
NEWEST = "0.12.8"
OF_MAKE_SH = {NEWEST: ".oracle", "0.11.20": ".oracle-0.11.20"}
MOST_TRIES = 3
ALONE = ("0.2.7", "0.3.5", "0.4.2", "0.4.4")
"""Releases in which a handler's options also hold for the handlers made after it: a process a fixture."""


def main() -> int:
    """Command line; returns the exit code: 1 if a fixture could not be made."""
    arguments = _arguments()
    releases = arguments.release or _releases()
    failed = 0
    for release in releases:
        failed += make_release(release, arguments)
    return 1 if failed else 0


def _releases() -> list[str]:
    """All releases that have pins, oldest first."""
    names = {file.stem for file in (ORACLE / "releases").glob("*.txt")} | set(OF_MAKE_SH)
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


def make_release(release: str, arguments: argparse.Namespace) -> int:
    """Makes the missing fixtures of one release; returns how many failed."""
    python = _python(release, arguments.environments)
    known = subprocess.run(
        [python, MAKER, "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    wanted = [name for name in known if not arguments.names or name in arguments.names]
    if not arguments.force:
        wanted = [name for name in wanted if not _expected_file(release, name).is_file()]
    if not wanted:
        return 0
    # A fixed place: some files name the folder that they were written to.
    out = Path(tempfile.gettempdir()) / "orbax-release-fixtures" / release
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    lines = _run_maker(python, out, wanted)
    made = [name for name in wanted if lines.get(name) == "made"]
    seen = _read_again(_python(NEWEST, arguments.environments), out, made) if release != NEWEST else {}
    for name in made:
        _store(release, name, out, seen.get(name, []))
    for name in wanted:
        if name not in made:
            print(f"{release} {name}: {lines.get(name, 'the process died')}", file=sys.stderr)
    print(f"{release}: made {len(made)} of {len(wanted)}", flush=True)
    shutil.rmtree(out)
    return len(wanted) - len(made)


def _run_maker(python: str, out: Path, names: list[str]) -> dict[str, str]:
    """What became of each name. Old TensorStores crash now and then: what is missing is tried again."""
    lines: dict[str, str] = {}
    for _ in range(MOST_TRIES):
        missing = [name for name in names if name not in lines]
        if not missing:
            break
        for group in [[name] for name in missing] if out.name in ALONE else [missing]:
            run = subprocess.run([python, MAKER, out, *group], capture_output=True, text=True)
            for line in run.stdout.splitlines():
                verb, _, rest = line.partition(" ")
                if verb in ("made", "failed"):
                    name, _, why = rest.partition(": ")
                    lines[name] = why or verb
    return lines


def _read_again(python: str, out: Path, names: list[str]) -> dict[str, list[Any]]:
    """What the newest release restores from the same folders, one entry a dump."""
    run = subprocess.run([python, READER, out, *names], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def _store(release: str, name: str, out: Path, newest: list[Any]) -> None:
    """Packs a fixture and writes its truth."""
    expected = json.loads((out / f"{name}.json").read_text())
    for entry, seen in zip(expected["dumps"], newest):
        if seen is not None and seen != entry["dump"]:
            entry["differs"] = {"release": NEWEST, **_difference(entry["dump"], seen)}
    for entry in expected["dumps"]:
        entry.pop("directory", None)
    place = _expected_file(release, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    pack(out / name, place.with_name(f"{name}.tar.gz"))
    place.write_text(format_json(expected) + "\n", encoding="ascii")


def _difference(ours: Any, newest: Any) -> dict[str, Any]:
    """Which leaves the newest release sees otherwise, or its error."""
    if "error" in newest:
        return newest
    before = {json.dumps(leaf["path"]): leaf for leaf in ours["leaves"]}
    after = {json.dumps(leaf["path"]): leaf for leaf in newest["leaves"]}
    changed = [leaf for path, leaf in after.items() if before.get(path) != leaf]
    missing = [before[path]["path"] for path in before if path not in after]
    return {"leaves": changed, **({"missing": missing} if missing else {})}


def pack(folder: Path, archive: Path) -> None:
    """A .tar.gz of `folder`, the same bytes for the same files: sorted, without times and owners."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            member = tarfile.TarInfo(str(path.relative_to(folder)))
            member.mode = 0o755 if path.is_dir() else 0o644
            if path.is_dir():
                member.type = tarfile.DIRTYPE
                tar.addfile(member)
            else:
                member.size = path.stat().st_size
                with path.open("rb") as file:
                    tar.addfile(member, file)
    with archive.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(buffer.getvalue())


def _python(release: str, environments: str) -> str:
    place = ROOT / OF_MAKE_SH[release] if release in OF_MAKE_SH else Path(environments) / release
    python = place / "bin" / "python"
    if not python.exists():
        maker = "make.sh" if release in OF_MAKE_SH else "make-releases.sh"
        sys.exit(f"make-release-fixtures.py: {python} is missing: bash scripts/oracle/{maker}")
    return str(python)


def _expected_file(release: str, name: str) -> Path:
    return FIXTURES / release / f"{name}.expected.json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("ORBAX_RELEASES", os.path.join(tempfile.gettempdir(), "orbax-releases"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="all by default")
    parser.add_argument("--environments", metavar="DIR", default=default, help=f"default: {default}")
    parser.add_argument("--release", action="append", metavar="VERSION", help="all by default")
    parser.add_argument("--force", action="store_true", help="make anew what exists")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
