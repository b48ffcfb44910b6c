"""Operations on all shards of a Grain stream in one process, for tests in which two languages take turns."""

from __future__ import annotations

import json
from typing import Any

import grain
from grain import experimental


def elastic_steps(
    kind: str, records: int, seed: int, shards: int, batch: int, saved: str | None, steps: int
) -> dict[str, Any]:
    """Opens all shards, at `saved` if that is given, and takes steps: {"elements" in the global order, "saved"}.

    kind: "elastic" (each step a batch of `batch` elements from every shard; `saved` is the JSON of any shard's state),
    "slices" or "loader" (each step one element of the shard whose turn it is; `saved` is the JSON of all states).
    """
    return _KINDS[kind](records, seed, shards, batch, saved, steps)


# Positions do not depend on it, and every shard would start 16 threads and read 500 elements ahead.
_READ_OPTIONS = grain.ReadOptions(num_threads=1, prefetch_buffer_size=4)


def _order(records: int, seed: int) -> Any:
    return grain.MapDataset.range(records).shuffle(seed).repeat()


def _elastic(records: int, seed: int, shards: int, batch: int, saved: str | None, steps: int) -> dict[str, Any]:
    iterators = [
        experimental.ElasticIterator(
            _order(records, seed),
            shards * batch,
            grain.sharding.ShardOptions(index, shards),
            read_options=_READ_OPTIONS,
        )
        for index in range(shards)
    ]
    for iterator in iterators if saved is not None else []:
        iterator.set_state(json.loads(saved))
    elements = []
    for _ in range(steps):
        batches = [next(iterator).tolist() for iterator in iterators]
        elements += [rows[row] for row in range(batch) for rows in batches]
    return {"elements": elements, "saved": json.dumps(iterators[-1].get_state())}


def _slices(records: int, seed: int, shards: int, _: int, saved: str | None, steps: int) -> dict[str, Any]:
    states = None if saved is None else json.loads(saved)
    iterators = [
        iter(_order(records, seed)[index::shards].to_iter_dataset(_READ_OPTIONS)) for index in range(shards)
    ]
    given = 0
    if states is not None:
        for iterator, state in zip(iterators, states, strict=True):
            iterator.set_state(state)
        given = sum(state["next_index"] for state in states)
    elements = [int(next(iterators[(given + step) % shards])) for step in range(steps)]
    return {"elements": elements, "saved": json.dumps([iterator.get_state() for iterator in iterators])}


def _loader(records: int, seed: int, shards: int, _: int, saved: str | None, steps: int) -> dict[str, Any]:
    sampler = grain.samplers.IndexSampler(num_records=records, shuffle=True, seed=seed)
    iterators = [
        iter(
            grain.DataLoader(
                data_source=list(range(records)),
                sampler=sampler,
                shard_options=grain.sharding.ShardOptions(index, shards),
                read_options=_READ_OPTIONS,
            )
        )
        for index in range(shards)
    ]
    given = 0
    if saved is not None:
        for index, (iterator, text) in enumerate(zip(iterators, json.loads(saved), strict=True)):
            iterator.set_state(text.encode())
            given += (json.loads(text)["last_seen_indices"]["0"] + shards - index) // shards
    elements = [int(next(iterators[(given + step) % shards])) for step in range(steps)]
    return {
        "elements": elements,
        "saved": json.dumps([iterator.get_state().decode() for iterator in iterators]),
    }


_KINDS = {"elastic": _elastic, "slices": _slices, "loader": _loader}
