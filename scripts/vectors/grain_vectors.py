"""grain.json: DataLoader without workers, and dataset iterators."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import grain
import numpy as np
from grain import experimental
from tagged_json import encode

from vectors.draws import Draws
from vectors.round_trip import take

MapDataset, IterDataset = grain.MapDataset, grain.IterDataset
MOST = 20


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    cases = [case for _ in draws.times(16) for case in _loader(draws)]
    for _ in draws.times(3):
        n, seed, window_seed = draws.choice([10, 12, draws.randint(4, 40)]), draws.edge_seed32(), draws.seed32()
        for program, make in _programs(draws, n, seed, window_seed):
            for consumed in sorted(draws.sample([0, 1, 3, 5, draws.randint(0, n), n, n + 2], 2)):
                fields = {"class": "DatasetIterator", "program": program, "n": n, "seed": seed, "seed2": window_seed}
                cases.append(_dataset_case(fields, make, consumed))
    return {"what": "grain 0.2.18: DataLoader iterators (bytes JSON state, NOT accepted by IteratorCheckpoint) and Dataset iterators (dict state, accepted)", "cases": cases}


def plain(element: Any) -> Any:
    """An element as JSON has it."""
    if isinstance(element, tuple | list):
        return [plain(item) for item in element]
    return np.asarray(element).tolist()


def _loader(draws: Draws) -> list[dict[str, Any]]:
    n, epochs = draws.randint(1, 25), draws.choice([None, 1, 2, 3])
    shuffle, is_sequential = draws.random() < 0.7, draws.random() < 0.2
    count = draws.choice([0, 0, 1, 2, 3, 4])
    shard = [draws.randrange(count), count, draws.random() < 0.5] if count and count <= n else None
    options = grain.sharding.ShardOptions(*shard) if shard else grain.sharding.NoSharding()
    config: dict[str, Any] = {}
    operations: list[Any] = []
    if is_sequential:
        config["shard"] = shard
        sampler: Any = grain.samplers.SequentialSampler(n, options)
    else:
        seed = draws.seed32() if shuffle else None
        keywords = {**({"shuffle": True} if shuffle else {}), **({"num_epochs": epochs} if epochs else {})}
        sampler = grain.samplers.IndexSampler(n, options, seed=seed, **keywords)
        config = {**keywords, **({"shard": shard} if shard else {}), "seed": seed}
        if draws.random() < 0.4:
            config["batch"] = draws.randint(1, 5)
            if draws.random() < 0.5:
                config["drop_remainder"] = True
            operations = [grain.transforms.Batch(config["batch"], drop_remainder="drop_remainder" in config)]
    length = len(sampler)
    fields = {"class": "DataLoader+" + type(sampler).__name__, "n": n, "config": config, "sampler_len": length if length < 2**53 else str(length), "repr": repr(sampler)}
    cases = []
    for consumed in sorted(draws.sample([0, 1, 2, 3, n], 2)):
        source = draws.choice([np.arange(n) * 10, [10 * i for i in range(n)], range(0, 10 * n, 10)])
        iterator = iter(grain.DataLoader(data_source=source, sampler=sampler, operations=operations))
        first, _ = take(lambda: plain(next(iterator)), consumed)
        text = iterator.get_state().decode()
        elements, ends = take(lambda: plain(next(iterator)), MOST)
        cases.append({**fields, "consumed": consumed, "first": first, "state_json_text": text, "next": elements, "ends": ends})
    return cases


def _dataset_case(fields: dict[str, Any], make: Callable[[], Any], consumed: int) -> dict[str, Any]:
    iterator = iter(make())
    first, _ = take(lambda: plain(next(iterator)), consumed)
    state = json.loads(json.dumps(iterator.get_state()))
    elements, ends = take(lambda: plain(next(iterator)), MOST)
    other = iter(make())
    other.set_state(json.loads(json.dumps(state)))
    resumed = take(lambda: plain(next(other)), MOST)
    same = "same as next" if resumed == (elements, ends) else {"via": "next", "next": resumed[0], "ends": resumed[1]}
    return {**fields, "consumed": consumed, "first": first, "state": encode(state), "next": elements, "ends": ends, "python_resume": same}


def _programs(draws: Draws, n: int, seed: int, window_seed: int) -> list[tuple[str, Callable[[], Any]]]:
    """Texts as docs/spec/vectors/grain.json writes them, with what they mean."""
    r = MapDataset.range
    size, times, every, first, m = draws.randint(1, 6), draws.randint(1, 4), draws.randint(1, 4), draws.randint(0, 3), draws.randint(1, 12)
    a, b, c, cycle, limit, window = draws.randint(1, 7), draws.randint(1, 7), draws.randint(1, 7), draws.randint(1, 3), draws.randint(1, n + 4), draws.randint(2, 6)
    add, divisor, scale, remainder = draws.randint(0, 9), draws.randint(2, 5), draws.choice([10, 100, 1000]), draws.randint(0, 1)
    weights = draws.choice([[0.329, 0.983], [1, 3], [round(draws.random() + 0.1, 3), round(draws.random() + 0.1, 3)]])

    def plus(dataset: Any, number: int) -> Any:
        return dataset.map(lambda x: x + number)

    def it(dataset: Any) -> Any:
        return dataset.to_iter_dataset()

    head = f"range({n}).shuffle({seed})"
    shuffled = lambda: r(n).shuffle(seed)  # noqa: E731 - one line a program
    window_whole = n - n % window
    return [
        (f"range({n})", lambda: r(n)),
        (head, shuffled),
        (f"{head}.repeat({times})", lambda: shuffled().repeat(times)),
        (f"{head}.repeat()", lambda: shuffled().repeat()),
        (f"{head}.repeat({times}, reseed_each_epoch=False)", lambda: shuffled().repeat(times, reseed_each_epoch=False)),
        (f"range({n}).seed({seed}).shuffle().repeat()", lambda: r(n).seed(seed).shuffle().repeat()),
        (f"range({n}).seed({seed}).map(+{add}).shuffle()", lambda: plus(r(n).seed(seed), add).shuffle()),
        (f"{head}.batch({size})", lambda: shuffled().batch(size)),
        (f"{head}.batch({size}, drop_remainder=True)", lambda: shuffled().batch(size, drop_remainder=True)),
        (f"{head}.to_iter.batch({size})", lambda: it(shuffled()).batch(size)),
        (f"range({n})[{first}::{every}]", lambda: r(n)[first::every]),
        (f"range({n})[{first}::{every}].shuffle({seed}).repeat({times})", lambda: r(n)[first::every].shuffle(seed).repeat(times)),
        (f"{head}[{first}::{every}].repeat({times})", lambda: shuffled()[first::every].repeat(times)),
        (f"range({n}).filter(x%{divisor}=={remainder}) sparse map", lambda: r(n).filter(lambda x: x % divisor == remainder)),
        (f"range({n}).to_iter.filter(x%{divisor}=={remainder})", lambda: it(r(n)).filter(lambda x: x % divisor == remainder)),
        (f"WindowShuffleMap(range({n}), {window}, {window_seed % 2**31})", lambda: experimental.WindowShuffleMapDataset(r(window_whole), window_size=window, seed=window_seed % 2**31)),
        (f"WindowShuffleIter(range({n}), {window}, {window_seed % 2**31})", lambda: experimental.WindowShuffleIterDataset(it(r(n)), window_size=window, seed=window_seed % 2**31)),
        (f"MapDataset.mix([range({n}), 100+range({m})], {weights})", lambda: MapDataset.mix([r(n), plus(r(m), 100)], weights)),
        (f"IterDataset.mix([range({n}), 100+range({m})], {weights})", lambda: IterDataset.mix([it(r(n)), it(plus(r(m), 100))], weights)),
        ("IterDataset.mix no weights", lambda: IterDataset.mix([it(r(n)), it(plus(r(m), 100)), it(plus(r(m + 1), 200))])),
        (f"concatenate(range({n}), 100+range({a})).repeat({times})", lambda: MapDataset.concatenate([r(n), plus(r(a), 100)]).repeat(times)),
        (f"Interleave([range({a}), 100+range({b}), 200+range({c})], cycle {cycle})", lambda: experimental.InterleaveIterDataset([it(r(a)), it(plus(r(b), 100)), it(plus(r(c), 200))], cycle_length=cycle)),
        (f"RepeatIter(range({a}), {times})", lambda: experimental.RepeatIterDataset(it(r(a)), num_epochs=times)),
        (f"LimitIter({head}, {limit})", lambda: experimental.LimitIterDataset(it(shuffled()), count=limit)),
        (f"ZipIter(range({a}), 10+range({a}))", lambda: experimental.ZipIterDataset([it(r(a)), it(plus(r(a), 10))])),
        (f"range({n}).to_iter.map_with_index(i*{scale}+x)", lambda: it(shuffled()).map_with_index(lambda i, x: i * scale + x)),
    ]
