"""Orbax's own compatibility checkpoints (own_compatibility.py), all of them in one fixture."""

from __future__ import annotations

import shutil
from typing import Any

import own_compatibility as own
from fixture import Fixture
from fixtures_v1 import restore_as_numpy
from registry import fixture


@fixture(
    "own-compatibility",
    since="0.12.8",
    until="0.12.8",
    layout="Orbax's own test data",
    zarr=None,
    saver="Orbax's own test data",
)
def _own_compatibility(f: Fixture) -> None:
    base = own.base_directory()
    for name in own.names():
        shutil.copytree(base / name, f.path(name))
        _expect(f, name)


def _expect(f: Fixture, name: str) -> None:
    directory = own.tree_directory(name)
    is_step = directory != name
    if directory is None:
        f.refused("", path=name, item="state")
    elif "missing_metadata" in name:  # of the tree: its _METADATA
        f.refused("", path=name, **({"item": "state"} if is_step else {}))
    elif "missing_pytree_data_dir_d" in name or "manifest.ocdbt" in name:
        f.refused("--salvage", path=name)
        whole = name.replace("missing_pytree_data_dir_d", "missing_metrics_metadata").replace(
            "missing_pytree_data_file_manifest.ocdbt", "missing_metrics_metadata"
        )
        _tree(f, name, whole.replace("/critical", "/non_critical"), salvage=True, alone=True)
    elif "missing_pytree_data_file__sharding" in name:
        f.tree(own.inputs(), path=name, directory=directory, restore=restore_as_numpy, alone=True)
    else:
        f.tree(own.inputs(), path=name, directory=directory)
        if is_step and "dummy" not in name:
            f.lists_items({"metadata": "json", "state": "pytree"}, path=name)
        elif not is_step:
            f.lists_item("pytree", path=name)
    if is_step:
        f.json({"metadata": "json_data"}, path=name, item="metadata")


def _tree(f: Fixture, name: str, whole: str, **more: Any) -> None:
    """Expects the tree of `whole`, which lacks nothing that matters to it."""

    def restore(_: str) -> Any:
        import orbax.checkpoint as ocp

        return ocp.PyTreeCheckpointer().restore(str(own.base_directory() / str(own.tree_directory(whole))))

    f.tree(own.inputs(), path=name, restore=restore, **more)
