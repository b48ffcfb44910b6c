"""One fixture while it is made: a folder for the checkpoints, and what must be read from each of them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from describe import check_inputs
from dump import dump_tree

UNSET: Any = object()


class Fixture:
    """Collects the expected dumps of one fixture. `axes` may be added to while it is made."""

    def __init__(self, root: Path, axes: dict[str, Any]) -> None:
        self.root = root
        self.axes = dict(axes)
        self.dumps: list[dict[str, Any]] = []
        self.listings: list[dict[str, Any]] = []

    def path(self, name: str = "ckpt") -> str:
        """Where a checkpoint of this name belongs, absolute."""
        return str(self.root / name)

    def tree(
        self,
        inputs: Any = UNSET,
        *,
        path: str = "ckpt",
        directory: str | None = None,
        step: float | None = None,
        item: str | None = None,
        restore: Callable[[str], Any] | None = None,
        **more: Any,
    ) -> None:
        """Expects the tree that this release restores from `directory` (default: `path` itself).

        It is compared with `inputs`, the tree that was saved: values, dtypes and shapes must be equal.
        `restore` reads a directory; by default PyTreeCheckpointer without a target.
        """
        place = directory if directory is not None else path
        tree = (restore or restore_pytree)(self.path(place))
        if inputs is not UNSET:
            check_inputs(inputs, tree)
        self._add(path, step, item, {"dump": dump_tree(tree), "directory": place, **more})

    def json(
        self, value: Any, *, path: str = "ckpt", step: int | None = None, item: str | None = None
    ) -> None:
        """Expects a JSON item with this value."""
        self._add(path, step, item, {"dump": {"kind": "json", "json": plain_json(value)}})

    def other(
        self, dump: Any, *, path: str = "ckpt", step: int | None = None, item: str | None = None
    ) -> None:
        """Expects this dump of an item that is neither tree nor JSON."""
        self._add(path, step, item, {"dump": dump})

    def refused(
        self,
        line: str,
        *,
        path: str = "ckpt",
        step: int | None = None,
        item: str | None = None,
        **more: Any,
    ) -> None:
        """Expects that a dump is refused, with a line on stderr that holds `line`."""
        self._add(path, step, item, {"refused": line, **more})

    def lists(self, listing: Any, *, path: str = "ckpt") -> None:
        """Expects this of `ls --json`."""
        self.listings.append({"path": path, "ls": listing})

    def lists_item(self, kind: str, *, path: str = "ckpt") -> None:
        """Expects that `ls --json` shows the path itself as an item of this kind."""
        self.lists({"kind": "checkpoint", "steps": [{"step": None, "dir": ".", "kind": kind}]}, path=path)

    def lists_items(self, items: dict[str, str], *, path: str = "ckpt") -> None:
        """Expects that `ls --json` shows the path as a step with these items."""
        self.lists({"kind": "checkpoint", "steps": [{"step": None, "dir": ".", "items": items}]}, path=path)

    def lists_steps(self, rows: list[tuple[float, str, Any]], *, path: str = "ckpt", **more: Any) -> None:
        """Expects a directory of steps: a row each, (step, folder, items or kind)."""
        steps = [
            {"step": step, "dir": folder, ("kind" if isinstance(what, str) else "items"): what}
            for step, folder, what in rows
        ]
        self.lists({"kind": "steps", "steps": steps, **more}, path=path)

    def _add(self, path: str, step: float | None, item: str | None, rest: dict[str, Any]) -> None:
        self.dumps.append({"path": path, "step": step, "item": item, **rest})


def restore_pytree(directory: str) -> Any:
    """The truth about a tree: what PyTreeCheckpointer gives without a target."""
    import orbax.checkpoint as ocp

    return ocp.PyTreeCheckpointer().restore(os.path.abspath(directory))


def plain_json(value: Any) -> Any:
    """A JSON value as orbax-ts prints it: NaN and the infinities, which JSON lacks, as {"$float": "NaN"}."""
    if isinstance(value, dict):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    return value
