"""Times Orbax and Datarax for scripts/bench/run.mjs: one JSON request a line on stdin, one JSON answer a line on stdout.

A request names a case and a directory; the answer is the seconds that the call alone took. Start it with
`.oracle/bin/python`; imports are done before the first answer, so they are not timed.
"""

import functools
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Callable

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # libraries that print must not disturb the answers

import numpy as np  # noqa: E402
import orbax.checkpoint as ocp  # noqa: E402
from datarax.checkpoint import IteratorCheckpoint  # noqa: E402
from datarax.samplers import ShuffleSampler, ShuffleSamplerConfig  # noqa: E402

checkpointer = ocp.StandardCheckpointer()


@functools.cache
def leaves(count: int, length: int) -> dict[str, Any]:
    """The tree that run.mjs makes by the same formula."""
    return {f"layer_{index}": {"w": np.arange(index, index + length, dtype=np.float32)} for index in range(count)}


def sampler() -> ShuffleSampler:
    return ShuffleSampler(ShuffleSamplerConfig(dataset_size=50_000, seed=1234))


def state_save(directory: Path, step: int) -> None:
    IteratorCheckpoint(directory).save_to_directory(sampler(), step=step, keep=1)


def state_restore(directory: Path) -> None:
    IteratorCheckpoint(directory).restore(sampler())


def tree_save(directory: Path, count: int, length: int) -> None:
    checkpointer.save(directory, leaves(count, length), force=True)
    checkpointer.wait_until_finished()


def tree_load(directory: Path, count: int, length: int) -> None:
    restored = checkpointer.restore(directory)
    assert len(restored) == count


def tree_digest(directory: Path) -> dict[str, Any]:
    """Sums of all leaves, to compare what was timed."""
    restored = checkpointer.restore(directory)
    return {name: float(np.sum(layer["w"], dtype=np.float64)) for name, layer in sorted(restored.items())}


CASES: dict[str, Callable[..., Any]] = {
    "state save": state_save,
    "state restore": state_restore,
    "tree save": tree_save,
    "tree load": tree_load,
    "tree digest": tree_digest,
}

for line in sys.stdin:
    request = json.loads(line)
    run = CASES[request["case"]]
    start = time.perf_counter()
    value = run(Path(request["directory"]), *request.get("args", []))
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "value": value}), file=answers, flush=True)
