"""Prints the iterator state that real Datarax restores, as `orbax-ts state --json` must print it.

    python scripts/oracle/state.py BASE [--step N]

BASE is the base directory of an IteratorCheckpoint. It is restored into an iterator that names no identity
(no `sampler_repr`, `shard_count`, ...), so nothing is refused as incompatible. One JSON object goes to
stdout:

    {"step": N, "state": ..., "metadata": ...}

- step: the number that was read; null for the unversioned directory `checkpoint`, to which Datarax also falls
  back when a step is missing.
- state: what the iterator's set_state received, in tagged JSON (see tagged_json.py).
- metadata: what was saved with it, in tagged JSON; null if nothing was.

Failures: exit code 2 and one line on stderr, with Python's message.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


class Recorder:
    """An iterator without identity that keeps what set_state gets."""

    def __init__(self) -> None:
        self.received: Any = None

    def get_state(self) -> dict[str, Any]:
        """Nothing, so that no field can differ from the checkpoint's."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Keeps the restored state."""
        self.received = state


def read_state(base: str, step: int | None) -> dict[str, Any]:
    """Restores the newest step of `base`, or `step`; the result is ready for JSON."""
    from datarax.checkpoint import IteratorCheckpoint

    from tagged_json import encode
    from wide_types import wide_types

    directory = Path(base).absolute()
    checkpoint = IteratorCheckpoint(directory)
    recorder = Recorder()
    with wide_types():
        try:
            checkpoint.restore(recorder, step=step)
            metadata = checkpoint.handler.restore(directory, step=step, metadata_only=True)
            read = _step_read(checkpoint.handler, directory, step)
            return {"step": read, "state": encode(recorder.received), "metadata": encode(metadata)}
        finally:
            checkpoint.handler.close()


def _step_read(handler: Any, directory: Path, step: int | None) -> int | None:
    """The number of the directory that Datarax takes; None if that is `checkpoint`."""
    if handler._find_checkpoint_path(directory, step).name == "checkpoint":
        return None
    return step if step is not None else handler.latest_step(directory)


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", metavar="BASE")
    parser.add_argument("--step", type=int, metavar="N")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)  # stderr holds nothing but the line below
    try:
        print(json.dumps(read_state(arguments.base, arguments.step), allow_nan=False))
    except Exception as error:  # whatever Datarax or Orbax raises: the caller compares exit codes and lines
        message = str(error).replace("\n", "\\n")
        print(f"state.py: {arguments.base}: {type(error).__name__}: {message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
