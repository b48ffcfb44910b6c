"""What the real libraries do with states that are none: set_state, and the steps behind it where nothing was raised.

A subject is {"kind", ...}: `stream` with {class, config} of ops_stream.py; `grain` with {program} of grain_programs.py;
`loader` with {loader} of ops_data_loader.py, whose state is the parsed JSON; `packing` with {dataset} of ops_packing.py;
`tfrecord` with {path} below the repository. It may say {taken: elements before the state is asked for, steps: how many are
taken behind set_state, or 0 where Python does not go on from states, via: how a stream's are taken (ops_stream.py), orbax:
true for a state that went through Datarax's checkpoints}.
"""

from __future__ import annotations

import copy
import json
import math
import signal
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grain_programs
import numpy as np
from absl import flags

from tagged_json import decode, encode

ROOT = Path(__file__).resolve().parent.parent.parent
MOST_SECONDS = 4
WORDED = ("/datarax/", "/grain/")


def bad_state_start(subject: dict[str, Any]) -> Any:
    """The state behind the elements that `subject` says, in tagged JSON."""
    adapter = _adapter(subject)
    iterator = adapter.fresh()
    for _ in range(subject.get("taken", 0)):
        adapter.take(iterator)
    state = adapter.state(iterator)
    return encode(_through_orbax(state) if subject.get("orbax") else state)


def bad_states(subject: dict[str, Any], states: list[Any]) -> list[Any]:
    """What each state (tagged JSON) leads to.

    {"error": [class, message or null, message of the cause or null]} of set_state, or {"steps": [[element] | "end" |
    {"error"}]}. Messages that Datarax and Grain do not word themselves (`'NoneType' object is not subscriptable`) are left out.
    """
    adapter = _adapter(subject)
    return [_verdict(adapter, state, subject.get("steps", 0)) for state in states]


def _verdict(adapter: _Adapter, state: Any, steps: int) -> Any:
    iterator = adapter.fresh()
    decoded = decode(state)
    try:
        _in_time(lambda: adapter.restore(iterator, decoded))
    except Exception as error:  # noqa: BLE001 - whatever Python raises is the verdict
        return {"error": _described(error)}
    taken: list[Any] = []
    for _ in range(steps):
        try:
            taken.append([_in_time(lambda: adapter.take(iterator))])
        except StopIteration:
            taken.append("end")
            break
        except Exception as error:  # noqa: BLE001
            taken.append({"error": _described(error)})
            break
    return {"steps": taken}


def _described(error: BaseException) -> list[Any]:
    cause, name = error.__cause__, type(error).__name__
    frame = traceback.extract_tb(error.__traceback__)[-1]
    is_worded = str(error) != "" and (frame.line or "").startswith("raise ") and any(part in frame.filename for part in WORDED)
    return [name, str(error) if is_worded else None, None if cause is None else str(cause)]


def _in_time(action: Callable[[], Any]) -> Any:
    def late(*_: Any) -> None:
        raise TimeoutError("Python did not come back")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(MOST_SECONDS)
    try:
        return action()
    finally:
        signal.alarm(0)


def _through_orbax(state: Any) -> Any:
    from datarax.checkpoint import IteratorCheckpoint

    from ops_stream import UserIterator

    with tempfile.TemporaryDirectory() as folder:
        checkpoint = IteratorCheckpoint(Path(folder) / "base")
        checkpoint.save_to_directory(UserIterator(state))
        restored = UserIterator({})
        checkpoint.restore(restored)
        checkpoint.handler.close()
    return restored.state


class _Adapter:
    """How the iterators of a subject are made and used."""

    def __init__(self, make: Callable[[], Any], take: Callable[[Any], Any] | None = None) -> None:
        self._make = make
        self._take = take or next

    def fresh(self) -> Any:
        """An iterator at the start."""
        return self._make()

    def take(self, iterator: Any) -> Any:
        """The next element as JSON."""
        return _plain(self._take(iterator))

    def state(self, iterator: Any) -> Any:
        """Its state, which it does not change later."""
        return copy.deepcopy(iterator.get_state())

    def restore(self, iterator: Any, state: Any) -> None:
        """set_state."""
        iterator.set_state(state)


class _Loader(_Adapter):
    """States are JSON texts."""

    def state(self, iterator: Any) -> Any:
        return json.loads(iterator.get_state().decode())

    def restore(self, iterator: Any, state: Any) -> None:
        iterator.set_state(json.dumps(state).encode())


class _Reused(_Adapter):
    """An iterator that is slow to make is set back in place of a new one."""

    def __init__(self, make: Callable[[], Any], take: Callable[[Any], Any] | None = None) -> None:
        super().__init__(make, take)
        self._iterator = make()
        self._start = self._iterator.get_state()

    def fresh(self) -> Any:
        self._iterator._closed = False  # a pipeline stays closed behind its end
        self._iterator.set_state(copy.deepcopy(self._start))
        return self._iterator


_adapters: dict[str, _Adapter] = {}


def _adapter(subject: dict[str, Any]) -> _Adapter:
    key = json.dumps(subject, sort_keys=True)
    if key not in _adapters:
        _adapters[key] = _KINDS[subject["kind"]](subject)
    return _adapters[key]


def _stream(subject: dict[str, Any]) -> _Adapter:
    import ops_stream

    def make() -> Any:
        return ops_stream._make(subject["class"], copy.deepcopy(subject["config"]))

    via = subject.get("via", "next")
    if via == "iter":
        return _Iterated(make)
    if isinstance(via, int):
        return _Adapter(make, lambda source: source.get_batch(via))
    return (_Reused if subject["class"] == "IndexedPipeline" else _Adapter)(make)


class _Iterated(_Adapter):
    """Classes that go on from a state by iter()."""

    def take(self, iterator: Any) -> Any:
        under_way = getattr(self, "_under_way", None)
        if under_way is None or under_way[0] is not iterator:
            self._under_way = (iterator, iter(iterator))
        return _plain(next(self._under_way[1]))


def _grain(subject: dict[str, Any]) -> _Adapter:
    return _Adapter(lambda: grain_programs.fresh(subject["program"]))


def _loader(subject: dict[str, Any]) -> _Adapter:
    import ops_data_loader

    return _Loader(lambda: iter(ops_data_loader._loader(subject["loader"])))


def _packing(subject: dict[str, Any]) -> _Adapter:
    import ops_packing

    return _Adapter(lambda: ops_packing._iterator(subject["dataset"]))


def _tfrecord(subject: dict[str, Any]) -> _Adapter:
    from grain import experimental

    path = str(ROOT / subject["path"])
    return _Adapter(lambda: iter(experimental.TFRecordIterDataset(path)), lambda iterator: next(iterator).hex())


def _plain(element: Any) -> Any:
    if isinstance(element, dict):
        return {str(key): _plain(value) for key, value in element.items()}
    if isinstance(element, (list, tuple)):
        return [_plain(value) for value in element]
    if isinstance(element, float) and not math.isfinite(element):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(element)]  # as JavaScript says it
    if element is None or isinstance(element, (bool, int, float, str)):
        return element
    return _plain(np.asarray(element).tolist())


_KINDS = {"stream": _stream, "grain": _grain, "loader": _loader, "packing": _packing, "tfrecord": _tfrecord}
flags.FLAGS.mark_as_parsed()  # Grain's processes ask for flags of the command line
