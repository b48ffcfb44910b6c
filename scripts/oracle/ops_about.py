"""Operations about the environment itself."""

from __future__ import annotations

import importlib.metadata
import platform

from seeded_bytes import seeded_bytes, seeded_length


def versions() -> dict[str, str]:
    """Version of Python and of every installed package, by its normalised name (`orbax-checkpoint`)."""
    installed = {
        distribution.metadata["Name"].lower().replace("_", "-"): distribution.version
        for distribution in importlib.metadata.distributions()
    }
    return {"python": platform.python_version(), **installed}


def seeded(seed: int, length: int, least: int = 0, most: int = 0) -> dict[str, object]:
    """What seeded_bytes.py computes, for the test that TypeScript computes the same."""
    return {"hex": seeded_bytes(seed, length).hex(), "length": seeded_length(seed, least, most)}
