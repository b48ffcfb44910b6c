"""flax.training.checkpoints: one msgpack file a step, or an Orbax directory a step."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from fixture import Fixture
from fixtures_projects import train_state
from registry import fixture
from trees import COMPLEX, FLOATS, INTEGERS, array_of, core_tree, numpy_scalars, seeded

MSGPACK = {"layout": "flax-msgpack", "zarr": None, "saver": "flax.training.checkpoints"}


def _state_dict(target: Any) -> Any:
    from flax import serialization

    return serialization.to_state_dict(target)


def _save(f: Fixture, path: str, target: Any, step: float, orbax: bool = False, **options: Any) -> None:
    import flax
    from flax.training import checkpoints

    flax.config.update("flax_use_orbax_checkpointing", orbax)
    checkpoints.save_checkpoint(f.path(path), target, step, keep=5, overwrite=True, **options)


def _restore_raw(path: str) -> Any:
    """What Flax reads without a target: a dict, whatever was saved."""
    from flax.training import checkpoints

    return checkpoints.restore_checkpoint(path, target=None)


@fixture("flax-msgpack", skip=("0.5.23",), **MSGPACK)
def _flax_msgpack(f: Fixture) -> None:
    dtypes = ("bool", *INTEGERS, *FLOATS, *COMPLEX)
    tree = {
        "numpy": {name: array_of(name) for name in dtypes},
        "jax": {name: jnp.asarray(array_of(name)) for name in ("float32", "bfloat16", "int32")},
        "scalars": numpy_scalars(),
        "core": core_tree(),
        "python": {"int": 7, "big": 2**63, "min": -(2**63), "float": 0.1, "nan": float("nan"), "true": True,
                   "complex": 1.5 - 2j, "bytes": bytes(range(70)), "text": "caf\u00e9", "none": None},
        "tuple": (1, 2.5),
        "empty": {"dict": {}, "list": []},
        "zero": np.zeros((0, 3), np.float32),
    }  # fmt: skip
    _save(f, "run", tree, 5)
    f.tree(
        _state_dict(tree), path="run", directory="run/checkpoint_5", restore=_restore_raw, step=5, alone=True
    )
    f.tree(path="run/checkpoint_5", restore=_restore_raw, alone=True)
    f.lists_steps([(5, "checkpoint_5", "pytree")], path="run")
    f.lists_item("pytree", path="run/checkpoint_5")


@fixture("flax-msgpack-steps", **MSGPACK)
def _flax_msgpack_steps(f: Fixture) -> None:
    """Steps with a fraction, and a prefix of the user's own."""
    for step in (1, 2.5, 10):
        _save(f, "run", {"w": np.full(3, step, np.float32), "step": step}, step)
    for step, name in ((1, "checkpoint_1"), (2.5, "checkpoint_2.5"), (10, "checkpoint_10")):
        f.tree(path="run", directory=f"run/{name}", restore=_restore_raw, step=step, alone=True)
    f.tree(path="run", directory="run/checkpoint_10", restore=_restore_raw, alone=True)
    rows = [(1, "checkpoint_1", "pytree"), (2.5, "checkpoint_2.5", "pytree"), (10, "checkpoint_10", "pytree")]
    f.lists_steps(rows, path="run")


@fixture("flax-msgpack-train-state", **MSGPACK)
def _flax_msgpack_train_state(f: Fixture) -> None:
    state = train_state()
    _save(f, "run", state, 2)
    f.tree(_state_dict(state), path="run", directory="run/checkpoint_2", restore=_restore_raw, alone=True)


@fixture("flax-msgpack-chunked", **MSGPACK)
def _flax_msgpack_chunked(f: Fixture) -> None:
    """Arrays beyond 2^30 bytes are written in chunks; here the limit is set to 64 bytes."""
    from flax import serialization

    before = serialization.MAX_CHUNK_SIZE
    serialization.MAX_CHUNK_SIZE = 64
    try:
        tree = {
            "big": seeded(1, "float32", 9, 5),
            "small": np.arange(3),
            "jax": jnp.asarray(seeded(2, "bfloat16", 50)),
        }
        _save(f, "run", tree, 0)
    finally:
        serialization.MAX_CHUNK_SIZE = before
    f.tree(tree, path="run", directory="run/checkpoint_0", restore=_restore_raw, step=0, alone=True)


@fixture("flax-orbax", layout="ocdbt", zarr=2, saver="flax.training.checkpoints")
def _flax_orbax(f: Fixture) -> None:
    """The default of newer Flax: checkpoint_<step>/ is an Orbax checkpoint."""
    state = train_state()
    for step in (1, 2):
        _save(f, "run", {"state": state, "step": step}, step, orbax=True)
    for step in (1, 2):
        f.tree({"state": state, "step": step}, path="run", directory=f"run/checkpoint_{step}", step=step)
    f.lists_steps([(step, f"checkpoint_{step}", "pytree") for step in (1, 2)], path="run")
