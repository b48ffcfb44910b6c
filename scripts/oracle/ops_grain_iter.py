"""Operations on the pipelines of `grain_programs.py`."""

from __future__ import annotations

from typing import Any

import grain_programs
from absl import flags


def grain_record(program: list[Any], most: int, mended: bool) -> dict[str, Any]:
    """What real Grain does with a pipeline at up to `most` positions; `grain_programs.record` says more."""
    return grain_programs.record(program, most, mended)


def grain_steps(program: list[Any], state: Any, count: int) -> dict[str, Any]:
    """The next steps of a fresh iterator that was set to a state, if one is given: {"steps", "state" behind them}."""
    flags.FLAGS.mark_as_parsed()  # Grain's processes ask for flags of the command line
    iterator = grain_programs.fresh(program, state)
    steps = [grain_programs.advance(iterator) for _ in range(count)]
    behind = grain_programs.state_of(iterator)
    if hasattr(iterator, "close"):
        iterator.close()
    return {"steps": steps, "state": behind}
