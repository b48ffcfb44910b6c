"""Datarax's sources and pipelines for the operations of ops_stream.py: makes one of a class and a configuration.

    EagerSourceBase          {data: {column: tagged array}, shuffle, seed, rngs?}
    ArrayRecordSourceModule  {total_records, rngs?, and the fields of its config}; its records are their numbers
    MixDataSourcesNode       {sources: [config of MemorySource], weights, rngs?}
    IndexedPipeline          what iter() of a Pipeline gives: {source: {class, config}, batch_size, rngs, share?, stages}
    JaxProcessSharderModule  {process_index, process_count, local_device_count, rngs?, and the fields of its config}

`share` true gives the source the pipeline's own Rngs. stages, in order: {"add": n} adds to the column x; {"rngs": seeds} owns
streams and does nothing; {"operator": {rngs, stream_name}} is a stochastic operator, which puts a column `bits`, the random
bits of each record's key, beside the others. rngs: a seed, or {stream name: seed}.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from datarax.core.config import ElementOperatorConfig, StructuralConfig
from datarax.operators import ElementOperator
from datarax.pipeline.pipeline import Pipeline
from datarax.sharding.jax_process_sharder import JaxProcessSharderConfig, JaxProcessSharderModule
from datarax.sources import MemorySource, MemorySourceConfig, array_record_source
from datarax.sources._source_base import EagerSourceBase
from datarax.sources.mixed_source import MixDataSourcesConfig, MixDataSourcesNode
from flax import nnx

from tagged_json import decode


def make(name: str, config: dict[str, Any]) -> Any:
    """The object of a class above, or of MemorySource. Raises KeyError for another class."""
    return MAKERS[name](dict(config))


def rngs_of(seeds: int | dict[str, int] | None) -> nnx.Rngs | None:
    """nnx.Rngs of seeds."""
    if seeds is None:
        return None
    return nnx.Rngs(seeds) if isinstance(seeds, int) else nnx.Rngs(**seeds)


def _memory(config: dict[str, Any], shared: nnx.Rngs | None = None) -> MemorySource:
    seeds, data = config.pop("rngs", None), decode(config.pop("data"))
    return MemorySource(MemorySourceConfig(**config), data, rngs=shared or rngs_of(seeds))


class _Eager(EagerSourceBase):
    """The base class over data that the test gives, as its subclasses load theirs."""

    def __init__(self, data: dict[str, Any], shuffle: bool, seed: int, rngs: nnx.Rngs | None) -> None:
        super().__init__(StructuralConfig(), rngs=rngs)
        self.data = nnx.data({name: jnp.asarray(column) for name, column in data.items()})
        self.length = len(next(iter(data.values())))
        self.index = nnx.Variable(0)
        self.epoch = nnx.Variable(0)
        self._seed = seed
        self._is_random_order = shuffle


def _eager(config: dict[str, Any]) -> EagerSourceBase:
    return _Eager(decode(config["data"]), config["shuffle"], config["seed"], rngs_of(config.get("rngs")))


class _Numbers:
    """Stands for the files of an ArrayRecord source: record i is i."""

    def __init__(self, paths: int) -> None:
        self.count = paths

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        return index


def _array_record(config: dict[str, Any]) -> Any:
    total, rngs = config.pop("total_records"), rngs_of(config.pop("rngs", None))
    original = array_record_source.grain.sources.ArrayRecordDataSource
    array_record_source.grain.sources.ArrayRecordDataSource = _Numbers
    try:
        source_config = array_record_source.ArrayRecordSourceConfig(**config)
        return array_record_source.ArrayRecordSourceModule(source_config, total, rngs=rngs)
    finally:
        array_record_source.grain.sources.ArrayRecordDataSource = original


def _mix(config: dict[str, Any]) -> MixDataSourcesNode:
    sources = [_memory(dict(source)) for source in config["sources"]]
    mix_config = MixDataSourcesConfig(num_sources=len(sources), weights=tuple(config["weights"]))
    return MixDataSourcesNode(mix_config, sources, rngs=rngs_of(config.get("rngs")))


class _Add(nnx.Module):
    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {**batch, "x": batch["x"] + self.number}


class _Owner(nnx.Module):
    def __init__(self, rngs: nnx.Rngs | None) -> None:
        self.rngs = rngs

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        return batch


def _with_bits(element: Any, key: jax.Array) -> Any:
    return element.replace(data={**element.data, "bits": jax.random.bits(key)})


def _stage(stage: dict[str, Any]) -> nnx.Module:
    if "add" in stage:
        return _Add(stage["add"])
    if "rngs" in stage:
        return _Owner(rngs_of(stage["rngs"]))
    operator = stage["operator"]
    operator_config = ElementOperatorConfig(stochastic=True, stream_name=operator["stream_name"])
    return ElementOperator(operator_config, fn=_with_bits, rngs=rngs_of(operator["rngs"]))


def _pipeline(config: dict[str, Any]) -> Any:
    rngs = rngs_of(config["rngs"])
    source_class, source_config = config["source"]["class"], dict(config["source"]["config"])
    source = _memory(source_config, rngs) if config.get("share") else make(source_class, source_config)
    stages = [_stage(stage) for stage in config["stages"]]
    return iter(Pipeline(source=source, stages=stages, batch_size=config["batch_size"], rngs=rngs))


def _sharder(config: dict[str, Any]) -> JaxProcessSharderModule:
    topology = {name: config.pop(name) for name in ("process_index", "process_count", "local_device_count")}
    rngs = rngs_of(config.pop("rngs", None))
    if "sharding_rules" in config:
        config["sharding_rules"] = [tuple(rule) for rule in config["sharding_rules"]]
    sharder = JaxProcessSharderModule(JaxProcessSharderConfig(**config), rngs=rngs)
    for name, number in topology.items():
        getattr(sharder, name).set_value(number)
    return sharder


MAKERS = {
    "MemorySource": _memory,
    "EagerSourceBase": _eager,
    "ArrayRecordSourceModule": _array_record,
    "MixDataSourcesNode": _mix,
    "IndexedPipeline": _pipeline,
    "JaxProcessSharderModule": _sharder,
}
