"""v1's partial saves: finished, unfinished, and a series that can never be finished."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from fixture import Fixture
from fixtures_v1 import save_v1
from registry import fixture
from saving import at_least
from trees import placed, seeded

if at_least("0.11.40"):
    import orbax.checkpoint.experimental.v1 as v1

PARTIAL = {"since": "0.12.0", "layout": "ocdbt", "zarr": 3, "saver": "v1.partial.save"}


def _first() -> dict[str, Any]:
    return {"layer_0": {"w": jnp.asarray(seeded(1, "float32", 4, 6)), "b": np.arange(3)}, "step": 1}


def _second() -> dict[str, Any]:
    return {"layer_1": {"w": placed(seeded(2, "float32", 8, 6), "x", None)}, "text": "caf\u00e9", "empty": {}}


def _joined() -> dict[str, Any]:
    return {**_first(), **_second()}


@fixture("partial-finalized", **PARTIAL)
def _finalized(f: Fixture) -> None:
    v1.partial.save(f.path(), _first(), custom_metadata={"a": 1})
    v1.partial.save(f.path(), _second())
    v1.partial.finalize(f.path())
    f.tree(_joined(), directory="ckpt/state")
    f.tree(_joined(), directory="ckpt/state", item="state")
    f.lists_items({"state": "pytree"})


@fixture("partial-finalized-files", **{**PARTIAL, "layout": "files"})
def _finalized_files(f: Fixture) -> None:
    options = v1.options.ArrayOptions(saving=v1.options.ArrayOptions.Saving(use_ocdbt=False))
    with v1.Context(array_options=options):
        v1.partial.save(f.path(), _first())
        v1.partial.save(f.path(), _second())
        v1.partial.finalize(f.path())
    f.tree(_joined(), directory="ckpt/state")


@fixture("partial-unfinished", **PARTIAL)
def _unfinished(f: Fixture) -> None:
    """Nothing is at `ckpt` yet. The expected tree is that of the same leaves saved whole."""
    v1.partial.save(f.path(), _first())
    v1.partial.save(f.path(), _second())
    f.refused("--salvage", path="ckpt.partial_save")
    f.refused("ckpt.partial_save", path="ckpt")
    _salvaged(f, _joined(), "ckpt.partial_save")


@fixture("partial-one-pending", **PARTIAL)
def _one_pending(f: Fixture) -> None:
    v1.partial.save(f.path(), _second())
    f.refused("--salvage", path="ckpt.partial_save")
    _salvaged(f, _second(), "ckpt.partial_save")


@fixture("partial-two-strings", shows="half merged", **PARTIAL)
def _two_strings(f: Fixture) -> None:
    """Two calls with strings: finalize raises for ever, and leaves the series half merged."""
    first, second = {**_first(), "name": "one"}, _second()
    v1.partial.save(f.path(), first)
    v1.partial.save(f.path(), second)
    try:
        v1.partial.finalize(f.path())
    except Exception as error:
        assert "_strings.json" in repr(error), error
    assert not os.path.exists(f.path())
    f.refused("--salvage", path="ckpt.partial_save")
    _salvaged(f, {**first, **second}, "ckpt.partial_save")


def _salvaged(f: Fixture, inputs: dict[str, Any], path: str) -> None:
    """Expects of `dump --salvage` the tree `inputs`; the truth is a whole save of it."""
    import shutil

    save_v1(f.path("whole"), inputs)
    f.tree(inputs, path=path, directory="whole/state", salvage=True, alone=True)
    shutil.rmtree(f.path("whole"))


@fixture("lost-manifest", shows="manifest.ocdbt and d/ lost", **{**PARTIAL, "saver": "v1.save"})
def _lost_manifest(f: Fixture) -> None:
    """The top database is gone, the one of the process is there."""
    import shutil

    tree = {**_first(), "text": "hi"}
    save_v1(f.path(), tree)
    f.tree(tree, directory="ckpt/state", salvage=True, alone=True)
    Path(f.path("ckpt/state/manifest.ocdbt")).unlink()
    shutil.rmtree(f.path("ckpt/state/d"))
    f.refused("--salvage")


@fixture(
    "lost-manifest-zarr2",
    since="0.5.3",
    shows="manifest.ocdbt lost",
    layout="ocdbt",
    zarr=2,
    saver="PyTreeCheckpointHandler",
)
def _lost_manifest_zarr2(f: Fixture) -> None:
    from saving import save_pytree

    tree = {"a": seeded(1, "float32", 8, 9), "b": [jnp.arange(4), None, {}], "n": 7}
    save_pytree(f.path(), tree)
    f.tree(tree, salvage=True, alone=True)
    Path(f.path("ckpt/manifest.ocdbt")).unlink()
    f.refused("--salvage")
