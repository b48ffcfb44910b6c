"""threefry.json: jax.random, nnx.Rngs, Datarax's keys."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from datarax.core.prng import per_record_keys
from datarax.utils.prng import create_rngs
from flax import nnx

from vectors.draws import Draws

UINT32_MAX = 2**32 - 1


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    return {
        "what": "jax.random (threefry2x32, partitionable, x64 off) and flax nnx.Rngs",
        "cases": _cases(draws),
        "big_permutations": [_big_permutation(draws) for _ in draws.times(4)],
        "streams": [case for _ in draws.times(5) for case in _streams(draws)],
        "named": [case for _ in draws.times(3) for case in _named(draws)],
        "categorical": [_categorical(draws) for _ in draws.times(8)],
    }


def words(key: jax.Array) -> list[Any]:
    """The two words of a key, or of each of several."""
    return np.asarray(jax.random.key_data(key)).tolist()


def numbers(array: Any) -> Any:
    """Plain numbers."""
    return np.asarray(array).tolist()


def _cases(draws: Draws) -> list[dict[str, Any]]:
    """Cases in groups of the same shapes, since JAX compiles every shape anew."""
    cases: list[dict[str, Any]] = []
    for _ in draws.times(1):
        shapes = draws.getstate()
        for _ in range(8):
            seed = draws.choice([draws.seed32(), draws.edge_seed32(), -draws.randint(1, 2**40), draws.randint(2**32, 2**53 - 1)])
            cases.append(_case(draws, seed, shapes))
    return cases


def _case(draws: Draws, seed: int, shapes: Any) -> dict[str, Any]:
    state = draws.getstate()
    draws.setstate(shapes)
    case = _case_of_shapes(draws, seed)
    draws.setstate(state)
    return case


def _case_of_shapes(draws: Draws, seed: int) -> dict[str, Any]:
    key = jax.random.key(seed)
    data = [0, 1, 7, UINT32_MAX, draws.randrange(2**32), draws.randrange(2**32)]
    bounds = [(0, 1), (-5, 7), (0, 2**31 - 1), (5, 5), (0, 65537), (-(2**31), 2**31 - 1), _bounds(draws), _bounds(draws)]
    lengths = [1, 2, draws.randint(3, 40), draws.randint(3, 200)]
    low, high = draws.randint(-9, 9), draws.randint(10, 30)
    rows, columns, few, p = draws.randint(1, 4), draws.randint(1, 5), draws.randint(1, 12), draws.choice([0.0, 0.1, 0.3, 0.5, 0.75, 1.0])
    splits = draws.randint(3, 9)
    return {
        "seed": seed,
        "key": words(key),
        "fold_in": [[d, words(jax.random.fold_in(key, np.uint32(d)))] for d in data],
        "split2": words(jax.random.split(key)),
        f"split{splits}": words(jax.random.split(key, splits)),
        "bits": numbers(jax.random.bits(key)),
        f"bits{few}": numbers(jax.random.bits(key, (few,))),
        f"bits_{rows}x{columns}": numbers(jax.random.bits(key, (rows, columns))),
        "uniform": numbers(jax.random.uniform(key)),
        f"uniform{few}": numbers(jax.random.uniform(key, (few,))),
        f"uniform_{low}_{high}": numbers(jax.random.uniform(key, (3,), minval=low, maxval=high)),
        "randint": [
            {"lo": lo, "hi": hi, "scalar": numbers(jax.random.randint(key, (), lo, hi)), "five": numbers(jax.random.randint(key, (5,), lo, hi))}
            for lo, hi in bounds
        ],
        "permutation": [{"n": n, "order": numbers(jax.random.permutation(key, n))} for n in lengths],
        f"bernoulli_{p}_x8": numbers(jax.random.bernoulli(key, p, (8,))),
    }


def _bounds(draws: Draws) -> tuple[int, int]:
    low = draws.randint(-(2**31), 2**31 - 1)
    return low, draws.choice([draws.randint(low, 2**31 - 1), draws.randint(-(2**31), low)])


def _big_permutation(draws: Draws) -> dict[str, Any]:
    seed, n = draws.seed32(), draws.choice([1625, 1626, draws.randint(100, 20000)])
    order = np.asarray(jax.random.permutation(jax.random.key(seed), n))
    digest = 0x811C9DC5
    for byte in order.astype("<i4").tobytes():
        digest = ((digest ^ byte) * 0x01000193) % 2**32
    return {"seed": seed, "n": n, "first": order[:40].tolist(), "last": order[-20:].tolist(), "fnv1a32_of_int32le": digest}


def _streams(draws: Draws) -> list[dict[str, Any]]:
    seed = draws.edge_seed32()
    rngs = nnx.Rngs(seed)
    plain = {"rngs": {"default": seed}, "calls": [words(rngs()) for _ in range(draws.randint(1, 5))]}
    names = draws.some(["aug", "shuffle", "params", "sample", "dropout"], 1, 3)
    seeds = {"default": seed, **{name: draws.seed32() for name in names}}
    order = [draws.choice([*seeds, "missing"]) for _ in range(draws.randint(1, 8))]
    rngs = nnx.Rngs(**seeds)
    return [plain, {"rngs": seeds, "order": order, "calls": [words(rngs[name]()) for name in order]}]


def _named(draws: Draws) -> list[dict[str, Any]]:
    seed = draws.edge_seed32()
    rngs = create_rngs(seed)
    keys = {name: words(rngs[name].key[...]) for name in ("augment", "dropout", "params", "shuffling", "default")}
    base = jax.random.wrap_key_data(jnp.asarray(keys["augment"], jnp.uint32))
    indices = [0, 1, draws.randrange(10), draws.randrange(2**20), draws.randrange(2**31)]
    per_record = words(per_record_keys(base, jnp.asarray(indices, jnp.int32)))
    return [{"create_rngs": seed, "keys": keys}, {"per_record_keys_base": keys["augment"], "indices": indices, "keys": per_record}]


def _categorical(draws: Draws) -> dict[str, Any]:
    seed, raw = draws.seed32(), [draws.random() + 0.01 for _ in range(draws.randint(2, 6))]
    weights = [weight / sum(raw) for weight in raw]
    count = draws.randint(8, 40)
    logits = jnp.log(jnp.asarray(weights, jnp.float32))
    taken = [int(jax.random.categorical(key, logits)) for key in jax.random.split(jax.random.key(seed), count)]
    return {"seed": seed, "weights": weights, "log_weights_f32": numbers(logits), f"categorical_of_split{count}": taken}
