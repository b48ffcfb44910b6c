"""index_shuffle.json: {n, seed, order}, {n, seed, at}, and other round counts."""

from __future__ import annotations

from typing import Any

from datarax.samplers.index_shuffle import index_shuffle
from grain.experimental import index_shuffle as feistel

from vectors.draws import Draws


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    cases: list[dict[str, Any]] = []
    for _ in draws.times(60):
        n, seed = draws.size(300), draws.edge_seed32()
        cases.append({"n": n, "seed": seed, "order": [int(index_shuffle(i, seed, n)) for i in range(n)]})
    for _ in draws.times(60):
        n, seed = _large(draws), draws.edge_seed32()
        indices = {0, 1, n - 1, n - 2, n // 2, *(draws.randrange(n) for _ in range(8))}
        cases.append({"n": n, "seed": seed, "at": [[i, int(index_shuffle(i, seed, n))] for i in sorted(indices)]})
    rounds = []
    for _ in draws.times(20):
        most, seed, count = draws.choice([draws.randint(1, 3000), _large(draws) - 1]), draws.edge_seed32(), draws.choice([4, 6, 8, 10, 12, 30])
        at = [draws.randint(0, most) for _ in range(6)]
        rounds.append(
            {
                "max_index": most,
                "seed": seed,
                "rounds": count,
                "at": [[i, int(feistel(i, max_index=most, seed=seed, rounds=count))] for i in at],
            }
        )
    return {"what": "datarax.samplers.index_shuffle.index_shuffle(i, seed, n); rounds = grain index_shuffle with other round counts", "cases": cases, "rounds": rounds}


def _large(draws: Draws) -> int:
    exponent = draws.randint(2, 52)
    near = 2**exponent + draws.randint(-2, 3)
    return max(3, draws.choice([near, draws.randint(3, 10**6), draws.randint(3, 2**53 - 1), 10 ** draws.randint(1, 15)]))
