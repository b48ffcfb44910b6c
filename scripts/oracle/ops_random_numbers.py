"""Operations on random numbers: what JAX, Flax, Grain and NumPy draw. Each takes many cases, since a call costs milliseconds.

A case that a library refuses is answered with {"error": {"type", "message"}}. Integers beyond 2^53 go both ways as
decimal strings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def _answers(cases: list[dict[str, Any]], answer: Callable[..., Any]) -> list[Any]:
    answers: list[Any] = []
    for case in cases:
        try:
            answers.append(answer(**case))
        except Exception as error:
            answers.append({"error": {"type": type(error).__name__, "message": str(error)}})
    return answers


def jax_random(cases: list[dict[str, Any]]) -> list[Any]:
    """Cases: {"function": name in jax.random, "key": two words, "args": [...], "kwargs": {...}}. Arrays come flat.

    Of the arguments, strings are ints, "logits" is a float32 array, and the bounds of uniform are floats, which JSON does
    not tell from ints.
    """
    import jax

    def answer(function: str, args: list[Any], kwargs: dict[str, Any], key: list[int] | None = None) -> Any:
        if "logits" in kwargs:
            kwargs = {**kwargs, "logits": np.array(kwargs["logits"], np.float32)}
        if function == "uniform":
            kwargs = {name: float(value) if name in ("minval", "maxval") else value for name, value in kwargs.items()}
        if key is not None:
            args = [jax.random.wrap_key_data(np.array(key, np.uint32)), *args]
        args = [int(value) if isinstance(value, str) else value for value in args]
        drawn = getattr(jax.random, function)(*args, **kwargs)
        if jax.dtypes.issubdtype(drawn.dtype, jax.dtypes.prng_key):
            drawn = jax.random.key_data(drawn)
        return np.asarray(drawn).ravel().tolist()

    return _answers(cases, answer)


def nnx_rngs(cases: list[dict[str, Any]]) -> list[Any]:
    """Cases: {"seeds": {stream: seed}, "calls": [names]}. Answers {"keys": words of each call, "counts": {stream: count}}."""
    import jax
    from flax import nnx

    def answer(seeds: dict[str, int], calls: list[str]) -> Any:
        rngs = nnx.Rngs(**seeds)
        keys = [jax.random.key_data(getattr(rngs, name)()).tolist() for name in calls]
        return {"keys": keys, "counts": {name: int(stream.count[...]) for name, stream in rngs.items()}}

    return _answers(cases, answer)


def created_rngs(cases: list[dict[str, Any]]) -> list[Any]:
    """Cases: {"seed", "streams"?}: Datarax's create_rngs. Answers {stream: key words}."""
    import jax
    from datarax.utils.prng import create_rngs

    def answer(seed: int, streams: list[str] | None = None) -> Any:
        return {name: jax.random.key_data(stream.key[...]).tolist() for name, stream in create_rngs(seed, streams).items()}

    return _answers(cases, answer)


def index_shuffles(cases: list[dict[str, Any]]) -> list[Any]:
    """Cases: {"indices", "max_index", "seed", "rounds"}: Grain's index_shuffle of each index."""
    from grain.experimental import index_shuffle

    def answer(indices: list[int], **arguments: Any) -> Any:
        return [index_shuffle(index=index, **arguments) for index in indices]

    return _answers(cases, answer)


def datarax_shuffles(cases: list[dict[str, Any]]) -> list[Any]:
    """Cases: {"index", "seed", "num_elements"}: Datarax's index_shuffle."""
    from datarax.samplers.index_shuffle import index_shuffle

    return _answers(cases, index_shuffle)


def seed_sequences(cases: list[dict[str, Any]]) -> list[Any]:
    """Cases: {"entropy": decimal strings, "words"}. Answers {"uint32": [...], "uint64": strings}."""

    def answer(entropy: list[str], words: int) -> Any:
        sequence = np.random.SeedSequence([int(value) for value in entropy])
        wide = sequence.generate_state(words, np.uint64)
        return {"uint32": sequence.generate_state(words).tolist(), "uint64": [str(word) for word in wide]}

    return _answers(cases, answer)


def legacy_shuffles(cases: list[dict[str, Any]]) -> list[Any]:
    """Cases: {"seed": decimal string, "n"}: RandomState(seed).shuffle(arange(n))."""

    def answer(seed: str, n: int) -> Any:
        order = np.arange(n)
        np.random.RandomState(int(seed)).shuffle(order)
        return order.tolist()

    return _answers(cases, answer)


def philox_draws(cases: list[dict[str, Any]]) -> list[Any]:
    """Cases: {"seed", "op_seed", "index": decimal strings, "draws": [["random"] | ["integers", low, high] | ["raw"]]}.

    The generator is placed as Grain's random_map does it. Answers a string each: repr of a float, decimal of an int.
    """
    from grain._src.python.dataset.transformations.map import _reset_rng_state

    def answer(seed: str, op_seed: str, index: str, draws: list[list[str]]) -> Any:
        generator = np.random.Generator(np.random.Philox(int(seed)))
        _reset_rng_state(generator, op_seed=int(op_seed), index=int(index))
        answers = []
        for kind, *bounds in draws:
            if kind == "random":
                answers.append(repr(float(generator.random())))
            elif kind == "raw":
                answers.append(str(generator.bit_generator.random_raw()))
            else:
                answers.append(str(generator.integers(*[int(bound) for bound in bounds])))
        return answers

    return _answers(cases, answer)
