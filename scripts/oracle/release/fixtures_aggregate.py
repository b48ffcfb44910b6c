"""The msgpack file `checkpoint` of Orbax up to 0.5.15: leaves in it, or placeholders for stored ones."""

from __future__ import annotations

import functools
from typing import Any

import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from fixture import Fixture
from registry import fixture, register
from saving import restore_files, restore_with, save_pytree, storable, same_save_args
from trees import COMPLEX, FLOATS, INTEGERS, array_of, core_tree, numbers, numpy_scalars, seeded

OLD = {"layout": "aggregate", "zarr": 2, "saver": "PyTreeCheckpointHandler"}
UNTIL = "0.5.15"


def _all_tree() -> dict[str, Any]:
    dtypes = ("bool", *INTEGERS, *FLOATS, *COMPLEX)
    return {
        "numpy": {name: array_of(name) for name in dtypes},
        "jax": {name: jnp.asarray(array_of(name)) for name in ("float32", "bfloat16", "int32", "bool")},
        "core": core_tree(),
        "rank0": np.array(3, np.int16),
        "text": "caf\u00e9",
        "tuple": (1, np.arange(2), "x"),
        "empty": [{}, [], None],
        "fortran": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
    }


def _aggregate_all(options: dict[str, Any], f: Fixture) -> None:
    def save(path: str, tree: Any) -> None:
        save_pytree(path, tree, same_save_args(tree, aggregate=True), **options)

    restore = restore_with(**options) if options else restore_files
    tree = storable(_all_tree(), save, restore)
    save(f.path(), tree)
    f.tree(tree, restore=restore)


def _aggregate_scalars(f: Fixture) -> None:
    def save(path: str, tree: Any) -> None:
        save_pytree(path, tree, same_save_args(tree, aggregate=True))

    tree = storable({**numbers(), **numpy_scalars()}, save)
    save(f.path(), tree)
    f.tree(tree)


register("aggregate-all", functools.partial(_aggregate_all, {}), until=UNTIL, **OLD)
register("aggregate-all-files", functools.partial(_aggregate_all, {"use_ocdbt": False}), until=UNTIL, **OLD)
register("aggregate-scalars", _aggregate_scalars, until=UNTIL, **OLD)


def _mixed(f: Fixture, **options: Any) -> None:
    """Some leaves in the file, the others where the file says PLACEHOLDER://name."""
    tree = {"a": seeded(1, "float32", 3, 4), "b": [jnp.arange(4), np.arange(3), 7, None],
            "c": {"d.e": np.ones(2), "f": {}}, "text": "hi", "n": 2.5}  # fmt: skip
    inside, stored = ocp.SaveArgs(aggregate=True), ocp.SaveArgs()
    save_args = {"a": stored, "b": [stored, inside, inside, None], "c": {"d.e": stored, "f": {}},
                 "text": inside, "n": stored}  # fmt: skip
    save_pytree(f.path(), tree, save_args, **options)
    f.tree(tree, restore=restore_with(**options) if options else restore_files)


@fixture("aggregate-mixed", until=UNTIL, **OLD)
def _aggregate_mixed(f: Fixture) -> None:
    _mixed(f)


@fixture("aggregate-mixed-files", until=UNTIL, **OLD)
def _aggregate_mixed_files(f: Fixture) -> None:
    _mixed(f, use_ocdbt=False)


@fixture(
    "tree-metadata", since="0.4.4", until="0.4.4", layout="ocdbt", zarr=2, saver="PyTreeCheckpointHandler"
)
def _tree_metadata(f: Fixture) -> None:
    """`_METADATA` was an option at first."""
    save_pytree(f.path(), core_tree(), write_tree_metadata=True)
    f.tree(core_tree(), restore=restore_with(write_tree_metadata=True))


@fixture("ocdbt-merge", since="0.4.0", until="0.4.4", layout="ocdbt", zarr=2, saver="PyTreeCheckpointHandler")
def _ocdbt_merge(f: Fixture) -> None:
    """A database a process and one over them was an option at first."""
    save_pytree(f.path(), core_tree(), ocdbt_merge=True)
    f.tree(core_tree(), restore=restore_with(ocdbt_merge=True))


@fixture("ocdbt-option", until="0.3.999", layout="ocdbt", zarr=2, saver="PyTreeCheckpointHandler")
def _ocdbt_option(f: Fixture) -> None:
    """OCDBT, when files were the default."""
    save_pytree(f.path(), core_tree(), use_ocdbt=True)
    f.tree(core_tree(), restore=restore_with(use_ocdbt=True))
