"""Operations on Grain's packing datasets: what they give, their states, and how they go on from one.

A dataset is {"class", "elements", "options"}: `FirstFitPackIterDataset`, `BestFitPackIterDataset` or
`ConcatThenSplitIterDataset` over `MapDataset.source(elements).to_iter_dataset()`. elements: tagged JSON. options: Python's
arguments, `bos_handling` by its name, `length_struct` and its like in tagged JSON.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grain
from grain._src.python.dataset.transformations.packing_concat_then_split import BOSHandling

from tagged_json import decode, encode


def _iterator(dataset: dict[str, Any]) -> Any:
    options = {name: decode(value) for name, value in dataset["options"].items()}
    if "bos_handling" in options:
        options["bos_handling"] = BOSHandling[options["bos_handling"]]
    source = grain.MapDataset.source(decode(dataset["elements"])).to_iter_dataset()
    return iter(getattr(grain.experimental, dataset["class"])(source, **options))


def packing_trace(dataset: dict[str, Any], most: int) -> dict[str, Any]:
    """At most `most` elements with the state before each: {"elements", "states", "error"}, tagged JSON.

    states has one more, that behind the last. error: {"type", "message"} of what iterating raised, or null; then the states
    are as many as the elements. Some datasets never end: ConcatThenSplitIterDataset may take up parts of an element again.
    """
    elements: list[Any] = []
    states: list[Any] = []
    try:
        iterator = _iterator(dataset)
        states.append(encode(iterator.get_state()))
        for element in itertools.islice(iterator, most):
            elements.append(encode(element))
            states.append(encode(iterator.get_state()))
    except Exception as error:
        failure = {"type": type(error).__name__, "message": str(error)}
        return {"elements": elements, "states": states[: len(elements)], "error": failure}
    return {"elements": elements, "states": states, "error": None}


def packing_resume(
    dataset: dict[str, Any], states: list[Any], most: list[int], repair: bool = True
) -> list[Any]:
    """What comes after set_state of each state, at most so many elements: {"elements", "error"}.

    repair: makes slices tuples again where JSON or Orbax made lists of them. Python skips elements otherwise.
    """
    return [_rest(dataset, decode(state), count, repair) for state, count in zip(states, most, strict=True)]


def _rest(dataset: dict[str, Any], state: Any, most: int, repair: bool) -> dict[str, Any]:
    elements: list[Any] = []
    try:
        iterator = _iterator(dataset)
        iterator.set_state(_with_tuples(state) if repair else state)
        elements.extend(encode(element) for element in itertools.islice(iterator, most))
    except Exception as error:
        return {"elements": elements, "error": {"type": type(error).__name__, "message": str(error)}}
    return {"elements": elements, "error": None}


def _with_tuples(state: Any) -> Any:
    if not isinstance(state, dict) or "remainder_slices" not in state:
        return state
    slices = {name: tuple(pair) for name, pair in state["remainder_slices"].items()}
    return {**state, "remainder_slices": slices}


class _Repaired:
    """An iterator for Datarax whose states have tuples for slices again."""

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self.iterator)

    def get_state(self) -> Any:
        """The iterator's own."""
        return self.iterator.get_state()

    def set_state(self, state: Any) -> None:
        """Gives the iterator the state with tuples."""
        self.iterator.set_state(_with_tuples(state))


def packing_save(dataset: dict[str, Any], count: int, base: str) -> Any:
    """Takes `count` elements and saves with Datarax's IteratorCheckpoint; the state in tagged JSON."""
    from datarax.checkpoint import IteratorCheckpoint

    iterator = _iterator(dataset)
    for _ in range(count):
        next(iterator)
    checkpoint = IteratorCheckpoint(Path(base).absolute())
    checkpoint.save_to_directory(iterator)
    checkpoint.handler.close()
    return encode(iterator.get_state())


def packing_restore(dataset: dict[str, Any], base: str, most: int) -> dict[str, Any]:
    """Restores with Datarax's IteratorCheckpoint, slices being tuples again; at most `most` {"elements"} that come."""
    from datarax.checkpoint import IteratorCheckpoint

    iterator = _Repaired(_iterator(dataset))
    checkpoint = IteratorCheckpoint(Path(base).absolute())
    checkpoint.restore(iterator)
    checkpoint.handler.close()
    return {"elements": [encode(element) for element in itertools.islice(iterator, most)]}


def packing_json(dataset: dict[str, Any], count: int, folder: str) -> str:
    """Takes `count` elements and saves with Grain's checkpoint handler; the text of its JSON file."""
    iterator = _iterator(dataset)
    for _ in range(count):
        next(iterator)
    grain.checkpoint.CheckpointHandler().save(Path(folder), iterator)
    [file] = Path(folder).glob("*.json")
    text = file.read_text()
    json.loads(text)
    return text
