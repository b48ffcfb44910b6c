"""Pipelines of Grain as JSON, and what real Grain does with them at every position.

A program is a list: the name of a transformation, the programs that it is over, its arguments. `test/grain/iter/
program.ts` builds the same pipelines in TypeScript.
"""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

import grain
import numpy as np
from grain import experimental
from grain._src.python.dataset.transformations import interleave

MapDataset = grain.MapDataset


class _Copies(experimental.FlatMapTransform):
    """`x % most` copies of each x, numbered."""

    def __init__(self, most: int) -> None:
        self.max_fan_out = most
        self._most = most

    def flat_map(self, element: Any) -> list[int]:
        """The numbered copies."""
        return [int(element) * 10 + copy for copy in range(int(element) % self._most)]


def _datasets(programs: list[Any]) -> list[Any]:
    return [build(program) for program in programs]


def _elastic(parent: Any, batch: int, index: int, count: int) -> Any:
    return experimental.ElasticIterator(build(parent), batch, grain.sharding.ShardOptions(index, count))


BUILDERS = {
    "range": lambda start, stop: MapDataset.range(start, stop),
    "shuffle": lambda parent, seed: build(parent).shuffle(seed),
    "repeatMap": lambda parent, epochs: build(parent).repeat(epochs),
    "filterMap": lambda parent, modulus: build(parent).filter(lambda x: x % modulus == 0),
    "slice": lambda parent, start, step: build(parent)[start::step],
    "iter": lambda parent: build(parent).to_iter_dataset(),
    "map": lambda parent, added: build(parent).map(lambda x: x + added),
    "filter": lambda parent, modulus: build(parent).filter(lambda x: x % modulus == 0),
    "batch": lambda parent, size, drop: build(parent).batch(size, drop_remainder=drop),
    "mix": lambda parents, weights: grain.IterDataset.mix(_datasets(parents), weights),
    "mixNamed": lambda parents, weights: grain.IterDataset.mix(
        {name: build(program) for name, program in parents.items()}, weights
    ),
    "zip": lambda parents, strict: experimental.ZipIterDataset(_datasets(parents), strict=strict),
    "repeat": lambda parent, epochs: experimental.RepeatIterDataset(build(parent), epochs),
    "limit": lambda parent, count: experimental.LimitIterDataset(build(parent), count),
    "windowShuffle": lambda parent, size, seed: experimental.WindowShuffleIterDataset(
        build(parent), window_size=size, seed=seed
    ),
    "interleave": lambda parents, cycle: experimental.InterleaveIterDataset(
        _datasets(parents), cycle_length=cycle
    ),
    "interleaveMap": lambda starts, width, cycle: experimental.InterleaveIterDataset(
        MapDataset.source(starts).map(lambda start: MapDataset.range(start, start + width).to_iter_dataset()),
        cycle_length=cycle,
    ),
    "cache": lambda parent: experimental.CacheIterDataset(build(parent)),
    "flatMap": lambda parent, most: experimental.FlatMapIterDataset(build(parent), _Copies(most)),
    "rebatch": lambda parent, size, drop: experimental.RebatchIterDataset(build(parent), size, drop),
    "threadPrefetch": lambda parent, size: experimental.ThreadPrefetchIterDataset(
        build(parent), prefetch_buffer_size=size
    ),
    "multithreadPrefetch": lambda parent, threads: experimental.multithread_prefetch(
        build(parent), num_threads=threads, buffer_size=1
    ),
    "mpPrefetch": lambda parent, workers: build(parent).mp_prefetch(
        grain.MultiprocessingOptions(num_workers=workers)
    ),
    "elastic": _elastic,
}


def build(program: list[Any]) -> Any:
    """The dataset that a program describes."""
    name, *arguments = program
    return BUILDERS[name](*arguments)


def plain(element: Any) -> Any:
    """An element as JSON has it."""
    if isinstance(element, tuple | list):
        return [plain(item) for item in element]
    return np.asarray(element).tolist()


def advance(iterator: Any) -> dict[str, Any]:
    """One step: {"value": element}, {"done": true} or {"error": message}."""
    try:
        return {"value": plain(next(iterator))}
    except StopIteration:
        return {"done": True}
    except Exception as error:  # noqa: BLE001 - whatever Grain raises is what the test compares
        return {"error": f"{type(error).__name__}: {error}"}


def state_of(iterator: Any) -> Any:
    """The state as JSON makes it, independent of what the iterator changes later."""
    return json.loads(json.dumps(iterator.get_state()))


def fresh(program: list[Any], state: Any = None) -> Any:
    """A new iterator, restored from a state if one is given."""
    iterator = iter(build(program))
    if state is not None:
        iterator.set_state(copy.deepcopy(state))
    return iterator


@contextlib.contextmanager
def mended_interleave(mended: bool) -> Iterator[None]:
    """Takes two defects out of Grain's interleave, if asked for.

    It keeps the lists of the state that it is given and changes them later, and what it knew of exhausted datasets
    stays when it is set back. Iterators over it that set it back (repeat, cache, window shuffles, flat maps) then give
    wrong states, or another order.
    """
    if not mended:
        yield
        return
    kind = interleave.InterleaveDatasetIterator
    set_state, get_state = kind.set_state, kind.get_state

    def set_copied(self: Any, state: Any) -> None:
        self._exhausted_iterator_state = [None] * self._cycle_length
        set_state(self, copy.deepcopy(state))

    kind.set_state = set_copied
    kind.get_state = lambda self: copy.deepcopy(get_state(self))
    try:
        yield
    finally:
        kind.set_state, kind.get_state = set_state, get_state


def record(program: list[Any], most: int, mended: bool = False) -> dict[str, Any]:
    """What an uninterrupted iterator does, and where real Grain goes wrong when it is restored.

    `steps[i]` is {"state": before the step, ...what it gave}; two steps are made behind the end, none behind an error.
    `restored[i]` is the state right after a fresh iterator was restored from the i-th, if that is another one. `lost`
    lists the positions from which Grain itself does not go on with the elements of `steps`.
    """
    with mended_interleave(mended):
        return _record(program, most)


def _record(program: list[Any], most: int) -> dict[str, Any]:
    iterator = fresh(program)
    steps: list[dict[str, Any]] = []
    behind_end = 0
    while len(steps) < most and behind_end < 3:
        state = state_of(iterator)
        step = advance(iterator)
        steps.append({"state": state, **step})
        behind_end += "value" not in step
        if "error" in step:
            break
    restored: dict[str, Any] = {}
    lost = []
    for index, step in enumerate(steps):
        try:
            iterator = fresh(program, step["state"])
            state = state_of(iterator)
            if state != step["state"]:
                restored[str(index)] = state
            wanted = [{k: v for k, v in s.items() if k != "state"} for s in steps[index:]]
            if [advance(iterator) for _ in wanted] != wanted:
                lost.append(index)
        except Exception:  # noqa: BLE001 - Grain refuses a state of its own
            lost.append(index)
    return {"program": program, "steps": steps, "restored": restored, "lost": lost}
