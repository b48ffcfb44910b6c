"""grain_workers.json: DataLoader with worker processes."""

from __future__ import annotations

import json
from typing import Any

import grain.python as grain
import numpy as np
from absl import flags

from vectors.draws import Draws

if not flags.FLAGS.is_parsed():
    flags.FLAGS.mark_as_parsed()


class Src:
    """Ten times the index."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> int:
        return int(index) * 10

    def __repr__(self) -> str:
        return f"Src(n={self.n})"


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    what = "grain.DataLoader(worker_count=W, IndexSampler one epoch, source value = 10*index); states = [last_seen_indices, last_worker_index] before element k"
    return {"what": what, "cases": [_case(draws) for _ in draws.times(2)]}


def _case(draws: Draws) -> dict[str, Any]:
    n, seed, workers = draws.randint(1, 30), draws.choice([None, draws.seed32()]), draws.randint(1, 3)
    count = draws.choice([0, 1, 2, 3])
    shard = [draws.randrange(count), count] if count else None
    batch = draws.choice([None, None, 2, 3, 5])
    options = grain.ShardOptions(*shard, drop_remainder=False) if shard else grain.NoSharding()
    sampler = grain.IndexSampler(n, options, shuffle=seed is not None, num_epochs=1, seed=seed)
    operations = [] if batch is None else [grain.Batch(batch)]
    loader = grain.DataLoader(data_source=Src(n), sampler=sampler, operations=operations, worker_count=workers)
    iterator = iter(loader)
    elements: list[Any] = []
    texts: list[str] = []
    while True:
        text = iterator.get_state().decode()
        try:
            elements.append(np.asarray(next(iterator)).tolist())
        except StopIteration:
            texts.append(text)
            break
        texts.append(text)
    states = [[json.loads(text)["last_seen_indices"], json.loads(text)["last_worker_index"]] for text in texts[: len(elements)]]
    return {
        "n": n,
        "seed": seed,
        "workers": workers,
        "shard": shard,
        "batch": batch,
        "elements": elements,
        "states": states,
        "state_json_text_after_half": texts[len(elements) // 2],
        "resumed_after_half": "same",
    }
