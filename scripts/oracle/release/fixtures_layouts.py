"""Every layout of a release, with a mixed tree and with every dtype that it can store."""

from __future__ import annotations

import functools
from typing import Any

import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from fixture import Fixture
from registry import fixture, register
from saving import has_option, restore_with, save_pytree, save_standard, storable
from trees import core_tree, every_dtype, seeded

LAYOUTS: list[tuple[str, int, dict[str, Any], str]] = [
    ("ocdbt", 2, {}, "0.4.0"),
    ("files", 2, {"use_ocdbt": False}, "0"),
    ("ocdbt", 3, {"use_zarr3": True}, "0.5.7"),
    ("files", 3, {"use_zarr3": True, "use_ocdbt": False}, "0.5.7"),
]


def _restore(options: dict[str, Any]) -> Any:
    reading = {name: value for name, value in options.items() if name != "use_compression"}
    return restore_with(**reading)


def _core(options: dict[str, Any], f: Fixture) -> None:
    save_pytree(f.path(), core_tree(), **options)
    f.tree(core_tree(), restore=_restore(options))
    f.lists_item("pytree")


def _dtypes(options: dict[str, Any], f: Fixture) -> None:
    save, restore = functools.partial(save_pytree, **options), _restore(options)
    tree = storable(every_dtype(), save, restore)
    f.axes["dtypes"] = sorted({name.split("_", 1)[1] for name in tree})
    save(f.path(), tree)
    f.tree(tree, restore=restore)


for _layout, _zarr, _options, _since in LAYOUTS:
    _axes = {"layout": _layout, "zarr": _zarr, "saver": "PyTreeCheckpointHandler"}
    _name = f"{_layout}-zarr{_zarr}"
    register(_name, functools.partial(_core, _options), since=_since, **_axes)
    register(f"dtypes-{_name}", functools.partial(_dtypes, _options), since=_since, **_axes)
    if (_layout, _zarr) in (("ocdbt", 2), ("files", 3)) and has_option(
        ocp.PyTreeCheckpointHandler, "use_compression"
    ):
        _raw = {**_options, "use_compression": False}
        register(f"{_name}-uncompressed", functools.partial(_core, _raw), compression=False, **_axes)


@fixture(
    "zarr3-jax-only", since="0.4.5", until="0.5.6", layout="ocdbt", zarr=3, saver="PyTreeCheckpointHandler"
)
def _zarr3_jax_only(f: Fixture) -> None:
    tree = {"w": jnp.asarray(seeded(1, "float32", 6, 8)), "b": jnp.arange(5, dtype=jnp.int32)}
    save_pytree(f.path(), tree, use_zarr3=True)
    f.tree(tree, restore=restore_with(use_zarr3=True))


@fixture("pytree-checkpointer", layout="ocdbt", zarr=2, saver="PyTreeCheckpointer")
def _pytree_checkpointer(f: Fixture) -> None:
    ocp.PyTreeCheckpointer().save(f.path(), core_tree())
    f.tree(core_tree())
    f.lists_item("pytree")


@fixture("standard-checkpointer", layout="ocdbt", zarr=2, saver="StandardCheckpointer", since="0.4.4")
def _standard_checkpointer(f: Fixture) -> None:
    save_standard(f.path(), core_tree())
    f.tree(core_tree())
    f.lists_item("pytree")


@fixture("standard-handler", layout="ocdbt", zarr=2, saver="StandardCheckpointHandler", since="0.5.0")
def _standard_handler(f: Fixture) -> None:
    checkpointer = ocp.Checkpointer(ocp.StandardCheckpointHandler())
    checkpointer.save(f.path(), args=ocp.args.StandardSave(core_tree()))
    f.tree(core_tree())


@fixture("standard-files", layout="files", zarr=2, saver="StandardCheckpointHandler", since="0.11.31")
def _standard_files(f: Fixture) -> None:
    checkpointer = ocp.Checkpointer(ocp.StandardCheckpointHandler(use_ocdbt=False))
    checkpointer.save(f.path(), args=ocp.args.StandardSave(core_tree()))
    f.tree(core_tree())


@fixture("async-checkpointer", layout="ocdbt", zarr=2, saver="AsyncCheckpointer", since="0.4.0")
def _async_checkpointer(f: Fixture) -> None:
    checkpointer = ocp.AsyncCheckpointer(ocp.PyTreeCheckpointHandler())
    checkpointer.save(f.path(), core_tree())
    checkpointer.wait_until_finished()
    checkpointer.close()
    f.tree(core_tree())


@fixture(
    "chunk-byte-size",
    layout="ocdbt",
    zarr=2,
    saver="PyTreeCheckpointHandler",
    since="0.4.8",
    skip=("0.5.23",),
)
def _chunk_byte_size(f: Fixture) -> None:
    _chunked(f, {})


@fixture(
    "chunk-byte-size-files",
    layout="files",
    zarr=2,
    saver="PyTreeCheckpointHandler",
    since="0.4.8",
    skip=("0.5.23",),
)
def _chunk_byte_size_files(f: Fixture) -> None:
    _chunked(f, {"use_ocdbt": False})


@fixture("chunk-byte-size-zarr3", layout="ocdbt", zarr=3, saver="PyTreeCheckpointHandler", since="0.5.7")
def _chunk_byte_size_zarr3(f: Fixture) -> None:
    _chunked(f, {"use_zarr3": True})


def _chunked(f: Fixture, options: dict[str, Any]) -> None:
    """Several chunks in each direction, and some of them out of line: the values hardly compress."""
    tree = {"jax": jnp.asarray(seeded(1, "float32", 24, 32)), "numpy": seeded(2, "float32", 12, 20),
            "small": np.arange(30, dtype=np.int16).reshape(5, 6)}  # fmt: skip
    save_args = {
        "jax": ocp.SaveArgs(chunk_byte_size=1600),
        "numpy": ocp.SaveArgs(chunk_byte_size=400),
        "small": ocp.SaveArgs(chunk_byte_size=8),
    }
    save_pytree(f.path(), tree, save_args, **options)
    f.tree(tree, restore=_restore(options))


@fixture(
    "write-read-chunks", layout="ocdbt", zarr=3, saver="PyTreeCheckpointHandler", since="0.5.7", until="0.6.3"
)
def _write_read_chunks(f: Fixture) -> None:
    tree = {"jax": jnp.asarray(seeded(1, "float32", 8, 12)), "numpy": seeded(2, "float32", 8, 12)}
    save_args = {
        name: ocp.SaveArgs(write_chunk_shape=(4, 12), read_chunk_shape=(2, 3)) for name in ("jax", "numpy")
    }
    save_pytree(f.path(), tree, save_args, use_zarr3=True)
    f.tree(tree)


@fixture(
    "write-read-chunks-files",
    layout="files",
    zarr=3,
    saver="PyTreeCheckpointHandler",
    since="0.5.7",
    until="0.6.3",
)
def _write_read_chunks_files(f: Fixture) -> None:
    tree = {"jax": jnp.asarray(seeded(1, "float32", 8, 12))}
    save_args = {"jax": ocp.SaveArgs(write_chunk_shape=(8, 6), read_chunk_shape=(4, 2))}
    save_pytree(f.path(), tree, save_args, use_zarr3=True, use_ocdbt=False)
    f.tree(tree)


@fixture("stored-dtype", layout="ocdbt", zarr=2, saver="PyTreeCheckpointHandler")
def _stored_dtype(f: Fixture) -> None:
    tree = {"jax": jnp.asarray(seeded(1, "float32", 6, 8)), "numpy": seeded(2, "float64", 3, 3)}
    save_args = {
        "jax": ocp.SaveArgs(dtype=jnp.dtype("bfloat16")),
        "numpy": ocp.SaveArgs(dtype=np.dtype("float32")),
    }
    save_pytree(f.path(), tree, save_args)
    f.tree({"jax": tree["jax"].astype(jnp.bfloat16), "numpy": tree["numpy"].astype(np.float32)})


@fixture("data-file-size", layout="ocdbt", zarr=2, saver="PyTreeCheckpointHandler", since="0.6.4")
def _data_file_size(f: Fixture) -> None:
    """Several data files a process, since each shall hold 2 kB at most."""
    tree = {"a": seeded(1, "float32", 20, 30), "b": jnp.asarray(seeded(2, "float32", 20, 25)), "n": 3}
    checkpointer = ocp.Checkpointer(ocp.PyTreeCheckpointHandler())
    checkpointer.save(f.path(), args=ocp.args.PyTreeSave(tree, ocdbt_target_data_file_size=2048))
    f.tree(tree)
