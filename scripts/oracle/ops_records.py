"""Operations on record files: ArrayRecord by its own writer and Grain's source, TFRecord by Grain's dataset."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import grain.python as grain
import numpy as np
from array_record.python import array_record_module
from grain import experimental

from random_messages import random_message
from seeded_bytes import seeded_bytes


def array_record_write(path: str, options: str, records: list[dict[str, int]]) -> dict[str, Any]:
    """Writes a file and returns {"options": what the library wrote down of them, "hashes": SHA-256 a record as read}.

    records: {"seed", "length"} is seeded_bytes(seed, length), {"message": seed} a random protobuf message.
    """
    writer = array_record_module.ArrayRecordWriter(path, options)
    for record in records:
        writer.write(_record(record))
    writer.close()
    reader = array_record_module.ArrayRecordReader(path)
    read = reader.read_all() if records else []
    return {"options": reader.writer_options_string(), "hashes": [_sha256(record) for record in read]}


def array_record_source(paths: list[str]) -> dict[str, Any]:
    """What Grain's source over these paths is: {"length", "repr", "hashes"}."""
    source = grain.ArrayRecordDataSource(paths)
    hashes = [_sha256(source[index]) for index in range(len(source))]
    return {"length": len(source), "repr": repr(source), "hashes": hashes}


def record_stream(
    paths: list[str], operations: list[list[Any]], count: int, state: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Takes up to `count` elements of a pipeline over files, from a state on. Returns {"elements", "state"}.

    paths: of ArrayRecord files, or one TFRecord file, told by its name. operations: in this order, ["shuffle", seed],
    ["repeat", n], ["lengths"], ["odd"], ["batch", n]; the first two of ArrayRecord files only. Bytes are given as their
    SHA-256.
    """
    dataset: Any = (
        experimental.TFRecordIterDataset(paths[0])
        if paths[0].endswith(".tfrecord")
        else grain.MapDataset.source(grain.ArrayRecordDataSource(paths))
    )
    for name, *arguments in operations:
        dataset = _OPERATIONS[name](dataset, *arguments)
    iterator = iter(dataset)
    if state is not None:
        iterator.set_state(state)
    elements = [_told(element) for element in itertools.islice(iterator, count)]
    return {"elements": elements, "state": iterator.get_state()}


def record_loader(paths: list[str], seed: int, count: int, state: str | None = None) -> dict[str, Any]:
    """The same of a DataLoader over ArrayRecord files, shuffled; the state is its text."""
    source = grain.ArrayRecordDataSource(paths)
    sampler = grain.IndexSampler(len(source), grain.NoSharding(), shuffle=True, num_epochs=2, seed=seed)
    iterator = iter(grain.DataLoader(data_source=source, sampler=sampler))
    if state is not None:
        iterator.set_state(state.encode())
    elements = [_told(element) for element in itertools.islice(iterator, count)]
    return {"elements": elements, "state": iterator.get_state().decode()}


_OPERATIONS: dict[str, Any] = {
    "shuffle": lambda dataset, seed: dataset.shuffle(seed),
    "repeat": lambda dataset, count: dataset.repeat(count),
    "lengths": lambda dataset: dataset.map(len),
    "odd": lambda dataset: dataset.filter(lambda length: length % 2 == 1),
    "batch": lambda dataset, size: _iterable(dataset).batch(size),
}


def _iterable(dataset: Any) -> Any:
    """What `filter` left of a dataset with random access can only be batched in passing."""
    return dataset.to_iter_dataset() if isinstance(dataset, grain.MapDataset) else dataset


def _record(spec: dict[str, int]) -> bytes:
    return random_message(spec["message"]) if "message" in spec else seeded_bytes(spec["seed"], spec["length"])


def _told(element: Any) -> Any:
    if isinstance(element, bytes):
        return _sha256(element)
    return element.tolist() if isinstance(element, np.ndarray) else element


def _sha256(record: bytes) -> str:
    return hashlib.sha256(record).hexdigest()
