"""sources.json."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import ops_sources
from datarax.sources import MemorySource, MemorySourceConfig
from datarax.sources.mixed_source import MixDataSourcesConfig, MixDataSourcesNode
from flax import nnx

from vectors.draws import Draws
from vectors.round_trip import pull_from, stream_case

MOST_BATCHES = 9
STATELESS = "stateless get_batch(bs, key(seed))"


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    cases: list[dict[str, Any]] = []
    for _ in draws.times(2):
        cases += _memory(draws)
        cases += _eager(draws)
    cases += [_array_record(draws) for _ in draws.times(10)]
    for _ in draws.times(3):
        cases += _mixture(draws)
    return {"what": "sources: data x = 10*index unless said otherwise", "cases": cases}


def _x(record: Any) -> Any:
    return np.asarray(record["x"]).tolist()


def _tens(n: int) -> dict[str, Any]:
    return {"x": np.arange(n) * 10}


def _rngs(seeds: dict[str, int] | None) -> nnx.Rngs | None:
    return None if seeds is None else nnx.Rngs(**seeds)


def _make_memory(n: int, shuffle: bool, seeds: dict[str, int] | None, **more: Any) -> MemorySource:
    return MemorySource(MemorySourceConfig(shuffle=shuffle, **more), _tens(n), rngs=_rngs(seeds))


def _streams(draws: Draws, name: str, n: int, size: int, config: dict[str, Any], make: Callable[[], Any]) -> list[dict[str, Any]]:
    """Cases of iter() and of get_batch() over one source."""
    def start(subject: Any) -> Callable[[], Any]:
        return pull_from(iter(subject), _x)

    def batches(subject: Any) -> Callable[[], Any]:
        return lambda: _x(subject.get_batch(size))

    fields = {"class": name, "config": {**config, "api": "iter"}}
    cases = [
        stream_case(fields, make, start, consumed, 20, {"python_resume_iter": ("iter then next", start)})
        for consumed in draws.consumed(n, n, 2)
        if 0 < consumed <= n
    ]
    fields = {"class": name, "config": {**config, "api": "get_batch", "batch_size": size}}
    per_epoch = -(-n // size)
    return cases + [
        stream_case(fields, make, batches, consumed, MOST_BATCHES, {"python_resume": ("get_batch", batches)})
        for consumed in draws.consumed(None, per_epoch, 3)
    ]


def _memory(draws: Draws) -> list[dict[str, Any]]:
    n, size = draws.size(30), draws.randint(1, 9)
    seed, other = draws.seed32(), draws.seed32()
    cases: list[dict[str, Any]] = []
    for shuffle, seeds in ((False, None), (True, {"default": seed}), (True, {"default": seed, "shuffle": other})):
        config = {"shuffle": shuffle, "n": n, "rngs": seeds}
        cases += _streams(draws, "MemorySource", n, size, config, lambda shuffle=shuffle, seeds=seeds: _make_memory(n, shuffle, seeds))
    seeds = {"default": seed}
    config = {"shuffle": True, "n": n, "rngs": seeds}
    source = _make_memory(n, True, seeds)
    cases.append({"class": "MemorySource", "config": {**config, "api": "iter x3 epochs"}, "epochs": [[_x(r) for r in source] for _ in range(3)]})
    workers = draws.randint(2, 5)
    shards = [[_x(r) for r in _make_memory(n, True, seeds, shard_id=shard, num_workers=workers)] for shard in range(workers)]
    cases.append({"class": "MemorySource", "config": {**config, "api": "iter", "num_workers": workers}, "by_shard_id": shards})
    key = jax.random.key(other)
    source = _make_memory(n, True, {"default": 0})
    cases.append(
        {
            "class": "MemorySource",
            "config": {"shuffle": True, "n": n, "api": STATELESS, "batch_size": size, "seed": other},
            "batch": _x(source.get_batch(size, key)),
            "get_batch_at": [
                {"start": start, "size": width, "batch": _x(source.get_batch_at(start, width, key))}
                for start, width in ((0, size), (1, size), (n - 1, size), (n + 2, draws.randint(1, 12)))
            ],
        }
    )
    return cases


def _eager(draws: Draws) -> list[dict[str, Any]]:
    n, size = draws.size(30), draws.randint(1, 9)
    cases: list[dict[str, Any]] = []
    for shuffle in (False, True):
        config = {"shuffle": shuffle, "n": n, "seed": draws.edge_seed32()}

        def make(shuffle: bool = shuffle, seed: int = config["seed"]) -> Any:
            return ops_sources._Eager(_tens(n), shuffle, seed, None)

        cases += _streams(draws, "EagerSourceBase", n, size, config, make)
    key_seed = draws.seed32()
    batch = _x(make().get_batch(size, jax.random.key(key_seed)))
    return [*cases, {"class": "EagerSourceBase", "config": {**config, "api": STATELESS, "batch_size": size, "key_seed": key_seed}, "batch": batch}]


def _array_record(draws: Draws) -> dict[str, Any]:
    n, epochs = draws.size(20), draws.choice([1, 2, 3, -1])
    config = {"n": n, "seed": draws.seed32(), "num_epochs": epochs, "shuffle_files": draws.random() < 0.6}

    def make() -> Any:
        fields = {name: value for name, value in config.items() if name != "n"}
        return ops_sources.make("ArrayRecordSourceModule", {**fields, "total_records": n})

    consumed = draws.choice(draws.consumed(None if epochs < 0 else n * epochs, n, 6))
    return stream_case(
        {"class": "ArrayRecordSourceModule", "config": config},
        make,
        lambda subject: pull_from(iter(subject), lambda record: int(np.asarray(record))),
        consumed,
        20,
        {"python_resume": ("next", lambda subject: pull_from(subject, lambda record: int(np.asarray(record))))},
    )


def make_mixture(lengths: list[int], weights: list[float]) -> MixDataSourcesNode:
    """Source i holds 100 * i + index."""
    sources = [MemorySource(MemorySourceConfig(), {"x": 100 * i + np.arange(length)}) for i, length in enumerate(lengths)]
    return MixDataSourcesNode(MixDataSourcesConfig(num_sources=len(sources), weights=tuple(weights)), sources)


def draw_mixture(draws: Draws) -> tuple[list[int], list[float]]:
    """Lengths and weights."""
    count = draws.randint(2, 4)
    lengths = [draws.randint(1, 20) for _ in range(count)]
    weights = draws.choice(
        [
            [draws.randint(1, 5) for _ in range(count)],
            [round(draws.random() + 0.05, 2) for _ in range(count)],
            [draws.random() + 0.01 for _ in range(count)],
        ]
    )
    return lengths, weights


def _mixture(draws: Draws) -> list[dict[str, Any]]:
    lengths, weights = draw_mixture(draws)
    config = {"weights": weights, "lengths": lengths}

    def make() -> Any:
        return make_mixture(lengths, weights)

    case = stream_case(
        {"class": "MixDataSourcesNode", "config": {**config, "values": "source i holds 100*i + index", "api": "iter"}},
        make,
        lambda subject: pull_from(iter(subject), _x),
        draws.randint(0, sum(lengths)),
        20,
        {
            "python_resume": ("next", lambda subject: pull_from(subject, _x)),
            "python_resume_iter": ("iter then next", lambda subject: pull_from(iter(subject), _x)),
        },
    )
    seed, size = draws.seed32(), draws.randint(1, 12)
    source, key = make(), jax.random.key(seed)
    batches = [{"start": start, "batch": _x(source.get_batch_at(start, size, key))} for start in (0, size, draws.randint(0, 30))]
    return [case, {"class": "MixDataSourcesNode", "config": {**config, "api": f"get_batch_at(start, {size}, key(seed))", "seed": seed}, "batches": batches}]
