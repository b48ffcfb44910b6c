"""Operations on live Datarax streams: make one, take elements, save, restore into a fresh one, go on.

A stream is known by the id that the test gave it. JAX's 64-bit types stay off here, as in a Datarax program.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from datarax.checkpoint import PipelineCheckpoint
from flax import nnx

from tagged_json import decode, encode


class UserIterator:
    """A user's iterator: its state is whatever the test gave; `n` in it, if there, counts the elements."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def __iter__(self) -> UserIterator:
        return self

    def __next__(self) -> int:
        if "n" not in self.state:
            raise StopIteration
        self.state["n"] += 1
        return self.state["n"]

    def get_state(self) -> dict[str, Any]:
        """The state as it is now."""
        return self.state

    def set_state(self, state: dict[str, Any]) -> None:
        """Takes the restored state as it is."""
        self.state = state


class Stream:
    """A stream object and the iterator that is under way over it, if one is."""

    def __init__(self, subject: Any) -> None:
        self.subject = subject
        self.under_way: Iterator[Any] | None = None


_streams: dict[str, Stream] = {}
_checkpoints: dict[tuple[str, bool], PipelineCheckpoint] = {}

SAMPLERS = (
    "SequentialSamplerModule",
    "ShuffleSampler",
    "EpochAwareSamplerModule",
    "SlidingWindowSampler",
    "RangeSampler",
    "BufferSampler",
)


def stream_new(**arguments: Any) -> None:
    """Makes a stream: {id, class, config}.

    class, with config: a sampler of SAMPLERS, with the fields of its config class and `rngs` (below), a
    BufferSampler also with {element_spec: a tree of {dtype, shape}};
    `MemorySource`, with {data: {column: tagged array}, shuffle?, ..., rngs?}; `Pipeline` (what iter() of one
    gives), with {source: config of MemorySource, batch_size, rngs}; `user`, with {state: tagged JSON};
    `script`, with {code}: Python that defines make(), which returns the stream; the classes of ops_sources.py,
    with the configurations that are described there.
    rngs: a seed, or {stream name: seed}.
    """
    _streams[arguments["id"]] = Stream(_make(arguments["class"], dict(arguments.get("config", {}))))


def _make(name: str, config: dict[str, Any]) -> Any:
    if name in SAMPLERS:
        return _sampler(name, config)
    if name == "MemorySource":
        return _memory_source(config)
    if name == "Pipeline":
        return _pipeline(config)
    if name == "user":
        return UserIterator(decode(config["state"]))
    if name == "script":
        names: dict[str, Any] = {}
        exec(config["code"], names)  # the test's own program, such as the scripts of fixtures/datarax
        return names["make"]()
    return importlib.import_module("ops_sources").make(name, config)


def _sampler(name: str, config: dict[str, Any]) -> Any:
    samplers = importlib.import_module("datarax.samplers")
    rngs = _rngs(config.pop("rngs", None))
    config_class = getattr(samplers, name.removesuffix("Module") + "Config")
    more = {"element_spec": _element_spec(config.pop("element_spec"))} if "element_spec" in config else {}
    return getattr(samplers, name)(config_class(**config), rngs=rngs, **more)


def _element_spec(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_element_spec(item) for item in tree]
    if isinstance(tree.get("dtype"), str):
        return jax.ShapeDtypeStruct(tuple(tree["shape"]), jnp.dtype(tree["dtype"]))
    return {key: _element_spec(value) for key, value in tree.items()}


def _memory_source(config: dict[str, Any]) -> Any:
    sources = importlib.import_module("datarax.sources")
    rngs, data = _rngs(config.pop("rngs", None)), decode(config.pop("data"))
    return sources.MemorySource(sources.MemorySourceConfig(**config), data, rngs=rngs)


def _pipeline(config: dict[str, Any]) -> Any:
    pipeline = importlib.import_module("datarax.pipeline.pipeline")
    source = _memory_source(dict(config.pop("source")))
    rngs = _rngs(config.pop("rngs", None))
    return iter(pipeline.Pipeline(source=source, stages=[], rngs=rngs, **config))


def _rngs(seeds: int | dict[str, int] | None) -> nnx.Rngs | None:
    if seeds is None:
        return None
    return nnx.Rngs(seeds) if isinstance(seeds, int) else nnx.Rngs(**seeds)


def stream_next(id: str, count: int, via: str = "iter", size: int = 1) -> dict[str, Any]:
    """Takes up to `count` elements: {"elements": [...], "ends": whether there were fewer}.

    via: `iter` calls iter() on the stream once, at the first call and after a restore or reset, and goes on
    with what it gave; `next` calls next() on the stream itself (the only way that EpochAwareSamplerModule and
    SlidingWindowSampler resume, docs/spec/datarax.md section 4); `get_batch` calls get_batch(size) of a
    source.
    """
    stream = _streams[id]
    if via == "iter" and stream.under_way is None:
        stream.under_way = iter(stream.subject)
    elements: list[Any] = []
    for _ in range(count):
        try:
            elements.append(_plain(_take(stream, via, size)))
        except StopIteration:
            return {"elements": elements, "ends": True}
    return {"elements": elements, "ends": False}


def _take(stream: Stream, via: str, size: int) -> Any:
    if via == "iter":
        assert stream.under_way is not None
        return next(stream.under_way)
    if via == "next":
        return next(stream.subject)
    if via == "get_batch":
        return stream.subject.get_batch(size)
    raise ValueError(f"unknown via {via}")


def stream_walks(walks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Makes streams that only this call knows, and takes up to `count` elements of each.

    A walk is {class, config, count, via, size?, state?}: as for stream_new and stream_next; set_state(state), in tagged JSON,
    comes first. Answers {"elements", "states"}: get_state() in tagged JSON at the start and behind each element.
    """
    return [_walk(**{"subject": _make(walk.pop("class"), walk.pop("config")), **walk}) for walk in walks]


def _walk(subject: Any, count: int, via: str, size: int = 1, state: Any = None) -> dict[str, Any]:
    if state is not None:
        subject.set_state(decode(state))
    stream = Stream(subject)
    states = [encode(subject.get_state())]
    if via == "iter":
        stream.under_way = iter(subject)
    elements: list[Any] = []
    while len(elements) < count:
        try:
            elements.append(_plain(_take(stream, via, size)))
        except StopIteration:
            break
        states.append(encode(subject.get_state()))
    return {"elements": elements, "states": states}


def stream_compile(enabled: bool) -> None:
    """Whether JAX compiles what follows, as it does at first. Of integers nothing changes but the time.

    A pipeline or a buffer that gives a few elements spends half a second on its compilation.
    """
    jax.config.update("jax_disable_jit", not enabled)


def stream_push(id: str, records: list[Any], masks: list[bool]) -> list[Any]:
    """next(record, mask) of a BufferSampler for each record (tagged JSON): the chunks and masks likewise.

    Compiled, since tracing takes half a second a call; nnx.jit knows equal configurations again.
    """
    subject = _streams[id].subject
    return [
        encode(list(_compiled_push(subject, decode(record), np.asarray(mask))))
        for record, mask in zip(records, masks, strict=True)
    ]


@nnx.jit
def _compiled_push(subject: Any, record: Any, mask: Any) -> Any:
    return subject.next(record, mask)


def _plain(element: Any) -> Any:
    """An element as plain JSON: arrays as nested lists, tuples as lists."""
    if isinstance(element, dict):
        return {str(key): _plain(value) for key, value in element.items()}
    if isinstance(element, (list, tuple)):
        return [_plain(value) for value in element]
    if element is None or isinstance(element, (bool, int, float, str)):
        return element
    return np.asarray(element).tolist()


def stream_state(id: str) -> Any:
    """get_state() in tagged JSON."""
    return encode(_streams[id].subject.get_state())


def stream_reset(id: str, **arguments: Any) -> None:
    """reset(), with the arguments given (seed)."""
    stream = _streams[id]
    stream.subject.reset(**arguments)
    stream.under_way = None


def stream_save(id: str, base: str, step: int | None = None, **options: Any) -> str | None:
    """Saves into a base directory; returns the path, or null where an interval says no.

    options: keep, overwrite, metadata (tagged JSON); `async` true returns once the state was copied
    (stream_wait waits); `pipeline` {"interval"?} saves with save_to_step instead of save_to_directory. What
    is left out has Python's default.
    """
    checkpoint = _checkpoint(base, options.pop("async", False))
    pipeline = options.pop("pipeline", None)
    if "metadata" in options:
        options["metadata"] = decode(options["metadata"])
    subject = _streams[id].subject
    if pipeline is not None:
        return checkpoint.save_to_step(subject, step, **pipeline, **options)
    return checkpoint.save_to_directory(subject, step=step, **options)


def stream_wait(base: str) -> None:
    """Waits for the asynchronous saves of a base directory and closes its handlers."""
    for key in [key for key in _checkpoints if key[0] == base]:
        checkpoint = _checkpoints.pop(key)
        checkpoint.handler.wait_until_finished()
        checkpoint.handler.close()


def stream_restore(id: str, base: str, step: int | None = None, latest: bool = False) -> Any:
    """restore(step), or restore_latest() where `latest` is true; returns the stream's state afterwards."""
    stream, checkpoint = _streams[id], _checkpoint(base, False)
    if latest:
        checkpoint.restore_latest(stream.subject)
    else:
        checkpoint.restore(stream.subject, step=step)
    stream.under_way = None
    return stream_state(id)


def _checkpoint(base: str, asynchronous: bool) -> PipelineCheckpoint:
    """One object for each base directory and mode; its save_to_directory is IteratorCheckpoint's."""
    key = (base, asynchronous)
    if key not in _checkpoints:
        _checkpoints[key] = PipelineCheckpoint(Path(base).absolute(), async_checkpointing=asynchronous)
    return _checkpoints[key]
