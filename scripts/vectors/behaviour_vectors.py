"""behaviour.json: operations on one PipelineCheckpoint, one after another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from datarax.checkpoint import PipelineCheckpoint
from tagged_json import encode

from vectors.draws import Draws
from vectors.round_trip import Recorder, new_base

IDENTITY = {"sampler_repr": "S(1)", "data_source_repr": "D", "shard_count": 2, "worker_count": 0, "shard_index": 0}


def vectors(draws: Draws) -> dict[str, Any]:
    """The file."""
    what = "each case starts with a missing base dir <B> and one PipelineCheckpoint(<B>); state given plainly; entries = sorted names in <B> afterwards (null: missing)"
    return {"what": what, "cases": [_case(_script(draws)) for _ in draws.times(18)]}


def _script(draws: Draws) -> list[dict[str, Any]]:
    steps = sorted(draws.sample(range(45), 5))
    return [_operation(draws, steps) for _ in range(draws.randint(5, 26))]


def _operation(draws: Draws, steps: list[int]) -> dict[str, Any]:
    step = draws.choice([*steps, draws.choice([None, -draws.randint(1, 9), 10 ** draws.randint(1, 12)])])
    kind = draws.choices(
        ["save", "save_to_step", "restore", "restore_latest", "metadata", "latest", "list", "has", "steps", "mkdir", "touch", "rename", "identity"],
        [9, 4, 5, 3, 3, 2, 2, 1, 2, 2, 1, 2, 1],
    )[0]
    if kind == "save":
        state = draws.choice([{"p": draws.randrange(1000)}] * 8 + [_state(draws), {}, None, [1], "x"])
        metadata = draws.choice([None, None, {}, {"m": draws.randrange(9), "t": "x"}, {"lr": 0.5, "note": "é😀", "3": "int key", "list": [1, None, True]}])
        operation = {"op": "save", "step": step, "keep": draws.choice([0, 1, 1, 2, 3, 5, None, -1]), "overwrite": draws.random() < 0.4 and state != {}, "state": state}
        return operation if draws.random() < 0.3 else {**operation, "metadata": metadata}
    if kind == "save_to_step":
        interval = draws.choice([1, 5, 7, 10, -10, 0, None])
        number = draws.choice([5 * draws.randint(0, 40), draws.randint(0, 200), -10])
        keywords = {} if interval is None else {"interval": interval}
        if draws.random() < 0.7:
            keywords["keep"] = draws.choice([1, 2, 4, 0])
        return {"op": "save_to_step", "step": number, "state": {"p": draws.randrange(1000)}, "kw": keywords}
    if kind in ("restore", "metadata"):
        return {"op": kind, "step": step}
    if kind == "identity":
        changed = {key: draws.choice([value, value, 3, "other", [1]]) for key, value in IDENTITY.items() if draws.random() < 0.8}
        if draws.random() < 0.5:
            return {"op": "save", "step": step, "keep": None, "overwrite": True, "state": {"p": 1, **IDENTITY}}
        return {"op": "restore", "step": step, "current": {"p": 1, **changed}}
    if kind in ("mkdir", "touch"):
        number = draws.choice(steps)
        names = [f"ckpt-{number}", f"{number}", f"ckpt-00{number}", f"ckpt-{number}.orbax-checkpoint-tmp", f"ckpt-x{number}", f"x{number}", f"ckpt-{number}-foo", "ckpt-", "checkpoint", f"ckpt-+{number}", f"{number}_0", f"ckpt- {number}", f"-{number}"]
        return {"op": kind, "name": draws.choice(names)}
    if kind == "rename":
        number = draws.choice(steps)
        return {"op": "rename", "name": f"ckpt-{number}", "to": draws.choice([f"{number}", f"ckpt-0{number}", f"{number + 50}", "checkpoint", f"ckpt-{number + 50}"])}
    return {"op": kind}


def _state(draws: Draws) -> dict[str, Any]:
    return {"p": draws.randrange(9), "text": "é😀", "list": [1, [2, {"a": None}]], "flags": {"0": True, "7": False}, "gone": {}}


def _case(operations: list[dict[str, Any]]) -> dict[str, Any]:
    base = new_base()
    checkpoint = PipelineCheckpoint(base)
    steps = []
    for operation in operations:
        step: dict[str, Any] = {"op": operation}
        try:
            step["ok"] = _without_base(_run(operation, checkpoint, base), base)
        except Exception as error:  # whatever Datarax, Orbax or the file system raises
            step["error"] = {"type": type(error).__name__, "message": _without_base(str(error), base)}
        step["entries"] = sorted(os.listdir(base)) if base.is_dir() else None
        steps.append(step)
    checkpoint.handler.close()
    return {"steps": steps}


def _without_base(value: Any, base: Path) -> Any:
    if isinstance(value, str):
        return value.replace(str(base), "<B>")
    return [_without_base(item, base) for item in value] if isinstance(value, list) else value


def _run(operation: dict[str, Any], checkpoint: PipelineCheckpoint, base: Path) -> Any:
    kind = operation["op"]
    if kind == "save":
        options = {name: operation[name] for name in ("step", "keep", "overwrite", "metadata") if name in operation}
        recorder = Recorder()
        recorder.state = operation["state"]
        return checkpoint.save_to_directory(recorder, **options)
    if kind == "save_to_step":
        return checkpoint.save_to_step(Recorder(operation["state"]), operation["step"], **operation["kw"])
    if kind in ("restore", "restore_latest"):
        recorder = Recorder(operation.get("current"))
        checkpoint.restore(recorder, step=operation["step"]) if kind == "restore" else checkpoint.restore_latest(recorder)
        return encode(recorder.received)
    if kind == "metadata":
        return encode(checkpoint.handler.restore(base, step=operation["step"], metadata_only=True))
    if kind == "latest":
        return checkpoint.get_latest_step()
    if kind == "list":
        return [[step, path] for step, path in checkpoint.list_checkpoints().items()]
    if kind == "has":
        return checkpoint.has_checkpoint()
    if kind == "steps":
        return checkpoint.handler.get_checkpoint_steps(base)
    if kind == "mkdir":
        (base / operation["name"]).mkdir(parents=True, exist_ok=True)
    elif kind == "touch":
        (base / operation["name"]).write_bytes(b"")
    else:
        (base / operation["name"]).rename(base / operation["to"])
    return None
