"""Operations on directories of steps, with Orbax's CheckpointManager."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import orbax.checkpoint as ocp

from dump import dump_tree
from tagged_json import decode, encode
from wide_types import wide_types


def manager_save(
    directory: str,
    steps: list[dict[str, Any]],
    options: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
) -> list[int]:
    """Saves steps with one manager and closes it; returns all_steps(), ascending.

    Each step: {"step": n, "tree": tagged JSON} saves one item `default`; {"step": n, "items": {name: {"tree"}
    or {"json"}}} saves several. Besides: "metrics" (needs options best_metric), "custom_metadata".
    options: fields of CheckpointManagerOptions (max_to_keep, step_prefix, step_format_fixed_length,
    best_mode, ...), best_metric: name of the metric that best_fn reads, and commit_file: whether only steps
    with commit_success.txt count. metadata: of the root.
    """
    with wide_types(), _manager(directory, options, metadata) as manager:
        for step in steps:
            fields = {name: step[name] for name in ("metrics", "custom_metadata") if name in step}
            manager.save(step["step"], args=_save_arguments(step), **fields)
        manager.wait_until_finished()
        return sorted(manager.all_steps())


def manager_facts(directory: str, options: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a manager with these options sees: steps (ascending), latest, best, metrics by step."""
    with _manager(directory, options, None) as manager:
        steps = sorted(manager.all_steps())
        has_metric = options is not None and "best_metric" in options
        return {
            "all_steps": steps,
            "latest_step": manager.latest_step(),
            "best_step": manager.best_step() if has_metric else None,
            "metrics": {str(step): encode(manager.metrics(step)) for step in steps} if has_metric else {},
            "root_metadata": encode(_root_metadata(manager)),
        }


def manager_restore(
    directory: str,
    step: int | None = None,
    items: dict[str, str] | None = None,
    options: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Restores a step (the newest by default); the result has an entry for every item.

    items: {name: "standard" | "pytree" | "json"} asks by Composite; without it the manager finds the handlers
    itself, as `restore(step)` does. Every entry is what `orbax-ts dump --json` prints of the item: `pytree`
    for trees, `json` for items of the kind json and those that came back without any array.
    """
    with wide_types(), _manager(directory, options, None) as manager:
        if items is None:
            restored = manager.restore(step)
        else:
            restored = manager.restore(
                step, args=ocp.args.Composite(**{n: _RESTORE[k]() for n, k in items.items()})
            )
        if not isinstance(restored, ocp.args.Composite):
            restored = {"default": restored}
        return {
            name: _tell(value, (items or {}).get(name))
            for name, value in restored.items()
            if value is not None
        }


_RESTORE = {
    "standard": ocp.args.StandardRestore,
    "pytree": ocp.args.PyTreeRestore,
    "json": ocp.args.JsonRestore,
}


def _tell(value: Any, kind: str | None) -> dict[str, Any]:
    is_json = kind == "json" or (kind is None and _is_plain(value))
    return {"kind": "json", "json": _json(value)} if is_json else dump_tree(value)


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


def _json(value: Any) -> Any:
    """A JSON item as orbax-ts prints it: NaN and the infinities, which JSON lacks, as {"$float": "NaN"}."""
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    return value


def _manager(
    directory: str, options: dict[str, Any] | None, metadata: dict[str, Any] | None
) -> ocp.CheckpointManager:
    fields = dict(options or {})
    metric = fields.pop("best_metric", None)
    if metric is not None:
        fields["best_fn"] = lambda metrics: metrics[metric]
    if fields.pop("commit_file", False):
        mode = ocp.options.AtomicityMode.COMMIT_FILE
        fields["atomicity_options"] = ocp.options.AtomicityOptions(mode=mode)
    return ocp.CheckpointManager(
        os.path.abspath(directory), options=ocp.CheckpointManagerOptions(**fields), metadata=metadata
    )


def _root_metadata(manager: ocp.CheckpointManager) -> Any:
    metadata = manager.metadata()
    return dict(getattr(metadata, "custom_metadata", None) or {})


def _save_arguments(step: dict[str, Any]) -> Any:
    if "items" not in step:
        return ocp.args.StandardSave(decode(step["tree"]))
    items = {name: _item_arguments(item) for name, item in step["items"].items()}
    return ocp.args.Composite(**items)


def _item_arguments(item: dict[str, Any]) -> Any:
    if "json" in item:
        return ocp.args.JsonSave(item["json"])
    save = ocp.args.PyTreeSave if item.get("api") == "PyTreeCheckpointer" else ocp.args.StandardSave
    return save(decode(item["tree"]))
