"""`<name>.tar.gz` with `<name>.expected.json`: base directories that scripts fill, and what is in them.

The scripts of script_texts.py are run as they are written into `script`.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import sys
import tarfile
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from datarax.checkpoint import IteratorCheckpoint
from tagged_json import encode

from vectors.draws import Draws
from vectors.round_trip import Recorder, new_base, take
from vectors.script_texts import SCRIPTS

MOST = 20
PACKAGES = ("datarax", "orbax-checkpoint", "jax", "flax", "grain", "numpy")


def pack_all(draws: Draws, directory: Path) -> None:
    """Makes checkpoints of all kinds of scripts, each as often as the scale says, in a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for index in draws.times(1):
        for number, write in enumerate(SCRIPTS):
            name = f"{write.__name__}_{index * len(SCRIPTS) + number}"
            while not pack(name, write(draws), directory):
                pass  # the script took more than its stream has


def pack(name: str, script: str, directory: Path) -> bool:
    """Runs one script and writes both files; False if its stream ended before the last save."""
    base = new_base().parent / f"{new_base().name}-{name}" / name
    base.parent.mkdir()
    try:
        program = run(script, base)
        expected = {"script": script, "name": name, **_expected(program, base)}
    except StopIteration:
        return False
    except Exception as error:
        raise RuntimeError(f"{name}:\n{script}") from error
    with tarfile.open(directory / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(base, name)
    text = json.dumps(expected, ensure_ascii=True, allow_nan=False)
    (directory / f"{name}.expected.json").write_text(text, encoding="ascii")
    return True


def run(script: str, base: Path) -> dict[str, Any]:
    """The names of a script that was run with a base directory as its argument."""
    program: dict[str, Any] = {"__name__": "__main__"}
    arguments = sys.argv
    sys.argv = ["script.py", str(base)]
    try:
        with redirect_stdout(io.StringIO()):
            exec(compile(script, "script.py", "exec"), program)
    finally:
        sys.argv = arguments
    return program


def _expected(program: dict[str, Any], base: Path) -> dict[str, Any]:
    checkpoint = IteratorCheckpoint(base)
    return {
        "versions": {package: importlib.metadata.version(package) for package in PACKAGES},
        "entries": sorted(os.listdir(base)),
        "steps": checkpoint.handler.get_checkpoint_steps(base),
        "latest_step": checkpoint.get_latest_step(),
        "list_checkpoints": [[step, path.replace(str(base), "<B>")] for step, path in checkpoint.list_checkpoints().items()],
        "has_checkpoint": checkpoint.has_checkpoint(),
        "restore": [_restore(program, base, step, consumed) for step, consumed in program["CASES"].items()],
        "restore_latest": _state(base, lambda checkpoint, recorder: checkpoint.restore_latest(recorder)),
        "restore_none": _state(base, lambda checkpoint, recorder: checkpoint.restore(recorder)),
        "extra": {},
    }


def _state(base: Path, restore: Callable[[IteratorCheckpoint, Recorder], Any]) -> dict[str, Any]:
    recorder = Recorder()
    try:
        restore(IteratorCheckpoint(base), recorder)
    except Exception as error:  # whatever Datarax or Orbax raises
        return {"error": _error(error, base)}
    return {"state": encode(recorder.received)}


def _error(error: Exception, base: Path) -> dict[str, str]:
    return {"type": type(error).__name__, "message": str(error).replace(str(base), "<B>")}


def _restore(program: dict[str, Any], base: Path, step: int, consumed: int) -> dict[str, Any]:
    make, start = program["make"], program["start"]
    found = _state(base, lambda checkpoint, recorder: checkpoint.restore(recorder, step=step))
    if "error" in found:
        return {"step": step, **found}
    metadata = IteratorCheckpoint(base).handler.restore(base, step=step, metadata_only=True)
    uninterrupted = start(make(), False)
    take(uninterrupted, consumed)
    elements, ends = take(uninterrupted, MOST)
    subject = IteratorCheckpoint(base).restore(make(), step=step)
    resumed = take(start(subject, True), MOST)
    same = "same as next" if resumed == (elements, ends) else {"next": resumed[0], "ends": resumed[1]}
    return {"step": step, **found, "metadata": encode(metadata), "next": elements, "ends": ends, "python_resume": same}
