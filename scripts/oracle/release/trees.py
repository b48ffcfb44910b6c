"""The trees that are saved. Small, and of values in which a mistake of type, order or sign shows."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

from seeded_bytes import seeded_bytes

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64", "bfloat16")
COMPLEX = ("complex64", "complex128")
SMALL = (
    "int4", "int2", "uint4", "float8_e4m3fn", "float8_e5m2", "float8_e4m3b11fnuz", "float8_e4m3fnuz",
    "float8_e5m2fnuz", "float8_e3m4", "float8_e4m3", "float8_e8m0fnu", "float4_e2m1fn",
)  # fmt: skip
DTYPES = ("bool", *INTEGERS, *FLOATS, *COMPLEX, *SMALL)


def dtype_of(name: str) -> np.dtype | None:
    """NumPy's dtype of this name, None where the ml_dtypes of this time lack it."""
    if hasattr(ml_dtypes, name):
        return np.dtype(getattr(ml_dtypes, name))
    try:
        return np.dtype(name)
    except TypeError:
        return None


def array_of(name: str) -> np.ndarray:
    """Three elements in which sign, largest value and a special one show."""
    dtype = dtype_of(name)
    if name == "bool":
        return np.array([True, False, True])
    if name in INTEGERS or name in ("int4", "int2", "uint4"):
        limits = ml_dtypes.iinfo(dtype)
        return np.array([limits.min, 1, limits.max], dtype)
    if name in COMPLEX:
        return np.array([1.5 - 2j, complex(0.1, -0.0), complex(float("nan"), float("inf"))], dtype)
    if name in FLOATS:
        return np.array([-1.5, 0.1, float("-inf")], dtype)
    if name == "float8_e8m0fnu":
        return np.array([0.5, 1.0, 4.0], dtype)
    return np.array([-1.5, 0.5, 3.0], dtype)


def every_dtype() -> dict[str, Any]:
    """An array of each dtype, as NumPy's and where JAX has the type as JAX's."""
    names = [name for name in DTYPES if dtype_of(name) is not None]
    arrays: dict[str, Any] = {f"np_{name}": array_of(name) for name in names}
    for name in names:
        try:
            arrays[f"jax_{name}"] = jnp.asarray(array_of(name))
        except Exception:  # JAX lacks this type
            continue
    return arrays


def seeded(seed: int, dtype: str, *shape: int) -> np.ndarray:
    """Numbers of [0, 1) that hardly compress, from the bytes of a seed."""
    count = int(np.prod(shape))
    integers = np.frombuffer(seeded_bytes(seed, 4 * count), "<u4") >> np.uint32(8)
    return (integers / np.float64(2**24)).astype(dtype_of(dtype)).reshape(shape)


def core_tree() -> dict[str, Any]:
    """A bit of everything that every saver of every release takes."""
    return {
        "params": {
            "dense": {"kernel": seeded(1, "float32", 6, 8), "bias": jnp.asarray([1.5, -2.0], jnp.bfloat16)},
            "embed": jnp.asarray(seeded(2, "float32", 4, 3)),
        },
        "step": 1200,
        "rate": 0.001,
        "done": False,
        "counts": [np.arange(3, dtype=np.int64), np.array([[True, False]]), {"big": jnp.int32(-7)}],
        "nothing": None,
        "empty": {"dict": {}, "list": []},
    }


def numbers() -> dict[str, Any]:
    """Python's numbers at their limits."""
    return {
        "int": 7, "negative": -3, "zero": 0, "unsafe": 2**53 + 1, "int64_min": -(2**63),
        "int64_max": 2**63 - 1, "uint64_min": 2**63, "uint64_max": 2**64 - 1, "true": True, "false": False,
        "float": 0.1, "integral": 2.0,
        "negative_zero": -0.0, "nan": float("nan"), "infinity": float("inf"), "minus_infinity": float("-inf"),
        "smallest": 5e-324, "largest": 1.7976931348623157e308,
    }  # fmt: skip


def numpy_scalars() -> dict[str, Any]:
    """A NumPy scalar of every dtype that has one."""
    return {f"np_{name}": array_of(name)[1] for name in ("bool", *INTEGERS, *FLOATS, *COMPLEX)}


def mesh() -> jax.sharding.Mesh:
    """Eight devices as 4 by 2."""
    return jax.sharding.Mesh(np.array(jax.devices()).reshape(4, 2), ("x", "y"))


def placed(array: Any, *spec: Any) -> jax.Array:
    """An array on the mesh, cut as the PartitionSpec says."""
    sharding = jax.sharding.NamedSharding(mesh(), jax.sharding.PartitionSpec(*spec))
    return jax.device_put(jnp.asarray(array), sharding)
