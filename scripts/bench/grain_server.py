"""Times Grain for scripts/bench/grain.mjs: one JSON request a line on stdin, one JSON answer a line on stdout.

A request names a pipeline and its size; the answer is the seconds that making it and taking all its elements took, and
a digest of them. Start it with `.oracle/bin/python`; imports are done before the clock starts.
"""

import json
import os
import sys
import time
import zlib
from typing import Any, Callable

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # libraries that print must not disturb the answers

import grain  # noqa: E402
import numpy as np  # noqa: E402
from grain import experimental  # noqa: E402

IN_MEMORY = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)


def is_even(x: int) -> bool:
    return x % 2 == 0


def add_one(x: int) -> int:
    return x + 1


def iterated(dataset: Any) -> Any:
    return dataset.to_iter_dataset(IN_MEMORY)


def integers(start: int, stop: int) -> Any:
    return iterated(grain.MapDataset.range(start, stop))


def map_chain(size: int) -> Any:
    return iterated(grain.MapDataset.range(size).shuffle(1).map(add_one).filter(is_even)).batch(32)


def iter_chain(size: int) -> Any:
    return iterated(grain.MapDataset.range(size).shuffle(1)).map(add_one).filter(is_even).batch(32)


def map_batches(size: int) -> Any:
    return iterated(grain.MapDataset.range(size // 2).shuffle(7).repeat(2).batch(32))


class AddRandom(grain.transforms.RandomMap):
    def random_map(self, element: int, rng: np.random.Generator) -> int:
        return element + int(rng.random() * 1000)


def random_map(size: int) -> Any:
    return iterated(grain.MapDataset.range(size // 10).random_map(AddRandom(), seed=5))


def mix(size: int) -> Any:
    return grain.IterDataset.mix([integers(0, size), integers(size, 3 * size)], [1, 2])


def interleave(size: int) -> Any:
    parts = [integers(k * size // 10, (k + 1) * size // 10) for k in range(10)]
    return experimental.InterleaveIterDataset(parts, cycle_length=4, iter_buffer_size=0)


def window_shuffle(size: int) -> Any:
    return experimental.WindowShuffleIterDataset(integers(0, size), window_size=1000, seed=3)


def long_chain(size: int) -> Any:
    mixed = grain.IterDataset.mix([integers(0, size // 2), integers(size, 2 * size)], [1, 1])
    shuffled = experimental.WindowShuffleIterDataset(mixed, window_size=100, seed=3)
    return experimental.RebatchIterDataset(shuffled.map(add_one).batch(32), batch_size=24)


PIPELINES: dict[str, Callable[[int], Any]] = {
    "range": lambda size: integers(0, size),
    "shuffle, map, filter, batch": map_chain,
    "shuffle; iter map, filter, batch": iter_chain,
    "repeat, shuffle, map batch": map_batches,
    "random map": random_map,
    "mix": mix,
    "interleave": interleave,
    "window shuffle": window_shuffle,
    "mix, window shuffle, map, batch, rebatch": long_chain,
}


def digest(elements: list[Any]) -> int:
    """CRC-32 of the numbers as little-endian float64, as grain.mjs takes it."""
    return zlib.crc32(np.concatenate([np.atleast_1d(element) for element in elements]).astype("<f8").tobytes())


for line in sys.stdin:
    request = json.loads(line)
    start = time.perf_counter()
    elements = list(PIPELINES[request["case"]](request["size"]))
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "digest": digest(elements)}), file=answers, flush=True)
