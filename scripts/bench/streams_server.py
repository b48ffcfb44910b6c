"""Times JAX, Grain and NumPy for scripts/bench/streams.mjs: one JSON request a line on stdin, one JSON answer a line on stdout.

A request names a case and its arguments; the answer is the seconds that the call alone took, and a digest of what it
gave. Start it with `.oracle/bin/python`; imports and compilation are done before the clock starts.
"""

import functools
import json
import os
import sys
import time
import zlib
from typing import Any, Callable

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # libraries that print must not disturb the answers

import jax  # noqa: E402
import numpy as np  # noqa: E402
from grain.experimental import index_shuffle  # noqa: E402


def shuffled_indices(start: int, count: int, seed: int, n: int) -> list[int]:
    return [index_shuffle(index=i, max_index=n - 1, seed=seed, rounds=4) for i in range(start, start + count)]


@functools.cache
def jitted_bits(count: int) -> Callable[[Any], Any]:
    return jax.jit(lambda key: jax.random.bits(key, (count,)))


def random_bits(seed: int, count: int) -> Any:
    return jitted_bits(count)(jax.random.key(seed)).block_until_ready()


def permutation(seed: int, n: int) -> Any:
    return jax.random.permutation(jax.random.key(seed), n).block_until_ready()


def legacy_shuffle(seed: int, n: int) -> Any:
    order = np.arange(n)
    np.random.RandomState(seed).shuffle(order)
    return order


def stream_keys(seed: int, start: int, count: int) -> Any:
    key = jax.random.key(seed)
    return np.stack([jax.random.key_data(jax.random.fold_in(key, start + i)) for i in range(count)])


CASES: dict[str, Callable[..., Any]] = {
    "shuffled indices": shuffled_indices,
    "random bits": random_bits,
    "permutation": permutation,
    "legacy shuffle": legacy_shuffle,
    "stream keys": stream_keys,
}


def digest(values: Any) -> int:
    """CRC-32 of the numbers as little-endian float64, as streams.mjs takes it."""
    return zlib.crc32(np.ascontiguousarray(values, "<f8").tobytes())


for line in sys.stdin:
    request = json.loads(line)
    run = CASES[request["case"]]
    start = time.perf_counter()
    values = run(*request["args"])
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "digest": digest(values)}), file=answers, flush=True)
