"""Checkpoints of Orbax whose arrays another writer of zarr has stored: TensorStore with any codec that it has."""

from __future__ import annotations

import json
import os
import random
import shutil
from typing import Any

import numpy as np
import orbax.checkpoint as ocp
import tensorstore as ts

from dump import dump_checkpoint
from random_trees import DTYPES, RandomTrees
from wide_types import wide_types

ARRAYS = 8
DRAWINGS = 20
"""Specs that are drawn for an array before it is left as Orbax wrote it."""


def rewritten_checkpoint(folder: str, seed: int) -> dict[str, Any]:
    """Saves arrays with Orbax in zarr v2 or v3, in files or a database, and writes each anew with a random spec.

    Returns {"root", "options", "expected"}: as `random_checkpoint` of ops_random.py. options: the spec of each array.
    Some arrays miss chunks, which then stand for the fill value.
    """
    rng = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    path = os.path.join(os.path.abspath(folder), "ckpt")
    use_ocdbt, use_zarr3 = rng.random() < 0.3, rng.random() < 0.6
    with wide_types():
        trees = RandomTrees(seed, lambda label, make: False)
        tree = {f"a{number}": _array(trees, rng) for number in range(ARRAYS)}
        handler = ocp.PyTreeCheckpointHandler(use_ocdbt=use_ocdbt, use_zarr3=use_zarr3)
        ocp.Checkpointer(handler).save(path, args=ocp.args.PyTreeSave(tree))
        if rng.random() < 0.9:  # else a missing chunk is damage
            _allow_missing_chunks(path)
        base: Any = {"driver": "file", "path": path + "/"}
        if use_ocdbt:
            for name in ("manifest.ocdbt", "d", "ocdbt.process_0"):
                target = os.path.join(path, name)
                (shutil.rmtree if os.path.isdir(target) else os.remove)(target)
            base = {"driver": "ocdbt", "base": base, "config": _database(rng)}
        specs = {name: _rewrite(base, path, name, value, use_zarr3, rng) for name, value in tree.items()}
        expected: dict[str, Any] = {"path": "ckpt"}
        try:
            expected["dump"] = dump_checkpoint(path)
        except Exception as error:  # what Orbax does not read of TensorStore's is told
            expected |= {"unread": f"{type(error).__name__}: {str(error)[:300]}", "saved": None, "refused": True}
    options = {"use_ocdbt": use_ocdbt, "zarr": 3 if use_zarr3 else 2, "specs": specs}
    return {
        "saver": "rewritten", "refusals": [], "root": os.path.abspath(folder), "options": options,
        "expected": [expected], "listings": [], "manager": None,
    }  # fmt: skip


def _array(trees: RandomTrees, rng: random.Random) -> np.ndarray:
    import ml_dtypes

    name = rng.choice(DTYPES)
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    shape = tuple(rng.choice((1, 2, 3, 5, 8, 13)) for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4))))
    return trees._bits(dtype, shape)


def _allow_missing_chunks(path: str) -> None:
    file = os.path.join(path, "_METADATA")
    with open(file, encoding="utf-8") as stream:
        metadata = json.load(stream)
    metadata["store_array_data_equal_to_fill_value"] = False
    with open(file, "w", encoding="utf-8") as stream:
        json.dump(metadata, stream)


def _database(rng: random.Random) -> dict[str, Any]:
    """Any configuration of a database of OCDBT."""
    config: dict[str, Any] = {}
    if rng.random() < 0.5:
        config["compression"] = rng.choice((None, {"id": "zstd"}, {"id": "zstd", "level": 5}))
    if rng.random() < 0.5:
        config["max_inline_value_bytes"] = rng.choice((0, 1, 100, 2**20))
    if rng.random() < 0.5:
        config["max_decoded_node_bytes"] = rng.choice((1, 200, 8_388_608))
    if rng.random() < 0.5:
        config["version_tree_arity_log2"] = rng.choice((1, 4, 16))
    if rng.random() < 0.2:
        config["manifest_kind"] = "numbered"
    return config


def _rewrite(base: Any, path: str, name: str, value: np.ndarray, use_zarr3: bool, rng: random.Random) -> Any:
    """Writes one array anew; returns what it is stored as, None where no drawing was accepted."""
    place = os.path.join(path, name)
    for _ in range(DRAWINGS):
        metadata = (_zarr3 if use_zarr3 else _zarr2)(value, rng)
        spec = {"driver": "zarr3" if use_zarr3 else "zarr", "kvstore": {**base, "path": _path(base, name)}}
        more = {"delete_existing": True, "create": True}
        if rng.random() < 0.3:
            spec["store_data_equal_to_fill_value"] = True
        try:
            store = ts.open({**spec, "metadata": metadata}, **more).result()
            region = _region(value.shape, rng)
            store[region].write(value[region]).result()
        except Exception:  # a combination that TensorStore does not have
            if not isinstance(base, dict) or base["driver"] == "file":
                shutil.rmtree(place, ignore_errors=True)
            continue
        return metadata
    spec = {"driver": "zarr3" if use_zarr3 else "zarr", "kvstore": {**base, "path": _path(base, name)}}
    store = ts.open(spec, create=True, dtype=ts.dtype(value.dtype.name), shape=value.shape).result()
    store.write(value).result()
    return None


def _path(base: Any, name: str) -> str:
    return name + "/" if base["driver"] == "ocdbt" else base["path"] + name + "/"


def _region(shape: tuple[int, ...], rng: random.Random) -> Any:
    """All of an array, or a part: what is left is the fill value."""
    if rng.random() < 0.7 or not shape:
        return ...
    return tuple(slice(0, rng.randint(1, size)) for size in shape)


def _zarr2(value: np.ndarray, rng: random.Random) -> dict[str, Any]:
    dtype = value.dtype
    code = dtype.name if dtype.kind == "V" or dtype.name not in np.sctypeDict else dtype.str
    if code.startswith("<") and rng.random() < 0.4:
        code = ">" + code[1:]
    metadata: dict[str, Any] = {
        "shape": list(value.shape),
        "chunks": [rng.randint(1, size + 2) for size in value.shape],
        "dtype": code,
        "fill_value": rng.choice((None, None, _fill(value, rng))),
        "order": rng.choice("CF"),
        "compressor": _compressor(rng),
        "filters": None,
        "zarr_format": 2,
    }
    if rng.random() < 0.6:
        metadata["dimension_separator"] = rng.choice("./")
    return metadata


def _compressor(rng: random.Random) -> Any:
    kind = rng.choice((None, "zlib", "gzip", "bz2", "zstd", "blosc", "blosc", "blosc"))
    if kind is None:
        return None
    if kind != "blosc":
        return {"id": kind, **({"level": rng.randint(1, 9)} if rng.random() < 0.7 else {})}
    return {
        "id": "blosc",
        "cname": rng.choice(("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd")),
        "clevel": rng.randint(0, 9),
        "shuffle": rng.choice((-1, 0, 1, 2)),
        "blocksize": rng.choice((0, 0, 16, 128, 4096)),
    }


def _fill(value: np.ndarray, rng: random.Random) -> Any:
    """A fill value in JSON; not every type takes every one."""
    if value.dtype == bool:
        return rng.choice((True, False))
    if value.dtype.kind == "c":
        return rng.choice(([1.5, -2.0], ["NaN", "Infinity"], [0.0, 0.0]))
    if value.dtype.kind in "iu":
        return rng.choice((0, 1, -1, 7))
    bits = "".join(rng.choice("0123456789abcdef") for _ in range(2 * value.dtype.itemsize))
    return rng.choice((0, 1, 1.5, -2.0, "NaN", "Infinity", "-Infinity", -0.0, f"0x{bits}"))


def _zarr3(value: np.ndarray, rng: random.Random) -> dict[str, Any]:
    chunk = [rng.choice((1, 2, 3, 4, 6, 12)) for _ in value.shape]
    metadata: dict[str, Any] = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(value.shape),
        "data_type": value.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": _chunk_keys(rng),
        "fill_value": _fill(value, rng) if rng.random() < 0.4 else _zero(value),
        "codecs": _codecs(chunk, value.dtype, rng, rng.choice((0, 1, 1, 2))),
    }
    if rng.random() < 0.2:
        metadata["attributes"] = {"a": [1, None]}
    if rng.random() < 0.2:
        metadata["dimension_names"] = [rng.choice((None, "x", "y")) for _ in value.shape]
    return metadata


def _zero(value: np.ndarray) -> Any:
    return False if value.dtype == bool else [0.0, 0.0] if value.dtype.kind == "c" else 0


def _chunk_keys(rng: random.Random) -> dict[str, Any]:
    keys: dict[str, Any] = {"name": rng.choice(("default", "default", "v2"))}
    if rng.random() < 0.5:
        keys["configuration"] = {"separator": rng.choice("./")}
    return keys


def _codecs(chunk: list[int], dtype: np.dtype, rng: random.Random, shards: int) -> list[Any]:
    """Codecs of a chunk, with so many levels of shards in it."""
    codecs: list[Any] = []
    shape = chunk
    if chunk and rng.random() < 0.4:
        order = rng.sample(range(len(chunk)), len(chunk))
        codecs.append({"name": "transpose", "configuration": {"order": order}})
        shape = [chunk[axis] for axis in order]
    if shards > 0:
        inner = [rng.choice([size for size in range(1, outer + 1) if outer % size == 0]) for outer in shape]
        configuration: dict[str, Any] = {
            "chunk_shape": inner,
            "codecs": _codecs(inner, dtype, rng, shards - 1),
            "index_codecs": _index_codecs(rng),
        }
        if rng.random() < 0.6:
            configuration["index_location"] = rng.choice(("start", "end"))
        codecs.append({"name": "sharding_indexed", "configuration": configuration})
        return codecs
    endian = {"configuration": {"endian": rng.choice(("little", "big"))}} if dtype.itemsize > 1 else {}
    codecs.append({"name": "bytes", **endian})
    for _ in range(rng.choice((0, 1, 1, 2))):
        codecs.append(_compressor3(dtype, rng))
    return codecs


def _index_codecs(rng: random.Random) -> list[Any]:
    codecs: list[Any] = [{"name": "bytes", "configuration": {"endian": rng.choice(("little", "big"))}}]
    return codecs + [{"name": "crc32c"}] * rng.choice((0, 1, 1, 2))


def _compressor3(dtype: np.dtype, rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(("gzip", "zstd", "blosc", "blosc", "crc32c"))
    if kind == "gzip":
        return {"name": kind, "configuration": {"level": rng.randint(0, 9)}}
    if kind == "zstd":
        return {"name": kind, "configuration": {"level": rng.randint(-5, 19), **({"checksum": rng.random() < 0.5})}}
    if kind == "crc32c":
        return {"name": kind}
    shuffle = rng.choice(("noshuffle", "shuffle", "bitshuffle"))
    return {
        "name": "blosc",
        "configuration": {
            "cname": rng.choice(("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd")),
            "clevel": rng.randint(0, 9),
            "shuffle": shuffle,
            "typesize": rng.choice((dtype.itemsize, 1, 3)),
            "blocksize": rng.choice((0, 0, 128, 4096)),
        },
    }
