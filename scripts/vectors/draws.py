"""Random numbers as a test's author would choose them: often small, often at an edge, sometimes anything."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any


class Draws(random.Random):
    """A random generator that also knows how many cases are wanted."""

    def __init__(self, seed: str, scale: float = 1.0) -> None:
        super().__init__(seed)
        self.scale = scale

    def times(self, count: float) -> range:
        """As many as `count` of them at scale 1, at least one."""
        return range(max(1, round(count * self.scale)))

    def seed32(self) -> int:
        """A seed of 32 bits."""
        return self.choice([self.randrange(1000), self.randrange(2**32), self.randrange(2**32)])

    def edge_seed32(self) -> int:
        """A seed of 32 bits, often at the ends of its range."""
        edges = [0, 1, 42, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 2]
        return self.choice(edges) if self.random() < 0.3 else self.seed32()

    def size(self, most: int = 60) -> int:
        """How many records: often few."""
        return self.choice([1, 2, self.randint(1, 12), self.randint(1, 12), self.randint(1, most), self.randint(1, most)])

    def some(self, choices: Sequence[Any], least: int, most: int) -> list[Any]:
        """Some of the choices, each at most once."""
        return self.sample(list(choices), min(len(choices), self.randint(least, most)))

    def consumed(self, total: int | None, period: int, count: int) -> list[int]:
        """How many elements to take: none, one, at and around ends of epochs, behind the end."""
        edges = [0, 1, period // 2, period - 1, period, period + 1, 2 * period, self.randint(0, 3 * period + 1)]
        if total is not None:
            edges += [total, total - 1, total + self.randint(1, 5), self.randint(0, max(total, 0))]
        allowed = sorted({edge for edge in edges if 0 <= edge <= 400})
        return sorted(self.sample(allowed, min(count, len(allowed))))
