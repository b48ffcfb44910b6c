"""Operations on single checkpoints: save a tree with real Orbax, restore one in every way that Orbax has."""

from __future__ import annotations

import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import orbax.checkpoint.experimental.v1 as v1

from dump import dump_checkpoint, dump_tree
from tagged_json import decode, encode
from wide_types import wide_types


def dump_json(path: str) -> dict[str, Any]:
    """What `orbax-ts dump --json` must print for a PyTree item (dump.py)."""
    return dump_checkpoint(path)


def is_checkpoint(path: str) -> bool:
    """Orbax's own test whether a directory is a checkpoint of any layout."""
    return bool(v1.is_orbax_checkpoint(os.path.abspath(path)))


def restore(path: str, api: str, target: str = "none", form: str = "dump") -> Any:
    """Restores a checkpoint and tells what came back.

    api: `StandardCheckpointer`, `PyTreeCheckpointer`, `v1` (load), `v1_checkpointables` (a dict of items),
        `safetensors` (v1's load of a file or a directory of that layout).
    target: `none`; `numpy`: arrays of zeros, and numbers, shaped like the tree itself; `jax`: a
    ShapeDtypeStruct on the first device for every array. PyTreeCheckpointer takes it as `item`.
    form: `dump` (dump.py) or `tagged` (tagged JSON, which tells np.ndarray from jax.Array, tuple from list).
    """
    path = os.path.abspath(path)
    with wide_types():
        if api == "v1_checkpointables":
            items = v1.load_checkpointables(path)
            return {name: _tell(items[name], form) for name in items}
        if target == "none":
            return _tell(_restore(path, api, None), form)
        plain = _restore(path, api, None)
        return _tell(_restore(path, api, _target_like(plain, target)), form)


def _tell(tree: Any, form: str) -> Any:
    return encode(tree) if form == "tagged" else dump_tree(tree)


def _restore(path: str, api: str, target: Any) -> Any:
    if api == "StandardCheckpointer":
        with ocp.StandardCheckpointer() as checkpointer:
            return checkpointer.restore(path, target) if target is not None else checkpointer.restore(path)
    if api == "PyTreeCheckpointer":
        checkpointer = ocp.PyTreeCheckpointer()
        return checkpointer.restore(path, item=target) if target is not None else checkpointer.restore(path)
    if api == "safetensors":
        with v1.Context(checkpoint_layout=v1.options.CheckpointLayout.SAFETENSORS):
            return v1.load(path)
    if api == "v1":
        load = getattr(v1, "load", None) or v1.load_pytree  # the name before 0.12
        return load(path, target) if target is not None else load(path)
    raise ValueError(f"unknown api {api}")


def _target_like(tree: Any, target: str) -> Any:
    """A target of the tree's own structure whose values differ from the checkpoint's."""
    if target not in ("numpy", "jax"):
        raise ValueError(f"unknown target {target}")
    sharding = jax.sharding.SingleDeviceSharding(jax.devices()[0])

    def one(leaf: Any) -> Any:
        if isinstance(leaf, (jax.Array, np.ndarray)):
            if target == "jax":
                return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)
            if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
                return leaf
            return np.zeros(leaf.shape, leaf.dtype)
        return leaf if leaf is Ellipsis else type(leaf)()

    return jax.tree.map(one, tree)


def save(
    path: str, tree: Any, api: str = "StandardCheckpointer", options: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Saves a tree given as tagged JSON; returns the tree as it was saved, as dump.py describes it.

    api: `StandardCheckpointer`, `PyTreeCheckpointer`, `v1` (save).
    options: use_ocdbt, use_zarr3, use_compression, force (overwrite), custom_metadata; dtype and
    chunk_byte_size for all arrays, or for some: leaf_options = {"a/b": {dtype?, chunk_byte_size?}}, keys
    joined by "/".
    """
    path, options = os.path.abspath(path), dict(options or {})
    with wide_types():
        value = decode(tree)
        if api == "v1":
            _save_v1(path, value, options)
        else:
            _save_v0(path, value, api, options)
        return dump_tree(value)


def _save_v0(path: str, value: Any, api: str, options: dict[str, Any]) -> None:
    storage = {name: options.pop(name) for name in _STORAGE_OPTIONS if name in options}
    force = options.pop("force", False)
    custom_metadata = options.pop("custom_metadata", None)
    save_args = _save_args(value, options)
    _refuse_rest(options)
    if api == "StandardCheckpointer":
        handler: Any = ocp.StandardCheckpointHandler(**storage)
        args: Any = ocp.args.StandardSave(value, save_args)
    elif api == "PyTreeCheckpointer":
        handler = ocp.PyTreeCheckpointHandler(**storage)
        args = ocp.args.PyTreeSave(value, save_args)
    else:
        raise ValueError(f"unknown api {api}")
    with ocp.Checkpointer(handler) as checkpointer:
        checkpointer.save(path, args=args, force=force, custom_metadata=custom_metadata)


_STORAGE_OPTIONS = ("use_ocdbt", "use_zarr3", "use_compression")


def _save_args(value: Any, options: dict[str, Any]) -> Any:
    """A tree of ocp.SaveArgs beside the saved one; None where no option asks for anything."""
    everywhere = {name: options.pop(name) for name in ("dtype", "chunk_byte_size") if name in options}
    by_leaf = options.pop("leaf_options", {})
    if not everywhere and not by_leaf:
        return None

    def one(key_path: Any, _leaf: Any) -> ocp.SaveArgs:
        fields = {**everywhere, **by_leaf.get(jax.tree_util.keystr(key_path, simple=True, separator="/"), {})}
        if "dtype" in fields:
            fields["dtype"] = jnp.dtype(fields["dtype"])
        return ocp.SaveArgs(**fields)

    return jax.tree_util.tree_map_with_path(one, value)


def _save_v1(path: str, value: Any, options: dict[str, Any]) -> None:
    saving: dict[str, Any] = {name: options.pop(name) for name in _STORAGE_OPTIONS if name in options}
    storage = {name: options.pop(name) for name in ("dtype", "chunk_byte_size") if name in options}
    if "dtype" in storage:
        storage["dtype"] = jnp.dtype(storage["dtype"])
    arguments = {name: options.pop(name) for name in ("custom_metadata",) if name in options}
    if options.pop("force", False):
        arguments["overwrite"] = True
    _refuse_rest(options)
    write = getattr(v1, "save", None) or v1.save_pytree  # the name before 0.12
    if not saving and not storage:
        write(path, value, **arguments)
        return
    if storage:
        saving["storage_options"] = v1.options.ArrayOptions.Saving.StorageOptions(**storage)
    array_options = v1.options.ArrayOptions(saving=v1.options.ArrayOptions.Saving(**saving))
    with v1.Context(array_options=array_options):
        write(path, value, **arguments)


def _refuse_rest(options: dict[str, Any]) -> None:
    if options:
        raise ValueError(f"unknown options {sorted(options)}")
