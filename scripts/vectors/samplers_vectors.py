"""samplers.json."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from datarax import samplers
from flax import nnx
from tagged_json import encode

from vectors.draws import Draws
from vectors.round_trip import pull_from, restored, saved, stream_case

MOST = 20


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    cases: list[dict[str, Any]] = []
    for _ in draws.times(6):
        n, epochs = draws.size(), draws.choice([1, 1, 2, 3, -1])
        config = {"num_records": n, "num_epochs": epochs}
        cases += _cases(draws, "SequentialSamplerModule", config, n, _total(n, epochs), ("python_resume", "python_resume_iter"))
    for _ in draws.times(6):
        n = draws.size(90)
        config = {"dataset_size": n, "seed": draws.edge_seed32()}
        cases += _cases(draws, "ShuffleSampler", config, n, n, ("python_resume_iter",))
    for _ in draws.times(10):
        n, epochs, shuffle = draws.size(), draws.choice([1, 2, 3, 5, -1, -1]), draws.random() < 0.75
        config = {"num_records": n, "num_epochs": epochs, "shuffle": shuffle, "seed": draws.edge_seed32()}
        if shuffle:
            config["rngs"] = draws.choice([{"default": 0}, {"default": draws.seed32()}, {"default": 3, "sample": draws.seed32()}])
        cases += _cases(draws, "EpochAwareSamplerModule", config, n, _total(n, epochs), ("python_resume", "python_resume_iter"))
    for _ in draws.times(6):
        config = _range(draws)
        length = len(samplers.RangeSampler(samplers.RangeSamplerConfig(**config)))
        cases += _cases(draws, "RangeSampler", config, length, length, ("python_resume_iter",))
    for _ in draws.times(6):
        n, epochs, window = draws.size(30), draws.choice([1, 2, 3, -1]), draws.randint(1, 6)
        config = {"num_records": max(n, window), "window_size": window, "stride": draws.randint(1, 6), "drop_incomplete": draws.random() < 0.5, "num_epochs": epochs}
        windows = samplers.SlidingWindowSampler(samplers.SlidingWindowSamplerConfig(**config))._total_windows
        cases += _cases(draws, "SlidingWindowSampler", config, windows, _total(windows, epochs), ("python_resume", "python_resume_iter"))
    cases += [_buffer(draws) for _ in draws.times(2)]
    return {"what": "samplers: elements before, state, elements after; python_resume = what Python itself yields after restore_latest", "cases": cases}


def _total(period: int, epochs: int) -> int | None:
    return None if epochs == -1 else period * max(epochs, 1)


def _range(draws: Draws) -> dict[str, Any]:
    while True:
        step = draws.choice([1, 1, 2, 3, 4, 7, -1, -2, -3])
        config = {"start": draws.randint(-20, 40), "stop": draws.choice([None, draws.randint(-20, 60)]), "step": step}
        if config["stop"] is None:
            config |= {"start": draws.randint(1, 40), "step": draws.choice([1, 1, 2, 3])}
        try:
            if len(samplers.RangeSampler(samplers.RangeSamplerConfig(**config))) > 0:
                return config
        except ValueError:
            continue


def _plain(element: Any) -> Any:
    return np.asarray(element).tolist()


def _make(name: str, config: dict[str, Any]) -> Any:
    fields = dict(config)
    seeds = fields.pop("rngs", None)
    config_class = getattr(samplers, name.removesuffix("Module") + "Config")
    return getattr(samplers, name)(config_class(**fields), rngs=None if seeds is None else nnx.Rngs(**seeds))


def _cases(draws: Draws, name: str, config: dict[str, Any], period: int, total: int | None, resumes: tuple[str, ...]) -> list[dict[str, Any]]:
    ways = {
        "python_resume": ("next", lambda subject: pull_from(subject, _plain)),
        "python_resume_iter": ("iter then next", lambda subject: pull_from(iter(subject), _plain)),
    }
    return [
        stream_case(
            {"class": name, "config": config},
            lambda: _make(name, config),
            lambda subject: pull_from(iter(subject), _plain),
            consumed,
            MOST,
            {resume: ways[resume] for resume in resumes},
        )
        for consumed in draws.consumed(total, max(period, 1), 4)
    ]


@nnx.jit
def _push(buffer: Any, record: Any, mask: Any) -> Any:
    return buffer.next(record, mask)


def _buffer(draws: Draws) -> dict[str, Any]:
    capacity = draws.randint(1, 9)
    sample_size = draws.randint(1, min(4, capacity))
    config = {
        "capacity": capacity,
        "prefill": draws.randint(sample_size, capacity),
        "sample_size": sample_size,
        "read_mode": draws.choice(["sequential", "shuffled"]),
        "write_mode": draws.choice(["fifo", "reservoir"]),
        "seed": draws.seed32(),
    }

    def make() -> Any:
        spec = {"x": jax.ShapeDtypeStruct((), jnp.int32)}
        return samplers.BufferSampler(samplers.BufferSamplerConfig(**config), element_spec=spec)

    def push(buffer: Any, number: int, mask: bool = True) -> list[Any]:
        chunk, is_record = _push(buffer, {"x": jnp.asarray(number, jnp.int32)}, jnp.asarray(mask))
        return [{"x": _plain(chunk["x"])}, _plain(is_record)]

    count = draws.randint(0, 3 * capacity)
    inputs_first, inputs_next = list(range(count)), list(range(count, count + 16))
    buffer = make()
    first = [push(buffer, number) for number in inputs_first]
    masked = draws.randint(50, 99)
    masked_output = push(buffer, masked, False)
    checkpoint = saved(buffer)
    case = {
        "class": "BufferSampler",
        "config": config,
        "element_spec": {"x": "int32[]"},
        "inputs_first": inputs_first,
        "first": first,
        "masked_input": masked,
        "masked_output": masked_output,
        "state": encode(buffer.get_state()),
        "restored": encode(restored(checkpoint)),
        "inputs_next": inputs_next,
        "next": [push(buffer, number) for number in inputs_next],
    }
    other = checkpoint.restore_latest(make())
    resumed = [push(other, number) for number in inputs_next]
    return {**case, "python_resume": "same as next" if resumed == case["next"] else resumed}
