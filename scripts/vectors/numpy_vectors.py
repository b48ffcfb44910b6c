"""numpy.json: legacy shuffles and seed sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from vectors.draws import Draws


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    cases: list[dict[str, Any]] = []
    for _ in draws.times(40):
        n, seed = draws.choice([0, 1, 2, draws.size(400)]), draws.edge_seed32()
        order = np.arange(n)
        np.random.RandomState(seed).shuffle(order)
        cases.append({"op": "RandomState(seed).shuffle(arange(n))", "seed": seed, "n": n, "order": order.tolist()})
    for _ in draws.times(40):
        entropy = [draws.choice([0, 1, draws.seed32(), draws.randrange(2**53)]) for _ in range(draws.randint(1, 6))]
        state = int(np.random.SeedSequence(entropy).generate_state(1, np.uint32)[0])
        cases.append({"op": "SeedSequence(entropy).generate_state(1, uint32)", "entropy": entropy, "state": state})
    return {"what": "numpy parts: legacy shuffle (ArrayRecord source) and SeedSequence (grain default seeds)", "cases": cases}
