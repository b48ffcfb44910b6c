"""Pseudo-random bytes that Python and TypeScript compute alike (seededBytes in test/live/oracle.ts).

Byte i of seed s, all products and sums modulo 2^32, >> without sign:

    x = i * 0x9e3779b1 + s * 0x7feb352d;  x ^= x >> 15;  x *= 0x85ebca6b;  x ^= x >> 13;  byte = x >> 24
"""

from __future__ import annotations

import numpy as np


def seeded_bytes(seed: int, length: int) -> bytes:
    """The first `length` bytes of `seed` (an unsigned 32-bit number)."""
    start = np.uint32(seed * 0x7FEB352D % 2**32)
    return _mixed(np.arange(length, dtype=np.uint32) * np.uint32(0x9E3779B1) + start).tobytes()


def seeded_length(seed: int, least: int, most: int) -> int:
    """A length in [least, most]: least + (the seed's first 4 bytes, little-endian) mod (most - least + 1)."""
    drawn = int.from_bytes(seeded_bytes(seed, 4), "little")
    return least + drawn % (most - least + 1)


def _mixed(x: np.ndarray) -> np.ndarray:
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    return (x >> np.uint32(24)).astype(np.uint8)
