"""codec.json: a value in a state, the leaves that Orbax stores for it, and what comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tagged_json import encode

from vectors.draws import Draws
from vectors.round_trip import restored, saved

DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "bool")
JAX_DTYPES = ("int8", "int32", "uint8", "uint32", "float16", "float32", "bfloat16", "bool")


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    values = [value for _ in draws.times(1) for value in _fixed(draws)]
    values += [_value(draws, draws.randint(0, 4)) for _ in draws.times(70)]
    what = "saved: value v of the state {\"v\": v, \"z\": 1}; leaves: _METADATA entries ([key, key_type] path, OCDBT array name, zarr dtype and shape); restored: state after restore_latest without z"
    return {"what": what, "cases": [_case(value) for value in values]}


def _fixed(draws: Draws) -> list[Any]:
    """Values at edges, and those that are refused."""
    n = draws.randint(1, 9)
    return [
        2**53 + n, 2**63 - n, -(2**63), 2**63 + n, 2**64 - n, 2**64 + n, -(2**63) - n, float(n), -0.0, float("-inf"), float("nan"), 5e-324,
        bytes([97, n]), complex(n, 1), {n, 2}, range(n), [], (), {}, [[], {}], {"a": {}, "b": n}, {"a": []}, {"a": ()},
        {0: n, n + 1: 2}, {n: "a", -n: "b"}, {f"{n}": 1, f"0{n}1": 2}, {f"+{n}": 1, f" {n + 10} ": 2}, {f"{n}_0": 8, "\u0663": 9}, {f"{n}": {}},
        {f"{n}.5": 1, "1e3": 2}, {"a.b": {"c.d": n}}, {"a/b": 1, "é%😀": 2, "": 3}, {n + 0.5: 1}, {(n, 2): 3}, {0: 1, "a": n},
        {"__string__": True, "char_codes": [97 + n, 0x1F600]}, {"__string__": False, "char_codes": [n]}, {"__string__": n, "char_codes": [], "more": 1},
        {"__prng_key__": True, "key_data": [n, 2]}, {"__prng_key__": True, "key_data": [[n, 2], [3, 4]]}, {"__metadata__": n}, {"__state__": n},
        {"__string__": True}, np.arange(0, dtype=np.int16), np.array(["a" * n]), np.array([n, None], object), np.array(2**64 - n, np.uint64),
        np.array([2**63 - n, -(2**63)], np.int64), np.array([float("nan"), float("inf"), -0.0]), jnp.bfloat16(1.5) * n, jnp.zeros((n, 0)),
        jax.random.key(n), jax.random.split(jax.random.key(n), (2, n)), jax.random.PRNGKey(n), jax.random.key(n, impl="rbg"),
        np.str_("q" * n), np.bool_(True), np.float16(n), "\x00\ud83d"[:1] * n, "😀" * n, "a\nb\t\"\\", "x" * (40 + n), True, False, None,
        [{"0": n}, {}], [{"a": {"0": {}}}], ({"1": 2},), {"k": [{f"{n}": 1}]}, [None, [None, (None,)]], {"": {"": {"": n}}}, [[[[[n]]]]],
    ]  # fmt: skip


def _value(draws: Draws, depth: int) -> Any:
    if depth > 0 and draws.random() < 0.7:
        items = [_value(draws, depth - 1) for _ in range(draws.randint(0, 4))]
        kind = draws.choice(["list", "tuple", "dict", "dict", "ints"])
        if kind == "list":
            return items
        if kind == "tuple":
            return tuple(items)
        if kind == "ints":
            return {draws.randint(-9, 99) if i else 0: item for i, item in enumerate(items)}
        return {draws.choice([f"k{i}", f"k{i}", str(i), f"é{i}", f"{i}.{i}"]): item for i, item in enumerate(items)}
    return _leaf(draws)


def _leaf(draws: Draws) -> Any:
    shape = tuple(draws.randint(1, 3) for _ in range(draws.randint(0, 3)))
    numbers = np.array([draws.randint(0, 100) for _ in range(int(np.prod(shape)))]).reshape(shape)
    make = draws.choice(
        [
            lambda: draws.choice([None, True, False, 0, 1, -1]),
            lambda: draws.choice([draws.randint(-(2**63), 2**64 - 1), draws.randint(-1000, 1000)]),
            lambda: draws.choice([draws.random(), float(draws.randint(0, 9)), 1e300, -0.0, draws.uniform(-1e9, 1e9), 10.0 ** draws.randint(-300, 300)]),
            lambda: "".join(chr(draws.choice([draws.randint(32, 126), draws.randint(0xC0, 0x24F), draws.randint(0x1F300, 0x1F6FF)])) for _ in range(draws.randint(0, 6))),
            lambda: numbers.astype(draws.choice(DTYPES)),
            lambda: np.dtype(draws.choice(DTYPES)).type(draws.randint(0, 100)),
            lambda: jnp.asarray(numbers.astype(np.int32)).astype(draws.choice(JAX_DTYPES)),
            lambda: jax.random.key(draws.seed32()),
            lambda: draws.choice([[], (), {}]),
        ]
    )
    return make()


def _tagged(value: Any) -> Any:
    if isinstance(value, dict) and not all(isinstance(key, int | str) for key in value):
        return {"$map": [[str(key), encode(item)] for key, item in value.items()]}
    tagged = encode(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        tagged["$array"]["dtype"] = value.dtype.str
    return tagged


def _case(value: Any) -> dict[str, Any]:
    case: dict[str, Any] = {"saved": _tagged(value)}
    try:
        checkpoint = saved({"v": value, "z": 1})
    except Exception as error:  # whatever Datarax or Orbax raises
        return {**case, "save_error": {"type": type(error).__name__, "message": str(error)[:200]}}
    case["leaves"] = [leaf for leaf in _leaves(checkpoint.base_dir / "ckpt-1") if leaf["name"] != "z"]
    try:
        state = restored(checkpoint)
    except Exception as error:
        return {**case, "restore_error": {"type": type(error).__name__, "message": str(error)[:200]}}
    return {**case, "restored": encode({key: item for key, item in state.items() if key != "z"})}


def _leaves(directory: Path) -> list[dict[str, Any]]:
    import tensorstore as ts

    metadata = json.loads((directory / "_METADATA").read_text(encoding="utf-8"))["tree_metadata"]
    store = ts.KvStore.open({"driver": "ocdbt", "base": f"file://{directory}/"}).result()
    arrays = {key.decode().removesuffix("/.zarray"): key for key in store.list().result() if key.endswith(b"/.zarray")}
    leaves = []
    for entry in metadata.values():
        path = [[key["key"], key["key_type"]] for key in entry["key_metadata"]]
        name = ".".join(key for key, _ in path)
        zarr = None
        if name in arrays:
            fields = json.loads(store.read(arrays[name]).result().value)
            zarr = [fields["dtype"], fields["shape"]]
        leaves.append({"path": path, "value_type": entry["value_metadata"]["value_type"], "name": name, "zarr": zarr})
    return leaves
