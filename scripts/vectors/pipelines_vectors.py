"""pipelines.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from datarax.pipeline.pipeline import Pipeline
from datarax.sources import MemorySource, MemorySourceConfig
from flax import nnx

from vectors.draws import Draws
from vectors.round_trip import pull_from, stream_case
from vectors.sources_vectors import draw_mixture, make_mixture

MOST = 12


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    cases: list[dict[str, Any]] = []
    for _ in draws.times(6):
        config = _config(draws)
        length = sum(config["lengths"]) if "lengths" in config else config["n"]
        batches = -(-length // config["batch_size"])
        consumed = sorted({0, 1, batches // 2, batches, max(batches - 1, 0)})
        for count in draws.sample(consumed, min(2, len(consumed))):
            cases.append(_case(config, min(count, 40)))
    cases += [_epochs(draws) for _ in draws.times(1)]
    cases.append(_error(draws))
    return {"what": "iter(Pipeline) = PipelineIterator; data x = 10*index", "cases": cases}


def _seeds(draws: Draws, names: list[str]) -> dict[str, int]:
    return {"default": draws.seed32(), **{name: draws.seed32() for name in draws.some(names, 0, 2)}}


def _config(draws: Draws) -> dict[str, Any]:
    stages = [draws.choice([f"x+{draws.randint(1, 9)}", "x+1"]) for _ in range(draws.choice([0, 0, 1, 2]))]
    shared = {"batch_size": draws.choice([1, 2, 3, draws.randint(1, 12)]), "pipeline_rngs": _seeds(draws, ["aug", "dropout", "zeta"])}
    if draws.random() < 0.25:
        lengths, weights = draw_mixture(draws)
        return {"source": "MixDataSourcesNode", "weights": weights, "lengths": lengths, "values": "source i holds 100*i + index", **shared, "stages": stages}
    shuffle = draws.random() < 0.7
    source_rngs: Any = None
    if shuffle:
        source_rngs = draws.choice(["the same Rngs object", _seeds(draws, ["shuffle"]), _seeds(draws, ["shuffle"])])
    return {"n": draws.size(40), **shared, "shuffle": shuffle, "source_rngs": source_rngs, "stages": stages}


class _Add(nnx.Module):
    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {**batch, "x": batch["x"] + self.number}


def _make(config: dict[str, Any]) -> Pipeline:
    rngs = nnx.Rngs(**config["pipeline_rngs"])
    if "lengths" in config:
        source = make_mixture(config["lengths"], config["weights"])
    else:
        seeds = config["source_rngs"]
        own = rngs if isinstance(seeds, str) else None if seeds is None else nnx.Rngs(**seeds)
        source = MemorySource(MemorySourceConfig(shuffle=config["shuffle"]), {"x": np.arange(config["n"]) * 10}, rngs=own)
    stages = [_Add(int(stage.removeprefix("x+"))) for stage in config.get("stages", [])]
    return Pipeline(source=source, stages=stages, batch_size=config["batch_size"], rngs=rngs)


def _x(batch: Any) -> Any:
    return np.asarray(batch["x"]).tolist()


def _case(config: dict[str, Any], consumed: int) -> dict[str, Any]:
    return stream_case(
        {"class": "PipelineIterator", "config": config},
        lambda: iter(_make(config)),
        lambda subject: pull_from(subject, _x),
        consumed,
        MOST,
        {"python_resume": ("next", lambda subject: pull_from(subject, _x))},
    )


def _epochs(draws: Draws) -> dict[str, Any]:
    config = {
        "n": draws.size(20),
        "batch_size": draws.randint(1, 6),
        "shuffle": draws.random() < 0.8,
        "pipeline_rngs": {"default": draws.seed32()},
        "source_rngs": {"default": draws.seed32()},
    }
    pipeline = _make(config)
    first, second = [_x(batch) for batch in pipeline], [_x(batch) for batch in pipeline]
    pipeline._position.set_value(pipeline._position.get_value() * 0)
    return {
        "class": "PipelineIterator epochs",
        "config": config,
        "first_loop": first,
        "second_loop_without_reset": second,
        "third_loop_after_position_0": [_x(batch) for batch in pipeline],
    }


def _error(draws: Draws) -> dict[str, Any]:
    streams = draws.randint(1, 4)
    counts = draws.choice([count for count in range(6) if count != streams])
    config = {"pipeline_rngs": {"default": 0, **{f"stream{i}": i for i in range(streams - 1)}}, "source_rngs": None, "shuffle": False, "n": 4, "batch_size": 2}
    try:
        iter(_make(config)).set_state({"position": 0, "rng_counts": [0] * counts})
    except ValueError as error:
        return {"class": "PipelineIterator error", "config": {"saved_rng_counts": counts, "pipeline_streams": streams}, "ValueError": str(error)}
    raise AssertionError("nothing was refused")
