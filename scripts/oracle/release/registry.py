"""The list of fixtures: the functions that make them, in which releases, and their axes in the matrix."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from fixture import Fixture

Make = Callable[[Fixture], None]


@dataclasses.dataclass(frozen=True)
class Entry:
    """One fixture: `make` fills it, `axes` say what it stands for, releases `since` to `until` can."""

    name: str
    make: Make
    axes: dict[str, Any]
    since: tuple[int, ...]
    until: tuple[int, ...]


ENTRIES: dict[str, Entry] = {}


def register(
    name: str, make: Make, since: str = "0", until: str = "999", skip: tuple[str, ...] = (), **axes: Any
) -> None:
    """Adds a fixture. Releases in `skip` cannot make it. axes: layout, zarr, saver, shows, ..."""
    if name in ENTRIES:
        raise ValueError(f"two fixtures {name}")
    if axes.get("layout") == "ocdbt" and version(RELEASE) < version("0.4") and name != "ocdbt-option":
        axes["layout"] = "files"  # OCDBT was an option then
    if RELEASE not in skip:
        ENTRIES[name] = Entry(name, make, axes, version(since), version(until))


def fixture(name: str, **fields: Any) -> Callable[[Make], Make]:
    """`register` as a decorator."""

    def decorate(make: Make) -> Make:
        register(name, make, **fields)
        return make

    return decorate


def version(text: str) -> tuple[int, ...]:
    """`0.11.20` as a tuple that compares as versions do."""
    return tuple(int(part) for part in text.split("."))


def available(release: str) -> list[Entry]:
    """The fixtures that this release can make."""
    return [entry for entry in ENTRIES.values() if entry.since <= version(release) <= entry.until]


def _installed() -> str:
    from importlib.metadata import version as installed_version

    return installed_version("orbax-checkpoint")


RELEASE = _installed()
