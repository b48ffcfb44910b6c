"""Python values as tagged JSON and back (docs/spec/datarax.md section 9).

Plain JSON says null, booleans, strings, safe integers, lists and dicts with string keys. All else has a tag:

    {"$int": "9007199254740993"}       an int beyond 2^53 - 1
    {"$float": "2.0"}                  every Python float, as repr() writes it: "nan", "inf", "-0.0"
    {"$array": {"kind", "dtype", "shape", "data"}}
                                       kind: numpy | jax | np_scalar; data: all elements, flat, in C order, as
                                       JSON numbers and booleans; 64-bit integers beyond 2^53 - 1 and "nan",
                                       "inf", "-inf" as strings; complex ones as [re, im]
    {"$key": {"shape", "data", "impl"?}}  typed JAX key: its shape, the uint32 words of all keys
    {"$tuple": [...]}
    {"$map": [[key, value], ...]}      a dict with int keys, or with keys that begin with $
    {"$placeholder": true}             Ellipsis
    {"$python": "repr"}                anything else; cannot be decoded

Only when decoding, an array may give its bytes instead of "data": "hex" (little-endian elements), or "seed"
(the bytes of seeded_bytes.py), so that exact bits and large arrays fit into a request.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from seeded_bytes import seeded_bytes

MAX_SAFE_INTEGER = 2**53 - 1


def is_typed_key(value: Any) -> bool:
    """Whether value is a typed JAX PRNG key, or an array of them."""
    return isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key)


def encode(value: Any) -> Any:
    """Tagged JSON of a Python value. Never fails: what has no form of its own becomes `$python`."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):
        return _encode_array("np_scalar", np.asarray(value))
    if isinstance(value, int):
        return int(value) if abs(value) <= MAX_SAFE_INTEGER else {"$int": str(int(value))}
    if isinstance(value, float):
        return {"$float": repr(float(value))}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [encode(item) for item in value]}
    if isinstance(value, dict):
        return _encode_dict(value)
    if is_typed_key(value):
        return _encode_key(value)
    if isinstance(value, jax.Array):
        return _encode_array("jax", np.asarray(value))
    if isinstance(value, np.ndarray):
        return _encode_array("numpy", value)
    if value is Ellipsis:
        return {"$placeholder": True}
    return {"$python": repr(value)}


def _encode_dict(value: dict[Any, Any]) -> Any:
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {key: encode(item) for key, item in value.items()}
    return {
        "$map": [[key if isinstance(key, str) else encode(key), encode(item)] for key, item in value.items()]
    }


def _encode_key(value: jax.Array) -> Any:
    words = np.asarray(jax.random.key_data(value))
    fields: dict[str, Any] = {"shape": list(value.shape), "data": words.ravel().tolist()}
    implementation = str(jax.random.key_impl(value))
    if implementation not in ("fry", "threefry2x32"):
        fields["impl"] = implementation
    return {"$key": fields}


def _encode_array(kind: str, array: np.ndarray) -> Any:
    encode_one = encode if array.dtype == object else _encode_element
    data = [encode_one(element) for element in array.ravel(order="C")]
    return {"$array": {"kind": kind, "dtype": array.dtype.name, "shape": list(array.shape), "data": data}}


def _encode_element(element: Any) -> Any:
    if isinstance(element, np.bool_):
        return bool(element)
    if isinstance(element, np.integer):
        return int(element) if abs(int(element)) <= MAX_SAFE_INTEGER else str(int(element))
    if isinstance(element, np.complexfloating):
        return [_encode_float(float(element.real)), _encode_float(float(element.imag))]
    if element.dtype.kind in "SUMm":
        return str(element)
    if element.dtype.name.startswith(
        ("int", "uint")
    ):  # int4 and its like, which NumPy does not call integers
        return int(element)
    return _encode_float(float(element))


def _encode_float(number: float) -> float | str:
    return number if np.isfinite(number) else repr(number)


def decode(value: Any) -> Any:
    """The Python value that tagged JSON stands for. Raises ValueError for an unknown tag."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    tags = [key for key in value if key.startswith("$")]
    if not tags:
        return {key: decode(item) for key, item in value.items()}
    if len(value) != 1 or tags[0] not in _DECODERS:
        raise ValueError(f"unknown tagged JSON: {sorted(value)}")
    return _DECODERS[tags[0]](value[tags[0]])


def _decode_array(fields: dict[str, Any]) -> Any:
    # jnp.dtype knows bfloat16, float8, int4 and their like by name; np.dtype only where ml_dtypes registered
    # them.
    dtype, shape = jnp.dtype(fields["dtype"]), tuple(fields["shape"])
    count = int(np.prod(shape, dtype=np.int64))
    if "seed" in fields:
        array = _from_bytes(seeded_bytes(fields["seed"], count * dtype.itemsize), dtype)
    elif "hex" in fields:
        array = _from_bytes(bytes.fromhex(fields["hex"]), dtype)
    else:
        array = np.array([_decode_element(element, dtype) for element in fields["data"]], dtype=dtype)
    array = array.reshape(shape)
    if fields["kind"] == "jax":
        return jnp.asarray(array)
    return array[()] if fields["kind"] == "np_scalar" else array


def _from_bytes(data: bytes, dtype: np.dtype) -> np.ndarray:
    """Elements from little-endian bytes; a bool is the lowest bit of its byte."""
    if dtype == np.bool_:
        return (np.frombuffer(data, np.uint8) & 1).astype(np.bool_)
    return np.frombuffer(data, dtype).copy()


def _decode_element(element: Any, dtype: np.dtype) -> Any:
    if isinstance(element, list):
        return complex(float(element[0]), float(element[1]))
    if isinstance(element, str):
        return int(element) if dtype.kind in "iu" else float(element)
    return element


def _decode_key(fields: dict[str, Any]) -> jax.Array:
    words = jnp.asarray(np.array(fields["data"], np.uint32).reshape((*fields["shape"], -1)))
    return jax.random.wrap_key_data(words, impl=fields.get("impl", "threefry2x32"))


_DECODERS = {
    "$int": int,
    "$float": float,
    "$array": _decode_array,
    "$key": _decode_key,
    "$tuple": lambda items: tuple(decode(item) for item in items),
    "$map": lambda pairs: {key if isinstance(key, str) else decode(key): decode(item) for key, item in pairs},
    "$placeholder": lambda _: ...,
}
