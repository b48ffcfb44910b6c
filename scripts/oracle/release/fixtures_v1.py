"""The v1 interface: save, save_checkpointables, training.Checkpointer, and the options that change files."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from fixture import Fixture
from registry import fixture, register
from saving import at_least, storable
from trees import every_dtype, numbers, placed, seeded

if at_least("0.11.20"):
    import orbax.checkpoint.experimental.v1 as v1

V1 = {"since": "0.11.20", "saver": "v1.save"}
ITEM = "state" if at_least("0.12.0") else "pytree"
"""The item that v1 saves a tree under."""


def save_v1(path: str, tree: Any, storage: dict[str, Any] | None = None, **saving: Any) -> None:
    """v1's save, with options of ArrayOptions.Saving and of its StorageOptions."""
    Saving = v1.options.ArrayOptions.Saving
    if storage:
        saving["storage_options"] = Saving.StorageOptions(**storage)
    options = v1.options.ArrayOptions(saving=Saving(**saving))
    with v1.Context(array_options=options):
        (v1.save if hasattr(v1, "save") else v1.save_pytree)(path, tree)


def _expect(f: Fixture, inputs: Any) -> None:
    f.tree(inputs, path="ckpt", directory=f"ckpt/{ITEM}")
    f.lists_items({ITEM: "pytree"})


def _text_tree() -> dict[str, Any]:
    return {
        **core_tree(),
        "text": "caf\u00e9",
        "key": jax.random.key(3),
        "sharded": placed(seeded(4, "float32", 8, 2), "x", None),
    }


def _plain(saving: dict[str, Any], f: Fixture) -> None:
    save_v1(f.path(), _text_tree(), **saving)
    _expect(f, _text_tree())


def _dtypes(saving: dict[str, Any], f: Fixture) -> None:

    def save(path: str, tree: Any) -> None:
        save_v1(path, tree, **saving)

    def restore(path: str) -> Any:
        return ocp.PyTreeCheckpointer().restore(f"{path}/{ITEM}")

    tree = storable(every_dtype(), save, restore)
    f.axes["dtypes"] = sorted({name.split("_", 1)[1] for name in tree})
    save(f.path(), tree)
    f.tree(tree, directory=f"ckpt/{ITEM}")


for _layout in ("ocdbt", "files"):
    for _zarr in (2, 3):
        _saving = {"use_ocdbt": _layout == "ocdbt", "use_zarr3": _zarr == 3}
        _axes = {"layout": _layout, "zarr": _zarr, **V1}
        register(f"v1-{_layout}-zarr{_zarr}", functools.partial(_plain, _saving), **_axes)
        if _layout == "ocdbt" and _zarr == 3:  # the others are what PyTreeCheckpointHandler writes as well
            register(f"v1-dtypes-{_layout}-zarr{_zarr}", functools.partial(_dtypes, _saving), **_axes)
        if at_least("0.11.40") and (_layout, _zarr) in (("ocdbt", 3), ("files", 2)):
            _raw = {**_saving, "use_compression": False}
            register(
                f"v1-{_layout}-zarr{_zarr}-uncompressed",
                functools.partial(_plain, _raw),
                compression=False,
                **_axes,
            )


@fixture("v1-numbers", layout="ocdbt", zarr=3, **V1)
def _numbers(f: Fixture) -> None:
    save_v1(f.path(), numbers())
    f.tree(numbers(), path="ckpt", directory=f"ckpt/{ITEM}")
    f.tree(numbers(), path=f"ckpt/{ITEM}")
    f.tree(numbers(), path="ckpt", directory=f"ckpt/{ITEM}", item=ITEM)
    f.lists_items({ITEM: "pytree"})
    f.lists_item("pytree", path=f"ckpt/{ITEM}")


@fixture("v1-containers", layout="ocdbt", zarr=3, **V1)
def _containers(f: Fixture) -> None:
    tree = {"t": (1, (np.arange(2), "s")), "l": [[], {}, None, [()]], "i": {1: 2, 10: 3}, "a/b": {"c.d": 1.5}}
    save_v1(f.path(), tree)
    _expect(f, tree)


@fixture("v1-no-sharding-file", layout="ocdbt", zarr=3, shows="enable_write_sharding_file=False", **V1)
def _no_sharding_file(f: Fixture) -> None:
    """Orbax itself asks for a target then; with NumPy arrays as what is wanted the values come back."""
    tree = {"w": placed(seeded(1, "float32", 8, 6), "x", "y"), "n": np.arange(3), "s": 7}
    save_v1(f.path(), tree, enable_write_sharding_file=False)
    f.tree(tree, directory=f"ckpt/{ITEM}", restore=restore_as_numpy, alone=True)


def restore_as_numpy(directory: str) -> Any:
    """Restores all arrays as NumPy's: for checkpoints whose shardings this process cannot have."""
    handler = ocp.PyTreeCheckpointHandler()
    metadata = handler.metadata(_epath(directory))
    tree = getattr(metadata, "tree", metadata)
    restore_args = jax.tree_util.tree_map(_numpy_args, tree)
    return ocp.Checkpointer(handler).restore(
        directory, args=ocp.args.PyTreeRestore(restore_args=restore_args)
    )


def _numpy_args(leaf: Any) -> Any:
    is_array = type(leaf).__name__ == "ArrayMetadata"
    return ocp.RestoreArgs(restore_type=np.ndarray) if is_array else ocp.RestoreArgs()


def _epath(directory: str) -> Any:
    from etils import epath

    return epath.Path(directory)


@fixture("v1-no-array-metadata", layout="ocdbt", zarr=3, shows="array_metadata_store=None", **V1)
def _no_array_metadata(f: Fixture) -> None:
    tree = {"w": jnp.asarray(seeded(1, "float32", 4, 6)), "n": 7}
    save_v1(f.path(), tree, array_metadata_store=None)
    _expect(f, tree)


@fixture(
    "v1-storage-dtype", layout="ocdbt", zarr=3, shows="storage_options.dtype", **{**V1, "since": "0.11.40"}
)
def _storage_dtype(f: Fixture) -> None:
    tree = {
        "w": jnp.asarray(seeded(1, "float32", 4, 6)),
        "i": jnp.arange(4, dtype=jnp.int32),
        "n": np.arange(3.0),
    }
    save_v1(f.path(), tree, storage={"dtype": jnp.dtype("bfloat16")})
    _expect(f, {name: np.asarray(value).astype(jnp.bfloat16) for name, value in tree.items()})


@fixture("v1-chunk-byte-size", layout="ocdbt", zarr=3, shows="storage_options.chunk_byte_size", **V1)
def _chunk_byte_size(f: Fixture) -> None:
    tree = {
        "w": jnp.asarray(seeded(1, "float32", 16, 24)),
        "n": seeded(2, "float64", 10, 10),
        "r": placed(seeded(3, "float32", 16, 4), "x", None),
    }
    save_v1(f.path(), tree, storage={"chunk_byte_size": 400})
    _expect(f, tree)


@fixture("v1-checkpointables", layout="ocdbt", zarr=3, since="0.11.20", saver="v1.save_checkpointables")
def _checkpointables(f: Fixture) -> None:
    state, extra = {"w": jnp.asarray(seeded(1, "float32", 3, 4)), "step": 5}, {"a": np.arange(3), "s": "text"}
    config = {"rate": 0.1, "big": 2**70, "nan": float("nan"), "list": [1, None]}
    registry = v1.handlers.local_registry(include_global_registry=True)
    registry.add(v1.handlers.JsonHandler, **{_registry_name(registry): "config"})
    options = v1.options.CheckpointablesOptions(registry=registry)
    with v1.Context(checkpointables_options=options):
        v1.save_checkpointables(f.path(), {"state": state, "extra": extra, "config": config})
    f.tree(state, directory="ckpt/state", item="state")
    f.tree(extra, directory="ckpt/extra", item="extra")
    f.json(config, item="config")
    f.tree(state, directory="ckpt/state")
    f.lists_items({"state": "pytree", "extra": "pytree", "config": "json"})


def _registry_name(registry: Any) -> str:
    """How this release calls the parameter for the name of an item."""
    known = inspect.signature(registry.add).parameters
    return "checkpointable_name" if "checkpointable_name" in known else "checkpointable"


@fixture("v1-own-checkpointable", layout="ocdbt", zarr=3, since="0.11.40", saver="v1.save_checkpointables")
def _own_checkpointable(f: Fixture) -> None:
    """An object that writes files of its own (StatefulCheckpointable)."""
    import hashlib

    content = b"position=17\n"

    class Position:
        async def save(self, directory: Any) -> Any:
            async def write() -> None:
                place = await directory.await_creation()
                (Path(place) / "position.txt").write_bytes(content)

            return write()

        async def load(self, directory: Any) -> Any:
            async def read() -> None:
                return None

            return read()

    v1.save_checkpointables(f.path(), {"state": {"a": np.arange(3)}, "position": Position()})
    f.tree({"a": np.arange(3)}, directory="ckpt/state")
    files = {"position.txt": {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}}
    f.other({"kind": "files", "files": files}, item="position")
    f.lists_items({"state": "pytree", "position": "files"})


@fixture("v1-grain", layout="ocdbt", zarr=3, since="0.12.0", saver="v1.save_checkpointables")
def _grain(f: Fixture) -> None:
    import grain.python as grain

    iterator = iter(grain.MapDataset.range(30).shuffle(1).to_iter_dataset())
    for _ in range(4):
        next(iterator)
    v1.save_checkpointables(f.path(), {"state": {"a": np.arange(3)}, "data": iterator})
    text = Path(f.path("ckpt/data/process_0-of-1.json")).read_text()
    f.other({"kind": "grain", "files": {"process_0-of-1.json": text}}, item="data")
    f.lists_items({"state": "pytree", "data": "grain"})


@fixture("v1-training", layout="ocdbt", zarr=3, since="0.11.20", saver="v1.training.Checkpointer")
def _training(f: Fixture) -> None:
    checkpointer = v1.training.Checkpointer(f.path("run"), custom_metadata={"who": "me"})
    trees = {step: {"w": jnp.asarray(seeded(step, "float32", 3, 4)), "step": step} for step in (1, 20)}
    for step, tree in trees.items():
        save = checkpointer.save if hasattr(checkpointer, "save") else checkpointer.save_pytree
        save(step, tree, metrics={"loss": 1 / step})
    checkpointer.close()
    for step, tree in trees.items():
        f.tree(tree, path="run", directory=f"run/{step}/{ITEM}", step=step)
        f.json({"loss": 1 / step}, path="run", step=step, item="metrics")
    items = {ITEM: "pytree", "metrics": "json"}
    f.lists_steps([(step, str(step), items) for step in trees], path="run")


def _has_delete() -> bool:
    return at_least("0.12.5") and hasattr(v1, "delete")


def _interrupted_delete(where: str, f: Fixture) -> None:
    """delete() of the item `other`, stopped as if the process had been killed at one of its steps."""
    from orbax.checkpoint.experimental.v1._src.deletion import execution

    state, other = {"w": np.arange(4, dtype=np.float32)}, {"x": np.arange(2)}
    v1.save_checkpointables(f.path(), {"state": state, "other": other})

    class Killed(Exception):
        pass

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    target = {"folder": execution.path_utils, "metadata": execution.metadata, "record": execution.async_path}[
        where
    ]
    name = {"folder": "delete_path", "metadata": "write_json", "record": "unlink"}[where]
    original = getattr(target, name)

    async def stop(path: Any, *arguments: Any, **fields: Any) -> Any:
        if name == "write_json" and Path(path).name != "_CHECKPOINT_METADATA":
            return await original(path, *arguments, **fields)
        raise Killed

    setattr(target, name, stop)
    try:
        v1.delete(f.path(), checkpointable_name="other")
    except Exception as error:
        assert "Killed" in repr(error) or "Killed" in repr(error.__cause__), error
    finally:
        setattr(target, name, original)
    assert Path(f.path("ckpt/_CHECKPOINT_DELETION")).exists()
    assert Path(f.path("ckpt/other")).exists() == (where == "folder")
    f.tree(state, directory="ckpt/state")
    f.tree(state, directory="ckpt/state", item="state")
    f.refused("deletion", item="other")
    f.lists(
        {
            "kind": "checkpoint",
            "steps": [{"step": None, "dir": ".", "items": {"state": "pytree"}, "deleting": ["other"]}],
        }
    )


for _where in ("folder", "metadata", "record"):
    register(f"v1-deletion-before-{_where}", functools.partial(_interrupted_delete, _where), since="0.12.5",
             layout="ocdbt", zarr=3, saver="v1.delete", shows="_CHECKPOINT_DELETION")  # fmt: skip


@fixture(
    "v1-replica-folder",
    since="0.11.40",
    layout="ocdbt",
    zarr=3,
    saver="v1.save",
    shows="ocdbt.process_replica_0",
)
def _replica_folder(f: Fixture) -> None:
    tree = {
        "replicated": placed(seeded(1, "float32", 8, 6)),
        "partly": placed(seeded(2, "float32", 8, 6), "x", None),
        "n": np.arange(3),
    }
    known = inspect.signature(v1.options.ArrayOptions.Saving).parameters
    extra = (
        {"min_slice_bytes_for_replica_parallel": 1} if "min_slice_bytes_for_replica_parallel" in known else {}
    )
    save_v1(f.path(), tree, use_replica_parallel=True, enable_replica_parallel_separate_folder=True, **extra)
    _expect(f, tree)
    assert Path(f.path(f"ckpt/{ITEM}/ocdbt.process_replica_0")).is_dir()


@fixture("v1-rich-types", since="0.11.40", layout="ocdbt", zarr=3, saver="v1.save")
def _rich_types(f: Fixture) -> None:
    from orbax.checkpoint._src.metadata import tree as tree_metadata

    from fixtures_leaves import Point

    tree = {"tuple": (1, np.arange(3)), "named": Point(np.ones(2, np.float32), 2), "list": [1, ()]}
    saving = v1.options.PyTreeOptions.Saving(
        pytree_metadata_options=tree_metadata.PyTreeMetadataOptions(support_rich_types=True)
    )
    with v1.Context(pytree_options=v1.options.PyTreeOptions(saving=saving)):
        (v1.save if hasattr(v1, "save") else v1.save_pytree)(f.path(), tree)
    f.tree(tree, directory=f"ckpt/{ITEM}")
