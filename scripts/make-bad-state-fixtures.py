"""Makes fixtures/streams/bad-states.json: what the real libraries do with damaged states of every stream class.

    .oracle/bin/python scripts/make-bad-state-fixtures.py

Of each subject (`scripts/oracle/ops_bad_states.py` says what one is) a real state, and for each place in it what each change
leads to. A place is a path into the tagged JSON of the state; CHANGES are tried at each. `verdicts` holds each outcome once;
a place lists their numbers in the order of CHANGES, -1 where a change means nothing there. Run again, it writes the same bytes.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "oracle"))

from ops_bad_states import bad_state_start, bad_states  # noqa: E402 - JAX reads the environment when it is imported


def array(kind: str, dtype: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    """An array in tagged JSON."""
    return {"$array": {"kind": kind, "dtype": dtype, "shape": shape, "data": data}}


# What a place is replaced by; CHANGES also has what depends on the place.
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "text": "",
    "minus one": -1,
    "one": 1,
    "two": 2,
    "fraction": {"$float": "1.5"},
    "float": {"$float": "1.0"},
    "nan": {"$float": "nan"},
    "2^31": 2**31,
    "2^53": {"$int": str(2**53)},
    "10^30": {"$int": str(10**30)},
    "list": [],
    "dict": {},
    "other state": {"next_index": 1},
    "other sampler": {"position": 1, "sampler_state": {"dataset_size": 3, "seed": 1, "position": 1}},
    "np.int64": array("numpy", "int64", [], [1]),
    "np scalar": array("np_scalar", "int32", [], [1]),
    "jax uint32": array("jax", "uint32", [], [1]),
    "np.float64": array("numpy", "float64", [], [1.0]),
    "row": array("numpy", "int32", [1], [1]),
}
CHANGES = ["unchanged", "deleted", "beside", "shorter", "longer", "tuple", *VALUES]


def places(state: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All paths of a state, its own first."""
    found = [path]
    if isinstance(state, dict) and "$map" in state:
        for index, (_, value) in enumerate(state["$map"]):
            found += places(value, (*path, "$map", index, 1))
    elif isinstance(state, dict) and not any(key.startswith("$") for key in state):
        for key, value in state.items():
            found += places(value, (*path, key))
    elif isinstance(state, list):
        for index, value in enumerate(state[:2]):
            found += places(value, (*path, index))
    return found


def changed(state: Any, path: tuple[Any, ...], change: str) -> Any:
    """The state with a change; None in a list where the change means nothing there."""
    holder = {"root": copy.deepcopy(state)}
    parent: Any = holder
    key: Any = "root"
    for step in path:
        parent, key = parent[key], step
    value = parent[key]
    if change == "unchanged":
        return None if path else holder["root"]
    if change in VALUES:
        parent[key] = copy.deepcopy(VALUES[change])
    elif change == "deleted" and path and isinstance(parent, dict):
        del parent[key]
    elif change == "beside" and isinstance(value, dict) and not any(name.startswith("$") for name in value):
        value["beside"] = 1
    elif change == "shorter" and isinstance(value, list) and value:
        value.pop()
    elif change == "longer" and isinstance(value, list) and value:
        value.append(copy.deepcopy(value[-1]))
    elif change == "tuple" and isinstance(value, list):
        parent[key] = {"$tuple": value}
    else:
        return None
    return holder["root"]


def can_be_said(subject: dict[str, Any], change: str) -> bool:
    """Whether a state with the change has a form: those of loaders are JSON."""
    return subject["kind"] != "loader" or (change != "tuple" and "$array" not in json.dumps(VALUES.get(change)))


def values(start: int, stop: int) -> list[Any]:
    """An iterated range."""
    return ["iter", ["range", start, stop]]


def column(n: int) -> dict[str, Any]:
    """Data of a source."""
    return {"x": array("numpy", "int32", [n], list(range(n)))}


def stream(name: str, config: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A subject of Datarax."""
    return {"kind": "stream", "class": name, "config": config, **more}


def grain(*program: Any, **more: Any) -> dict[str, Any]:
    """A subject of Grain's datasets."""
    return {"kind": "grain", "program": list(program), "taken": 3, "steps": 2, "orbax": True, **more}


MEMORY = {"data": column(5), "shuffle": True, "rngs": {"default": 3, "shuffle": 8}}
INDEX = {"sampler": "index", "n": 10, "shuffle": True, "seed": 3, "num_epochs": 2}
PACKED = {
    "class": "FirstFitPackIterDataset",
    "elements": [{"x": array("numpy", "int32", [n], list(range(n)))} for n in (2, 3, 1, 2, 3)],
    "options": {"length_struct": {"x": 4}, "num_packing_bins": 2, "seed": 5},
}
CONCATENATED = {
    "class": "ConcatThenSplitIterDataset",
    "elements": PACKED["elements"],
    "options": {"length_struct": {"x": 4}},
}

SUBJECTS: dict[str, dict[str, Any]] = {
    "SequentialSamplerModule": stream(
        "SequentialSamplerModule", {"num_records": 5, "num_epochs": 2}, taken=3, steps=3, via="iter", orbax=True
    ),
    "ShuffleSampler": stream(
        "ShuffleSampler", {"dataset_size": 12, "seed": 5}, taken=4, steps=3, via="iter", orbax=True
    ),
    "EpochAwareSamplerModule": stream(
        "EpochAwareSamplerModule",
        {"num_records": 6, "num_epochs": 3, "seed": 9, "shuffle": True, "rngs": {"default": 0}},
        taken=8,
        steps=3,
        orbax=True,
    ),
    "SlidingWindowSampler": stream(
        "SlidingWindowSampler",
        {"num_records": 7, "window_size": 2, "stride": 2, "num_epochs": 2},
        taken=2,
        steps=2,
        orbax=True,
    ),
    "RangeSampler": stream("RangeSampler", {"start": 3, "stop": 20, "step": 4}, taken=2, via="iter", orbax=True),
    "BufferSampler": stream(
        "BufferSampler",
        {
            "capacity": 3,
            "prefill": 1,
            "sample_size": 1,
            "seed": 1,
            "element_spec": {"x": {"dtype": "int32", "shape": []}},
        },
        orbax=True,
    ),
    "MemorySource": stream("MemorySource", MEMORY, taken=1, via=2, orbax=True),
    "MemorySource in order": stream(
        "MemorySource", {"data": column(5), "shuffle": False}, taken=1, via=2, steps=3, orbax=True
    ),
    "EagerSourceBase": stream(
        "EagerSourceBase", {"data": column(5), "shuffle": True, "seed": 7}, taken=1, via=2, steps=2, orbax=True
    ),
    "ArrayRecordSourceModule": stream(
        "ArrayRecordSourceModule", {"total_records": 4, "seed": 2, "shuffle_files": True}, taken=2
    ),
    "MixDataSourcesNode": stream(
        "MixDataSourcesNode",
        {"sources": [{**MEMORY, "shuffle": False}, {"data": column(3), "shuffle": False}], "weights": [1, 2]},
        taken=2,
        via="iter",
        orbax=True,
    ),
    "JaxProcessSharderModule": stream(
        "JaxProcessSharderModule", {"process_index": 1, "process_count": 3, "local_device_count": 2}, orbax=True
    ),
    "PipelineIterator": stream(
        "IndexedPipeline",
        {
            "source": {"class": "MemorySource", "config": MEMORY},
            "batch_size": 2,
            "rngs": {"default": 4, "aug": 5},
            "stages": [],
        },
        taken=1,
        steps=2,
        orbax=True,
    ),
    "toIterDataset": grain("iter", ["shuffle", ["range", 0, 9], 4]),
    "map, filter, batch": grain("batch", ["filter", ["map", values(0, 20), 1], 2], 2, False),
    "mix": grain("mix", [values(0, 6), values(100, 104)], [1, 2]),
    "mix by name": grain("mixNamed", {"b": values(0, 6), "a": values(100, 104)}, {"b": 1, "a": 2}),
    "zip": grain("zip", [values(0, 6), values(10, 14)], False),
    "repeat": grain("repeat", values(0, 4), 2),
    "limit": grain("limit", values(0, 9), 6),
    "windowShuffle": grain("windowShuffle", values(0, 9), 2, 7),
    "interleave": grain("interleave", [values(0, 4), values(10, 13), values(20, 22)], 2),
    "cache": grain("cache", values(0, 6)),
    "flatMap": grain("flatMap", values(1, 9), 4),
    "rebatch": grain("rebatch", ["batch", values(0, 14), 3, False], 2, False),
    "threadPrefetch": grain("threadPrefetch", values(0, 9), 2),
    "multithreadPrefetch": grain("multithreadPrefetch", values(0, 9), 2),
    "elastic": grain("elastic", ["shuffle", ["range", 0, 24], 5], 4, 0, 2),
    "DataLoader": {"kind": "loader", "loader": INDEX, "taken": 4, "steps": 2},
    "DataLoader of two workers": {"kind": "loader", "loader": {**INDEX, "workers": 2}, "taken": 3},
    "FirstFitPackIterDataset": {"kind": "packing", "dataset": PACKED, "taken": 1, "steps": 2, "orbax": True},
    "ConcatThenSplitIterDataset": {"kind": "packing", "dataset": CONCATENATED, "taken": 1, "steps": 2},
    "TFRecordIterDataset": {"kind": "tfrecord", "path": "fixtures/records/raw.tfrecord", "taken": 1, "steps": 1},
}


def main() -> None:
    """Writes the file."""
    verdicts: dict[str, int] = {}
    subjects = []
    for name, subject in SUBJECTS.items():
        state = bad_state_start(subject)
        recorded = []
        for path in places(state):
            states = [changed(state, path, change) for change in CHANGES]
            meant = [
                can_be_said(subject, change) and (item is not None or (change == "null" and not path))
                for change, item in zip(CHANGES, states, strict=True)
            ]
            outcomes = iter(bad_states(subject, [item for item, means in zip(states, meant, strict=True) if means]))
            numbers = []
            for means in meant:
                text = dumped(next(outcomes)) if means else None
                numbers.append(-1 if text is None else verdicts.setdefault(text, len(verdicts)))
            recorded.append({"path": list(path), "verdicts": numbers})
        subjects.append({"name": name, "subject": subject, "state": state, "places": recorded})
        print(name, len(recorded), len(verdicts), file=sys.stderr, flush=True)
    listed = ",\n".join
    parts = [
        dumped({"values": VALUES, "changes": CHANGES})[:-1],
        f'"verdicts": [\n{listed(verdicts)}\n]',
        f'"subjects": [\n{listed(map(dumped, subjects))}\n]',
    ]
    target = ROOT / "fixtures" / "streams" / "bad-states.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(listed(parts) + "\n}\n", encoding="utf-8")


def dumped(value: Any) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
    os._exit(0)  # Grain's worker processes are of no more use
