"""Operations on Grain's DataLoader, and on the item files of Grain's checkpoint handler.

A loader is {sampler: "index" | "sequential", n, shuffle?, num_epochs?, seed?, shard?: [index, count, drop] | null,
loader_shard?: the same, source?: "list" | "numpy" | "range", operations?: [[name, argument...]], workers?}; its source
gives 10 * index. The operations work on the sum of all numbers in an element: see OPERATIONS. A dataset is {n,
shuffle_seed?, epochs?}: MapDataset.range(n), shuffled, repeated.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import grain.python as grain
import numpy as np
import orbax.checkpoint as ocp
from absl import flags
from orbax.checkpoint import v1 as ocp_v1

flags.FLAGS.mark_as_parsed()  # workers ask for flags, which nobody parses here


def total(element: Any) -> int:
    """The sum of all numbers in an element."""
    return int(np.sum(np.asarray(element)))


@dataclasses.dataclass
class Affine(grain.MapTransform):
    """3 * total + add."""

    add: int

    def map(self, element: Any) -> int:
        return 3 * total(element) + self.add


@dataclasses.dataclass
class NotDivisible(grain.FilterTransform):
    """Whether the divisor leaves a remainder of total + 1."""

    divisor: int

    def filter(self, element: Any) -> bool:
        return (total(element) + 1) % self.divisor != 0


@dataclasses.dataclass
class AddRandom(grain.RandomMapTransform):
    """total + integers(0, below) + 1 more for every second random(); total + 7 without a generator."""

    below: int

    def random_map(self, element: Any, rng: np.random.Generator | None) -> int:
        if rng is None:
            return total(element) + 7
        return total(element) + int(rng.integers(0, self.below)) + (1 if rng.random() < 0.5 else 0)


@dataclasses.dataclass
class Fan(grain.experimental.FlatMapTransform):
    """total + 0, 1, … : as many as the remainder of total / 10 by max_fan_out + 1 says."""

    max_fan_out: int

    def flat_map(self, element: Any) -> list[int]:
        value = total(element)
        return [value + part for part in range((value // 10) % (self.max_fan_out + 1))]


OPERATIONS = {
    "map": Affine,
    "filter": NotDivisible,
    "random": AddRandom,
    "fan": Fan,
    "batch": lambda size, drop: grain.Batch(size, drop_remainder=drop),
}


def loader_walks(walks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Iterates over loaders: [{loader, count, state?: text that set_state gets}].

    Gives of each the sampler's repr and length (as text), elements, the state before the first and after each of
    them (and after the end), and whether it ended; or {error: {type, message}}.
    """
    return [_attempt(lambda walk=walk: _walk(**walk)) for walk in walks]


def _attempt(action: Any) -> dict[str, Any]:
    try:
        return action()
    except Exception as error:
        return {"error": {"type": type(error).__name__, "message": str(error)}}


def _walk(loader: dict[str, Any], count: int, state: str | None = None) -> dict[str, Any]:
    made = _loader(loader)
    iterator = iter(made)
    if state is not None:
        iterator.set_state(state.encode())
    elements, states, ends = [], [iterator.get_state().decode()], False
    while len(elements) < count and not ends:
        try:
            elements.append(np.asarray(next(iterator)).tolist())
        except StopIteration:
            ends = True
        states.append(iterator.get_state().decode())
    sampler = made._sampler
    return {
        "sampler": repr(sampler),
        "length": str(len(sampler)),
        "elements": elements,
        "states": states,
        "ends": ends,
    }


def sampler_records(sampler: dict[str, Any], indices: list[int]) -> list[dict[str, Any]]:
    """What a sampler gives at positions: str, and two draws of the generator; or an error."""
    made = _sampler(**sampler)

    def record(index: int) -> dict[str, Any]:
        metadata = made[index]
        rng = metadata.rng
        draws = None if rng is None else [rng.random(), int(rng.integers(0, 1000)), int(rng.integers(0, 2**40))]
        return {"text": str(metadata), "draws": draws}

    return [_attempt(lambda index=index: record(index)) for index in indices]


def _loader(loader: dict[str, Any]) -> grain.DataLoader:
    n = loader["n"]
    sources = {
        "list": lambda: [10 * index for index in range(n)],
        "numpy": lambda: 10 * np.arange(n),
        "range": lambda: grain.RangeDataSource(0, 10 * n, 10),
    }
    fields = ("sampler", "n", "shuffle", "num_epochs", "seed", "shard")
    return grain.DataLoader(
        data_source=sources[loader.get("source", "list")](),
        sampler=_sampler(**{name: loader[name] for name in fields if name in loader}),
        operations=[OPERATIONS[name](*arguments) for name, *arguments in loader.get("operations", [])],
        worker_count=loader.get("workers", 0),
        shard_options=_shards(loader["loader_shard"]) if loader.get("loader_shard") else None,
        read_options=grain.ReadOptions(num_threads=0, prefetch_buffer_size=0),
    )


def _shards(shard: list[Any] | None) -> grain.ShardOptions:
    return grain.NoSharding() if shard is None else grain.ShardOptions(*shard)


def _sampler(sampler: str, n: int, shard: list[Any] | None = None, **options: Any) -> Any:
    kinds = {"index": grain.IndexSampler, "sequential": grain.SequentialSampler}
    return kinds[sampler](n, shard_options=_shards(shard), **options)


def _iterator(loader: dict[str, Any] | None, dataset: dict[str, Any] | None) -> Any:
    if dataset is None:
        return iter(_loader(loader))
    made = grain.MapDataset.range(dataset["n"])
    if "shuffle_seed" in dataset:
        made = made.shuffle(seed=dataset["shuffle_seed"])
    return iter(made.repeat(dataset.get("epochs", 1)).to_iter_dataset())


def grain_save(
    directory: str,
    taken: int,
    loader: dict[str, Any] | None = None,
    dataset: dict[str, Any] | None = None,
    manager_step: int | None = None,
    v1: bool = False,
) -> None:
    """Saves an iterator after some elements: with a Checkpointer, or as `it` of a manager's step or with v1."""
    iterator = _iterator(loader, dataset)
    for _ in range(taken):
        next(iterator)
    if v1:
        ocp_v1.save_checkpointables(directory, {"it": iterator})
        return
    if manager_step is None:
        with ocp.Checkpointer(grain.PyGrainCheckpointHandler()) as checkpointer:
            checkpointer.save(directory, item=iterator)
        return
    with ocp.CheckpointManager(directory) as manager:
        manager.save(manager_step, args=ocp.args.Composite(it=grain.PyGrainCheckpointSave(iterator)))
        manager.wait_until_finished()


def grain_restore(
    directory: str,
    count: int,
    loader: dict[str, Any] | None = None,
    dataset: dict[str, Any] | None = None,
    manager_step: int | None = None,
    v1: bool = False,
) -> dict[str, Any]:
    """Restores an iterator as grain_save saved it; gives its state as text and the next elements."""
    iterator = _iterator(loader, dataset)
    if v1:
        ocp_v1.load_checkpointables(directory, {"it": iterator})
    elif manager_step is None:
        with ocp.Checkpointer(grain.PyGrainCheckpointHandler()) as checkpointer:
            checkpointer.restore(directory, item=iterator)
    else:
        with ocp.CheckpointManager(directory) as manager:
            manager.restore(manager_step, args=ocp.args.Composite(it=grain.PyGrainCheckpointRestore(iterator)))
    state = iterator.get_state()
    text = state.decode() if isinstance(state, bytes) else json.dumps(state, indent=4)
    elements = [np.asarray(element).tolist() for element, _ in zip(iterator, range(count), strict=False)]
    return {"state": text, "elements": elements}
