"""What a checkpoint gives back, and how streams go on."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from datarax.checkpoint import IteratorCheckpoint
from tagged_json import encode

_FOLDER = tempfile.TemporaryDirectory(prefix="make-vectors-")
_NUMBERS = itertools.count()


def new_base() -> Path:
    """A directory that is not there yet."""
    return Path(_FOLDER.name).resolve() / f"base{next(_NUMBERS)}"


class Recorder:
    """An iterator that has a state and keeps the one that it is given."""

    def __init__(self, state: Any = None) -> None:
        self.state: Any = {} if state is None else state
        self.received: Any = None

    def get_state(self) -> Any:
        """The state as it was given."""
        return self.state

    def set_state(self, state: Any) -> None:
        """Keeps it."""
        self.received = state


def saved(state: Any) -> IteratorCheckpoint:
    """A checkpoint of a state, at step 1 of a new base directory."""
    checkpoint = IteratorCheckpoint(new_base())
    checkpoint.save_to_directory(state if hasattr(state, "get_state") else Recorder(state), step=1)
    return checkpoint


def restored(checkpoint: IteratorCheckpoint) -> Any:
    """The state that an iterator gets."""
    recorder = Recorder()
    checkpoint.restore_latest(recorder)
    return recorder.received


def take(pull: Callable[[], Any], most: int) -> tuple[list[Any], bool]:
    """Up to `most` elements, and whether there were fewer."""
    elements: list[Any] = []
    while len(elements) < most:
        try:
            elements.append(pull())
        except StopIteration:
            return elements, True
    return elements, False


Start = Callable[[Any], Callable[[], Any]]
"""Begins to pull elements of a subject."""


def stream_case(
    fields: dict[str, Any],
    make: Callable[[], Any],
    start: Start,
    consumed: int,
    most: int,
    resumes: dict[str, tuple[str, Start]],
) -> dict[str, Any]:
    """{...fields, consumed, first, state, restored, next, ends}, and for each name in `resumes` what Python yields itself."""
    subject = make()
    pull = start(subject)
    first, _ = take(pull, consumed)
    checkpoint = saved(subject)
    case = {**fields, "consumed": consumed, "first": first, "state": encode(subject.get_state()), "restored": encode(restored(checkpoint))}
    elements, ends = take(pull, most)
    case |= {"next": elements, "ends": ends}
    for name, (via, resume) in resumes.items():
        try:
            other = checkpoint.restore_latest(make())
        except ValueError as error:
            cause = error.__cause__
            return {**case, "python_restore_error": {"type": "ValueError", "message": str(error), "cause": None if cause is None else str(cause)}}
        found = take(resume(other), most)
        case[name] = "same as next" if found == (elements, ends) else {"via": via, "next": found[0], "ends": found[1]}
    return case


def pull_from(iterator: Iterator[Any], plain: Callable[[Any], Any]) -> Callable[[], Any]:
    """next() of an iterator, made plain."""
    return lambda: plain(next(iterator))
