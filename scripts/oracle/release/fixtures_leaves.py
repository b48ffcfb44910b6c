"""What a leaf or a container can be: numbers, strings, empties, orders, shardings, keys, names."""

from __future__ import annotations

import collections
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from fixture import Fixture
from registry import fixture
from saving import restore_files, save_files, save_pytree, save_standard, storable
from trees import mesh, numbers, numpy_scalars, placed, seeded

PYTREE = {"layout": "ocdbt", "zarr": 2, "saver": "PyTreeCheckpointHandler"}
FILES = {"layout": "files", "zarr": 2, "saver": "PyTreeCheckpointHandler"}
STANDARD = {"layout": "ocdbt", "zarr": 2, "saver": "StandardCheckpointer"}

Point = collections.namedtuple("Point", ["x", "y"])
Nothing = collections.namedtuple("Nothing", [])


@fixture("scalars", **PYTREE)
def _scalars(f: Fixture) -> None:
    tree = storable({**numbers(), **numpy_scalars()}, save_pytree)
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("scalars-standard", since="0.4.0", **STANDARD)
def _scalars_standard(f: Fixture) -> None:
    tree = storable({**numbers(), **numpy_scalars()}, save_standard)
    save_standard(f.path(), tree)
    f.tree(tree)


@fixture("strings", since="0.4.4", **PYTREE)
def _strings(f: Fixture) -> None:
    tree = {
        "text": "hi", "empty": "", "unicode": "caf\u00e9 \U0001f600 \u0000", "list": ["a", 1, None, ["b"]],
        "a.b": "dots in the name", "p": {"q/r": "a slash", "q/s": {"t": "and again"}}, "number": "12",
        "__proto__": "a name of JavaScript's own", "array": np.arange(3, dtype=np.int8),
        "np_str": np.str_("n"),
    }  # fmt: skip
    tree = storable(tree, save_pytree)
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("strings-only", since="0.11.0", **PYTREE)
def _strings_only(f: Fixture) -> None:
    tree = {"a": "x", "b": {"c": "y"}, "n": None}
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("strings-files", since="0.4.4", **FILES)
def _strings_files(f: Fixture) -> None:
    tree = {"a": "x", "b": {"c": "\u00e9"}, "n": 1}
    save_files(f.path(), tree)
    f.tree(tree, restore=restore_files)


@fixture("empties", **PYTREE)
def _empties(f: Fixture) -> None:
    tree = {
        "dict": {}, "list": [], "tuple": (), "none": None, "nested": [{}, [[]], (), None, {"deep": {}}],
        "named": Nothing(), "a": np.arange(2), "pair": (None, 1),
    }  # fmt: skip
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("empties-only", since="0.11.0", **PYTREE)
def _empties_only(f: Fixture) -> None:
    tree = {"dict": {}, "list": [None, []]}
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("containers", **PYTREE)
def _containers(f: Fixture) -> None:
    ordered = collections.OrderedDict([("z", np.arange(2)), ("a", 1)])
    tree = {
        "tuple": (1, np.arange(3)), "named": Point(np.float32(1.5) * np.ones(2, np.float32), 2),
        "ordered": ordered, "nested": [[1, [2, [3, {"x": [4]}]]], (5, (6, [7])), {"y": [None, 7]}],
        "int_keys": {0: np.arange(2), 2: 2, 10: 10},
        "twelve": list(range(12)), "point_in_list": [Point(1, Point(2, 3))],
    }  # fmt: skip
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("root-list", since="0.5.16", **PYTREE)
def _root_list(f: Fixture) -> None:
    tree = [np.arange(3), {"a": 1}, [2.5]]
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("root-leaf", since="0.12.0", **PYTREE)
def _root_leaf(f: Fixture) -> None:
    save_pytree(f.path(), np.arange(5, dtype=np.float32))
    f.tree(np.arange(5, dtype=np.float32))


@fixture("root-leaf-files", since="0.12.0", **FILES)
def _root_leaf_files(f: Fixture) -> None:
    save_files(f.path(), jnp.arange(5, dtype=jnp.float32))
    f.tree(jnp.arange(5, dtype=jnp.float32), restore=restore_files)


def _odd_names() -> dict[str, Any]:
    """Names that are a trap: with separators, like an index, like a URL, JavaScript's own."""
    names = [
        "a.b", "a/b", "/lead", "trail/", " space ", "\u00e9", "\U0001f600", "__proto__", "constructor",
        "toString", "0", "01", "-1", "50%41", "a?b#c", "..", ".", "quote'\"", "new\nline", "~1",
        "back\\slash",
    ]  # fmt: skip
    return {name: np.full(2, number, np.int16) for number, name in enumerate(names)}


@fixture("names", since="0.4.0", **PYTREE)
def _names(f: Fixture) -> None:
    tree = storable(_odd_names(), save_pytree)
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("names-files", since="0.4.0", **FILES)
def _names_files(f: Fixture) -> None:
    # Orbax joins paths: an array called /lead would be written outside, to the root of the file system.
    names = {name: value for name, value in _odd_names().items() if "\\" not in name and name[0] != "/"}
    tree = storable(names, save_files, restore_files)
    save_files(f.path(), tree)
    f.tree(tree, restore=restore_files)


def _orders_tree() -> dict[str, Any]:
    return {
        "fortran": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        "transposed": np.arange(24, dtype=np.uint16).reshape(2, 3, 4).transpose(2, 0, 1),
        "big_endian": np.arange(3, dtype=">i4"),
        "big_endian_float": np.array([[0.1, -2.0]], ">f8"),
        "strided": np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2],
        "reversed": np.arange(5, dtype=np.int64)[::-1],
        "broadcast": np.broadcast_to(np.float32(1.5), (2, 3)),
        "jax_transposed": jnp.arange(6, dtype=jnp.float32).reshape(2, 3).T,
        "rank4": np.arange(24, dtype=np.uint16).reshape(2, 3, 2, 2),
        "rank0": np.array(3, np.int16),
        "jax_rank0": jnp.array(2.5, jnp.float32),
        "zeros": np.zeros((4, 4), np.float32),
        "ones_axis": np.ones((1, 3, 1), np.float64),
    }


@fixture("orders", **PYTREE)
def _orders(f: Fixture) -> None:
    tree = storable(_orders_tree(), save_pytree)
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("orders-files", **FILES)
def _orders_files(f: Fixture) -> None:
    tree = storable(_orders_tree(), save_files, restore_files)
    save_files(f.path(), tree)
    f.tree(tree, restore=restore_files)


def _sharded_tree() -> dict[str, Any]:
    values = seeded(5, "float32", 8, 6)
    return {
        "both": placed(values, "x", "y"),
        "rows": placed(values, "x", None),
        "columns": placed(values, None, "y"),
        "rows_over_all": placed(values, ("x", "y")),
        "replicated": placed(values),
        "one_axis": placed(np.arange(16, dtype=np.int32), "x"),
        "rank0": placed(np.float32(2.5)),
        "bf16": placed(values.astype(jnp.bfloat16), "y", None),
        "single": jnp.asarray(values),
        "on_second": jax.device_put(jnp.arange(3), jax.devices()[1]),
        "numpy": np.arange(3),
    }


@fixture("sharded", **PYTREE)
def _sharded(f: Fixture) -> None:
    save_pytree(f.path(), _sharded_tree())
    f.tree(_sharded_tree())


@fixture("sharded-files", **FILES)
def _sharded_files(f: Fixture) -> None:
    save_files(f.path(), _sharded_tree())
    f.tree(_sharded_tree(), restore=restore_files)


@fixture("sharded-zarr3", since="0.5.7", layout="ocdbt", zarr=3, saver="PyTreeCheckpointHandler")
def _sharded_zarr3(f: Fixture) -> None:
    save_pytree(f.path(), _sharded_tree(), use_zarr3=True)
    f.tree(_sharded_tree())


@fixture("prng-keys", since="0.11.9", **PYTREE)
def _prng_keys(f: Fixture) -> None:
    tree = {
        "one": jax.random.key(7),
        "several": jax.random.split(jax.random.key(1), 3),
        "rbg": jax.random.key(7, impl="rbg"),
        "rbg_grid": jax.random.split(jax.random.key(2, impl="rbg"), 2),
        "unsafe_rbg": jax.random.key(7, impl="unsafe_rbg"),
        "raw": jax.random.PRNGKey(7),
        "replicated": placed_key(jax.random.key(3)),
    }
    tree = storable(tree, save_pytree)
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("prng-keys-standard-zarr3", since="0.11.9", layout="ocdbt", zarr=3, saver="PyTreeCheckpointHandler")
def _prng_keys_zarr3(f: Fixture) -> None:
    tree = {"one": jax.random.key(7), "rbg": jax.random.split(jax.random.key(7, impl="rbg"), 2)}
    save_pytree(f.path(), tree, use_zarr3=True)
    f.tree(tree)


def placed_key(key: Any) -> Any:
    """A key on all devices of the mesh."""
    return jax.device_put(key, jax.sharding.NamedSharding(mesh(), jax.sharding.PartitionSpec()))


@fixture("raw-keys", **PYTREE)
def _raw_keys(f: Fixture) -> None:
    tree = {"rng": jax.random.PRNGKey(42), "several": jax.random.split(jax.random.PRNGKey(1), 3)}
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("zero-size", until="0.11.2", **PYTREE)
def _zero_size(f: Fixture) -> None:
    tree = {"numpy": np.zeros((0,), np.float32), "rank2": np.zeros((3, 0), np.int32),
            "jax": jnp.zeros((0, 4), jnp.float32), "whole": np.arange(2)}  # fmt: skip
    tree = storable(tree, save_pytree)
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("zero-size-files", until="0.11.2", **FILES)
def _zero_size_files(f: Fixture) -> None:
    tree = {"numpy": np.zeros((0,), np.float32), "jax": jnp.zeros((2, 0), jnp.float32), "whole": np.arange(2)}
    tree = storable(tree, save_files, restore_files)
    save_files(f.path(), tree)
    f.tree(tree, restore=restore_files)


@fixture("placeholder", since="0.11.0", **PYTREE)
def _placeholder(f: Fixture) -> None:
    tree = {"hole": ..., "a": np.arange(3), "l": [..., 1]}
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("rich-types", since="0.10.3", **PYTREE)
def _rich_types(f: Fixture) -> None:
    from orbax.checkpoint._src.metadata import tree as tree_metadata

    tree = {
        "tuple": (1, np.arange(3)), "named": Point(np.ones(2, np.float32), 2), "list": [1, ()],
        "nothing": Nothing(), "empty": {}, "pair": (Point(1, (2, 3)), None),
    }  # fmt: skip
    options = tree_metadata.PyTreeMetadataOptions(support_rich_types=True)
    handler = ocp.PyTreeCheckpointHandler(pytree_metadata_options=options)
    ocp.Checkpointer(handler).save(f.path(), args=ocp.args.PyTreeSave(tree))
    f.tree(tree)
