"""Directories of steps as CheckpointManager makes them, by the interfaces of 0.4 and of 0.5 and later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from fixture import Fixture
from registry import fixture
from trees import seeded

MANAGER = {"layout": "ocdbt", "zarr": 2, "saver": "CheckpointManager"}
CONFIG = {
    "rate": 0.001,
    "names": ["a", "caf\u00e9"],
    "big": 2**64,
    "nan": float("nan"),
    "none": None,
    "deep": {"x": [1.5, -0.0]},
}


def _state(step: int) -> dict[str, Any]:
    return {
        "params": {"w": seeded(step, "float32", 4, 6), "b": jnp.arange(3, dtype=jnp.float32) + step},
        "step": step,
        "opt": [None, {"mu": jnp.asarray([0.5, step], jnp.bfloat16)}],
    }


def _manager(f: Fixture, items: tuple[str, ...] | None = None, metadata: Any = None, **options: Any) -> Any:
    return ocp.CheckpointManager(
        f.path("run"), options=ocp.CheckpointManagerOptions(**options), metadata=metadata, item_names=items
    )


def _finish(manager: Any) -> None:
    manager.wait_until_finished()
    manager.close()


@fixture("manager-single", since="0.5.0", **MANAGER)
def _single(f: Fixture) -> None:
    manager = _manager(f)
    for step in (5, 10, 200):
        manager.save(step, args=ocp.args.StandardSave(_state(step)))
        manager.wait_until_finished()
    _finish(manager)
    for step in (5, 10, 200):
        f.tree(_state(step), path="run", directory=f"run/{step}/default", step=step)
    f.tree(_state(200), path="run", directory="run/200/default")
    f.tree(_state(10), path="run/10", directory="run/10/default")
    f.lists_steps([(step, str(step), {"default": "pytree"}) for step in (5, 10, 200)], path="run")


@fixture("manager-pytree", since="0.5.0", **MANAGER)
def _pytree(f: Fixture) -> None:
    manager = _manager(f)
    manager.save(3, args=ocp.args.PyTreeSave({**_state(3), "name": "run"}))
    _finish(manager)
    f.tree({**_state(3), "name": "run"}, path="run", directory="run/3/default", step=3)


@fixture("manager-composite", since="0.5.0", **MANAGER)
def _composite(f: Fixture) -> None:
    names = ("state", "params", "config")
    best = {"best_fn": lambda metrics: metrics["loss"], "best_mode": "min"}
    manager = _manager(f, names, {"run": "fixture"}, **best)
    for step, loss in ((10, 0.25), (20, float("nan"))):
        args = ocp.args.Composite(
            state=ocp.args.StandardSave(_state(step)),
            params=ocp.args.PyTreeSave(_state(step)["params"]),
            config=ocp.args.JsonSave(CONFIG),
        )
        manager.save(step, args=args, metrics={"loss": loss})
        manager.wait_until_finished()
    _finish(manager)
    _expect_composite(f, {"config": CONFIG, "metrics": {"loss": float("nan")}})


def _expect_composite(f: Fixture, last: dict[str, Any]) -> None:
    for step in (10, 20):
        f.tree(_state(step), path="run", directory=f"run/{step}/state", step=step, item="state")
    f.tree(_state(20)["params"], path="run", directory="run/20/params", item="params")
    f.tree(_state(20), path="run", directory="run/20/state")  # the first of the names to be preferred
    f.json(last["config"], path="run", step=20, item="config")
    f.json(last["metrics"], path="run", step=20, item="metrics")
    f.json({"loss": 0.25}, path="run/10", item="metrics")
    items = {"state": "pytree", "params": "pytree", "config": "json", "metrics": "json"}
    f.lists_steps([(step, str(step), items) for step in (10, 20)], path="run")


def _legacy_checkpointers() -> dict[str, Any]:
    return {
        "state": ocp.PyTreeCheckpointer(),
        "params": ocp.Checkpointer(ocp.PyTreeCheckpointHandler()),
        "config": ocp.Checkpointer(ocp.JsonCheckpointHandler()),
    }


@fixture("manager-legacy", until="0.6.4", **{**MANAGER, "saver": "CheckpointManager (checkpointers)"})
def _legacy(f: Fixture) -> None:
    options = ocp.CheckpointManagerOptions(best_fn=lambda metrics: metrics["loss"], best_mode="min")
    manager = ocp.CheckpointManager(
        f.path("run"), _legacy_checkpointers(), options, metadata={"run": "fixture"}
    )
    for step, loss in ((10, 0.25), (20, 0.5)):
        items = {"state": _state(step), "params": _state(step)["params"], "config": CONFIG}
        manager.save(step, items, metrics={"loss": loss})
    if hasattr(manager, "close"):
        manager.close()
    _expect_composite(f, {"config": CONFIG, "metrics": {"loss": 0.5}})


@fixture("manager-legacy-single", until="0.6.4", **{**MANAGER, "saver": "CheckpointManager (checkpointers)"})
def _legacy_single(f: Fixture) -> None:
    manager = ocp.CheckpointManager(f.path("run"), ocp.PyTreeCheckpointer())
    for step in (0, 1):
        manager.save(step, _state(step))
    f.tree(_state(0), path="run", directory="run/0/default", step=0)
    f.tree(_state(1), path="run", directory="run/1/default")
    f.lists_steps([(step, str(step), {"default": "pytree"}) for step in (0, 1)], path="run")


def _save_steps(f: Fixture, steps: tuple[int, ...], **options: Any) -> None:
    """Saves `_state` at each step, by the interface that this release has."""
    if hasattr(ocp, "args") and hasattr(ocp.args, "JaxRandomKeySave"):
        manager = _manager(f, **options)
        save: Callable[[int], Any] = lambda step: manager.save(step, args=ocp.args.StandardSave(_state(step)))
    else:
        manager = ocp.CheckpointManager(
            f.path("run"), ocp.PyTreeCheckpointer(), ocp.CheckpointManagerOptions(**options)
        )
        save = lambda step: manager.save(step, _state(step))
    for step in steps:
        save(step)
        if hasattr(manager, "wait_until_finished"):
            manager.wait_until_finished()
    if hasattr(manager, "close"):
        manager.close()


def _expect_steps(f: Fixture, folders: dict[int, str]) -> None:
    for step, folder in folders.items():
        f.tree(_state(step), path="run", directory=f"run/{folder}/default", step=step)
    f.lists_steps([(step, folder, {"default": "pytree"}) for step, folder in folders.items()], path="run")


@fixture("manager-prefix", **MANAGER)
def _prefix(f: Fixture) -> None:
    _save_steps(f, (5, 12), step_prefix="step")
    _expect_steps(f, {5: "step_5", 12: "step_12"})


@fixture("manager-padded", **MANAGER)
def _padded(f: Fixture) -> None:
    _save_steps(f, (5, 12345), step_format_fixed_length=4)
    _expect_steps(f, {5: "0005", 12345: "12345"})


@fixture("manager-prefix-padded", skip=("0.5.3", "0.5.23"), **MANAGER)
def _prefix_padded(f: Fixture) -> None:
    _save_steps(f, (5, 12), step_prefix="ck_pt", step_format_fixed_length=8)
    _expect_steps(f, {5: "ck_pt_00000005", 12: "ck_pt_00000012"})


@fixture("manager-kept", **MANAGER)
def _kept(f: Fixture) -> None:
    _save_steps(f, (1, 2, 3), max_to_keep=2)
    _expect_steps(f, {2: "2", 3: "3"})


@fixture("manager-trash", since="0.5.0", shows="todelete_subdir", **MANAGER)
def _trash(f: Fixture) -> None:
    _save_steps(f, (1, 2, 3), max_to_keep=1, todelete_subdir="trash")
    _expect_steps(f, {3: "3"})
    f.tree(_state(2), path="run/trash", directory="run/trash/2/default")
    f.lists_steps([(step, str(step), {"default": "pytree"}) for step in (1, 2)], path="run/trash")


@fixture("manager-unfinished", since="0.5.0", shows="a save that was killed", **MANAGER)
def _unfinished(f: Fixture) -> None:
    """Step 7 is as a killed process leaves it: everything there, not renamed."""
    import os

    from saving import at_least

    _save_steps(f, (3, 7))
    name = "7.orbax-checkpoint-tmp" + ("" if at_least("0.11.20") else "-42")
    os.rename(f.path("run/7"), f.path(f"run/{name}"))
    f.tree(_state(3), path="run", directory="run/3/default")
    f.refused("", path=f"run/{name}")
    f.refused("", path="run", step=7)
    f.lists_steps([(3, "3", {"default": "pytree"})], path="run", unfinished=[name])


@fixture("manager-sharded-zarr3", since="0.5.23", layout="ocdbt", zarr=3, saver="CheckpointManager")
def _sharded_zarr3(f: Fixture) -> None:
    from trees import placed

    tree = {"w": placed(seeded(1, "float32", 8, 6), "x", "y"), "r": placed(np.arange(8), None), "n": 3}
    manager = ocp.CheckpointManager(
        f.path("run"),
        item_names=("state",),
        item_handlers={"state": ocp.PyTreeCheckpointHandler(use_zarr3=True)},
    )
    manager.save(4, args=ocp.args.Composite(state=ocp.args.PyTreeSave(tree)))
    _finish(manager)
    f.tree(tree, path="run", directory="run/4/state", step=4, item="state")


@fixture("custom-metadata", since="0.11.9", **MANAGER)
def _custom_metadata(f: Fixture) -> None:
    manager = _manager(f, metadata={"who": "me", "n": [1, float("inf")]})
    tree = _state(1)
    args = ocp.args.Composite(
        state=ocp.args.PyTreeSave(tree, custom_metadata={"git": "abc", "nan": float("nan")})
    )
    manager.save(1, args=args, custom_metadata={"lr": 0.1, "__proto__": {"x": 2**70}})
    _finish(manager)
    f.tree(tree, path="run", directory="run/1/state", step=1)
    f.lists_steps([(1, "1", {"state": "pytree"})], path="run")


@fixture("manager-commit-file", since="0.6.4", shows="commit_success.txt in place of a rename", **MANAGER)
def _commit_file(f: Fixture) -> None:
    """As on object stores: a step is written under its own name, and finished when the file is there."""
    from orbax.checkpoint.path import atomicity

    _save_steps(f, (3, 7), temporary_path_class=atomicity.CommitFileTemporaryPath)
    _expect_steps(f, {3: "3", 7: "7"})
