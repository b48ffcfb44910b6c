"""The checkpoints of fixtures/orbax: a function each, which saves it and returns what Python restores."""

from __future__ import annotations

import collections
import os
import tempfile
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import orbax.checkpoint as ocp
import orbax.checkpoint.experimental.v1 as v1

from dump import dump_checkpoint, dump_tree
from ops_manager import manager_facts, manager_restore
from seeded_bytes import seeded_bytes
from wide_types import wide_types

_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_FLOATS = ("float16", "float32", "float64", "bfloat16")
_COMPLEX = ("complex64", "complex128")
_SMALL = ("int4", "int2", "float8_e4m3fn", "float8_e5m2", "float4_e2m1fn")


def _array(dtype: str) -> np.ndarray:
    """Three elements in which sign, largest value and a special one show."""
    kind = jnp.dtype(dtype)
    if dtype == "bool":
        return np.array([True, False, True])
    if dtype in _INTEGERS or dtype in ("int4", "int2"):
        limits = ml_dtypes.iinfo(kind)
        return np.array([limits.min, 1, limits.max], kind)
    if dtype in _COMPLEX:
        return np.array([1.5 - 2j, complex(0.1, -0.0), complex(float("nan"), float("inf"))], kind)
    if dtype in _FLOATS:
        return np.array([-1.5, 0.1, float("-inf")], kind)
    return np.array([-1.5, 0.5, 3.0], kind)


def _seeded(seed: int, dtype: str, *shape: int) -> np.ndarray:
    """Numbers of [0, 1) that hardly compress, from the bytes of a seed."""
    count = int(np.prod(shape))
    integers = np.frombuffer(seeded_bytes(seed, 4 * count), "<u4") >> np.uint32(8)
    return (integers / np.float64(2**24)).astype(dtype).reshape(shape)


def _numbers() -> dict[str, Any]:
    return {
        "int": 7,
        "negative": -3,
        "zero": 0,
        "unsafe": 2**53 + 1,
        "int64_min": -(2**63),
        "int64_max": 2**63 - 1,
        "uint64_min": 2**63,
        "uint64_max": 2**64 - 1,
        "true": True,
        "false": False,
        "float": 0.1,
        "integral": 2.0,
        "negative_zero": -0.0,
        "nan": float("nan"),
        "infinity": float("inf"),
        "smallest": 5e-324,
        "largest": 1.7976931348623157e308,
    }


def _empties() -> dict[str, Any]:
    return {"dict": {}, "list": [], "tuple": (), "none": None, "nested": [{}, [[]], (), None, {"deep": {}}]}


def _odd_names() -> dict[str, Any]:
    """Names that are a trap: with separators, like an index, like a URL, JavaScript's own."""
    names = [
        "a.b", "a/b", "/lead", "trail/", " space ", "é", "\U0001f600", "\ufffd", "__proto__", "constructor",
        "toString", "0", "01", "-1", "", "50%41", "a?b#c", "..", ".", "quote'\"", "new\nline", "~1",
        "back\\slash",
    ]  # fmt: skip
    return {name: number for number, name in enumerate(names)}


def _standard_tree() -> dict[str, Any]:
    dtypes = ("bool", *_INTEGERS, *_FLOATS, *_COMPLEX)
    return {
        "numpy": {dtype: _array(dtype) for dtype in (*dtypes, *_SMALL)},
        "jax": {dtype: jnp.asarray(_array(dtype)) for dtype in (*dtypes, "float8_e4m3fn", "int4")},
        "numpy_scalars": {dtype: _array(dtype)[0] for dtype in dtypes},
        "numbers": _numbers(),
        "empty": _empties(),
        "rank0": {"numpy": np.array(3, np.int16), "jax": jnp.array(2.5, jnp.float32)},
        "rank4": np.arange(24, dtype=np.uint16).reshape(2, 3, 2, 2),
        "fortran": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        "big_endian": np.arange(3, dtype=">i4"),
        "zeros": np.zeros((4, 4), np.float32),
        "keys": {
            "one": jax.random.key(7),
            "several": jax.random.split(jax.random.key(1), 3),
            "rbg": jax.random.key(7, impl="rbg"),
            "raw": jax.random.PRNGKey(7),
        },
        "nested": [[1, [2, [3, {"x": [4]}]]], (5, 6), {"y": [None, 7]}],
        "int_keys": {0: False, 2: 2, 10: 10},
        "chunked": _seeded(1, "float32", 32, 48),
        "whole": _seeded(2, "float32", 20, 30),
        "names": _odd_names(),
    }


def _chunked(tree: Any) -> Any:
    """Save arguments that cut `chunked` into chunks of 2,048 bytes at most."""

    def one(key_path: Any, _leaf: Any) -> ocp.SaveArgs:
        name = jax.tree_util.keystr(key_path, simple=True, separator="/")
        return ocp.SaveArgs(chunk_byte_size=2048) if name == "chunked" else ocp.SaveArgs()

    return jax.tree_util.tree_map_with_path(one, tree)


def _standard_ocdbt_zarr2(path: str) -> Any:
    tree = _standard_tree()
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(path, tree, save_args=_chunked(tree))
    return dump_checkpoint(path)


def _pytree_strings(path: str) -> Any:
    scalars = {dtype: _array(dtype)[0] for dtype in (*_INTEGERS, "float16", "float32", "float64", *_COMPLEX)}
    tree = {
        "text": "hi",
        "empty": "",
        "unicode": "caf\u00e9 \U0001f600 \u0000",
        "list": ["a", 1, None, ["b"]],
        "a.b": "dots in the name",
        "p": {"q/r": "a slash nests in _strings.json", "q/s": {"t": "and again"}},
        "__proto__": "a name of JavaScript's own",
        "hole": ...,
        "numpy_scalars": scalars,
        "numbers": _numbers(),
        "array": np.arange(3, dtype=np.int8),
        "jax": jnp.arange(3, dtype=jnp.float32),
    }
    ocp.PyTreeCheckpointer().save(path, tree)
    return dump_checkpoint(path)


def _file_tree() -> dict[str, Any]:
    """Names that every file system takes; a slash makes a directory."""
    return {
        "params": {"w": _seeded(3, "float32", 20, 30), "b": jnp.asarray([1.5, -2.0], jnp.bfloat16)},
        "chunked": _seeded(4, "float32", 32, 24),
        "a/b": np.arange(4, dtype=np.int64),
        "step": 1200,
        "rate": 0.001,
        "flags": np.array([[True, False]]),
        "text": "hi",
        "list": [np.array(5, np.uint8), None, {}],
    }


def _files(use_zarr3: bool) -> Callable[[str], Any]:
    def make(path: str) -> Any:
        tree = _file_tree()
        handler = ocp.PyTreeCheckpointHandler(use_ocdbt=False, use_zarr3=use_zarr3)
        with ocp.Checkpointer(handler) as checkpointer:
            checkpointer.save(path, args=ocp.args.PyTreeSave(tree, _chunked(tree)))
        return dump_checkpoint(path)

    return make


def _pytree_zarr3(path: str) -> Any:
    tree = _standard_tree()
    with ocp.Checkpointer(ocp.PyTreeCheckpointHandler(use_zarr3=True)) as checkpointer:
        del tree["numpy_scalars"]  # PyTree refuses those of bool and bfloat16
        checkpointer.save(path, args=ocp.args.PyTreeSave(tree, _chunked(tree)))
    return dump_checkpoint(path)


def _v1(path: str) -> Any:
    v1.save(path, _file_tree(), custom_metadata={"note": "v1"})
    return dump_checkpoint(os.path.join(path, "state"))


def _manager(path: str) -> Any:
    options = {"best_metric": "loss", "best_mode": "min"}
    manager_options = ocp.CheckpointManagerOptions(best_fn=lambda metrics: metrics["loss"], best_mode="min")
    with ocp.CheckpointManager(path, options=manager_options, metadata={"run": "fixture"}) as manager:
        for step, loss in ((10, 0.25), (20, 0.5)):
            manager.save(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardSave(
                        {
                            "params": {"w": _seeded(step, "float32", 12, 30), "b": jnp.arange(step // 10.0)},
                            "step": step,
                            "opt": [None, {}, (np.int32(step), 0.5)],
                        }
                    ),
                    config=ocp.args.JsonSave(
                        {"rate": 0.001, "names": ["a", "caf\u00e9"], "big": 2**64, "nan": float("nan")}
                    ),
                ),
                metrics={"loss": loss},
                custom_metadata={"step": step},
            )
        manager.wait_until_finished()
    return {
        "facts": manager_facts(path, options),
        "steps": {
            str(step): manager_restore(path, step, {"state": "pytree", "config": "json"}, options)
            for step in (10, 20)
        },
    }


def _single_items(path: str) -> Any:
    """Items that are one array or one random key each, as handlers beside the tree's write them."""
    saved = {
        "array": ocp.args.ArraySave(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "int": ocp.args.ArraySave(5),
        "float": ocp.args.ArraySave(0.5),
        "jax": ocp.args.ArraySave(jnp.arange(3, dtype=jnp.int16)),
        "typed_key": ocp.args.JaxRandomKeySave(jax.random.key(3)),
        "typed_keys": ocp.args.JaxRandomKeySave(jax.random.split(jax.random.key(3), (2, 2))),
        "untyped_key": ocp.args.JaxRandomKeySave(jax.random.PRNGKey(3)),
        "numpy_legacy": ocp.args.NumpyRandomKeySave(np.random.RandomState(5).get_state()),
        "numpy_dict": ocp.args.NumpyRandomKeySave(np.random.RandomState(5).get_state(legacy=False)),
        "tree": ocp.args.PyTreeSave({"checkpoint": np.arange(2)}),
    }
    restore = {ocp.args.JaxRandomKeySave: ocp.args.JaxRandomKeyRestore}
    restore[ocp.args.NumpyRandomKeySave] = ocp.args.NumpyRandomKeyRestore
    restore[ocp.args.ArraySave] = ocp.args.ArrayRestore
    restore[ocp.args.PyTreeSave] = ocp.args.PyTreeRestore
    with ocp.CheckpointManager(path) as manager:
        manager.save(1, args=ocp.args.Composite(**saved))
        manager.wait_until_finished()
        wanted = {name: restore[type(args)]() for name, args in saved.items()}
        restored = manager.restore(1, args=ocp.args.Composite(**wanted))
    return {name: dump_tree(restored[name]) for name in saved}


Point = collections.namedtuple("Point", ["x", "y"])
Nothing = collections.namedtuple("Nothing", [])


def _rich_types(path: str) -> Any:
    """`value_metadata_tree`, which tells tuples and named tuples from lists and dicts."""
    from orbax.checkpoint._src.metadata.pytree_metadata_options import PyTreeMetadataOptions

    options = PyTreeMetadataOptions(support_rich_types=True)
    tree = {
        "tuple": (np.arange(3), {"a": 1}),
        "point": Point(y=[1, 2], x=Point(np.ones(2, np.float32), ())),
        "nothing": Nothing(),
        "none": None,
        "list": [(1,), 2, (), [], {}],
    }
    with ocp.Checkpointer(ocp.PyTreeCheckpointHandler(pytree_metadata_options=options)) as checkpointer:
        checkpointer.save(path, tree)
    with ocp.Checkpointer(ocp.PyTreeCheckpointHandler(pytree_metadata_options=options)) as checkpointer:
        return {"plain": dump_checkpoint(path), "rich": _shown(checkpointer.restore(path))}


def _shown(tree: Any) -> Any:
    """A tree as JSON in which every container tells its type and every leaf its text."""
    if isinstance(tree, tuple) and hasattr(tree, "_asdict"):
        return {"named": [[name, _shown(value)] for name, value in tree._asdict().items()]}
    if isinstance(tree, tuple):
        return {"tuple": [_shown(item) for item in tree]}
    if isinstance(tree, list):
        return {"list": [_shown(item) for item in tree]}
    if isinstance(tree, dict):
        return {"dict": [[key, _shown(value)] for key, value in sorted(tree.items())]}
    return None if tree is None else str(np.asarray(tree).tolist())


def _partial(path: str) -> Any:
    """Series of partial saves: finalized, left open, one that finalize refuses half-way, and one in files."""
    first = {"a": np.arange(5, dtype=np.float32), "text": "one", "list": [1]}
    large = _seeded(5, "float32", 20, 30)
    second = {"b": {"c": jnp.ones((2, 3)), "d": 7, "key": jax.random.key(3), "large": large}}
    texts = {"b": {"text": "two"}, "e": {}}
    files = v1.Context(
        array_options=v1.options.ArrayOptions(saving=v1.options.ArrayOptions.Saving(use_ocdbt=False))
    )
    _partial_saves(os.path.join(path, "done"), first, second)
    v1.partial.finalize(os.path.join(path, "done"))
    _partial_saves(os.path.join(path, "open"), first, second)
    _partial_saves(os.path.join(path, "half"), first, second, texts)
    with files:
        _partial_saves(os.path.join(path, "files"), first, second)
    try:
        v1.partial.finalize(os.path.join(path, "half"))
    except Exception as error:
        if "_strings.json" not in str(error):
            raise
    else:
        raise AssertionError("finalize joined two files of strings")
    whole = _saved_at_once({**first, **second})
    half = _saved_at_once({**first, "b": {**second["b"], **texts["b"]}, "e": {}})
    done = dump_checkpoint(os.path.join(path, "done", "state"))
    return {"done": done, "open": whole, "half": half, "files": whole}


def _partial_saves(path: str, *trees: Any) -> None:
    for tree in trees:
        v1.partial.save(path, tree)


def _saved_at_once(tree: Any) -> Any:
    """What Python would restore, had it finished: nobody can read an open series."""
    with tempfile.TemporaryDirectory() as folder:
        v1.save(os.path.join(folder, "whole"), tree)
        return dump_checkpoint(os.path.join(folder, "whole", "state"))


def _wide(make: Callable[[str], Any]) -> Callable[[str], Any]:
    def with_wide_types(path: str) -> Any:
        with wide_types():
            return make(path)

    return with_wide_types


CHECKPOINTS: dict[str, Callable[[str], Any]] = {
    "standard-ocdbt-zarr2": _wide(_standard_ocdbt_zarr2),
    "pytree-strings": _wide(_pytree_strings),
    "pytree-ocdbt-zarr3": _wide(_pytree_zarr3),
    "files-zarr2": _wide(_files(use_zarr3=False)),
    "files-zarr3": _wide(_files(use_zarr3=True)),
    "v1": _wide(_v1),
    "manager": _wide(_manager),
    "single-items": _wide(_single_items),
    "rich-types": _rich_types,
    "partial": _wide(_partial),
}
