"""64-bit JAX arrays, for as long as a checkpoint is read or made.

By default JAX makes 32-bit arrays of 64-bit ones, without a word: an int64 jax.Array of a checkpoint that
holds 2^40 is restored as int32 0. What is in a checkpoint can only be told with 64-bit types on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import jax


@contextlib.contextmanager
def wide_types() -> Iterator[None]:
    """Turns JAX's 64-bit types on, for all threads, and back to what they were."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)
