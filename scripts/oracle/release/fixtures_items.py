"""Items that are no plain trees: single arrays, JSON, protos, random keys, Grain, files of own handlers."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from fixture import Fixture
from registry import fixture
from saving import at_least
from trees import array_of, placed, seeded

ITEMS = {"layout": "items", "zarr": 2, "saver": "CheckpointManager"}
JSON_VALUE = {
    "nan": float("nan"), "inf": float("inf"), "minus": float("-inf"), "big": 2**70, "negative_big": -(2**64),
    "float": 0.1, "integral": 2.0, "text": "caf\u00e9 \U0001f600", "list": [1, None, True, {"x": []}],
    "__proto__": {"a": 1}, "constructor": 2, "empty": {}, "tuple": (1, 2),
}  # fmt: skip


def _save_items(
    f: Fixture, items: dict[str, Any], handlers: dict[str, Any] | None = None, step: int = 1
) -> None:
    manager = ocp.CheckpointManager(f.path("run"), item_names=tuple(items), item_handlers=handlers)
    manager.save(step, args=ocp.args.Composite(**items))
    manager.wait_until_finished()
    manager.close()


@fixture("json-save", since="0.5.0", **ITEMS)
def _json_save(f: Fixture) -> None:
    items: dict[str, Any] = {"whole": ocp.args.JsonSave(JSON_VALUE), "empty": ocp.args.JsonSave({})}
    if at_least("0.5.20"):
        items["list"] = ocp.args.JsonSave([1, "two", None])
        items["text"] = ocp.args.JsonSave("only a text")
    _save_items(f, items)
    values = {"whole": JSON_VALUE, "empty": {}, "list": [1, "two", None], "text": "only a text"}
    for name in items:
        f.json(values[name], path="run", step=1, item=name)
    f.lists_steps([(1, "1", {name: "json" for name in items})], path="run")


@fixture("json-checkpointer", layout="items", zarr=2, saver="JsonCheckpointHandler")
def _json_checkpointer(f: Fixture) -> None:
    checkpointer = ocp.Checkpointer(ocp.JsonCheckpointHandler())
    if at_least("0.5.0"):
        checkpointer.save(f.path(), args=ocp.args.JsonSave(JSON_VALUE))
    else:
        checkpointer.save(f.path(), JSON_VALUE)
    f.json(JSON_VALUE)
    f.lists_item("json")


def _restore_array(directory: str) -> Any:
    checkpointer = ocp.Checkpointer(ocp.ArrayCheckpointHandler())
    if at_least("0.5.0"):
        return checkpointer.restore(directory, args=ocp.args.ArrayRestore())
    return checkpointer.restore(directory)


@fixture("array-save", since="0.5.0", **ITEMS)
def _array_save(f: Fixture) -> None:
    arrays: dict[str, Any] = {
        "numpy": seeded(1, "float32", 4, 6),
        "jax": jnp.asarray([1.5, -2.0], jnp.bfloat16),
        "sharded": placed(seeded(2, "float32", 8, 2), "x", "y"),
        "int": 7,
        "float": 0.1,
        "bool_array": np.array([[True], [False]]),
    }
    _save_items(f, {name: ocp.args.ArraySave(value) for name, value in arrays.items()})
    for name, value in arrays.items():
        f.tree(value, path="run", directory=f"run/1/{name}", item=name, restore=_restore_array, alone=True)
    f.lists_steps([(1, "1", {name: "pytree" for name in arrays})], path="run")


@fixture("array-checkpointer", layout="files", zarr=2, saver="ArrayCheckpointHandler")
def _array_checkpointer(f: Fixture) -> None:
    value = array_of("float32")
    checkpointer = ocp.Checkpointer(ocp.ArrayCheckpointHandler())
    if at_least("0.5.0"):
        checkpointer.save(f.path(), args=ocp.args.ArraySave(value))
    else:
        checkpointer.save(f.path(), value)
    f.tree(value, restore=_restore_array, alone=True)


@fixture("proto-save", since="0.5.0", **ITEMS)
def _proto_save(f: Fixture) -> None:
    from google.protobuf import struct_pb2

    message = struct_pb2.Struct()
    message.update({"name": 'caf\u00e9 "x"', "n": 1.5, "list": [True, None], "deep": {"a": "b"}})
    handlers = {"proto": ocp.ProtoCheckpointHandler("proto.pbtxt")}
    _save_items(f, {"proto": ocp.args.ProtoSave(message)}, handlers)
    restored = ocp.Checkpointer(ocp.ProtoCheckpointHandler("proto.pbtxt")).restore(
        f.path("run/1/proto"), args=ocp.args.ProtoRestore(struct_pb2.Struct)
    )
    assert restored == message
    text = Path(f.path("run/1/proto/proto.pbtxt")).read_text(encoding="utf-8")
    f.other({"kind": "proto-text", "text": text}, path="run", step=1, item="proto")
    f.lists_steps([(1, "1", {"proto": "proto-text"})], path="run")


@fixture("jax-random-key", since="0.5.3", **ITEMS)
def _jax_random_key(f: Fixture) -> None:
    keys: dict[str, Any] = {
        "typed": jax.random.key(7),
        "several": jax.random.split(jax.random.key(1), 3),
        "raw": jax.random.PRNGKey(9),
    }
    _save_items(f, {name: ocp.args.JaxRandomKeySave(key) for name, key in keys.items()})

    def restore(directory: str) -> Any:
        handler = ocp.JaxRandomKeyCheckpointHandler()
        return ocp.Checkpointer(handler).restore(directory, args=ocp.args.JaxRandomKeyRestore())

    for name, key in keys.items():
        f.tree(key, path="run", directory=f"run/1/{name}", item=name, restore=restore, alone=True)
    f.lists_steps([(1, "1", {name: "pytree" for name in keys})], path="run")


@fixture("numpy-random-key", since="0.5.3", **ITEMS)
def _numpy_random_key(f: Fixture) -> None:
    np.random.seed(5)
    np.random.normal(size=3)
    states: dict[str, Any] = {"legacy": np.random.get_state(), "named": np.random.get_state(legacy=False)}
    _save_items(f, {name: ocp.args.NumpyRandomKeySave(state) for name, state in states.items()})

    def restore(directory: str) -> Any:
        handler = ocp.NumpyRandomKeyCheckpointHandler()
        return ocp.Checkpointer(handler).restore(directory, args=ocp.args.NumpyRandomKeyRestore())

    for name, state in states.items():
        f.tree(state, path="run", directory=f"run/1/{name}", item=name, restore=restore, alone=True)
    f.lists_steps([(1, "1", {name: "pytree" for name in states})], path="run")


@fixture("grain", since="0.12.0", **ITEMS)
def _grain(f: Fixture) -> None:
    import grain.python as grain

    loader = grain.DataLoader(
        data_source=grain.RangeDataSource(0, 40, 1),
        sampler=grain.IndexSampler(40, grain.ShardOptions(0, 1), shuffle=True, num_epochs=1, seed=3),
        worker_count=0,
    )
    loader_iterator, dataset_iterator = (
        iter(loader),
        iter(grain.MapDataset.range(30).shuffle(1).to_iter_dataset()),
    )
    for _ in range(5):
        next(loader_iterator), next(dataset_iterator)
    save = grain.PyGrainCheckpointSave
    items = {"loader": save(loader_iterator), "dataset": save(dataset_iterator)}
    _save_items(f, {**items, "state": ocp.args.StandardSave({"a": np.arange(3)})})
    for name in items:
        file = Path(f.path(f"run/1/{name}/process_0-of-1.json"))
        f.other(
            {"kind": "grain", "files": {file.name: file.read_text(encoding="utf-8")}},
            path="run", step=1, item=name,
        )  # fmt: skip
    f.tree({"a": np.arange(3)}, path="run", directory="run/1/state")
    f.lists_steps([(1, "1", {"loader": "grain", "dataset": "grain", "state": "pytree"})], path="run")


@fixture("own-handler", since="0.5.23", **ITEMS)
def _own_handler(f: Fixture) -> None:
    """An item written by a handler that Orbax does not know: two files, one in a folder."""
    import dataclasses

    contents = {"notes.txt": b"hello\n", "sub/data.bin": bytes(range(40))}

    class OwnHandler(ocp.CheckpointHandler):
        def save(self, directory: Any, args: Any) -> None:
            for name, content in args.item.items():
                file = Path(os.fspath(directory)) / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)

        def restore(self, directory: Any, args: Any) -> Any:
            return None

        def finalize(self, directory: Any) -> None:
            return None

        def close(self) -> None:
            return None

    @ocp.args.register_with_handler(OwnHandler, for_save=True)
    @dataclasses.dataclass
    class OwnSave(ocp.args.CheckpointArgs):
        item: Any

    @ocp.args.register_with_handler(OwnHandler, for_restore=True)
    @dataclasses.dataclass
    class OwnRestore(ocp.args.CheckpointArgs):
        item: Any = None

    tree = {"a": np.arange(3)}
    _save_items(f, {"own": OwnSave(contents), "state": ocp.args.StandardSave(tree)})
    files = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }
    # Only since 0.11 does the step name its handlers; before, nothing tells this item from a foreign folder.
    if at_least("0.11.9"):
        f.other({"kind": "files", "files": files}, path="run", step=1, item="own")
        f.lists_steps([(1, "1", {"own": "files", "state": "pytree"})], path="run")
    f.tree(tree, path="run", directory="run/1/state")
