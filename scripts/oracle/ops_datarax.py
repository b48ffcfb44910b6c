"""Operations on Datarax base directories that need no stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from datarax.checkpoint import IteratorCheckpoint

from state import read_state
from tagged_json import encode
from wide_types import wide_types


def state_json(base: str, step: int | None = None) -> dict[str, Any]:
    """What `orbax-ts state --json` must print (state.py)."""
    return read_state(base, step)


def list_steps(base: str) -> dict[str, Any]:
    """Datarax's view of a base directory: steps (duplicates kept), list_checkpoints as pairs, latest, has."""
    checkpoint = IteratorCheckpoint(Path(base).absolute())
    return {
        "steps": checkpoint.handler.get_checkpoint_steps(checkpoint.base_dir),
        "list": [[step, path] for step, path in checkpoint.list_checkpoints().items()],
        "latest": checkpoint.get_latest_step(),
        "has": checkpoint.has_checkpoint(),
    }


def latest(base: str) -> int | None:
    """get_latest_step()."""
    return IteratorCheckpoint(Path(base).absolute()).get_latest_step()


def metadata(base: str, step: int | None = None) -> Any:
    """What was saved as metadata, in tagged JSON; null if nothing was."""
    directory = Path(base).absolute()
    with wide_types(), IteratorCheckpoint(directory).handler as handler:
        return encode(handler.restore(directory, step=step, metadata_only=True))
