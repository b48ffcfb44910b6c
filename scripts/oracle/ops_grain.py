"""Operations on Grain datasets that a small JSON program describes, which both languages build.

A program is a list of steps `[operation, arguments]`; the first makes a dataset, each further one transforms it.
Arguments may hold programs. OPERATIONS below lists the steps, FUNCTIONS what `map`, `filter` and the like call;
test/live/grain-program.ts has the same tables: a new step is a line in both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import grain
import jax
import numpy as np
from grain import experimental

# No threads: their number decides nothing about elements and states.
NO_PREFETCH = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)

Arguments = dict[str, Any]


def build(program: list[Any]) -> Any:
    """The dataset of a program."""
    dataset: Any = None
    for name, arguments in program:
        dataset = OPERATIONS[name](dataset, arguments)
    return dataset


def iterator_of(program: list[Any]) -> Any:
    """A new iterator over the dataset of a program."""
    dataset = build(program)
    return iter(to_iter(dataset, {}) if isinstance(dataset, grain.MapDataset) else dataset)


# Operations


def to_iter(dataset: Any, arguments: Arguments) -> Any:
    return dataset.to_iter_dataset(NO_PREFETCH, **arguments)


def _all(programs: Any) -> Any:
    if isinstance(programs, dict):
        return {name: build(program) for name, program in programs.items()}
    return [build(program) for program in programs]


def _random_map(dataset: Any, arguments: Arguments) -> Any:
    return dataset.random_map(function_of(arguments), seed=arguments.get("seed"))


class _Splits(experimental.FlatMapTransform):
    """As many copies of an element as the sum of its leaves says, modulo the fan-out and one."""

    def __init__(self, max_fan_out: int) -> None:
        self.max_fan_out = max_fan_out

    def flat_map(self, element: Any) -> list[Any]:
        count = leaf_sum(element) % (self.max_fan_out + 1)
        return [{"split": index, "of": element} for index in range(count)]


OPERATIONS: dict[str, Callable[[Any, Arguments], Any]] = {
    "range": lambda _, a: grain.MapDataset.range(*a["bounds"]),
    "source": lambda _, a: grain.MapDataset.source(a["elements"]),
    "mix": lambda _, a: grain.MapDataset.mix(_all(a["datasets"]), a["weights"]),
    "concatenate": lambda _, a: grain.MapDataset.concatenate(_all(a["datasets"])),
    "select": lambda _, a: grain.MapDataset.select_from_datasets(_all(a["datasets"]), a["selection"]),
    "zip": lambda _, a: experimental.ZipMapDataset(_all(a["datasets"])),
    "iter_mix": lambda _, a: grain.IterDataset.mix(_all(a["datasets"]), a["weights"]),
    "seed": lambda ds, a: ds.seed(int(a["seed"])),
    "shuffle": lambda ds, a: ds.shuffle(a["seed"]),
    "repeat": lambda ds, a: ds.repeat(a["num_epochs"], reseed_each_epoch=a["reseed_each_epoch"]),
    "slice": lambda ds, a: ds.slice(slice(*a["bounds"])),
    "batch": lambda ds, a: ds.batch(a["batch_size"], drop_remainder=a["drop_remainder"]),
    "map": lambda ds, a: ds.map(function_of(a)),
    "map_with_index": lambda ds, a: ds.map_with_index(function_of(a)),
    "random_map": _random_map,
    "filter": lambda ds, a: ds.filter(function_of(a)),
    "window_shuffle_map": lambda ds, a: experimental.WindowShuffleMapDataset(
        ds, window_size=a["window_size"], seed=a["seed"]
    ),
    "flat_map_map": lambda ds, a: experimental.FlatMapMapDataset(ds, _Splits(a["max_fan_out"])),
    "to_iter": to_iter,
}


# Functions


def leaf_sum(element: Any) -> int:
    """The sum of all numbers in an element, rounded down one by one."""
    leaves = jax.tree_util.tree_leaves(element)
    return sum(math.floor(value) for leaf in leaves for value in np.ravel(leaf).tolist())


def _add(arguments: Arguments) -> Callable[..., Any]:
    return lambda x: jax.tree_util.tree_map(lambda leaf: leaf + arguments["value"], x)


def _without(arguments: Arguments) -> Callable[..., Any]:
    return lambda x: None if leaf_sum(x) % arguments["modulus"] == 0 else x


FUNCTIONS: dict[str, Callable[[Arguments], Callable[..., Any]]] = {
    "add": _add,
    "wrap": lambda a: lambda x: {a["key"]: x},
    "pair": lambda a: lambda x: [x, x],
    "without": _without,
    "number": lambda a: lambda index, x: {"index": index, "x": x},
    "integers": lambda a: lambda x, rng: {"x": x, "r": rng.integers(0, a["high"])},
    "uniform": lambda a: lambda x, rng: {"x": x, "u": [rng.random(), rng.random()]},
    "modulo": lambda a: lambda x: leaf_sum(x) % a["modulus"] == a["rest"],
}


def function_of(arguments: Arguments) -> Callable[..., Any]:
    """The function that a step names as `function`; its other arguments are the function's as well."""
    return FUNCTIONS[arguments["function"]](arguments)


# What tests ask for


def grain_run(program: list[Any], count: int, states: list[Any], indices: list[int]) -> dict[str, Any]:
    """Iterates over a program's dataset, up to `count` elements: {"run", "resumed", "length", "elements_at"}.

    run: {"elements", "states" (at the start, behind each element, and behind the end), "ends", "error"}; resumed: the
    same for fresh iterators that were set to each of `states`. length and the elements at `indices`, or their errors,
    only for a dataset with random access. "error" alone where the program cannot be built.
    """
    try:
        dataset = build(program)
    except Exception as error:
        return {"error": _error(error)}
    answer: dict[str, Any] = {"run": _iterate(program, None, count)}
    answer["resumed"] = [_iterate(program, state, count) for state in states]
    if isinstance(dataset, grain.MapDataset):
        answer["length"] = str(len(dataset))
        answer["elements_at"] = [_element_at(dataset, index) for index in indices]
    return answer


def _iterate(program: list[Any], state: Any, count: int) -> dict[str, Any]:
    run: dict[str, Any] = {"elements": [], "states": [], "ends": False, "error": None}
    try:
        iterator = iterator_of(program)
        if state is not None:
            iterator.set_state(state)
        run["states"].append(_plain(iterator.get_state()))
        while len(run["elements"]) < count:
            element = next(iterator, _END)
            if element is not _END:
                run["elements"].append(_plain(element))
            run["states"].append(_plain(iterator.get_state()))
            if element is _END:
                run["ends"] = True
                break
    except Exception as error:
        run["error"] = _error(error)
    return run


_END = object()


def _element_at(dataset: Any, index: int) -> dict[str, Any]:
    try:
        return {"element": _plain(dataset[index])}
    except Exception as error:
        return {"error": _error(error)}


def _error(error: Exception) -> dict[str, str]:
    return {"type": type(error).__name__, "message": str(error)}


def _plain(value: Any) -> Any:
    """An element or state as plain JSON: arrays as nested lists, tuples as lists."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return np.asarray(value).tolist()
