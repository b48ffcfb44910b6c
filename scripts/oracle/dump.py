"""Prints what real Orbax reads from a PyTree checkpoint, as `orbax-ts dump --json` must print it.

    python scripts/oracle/dump.py PATH [--devices N]

PATH is a directory that holds `_METADATA`: a checkpoint of one item, or one item of a step. It is restored
with `PyTreeCheckpointer().restore(PATH)`, without a target. One JSON object goes to stdout:

    {"kind": "pytree", "leaves": [{"path", "kind", "dtype"?, "shape"?, "impl"?, "sha256"?, "values"?}, ...]}

- path: a string for a dict key, a number for a list index; [] where the tree is a single leaf.
- kind: array scalar string bytes none empty-dict empty-list empty-tuple prng-key placeholder.
- dtype, shape: of arrays, scalars and keys. A scalar is the Python number that came back: int64 (uint64 from
  2^63), float64, bool or complex128 with shape []. A typed key: uint32, the shape of its words, and `impl`.
- sha256: arrays and keys: all elements, little-endian, C order (bool: a byte; int4 and int2: a byte, with
  sign; float4: a byte; complex: re, im). bytes: the bytes.
- values: arrays, scalars, keys: the first 16 elements as strings (true/false, decimal integers, floats that
  read back as the same double, NaN, Infinity, -Infinity, complex as `re,im`). A string: its text. bytes: hex
  of the first 64.

Leaves come in order of their paths, dict keys by code point. Failures: exit code 2 and one line on stderr.
A checkpoint of several devices needs as many: `--devices 8`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import math
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

MOST_VALUES = 16
MOST_BYTES = 64
MAX_INT64 = 2**63 - 1

Path = list[str | int]
Leaf = dict[str, Any]


def dump_checkpoint(path: str) -> dict[str, Any]:
    """Restores the PyTree at `path` and describes its leaves."""
    import orbax.checkpoint as ocp

    from wide_types import wide_types

    with wide_types():
        return dump_tree(ocp.PyTreeCheckpointer().restore(os.path.abspath(path)))


def dump_tree(tree: Any) -> dict[str, Any]:
    """Describes a restored tree. Call it with 64-bit types on: reading a JAX array can need them."""
    return {"kind": "pytree", "leaves": [_leaf(path, value) for path, value in _walk([], tree)]}


def _walk(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """All leaves below `value`, empty containers included. Tuples count as lists, named tuples as dicts."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict) and value:
        for key in sorted(value, key=str):
            yield from _walk([*path, str(key)], value[key])
    elif isinstance(value, (list, tuple)) and value:
        for index, item in enumerate(value):
            yield from _walk([*path, index], item)
    else:
        yield path, value


def _leaf(path: Path, value: Any) -> Leaf:
    import jax
    import numpy as np

    if value is None:
        return {"path": path, "kind": "none"}
    if value is Ellipsis:
        return {"path": path, "kind": "placeholder"}
    for container, kind in ((dict, "empty-dict"), (list, "empty-list"), (tuple, "empty-tuple")):
        if isinstance(value, container):
            return {"path": path, "kind": kind}
    if isinstance(value, str):
        return {"path": path, "kind": "string", "values": value}
    if isinstance(value, bytes):
        digest = hashlib.sha256(value).hexdigest()
        return {"path": path, "kind": "bytes", "sha256": digest, "values": value[:MOST_BYTES].hex()}
    if _is_typed_key(value):
        words = _array(np.asarray(jax.random.key_data(value)))
        return {"path": path, "kind": "prng-key", **words, "impl": _implementation(value)}
    if isinstance(value, (jax.Array, np.ndarray, np.generic)):
        return {"path": path, "kind": "array", **_array(np.asarray(value))}
    if isinstance(value, (bool, int, float, complex)):
        dtype = _scalar_dtype(value)
        return {"path": path, "kind": "scalar", "dtype": dtype, "shape": [], "values": [_text(value)]}
    raise TypeError(f"{path}: no kind for {type(value)}")


def _is_typed_key(value: Any) -> bool:
    """Whether this is a key with JAX's own dtype for keys, which JAX 0.4.13 still lacks."""
    import jax

    key_type = getattr(jax.dtypes, "prng_key", None)
    return (
        key_type is not None and isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, key_type)
    )


def _implementation(key: Any) -> str:
    """JAX's name of a key's algorithm, in the long form that checkpoints store."""
    import jax

    name = str(jax.random.key_impl(key))
    return "threefry2x32" if name == "fry" else name


def _scalar_dtype(value: bool | int | float | complex) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64" if value <= MAX_INT64 else "uint64"
    return "float64" if isinstance(value, float) else "complex128"


def _array(array: Any) -> Leaf:
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "sha256": hashlib.sha256(_element_bytes(array)).hexdigest(),
        "values": [_text(element) for element in array.ravel(order="C")[:MOST_VALUES]],
    }


def _element_bytes(array: Any) -> bytes:
    """All elements in C order, little-endian. Integers below 8 bits become whole ones, with their sign."""
    import numpy as np

    name = array.dtype.name
    if name in ("int4", "int2"):
        array = array.astype(np.int8)
    elif name in ("uint4", "uint2"):
        array = array.astype(np.uint8)
    elif array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return array.tobytes(order="C")


def _text(element: Any) -> str:
    """One element as text, by what it is: bool, integer, complex, or some float."""
    import numpy as np

    if isinstance(element, (bool, np.bool_)):
        return "true" if element else "false"
    if isinstance(element, (complex, np.complexfloating)):
        return f"{_float_text(float(element.real))},{_float_text(float(element.imag))}"
    if isinstance(element, (int, np.integer)) or _is_small_integer(element):
        return str(int(element))
    return _float_text(float(element))


def _is_small_integer(element: Any) -> bool:
    """Whether this is an int4 or the like, which NumPy does not count among its integers."""
    return hasattr(element, "dtype") and element.dtype.name.startswith(("int", "uint"))


def _float_text(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return repr(number)


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", metavar="PATH")
    parser.add_argument("--devices", type=int, metavar="N", help="CPU devices that JAX shall have")
    arguments = parser.parse_args()
    if arguments.devices:
        os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={arguments.devices}"
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)  # stderr holds nothing but the line below
    try:
        print(json.dumps(dump_checkpoint(arguments.path), allow_nan=False))
    except Exception as error:  # whatever Orbax raises: the caller compares exit codes and lines
        message = str(error).replace("\n", "\\n")
        print(f"dump.py: {arguments.path}: {type(error).__name__}: {message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
