"""Makes fixtures/flax and fixtures/safetensors: one-file formats as the real libraries write and read them.

    .oracle/bin/python scripts/make-format-fixtures.py

Run again, it writes the same bytes. Beside each file lies `<name>.expected.json`: what the library restores from
it, described as `orbax-ts dump --json` must print it (scripts/oracle/dump.py documents the fields).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import struct
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "oracle"))

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import ml_dtypes  # noqa: E402
import msgpack  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
import orbax.checkpoint.experimental.v1 as ocp_v1  # noqa: E402
from dump import dump_tree  # noqa: E402
from flax import serialization  # noqa: E402
from orbax.checkpoint import msgpack_utils  # noqa: E402
from wide_types import wide_types  # noqa: E402

NUMPY_DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128"
SMALL_FLOATS = (
    "bfloat16 float8_e4m3fn float8_e5m2 float8_e4m3b11fnuz float8_e4m3fnuz float8_e5m2fnuz float8_e3m4 float8_e8m0fnu"
)
NARROW_INTEGERS = {"int4": range(-8, 8), "int2": range(-2, 2), "uint4": range(16)}
SMALL_CHUNKS = 64  # bytes, for Flax's MAX_CHUNK_SIZE


def bits(dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Elements of random bits, the same ones each time, NaN with all their bits among them."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    raw = np.random.default_rng(size + dtype.itemsize).integers(0, 256, size, dtype=np.uint8)
    if dtype == np.bool_:
        return (raw & 1).astype(bool).reshape(shape)
    return raw.view(dtype).reshape(shape)


def every_dtype() -> dict[str, np.ndarray]:
    """An array of each dtype that dump can tell: random bits, or all values where there are few."""
    arrays = {name: bits(name, (2, 3)) for name in NUMPY_DTYPES.split()}
    arrays |= {name: bits(getattr(ml_dtypes, name), (2, 5)) for name in SMALL_FLOATS.split()}
    arrays["float4_e2m1fn"] = np.arange(16, dtype=np.uint8).view(ml_dtypes.float4_e2m1fn)
    for name, values in NARROW_INTEGERS.items():
        arrays[name] = np.array(list(values), getattr(ml_dtypes, name))
    return arrays


def train_state() -> dict[str, Any]:
    """What flax.training.checkpoints saves: parameters, an optimizer's named tuples, a step."""
    with wide_types():
        params = {
            "Dense_0": {
                "kernel": jnp.linspace(-1, 1, 12, dtype=jnp.float32).reshape(3, 4),
                "bias": jnp.zeros(4, jnp.bfloat16),
            },
            "Dense_1": {"kernel": jnp.full((4, 2), 1 / 3, jnp.bfloat16), "bias": jnp.ones(2, jnp.float16)},
        }
        return {"step": 1200, "params": params, "opt_state": optax.adam(1e-3).init(params), "layers": [1, (2, 3)]}


def numbers() -> dict[str, Any]:
    """Numbers at the limits of what msgpack has for them, and everything else that is no container."""
    integers = [0, 127, 128, 255, 256, 65535, 65536, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53, 2**53 + 1]
    integers += [2**63 - 1, 2**63, 2**64 - 1, -1, -32, -33, -128, -129, -32769, -(2**31) - 1, -(2**53) - 1, -(2**63)]
    return {
        "integers": {str(number): number for number in integers},
        "floats": {str(number): number for number in (0.0, -0.0, 1.0, 0.1, 5e-324, 1e300, -2.5)},
        "not finite": {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")},
        "complex": {"a": 1.5 - 2j, "b": complex(float("inf"), -0.0)},
        "bool": {"true": True, "false": False},
        "none": None,
        "strings": {"empty": "", "unicode": "ÄÖ 😀 \u0000\ufeff", "long": "x" * 300, "placeholder": "PLACEHOLDER://a.b"},
        "bytes": {"empty": b"", "few": b"\x00\xff\x80", "many": bytes(range(256)) * 2},
        "numpy": {
            "float32": np.float32(0.1),
            "float64": np.float64(0.1),
            "bfloat16": ml_dtypes.bfloat16(1.5),
            "int64": np.int64(-(2**63)),
            "uint64": np.uint64(2**64 - 1),
            "uint8": np.uint8(7),
            "bool": np.bool_(True),
            "complex64": np.complex64(1 + 2j),
            "rank 0": np.array(3, np.int32),
        },
    }


def keys() -> dict[Any, Any]:
    """Keys that need care, most of them not strings."""
    names = ["__proto__", "constructor", "toString", "", " ", "0", "01", "a/b", "a.b", "\u00e9", "e\u0301", "😀", "～", "\n"]
    tree: dict[Any, Any] = {name: index for index, name in enumerate(names)}
    tree["__proto__"] = {"__proto__": 1, "x": 2}
    tree["other"] = {7: "a", -3: "b", 2**64 - 1: "c", b"k'\\\n\xff": "d", b"'": "e", b"": "f", True: "g", None: "h"}
    return tree


def containers() -> dict[str, Any]:
    """Lists, dicts, and empty ones of both."""
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    nested = [1, [2, [], {"x": [3, {}]}], None, [[[]]]]
    return {"dict": {}, "list": [], "nested": nested, "many": list(range(20)), "deep": deep}


def arrays_of_all_shapes() -> dict[str, Any]:
    shapes = [(), (0,), (1,), (0, 3), (2, 0, 2), (1, 1, 1, 1, 2), (300,)]
    return {str(shape): bits("<f4", shape) for shape in shapes}


def nan_payloads() -> dict[str, Any]:
    """NaN of which every bit counts."""
    return {
        "float16": np.array([0x7E01, 0xFE00, 0x7D55], np.uint16).view(np.float16),
        "bfloat16": np.array([0x7FC1, 0xFFC0, 0x7FAA], np.uint16).view(ml_dtypes.bfloat16),
        "float32": np.array([0x7FC00001, 0xFFC00000, 0x7FA5A5A5], np.uint32).view(np.float32),
        "float64": np.array([0x7FF8000000000001, 0x7FF4DEADBEEF5A5A], np.uint64).view(np.float64),
        "complex64": np.array([0x7FC00001, 0xFFC00000], np.uint32).view(np.complex64),
    }


def large_arrays() -> dict[str, Any]:
    """Arrays over SMALL_CHUNKS bytes, which Flax cuts, but for those in lists."""
    return {
        "before": 1,
        "float32": bits("float32", (5, 7)),
        "bfloat16": bits(ml_dtypes.bfloat16, (33,)),
        "int4": np.arange(100).reshape(2, 5, 10).astype(ml_dtypes.int4),
        "nested": {"complex128": bits("complex128", (3, 2)), "small": bits("float32", (16,))},
        "in a list": [bits("float32", (20,)), {"__msgpack_chunked_array__": True, "shape": {"0": 1}, "chunks": {}}],
        "after": "end",
    }


def aggregate() -> dict[str, Any]:
    """The file `checkpoint` of an old Orbax: placeholders, aggregated values, tuples."""
    return {
        "params": {"w": "PLACEHOLDER://params.w", "b": bits("float32", (3,))},
        "opt_state": (("PLACEHOLDER://opt_state.0.0", {"count": np.int32(4)}), (), [(1, (2.5,))]),
        "empty": {},
        "config": {"name": "adam", "lr": 0.001, "layers": [1, 2], "none": None},
        "complex": 2j,
    }


@contextlib.contextmanager
def small_chunks() -> Iterator[None]:
    """Lets Flax cut arrays that are larger than SMALL_CHUNKS."""
    before = serialization.MAX_CHUNK_SIZE
    serialization.MAX_CHUNK_SIZE = SMALL_CHUNKS
    try:
        yield
    finally:
        serialization.MAX_CHUNK_SIZE = before


def make_flax() -> None:
    """msgpack files of Flax, and one of Orbax's own variant."""

    def make(name: str, encoded: bytes, restore: Any = serialization.msgpack_restore) -> None:
        write("flax", f"{name}.msgpack", encoded, dump_tree(restore(encoded)))

    make("train-state", serialization.to_bytes(train_state()))
    make("dtypes", serialization.msgpack_serialize(every_dtype()))
    make("shapes", serialization.msgpack_serialize(arrays_of_all_shapes()))
    make("nan-payloads", serialization.msgpack_serialize(nan_payloads()))
    make("values", serialization.msgpack_serialize(numbers()))
    make("containers", serialization.msgpack_serialize(containers()))
    make("keys", msgpack.packb(keys()))
    make("float32-wire", msgpack.packb({"a": 0.1, "b": [1.5, float("nan")]}, use_single_float=True))
    make("bare-array", serialization.msgpack_serialize(bits("float32", (3, 2))))
    make("bare-empty-dict", serialization.msgpack_serialize({}))
    with small_chunks():
        make("chunked", serialization.msgpack_serialize(large_arrays()))
        make("bare-chunked", serialization.msgpack_serialize(bits("uint16", (11, 7))))
    make("aggregate", msgpack_utils.msgpack_serialize(aggregate()), msgpack_utils.msgpack_restore)


SAFETENSORS_NAMES = {
    "bool": "BOOL",
    "int8": "I8",
    "uint8": "U8",
    "int16": "I16",
    "uint16": "U16",
    "int32": "I32",
    "uint32": "U32",
    "int64": "I64",
    "uint64": "U64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
    "bfloat16": "BF16",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fn": "F8_E4M3",
}


def safetensors(tensors: dict[str, np.ndarray], metadata: Any = None, multiple: int = 8) -> bytes:
    """A file as the safetensors package writes it: tensors one after the other, the header padded with spaces."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, tensor in tensors.items():
        offsets = [len(data), len(data) + tensor.nbytes]
        header[name] = {
            "dtype": SAFETENSORS_NAMES[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": offsets,
        }
        data += tensor.tobytes()
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % multiple)
    return struct.pack("<Q", len(text)) + text + data


def make_safetensors() -> None:
    """safetensors files, read back by Orbax's v1 interface."""

    def make(name: str, encoded: bytes) -> None:
        file = ROOT / "fixtures" / "safetensors" / f"{name}.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded)
        with ocp_v1.Context(checkpoint_layout=ocp_v1.options.CheckpointLayout.SAFETENSORS), wide_types():
            restored = dump_tree(ocp_v1.load(str(file)))
            metadata = ocp_v1.metadata(str(file)).custom_metadata
        write("safetensors", file.name, encoded, restored | {"metadata": metadata})

    every = every_dtype()
    make("dtypes", safetensors({name: every[name] for name in SAFETENSORS_NAMES}))
    names = ["10", "9", "model.layers.0.weight", "__proto__", "constructor", "é", "a/b", "", "0", 'quote"', "\\ \n"]
    few = {name: bits("float32", (index, 2)) for index, name in enumerate(names)}
    make("names", safetensors(few, {"format": "pt", "10": "x", "__proto__": "y", "9": ""}))
    shapes = {"empty": bits("float32", (0, 3)), "scalar": bits("int64", ()), "also empty": bits("int8", (2, 0))}
    make("shapes", safetensors(shapes | {"last": bits("uint8", (3,))}, multiple=1))


def write(folder: str, name: str, encoded: bytes, expected: dict[str, Any]) -> None:
    place = ROOT / "fixtures" / folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(encoded)
    leaves = ",\n".join(f"  {json.dumps(leaf, allow_nan=False)}" for leaf in expected["leaves"])
    others = "".join(
        f",\n {json.dumps(key)}: {json.dumps(value)}" for key, value in expected.items() if key not in ("kind", "leaves")
    )
    text = f'{{"kind": {json.dumps(expected["kind"])}, "leaves": [\n{leaves}\n ]{others}}}\n'
    place.with_suffix(".expected.json").write_text(text, encoding="ascii")


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    jax.config.update("jax_platforms", "cpu")
    make_flax()
    make_safetensors()


if __name__ == "__main__":
    main()
