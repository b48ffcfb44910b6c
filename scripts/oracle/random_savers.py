"""Saves random trees with every saver that the installed release of Orbax has, and tells what it restores.

A saver is a function `(case)` that fills `case.root` and names what must be read from it with `case.tree`, `case.json`
and `case.lists`. Those that a release lacks are not drawn.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from dump import dump_tree
from random_trees import RandomTrees

try:
    import orbax.checkpoint.experimental.v1 as v1
except ImportError:
    v1 = None

VERSION = tuple(int(part) for part in importlib.metadata.version("orbax-checkpoint").split(".")[:3])
HAS_ARGS = VERSION >= (0, 5)
V1_ITEM = "state" if VERSION >= (0, 12) else "pytree"


class Case:
    """One checkpoint while it is made: where it lies, what was drawn for it, and what is expected of it."""

    def __init__(self, root: str, seed: int) -> None:
        self.root = root
        self.seed = seed
        self.rng = random.Random(seed)
        self.options: dict[str, Any] = {}
        self.expected: list[dict[str, Any]] = []
        self.listings: list[dict[str, Any]] = []
        self.manager: dict[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {
            "root": self.root,
            "options": self.options,
            "expected": self.expected,
            "listings": self.listings,
            "manager": self.manager,
        }

    def place(self, *parts: str) -> str:
        """A path in the case's folder."""
        return os.path.join(self.root, *parts)

    def trees(self, saver: "TreeSaver") -> RandomTrees:
        """Draws trees that this saver can store."""
        return RandomTrees(self.rng.randrange(2**32), saver.storable)

    def tree(self, path: str, directory: str, *, saved: Any = None, restore: Any = None, **where: Any) -> None:
        """Expects what `restore` (default: PyTreeCheckpointer) reads from `directory`."""
        try:
            restored = (restore or restore_tree)(self.place(directory))
            found = {"dump": dump_tree(restored)}
        except Exception as error:  # whatever a release raises for its own checkpoint is told, and what was saved
            found = {"unread": f"{type(error).__name__}: {str(error)[:300]}", "saved": _dump_of(saved)}
        self.expected.append({"path": path, **where, **found})

    def json(self, path: str, value: Any, **where: Any) -> None:
        """Expects a JSON item."""
        self.expected.append({"path": path, **where, "dump": json_dump(value)})

    def lists(self, path: str, listing: Any) -> None:
        """Expects this of `ls --json`."""
        self.listings.append({"path": path, "ls": listing})


def _dump_of(saved: Any) -> Any:
    try:
        return dump_tree(saved)
    except Exception:  # a node that dump.py does not know
        return None


def json_dump(value: Any) -> Any:
    """A JSON item: its text as Python writes it, so that no number is changed on the way."""
    return {"kind": "json", "text": json.dumps(value)}


# Trees


def restore_tree(directory: str) -> Any:
    """PyTreeCheckpointer without a target, told what a release does not find out by itself."""
    try:
        return _restore(directory, {})
    except Exception as first:
        for options in ({"use_ocdbt": False}, {"use_zarr3": True}, {"use_ocdbt": False, "use_zarr3": True}):
            if VERSION >= (0, 5):
                break
            try:
                return _restore(directory, options)
            except Exception:
                continue
        try:
            return restore_to_one_device(directory)
        except Exception:
            raise first from None


def _restore(directory: str, options: dict[str, Any]) -> Any:
    handler = ocp.PyTreeCheckpointHandler(**known(ocp.PyTreeCheckpointHandler, options))
    return ocp.Checkpointer(handler).restore(os.path.abspath(directory))


def restore_to_one_device(directory: str) -> Any:
    """Restores all arrays to one device: where no sharding is stored, Orbax asks for one."""
    from etils import epath

    handler = ocp.PyTreeCheckpointHandler()
    metadata = handler.metadata(epath.Path(directory))
    tree = getattr(metadata, "tree", metadata)
    sharding = jax.sharding.SingleDeviceSharding(jax.devices()[0])

    def one(leaf: Any) -> Any:
        is_array = type(leaf).__name__ == "ArrayMetadata"
        return ocp.ArrayRestoreArgs(sharding=sharding) if is_array else ocp.RestoreArgs()

    arguments = jax.tree_util.tree_map(one, tree)
    return ocp.Checkpointer(handler).restore(directory, args=ocp.args.PyTreeRestore(restore_args=arguments))


def known(callable_: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Those options that this release has."""
    parameters = inspect.signature(callable_).parameters
    return {name: value for name, value in options.items() if name in parameters}


class TreeSaver:
    """One interface with one set of options; asks once what it can store."""

    _answers: dict[Any, bool] = {}

    def __init__(self, api: str, options: dict[str, Any]) -> None:
        self.api = api
        self.options = options

    def storable(self, label: str, make: Callable[[], Any]) -> bool:
        """Whether this release saves and restores a tree with what `make` gives."""
        if label.startswith("name '/") and (VERSION < (0, 4) or not self.options.get("use_ocdbt", True)):
            return False  # which would be written to the root of the file system
        shape = [(name, self.options[name]) for name in ("use_ocdbt", "use_zarr3") if name in self.options]
        key = (self.api, tuple(shape), label)
        if key not in self._answers:
            self._answers[key] = self._try(make)
        return self._answers[key]

    def _try(self, make: Callable[[], Any]) -> bool:
        folder = tempfile.mkdtemp(prefix="orbax-ts-probe-")
        try:
            self.save(os.path.join(folder, "probe"), make(), {})
            restore_tree(self.directory(os.path.join(folder, "probe")))
            return True
        except Exception:  # whatever is raised for what it does not know
            return False
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def directory(self, path: str) -> str:
        """Where the tree of a checkpoint lies."""
        return os.path.join(path, V1_ITEM) if self.api == "v1" else path

    def save(self, path: str, tree: Any, leaf_options: dict[str, Any]) -> None:
        """Saves one checkpoint. leaf_options: fields of SaveArgs for all leaves."""
        getattr(self, f"_save_{self.api}")(path, tree, leaf_options)

    def _save_pytree(self, path: str, tree: Any, leaf_options: dict[str, Any]) -> None:
        options = dict(self.options)
        size = options.pop("ocdbt_target_data_file_size", None)
        registry = _registry({name: options.pop(name) for name in ARRAY_OPTIONS if name in options})
        if options.pop("support_rich_types", False):
            module = importlib.import_module("orbax.checkpoint._src.metadata.tree")
            options["pytree_metadata_options"] = module.PyTreeMetadataOptions(support_rich_types=True)
        if registry is not None:
            options["type_handler_registry"] = registry
        handler = ocp.PyTreeCheckpointHandler(**known(ocp.PyTreeCheckpointHandler, options))
        arguments = save_args(tree, leaf_options)
        checkpointer = ocp.Checkpointer(handler)
        if not HAS_ARGS:
            checkpointer.save(path, tree, save_args=arguments)
            return
        more = known(ocp.args.PyTreeSave, {} if size is None else {"ocdbt_target_data_file_size": size})
        checkpointer.save(path, args=ocp.args.PyTreeSave(tree, arguments, **more))

    def _save_standard(self, path: str, tree: Any, leaf_options: dict[str, Any]) -> None:
        options = known(ocp.StandardCheckpointHandler, self.options)
        checkpointer = ocp.Checkpointer(ocp.StandardCheckpointHandler(**options))
        arguments = save_args(tree, leaf_options)
        if HAS_ARGS:
            checkpointer.save(path, args=ocp.args.StandardSave(tree, arguments))
        else:
            checkpointer.save(path, tree, save_args=arguments)

    def _save_v1(self, path: str, tree: Any, leaf_options: dict[str, Any]) -> None:
        with v1_context(self.options, leaf_options):
            (getattr(v1, "save", None) or v1.save_pytree)(path, tree)


ARRAY_OPTIONS = ("use_replica_parallel", "enable_replica_parallel_separate_folder", "enable_write_sharding_file",
                 "array_metadata_store", "min_slice_bytes_for_replica_parallel")  # fmt: skip


def _registry(options: dict[str, Any]) -> Any:
    """Orbax's type handlers with another ArrayHandler; None for its own."""
    options = known(ocp.type_handlers.ArrayHandler, options)
    if not options or VERSION < (0, 6):
        return None
    if VERSION >= (0, 11) and "array_metadata_store" not in options:
        module = importlib.import_module("orbax.checkpoint._src.metadata.array_metadata_store")
        options["array_metadata_store"] = module.Store()
    handlers = ocp.type_handlers
    entries = [
        (int, handlers.ScalarHandler()), (float, handlers.ScalarHandler()), (np.number, handlers.ScalarHandler()),
        (np.ndarray, handlers.NumpyHandler()), (str, handlers.StringHandler()),
        (jax.Array, handlers.ArrayHandler(**options)),
    ]  # fmt: skip
    if hasattr(handlers, "PlaceholderHandler"):
        entries.append((type(...), handlers.PlaceholderHandler()))
    return handlers.create_type_handler_registry(*entries)


def save_args(tree: Any, fields: dict[str, Any]) -> Any:
    """A SaveArgs for every leaf; None where nothing is asked for. `shares`: leaves that are asked, of 1."""
    if not fields:
        return None
    fields = dict(fields)
    share = fields.pop("share", 1.0)
    rng = random.Random(len(fields))
    fields = known(ocp.SaveArgs, fields)

    def one(leaf: Any) -> Any:
        if rng.random() >= share:
            return ocp.SaveArgs()
        mine = dict(fields)
        if "dtype" in mine and not _casts(leaf):
            del mine["dtype"]
        if "shard_axes" in mine:
            mine["shard_axes"] = tuple(axis for axis in mine["shard_axes"] if axis < np.ndim(leaf))
        return ocp.SaveArgs(**mine)

    return jax.tree_util.tree_map(one, tree)


def _casts(leaf: Any) -> bool:
    """Whether a leaf is an array of real floats, which another float type can hold more or less."""
    dtype = getattr(leaf, "dtype", None)
    return isinstance(leaf, (np.ndarray, jax.Array)) and str(dtype) in ("float16", "float32", "float64", "bfloat16")


def v1_context(saving: dict[str, Any], storage: dict[str, Any]) -> Any:
    """v1's Context with options of ArrayOptions.Saving and of its StorageOptions, as far as this release has them."""
    kinds = v1.options.ArrayOptions.Saving
    saving, storage = known(kinds, saving), known(kinds.StorageOptions, storage)
    if storage:
        saving["storage_options"] = kinds.StorageOptions(**storage)
    return v1.Context(array_options=v1.options.ArrayOptions(saving=kinds(**saving)))


# Options


def draw_options(case: Case, api: str) -> tuple[TreeSaver, dict[str, Any]]:
    """A saver with random options, and random options of its leaves."""
    rng = case.rng
    options: dict[str, Any] = {}
    if api in ("pytree", "v1") and rng.random() < 0.5:
        options["use_ocdbt"] = rng.random() < 0.5
    if api in ("pytree", "v1") and rng.random() < 0.5 and VERSION >= (0, 5, 7):
        options["use_zarr3"] = rng.random() < 0.5
    if api == "standard" and VERSION >= (0, 12) and rng.random() < 0.3:
        options["use_ocdbt"] = False
    if api in ("pytree", "v1"):
        for name, share, make in MORE_OPTIONS:
            if rng.random() < share:
                options[name] = make(rng)
    if api == "v1":
        options.pop("support_rich_types", None)
    if "enable_replica_parallel_separate_folder" in options:
        options["use_replica_parallel"] = True
        options["min_slice_bytes_for_replica_parallel"] = 1
        options["use_ocdbt"] = True
    if VERSION < (0, 6) and not options.get("use_zarr3"):  # which bounds what is cut in zarr v3 alone
        options.pop("ocdbt_target_data_file_size", None)
    leaf_options: dict[str, Any] = {}
    if rng.random() < 0.3 and (VERSION >= (0, 6, 4) or options.get("use_zarr3")):  # before, only in zarr v3
        leaf_options["chunk_byte_size"] = rng.choice((16, 16, 100, 1000))  # no less than the largest element
    if rng.random() < 0.15 and api != "v1":  # which refuses axes that some leaf lacks
        leaf_options["shard_axes"] = rng.choice(((0,), (1,), (0, 1)))
    if rng.random() < 0.1:
        leaf_options["dtype"] = jnp.dtype(rng.choice(("bfloat16", "float16", "float32", "float64")))
    if leaf_options and api != "v1":
        leaf_options["share"] = rng.choice((0.5, 1.0))
    case.options.update({"api": api, **options, "leaves": {name: str(value) for name, value in leaf_options.items()}})
    return TreeSaver(api, options), leaf_options


MORE_OPTIONS = (
    ("use_compression", 0.2, lambda rng: False),
    ("ocdbt_target_data_file_size", 0.2, lambda rng: rng.choice((16, 1000, 5000))),  # also bounds chunks
    ("enable_replica_parallel_separate_folder", 0.15, lambda rng: True),
    ("use_replica_parallel", 0.2, lambda rng: rng.random() < 0.5),
    ("enable_write_sharding_file", 0.1, lambda rng: False),
    ("array_metadata_store", 0.1, lambda rng: None),
    ("support_rich_types", 0.1 if VERSION >= (0, 10) else 0, lambda rng: True),
)


# Savers


def save_single(case: Case, api: str) -> None:
    """One item by itself; v1's has a folder for it."""
    saver, leaf_options = draw_options(case, api)
    tree = case.trees(saver).tree()
    saver.save(case.place("ckpt"), tree, leaf_options)
    directory = saver.directory("ckpt")
    case.tree("ckpt", directory, saved=tree)
    if api == "v1":
        case.lists("ckpt", {"kind": "checkpoint", "steps": [{"step": None, "dir": ".", "items": {V1_ITEM: "pytree"}}]})
    else:
        case.lists("ckpt", {"kind": "checkpoint", "steps": [{"step": None, "dir": ".", "kind": "pytree"}]})


def save_aggregate(case: Case) -> None:
    """Some leaves, or all, in the msgpack file of old releases."""
    options = {"use_ocdbt": case.rng.random() < 0.5}
    saver = TreeSaver("pytree", options)
    case.options.update({"api": "pytree", **options})
    tree = case.trees(AggregateSaver("pytree", options)).tree()
    saver.save(case.place("ckpt"), tree, {"aggregate": True, "share": case.rng.choice((0.5, 1.0))})
    case.tree("ckpt", "ckpt", saved=tree)


class AggregateSaver(TreeSaver):
    """Asks what can be stored both ways."""

    def storable(self, label: str, make: Callable[[], Any]) -> bool:
        """As of the class above, with the leaves in the msgpack file, too."""
        return super().storable(label, make) and super().storable(f"aggregate {label}", _Aggregated(make))

    def save(self, path: str, tree: Any, leaf_options: dict[str, Any]) -> None:
        """Saves what was made for the msgpack file there."""
        if isinstance(tree, _Inside):
            super().save(path, tree.tree, {"aggregate": True})
        else:
            super().save(path, tree, leaf_options)


class _Inside:
    def __init__(self, tree: Any) -> None:
        self.tree = tree


class _Aggregated:
    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __call__(self) -> Any:
        return _Inside(self.make())


def save_manager(case: Case) -> None:
    """Steps of a CheckpointManager with one item or several."""
    rng = case.rng
    fields: dict[str, Any] = {}
    if rng.random() < 0.4:
        fields["step_prefix"] = rng.choice(("step", "ck_pt", "checkpoint", "a.b", "\u00e9"))
    if rng.random() < 0.3 and (VERSION >= (0, 6) or "step_prefix" not in fields):
        fields["step_format_fixed_length"] = rng.choice((1, 4, 8))
    if rng.random() < 0.3:
        fields["max_to_keep"] = rng.choice((1, 2))
    metrics = rng.random() < 0.5
    if metrics:
        fields["best_fn"] = lambda found: found["loss"]
        fields["best_mode"] = rng.choice(("min", "max"))
    if rng.random() < 0.3:
        fields["enable_async_checkpointing"] = False
    fields = known(ocp.CheckpointManagerOptions, fields)
    items = _draw_items(case)
    metadata = {"run": "x", "n": [1, 2.5]} if rng.random() < 0.3 else None
    case.options.update({"manager": {k: str(v) for k, v in fields.items()}, "items": items})
    steps = sorted(rng.sample((0, 1, 2, 3, 9, 10, 12, 100, 12345, 10**9), rng.choice((1, 1, 2))))
    manager = _manager(case, fields, items, metadata)
    kept = {step: _save_step(case, manager, step, items, metrics) for step in steps}
    if hasattr(manager, "wait_until_finished"):
        manager.wait_until_finished()
    present = sorted(manager.all_steps())
    case.manager = {
        "path": "run",
        "options": {
            "stepPrefix": fields.get("step_prefix"),
            "stepFormatFixedLength": fields.get("step_format_fixed_length"),
            "bestFn": "loss" if metrics else None,
            "bestMode": fields.get("best_mode"),
        },
        "all_steps": present,
        "latest_step": manager.latest_step(),
        "best_step": manager.best_step(),
    }
    if hasattr(manager, "close"):
        manager.close()
    _expect_steps(case, fields, items, {step: kept[step] for step in present})


def _draw_items(case: Case) -> dict[str, str]:
    """Items of every step: `default` alone, or others by name."""
    rng = case.rng
    if rng.random() < 0.4:
        return {"default": rng.choice(("standard", "pytree")) if HAS_ARGS else "pytree"}
    kinds = ["pytree", "standard", "json"]
    if HAS_ARGS:
        kinds += ["array"]
    if VERSION >= (0, 5, 3):
        kinds += ["jax_key", "numpy_key"]
    if not HAS_ARGS:
        kinds = ["pytree", "json"]
    names = rng.sample(("state", "params", "config", "opt state", "pytree", "x.y", "\u00e9", "rng"), rng.randint(1, 4))
    return {name: rng.choice(kinds) for name in names}


def _manager(case: Case, fields: dict[str, Any], items: dict[str, str], metadata: Any) -> Any:
    root, options = case.place("run"), ocp.CheckpointManagerOptions(**fields)
    if HAS_ARGS:
        names = None if list(items) == ["default"] else tuple(items)
        return ocp.CheckpointManager(root, options=options, item_names=names, metadata=metadata)
    handlers = {"pytree": ocp.PyTreeCheckpointHandler, "json": ocp.JsonCheckpointHandler}
    checkpointers = {name: ocp.Checkpointer(handlers[kind]()) for name, kind in items.items()}
    one = checkpointers["default"] if list(items) == ["default"] else checkpointers
    return ocp.CheckpointManager(root, one, options, metadata=metadata)


def _save_step(case: Case, manager: Any, step: int, items: dict[str, str], metrics: bool) -> dict[str, Any]:
    """Saves one step; returns what was saved, by item."""
    rng = case.rng
    values = {name: _item_value(case, kind) for name, kind in items.items()}
    more: dict[str, Any] = {}
    if metrics:
        more["metrics"] = {"loss": rng.choice((0.5, 1e-7, float("nan"), float("inf"), 3)), "acc": [1, None]}
    if rng.random() < 0.4 and VERSION >= (0, 11, 9):
        more["custom_metadata"] = {"a": [1, 2.5, None], "__proto__": {"x": 2**70}}
    if HAS_ARGS:
        arguments = {name: _item_arguments(case, items[name], value) for name, value in values.items()}
        alone = list(items) == ["default"]
        manager.save(step, args=arguments["default"] if alone else ocp.args.Composite(**arguments), **more)
    else:
        manager.save(step, values["default"] if list(items) == ["default"] else values, **more)
    if hasattr(manager, "wait_until_finished"):
        manager.wait_until_finished()
    return {**values, **({"metrics": more["metrics"]} if metrics else {})}


def _item_value(case: Case, kind: str) -> Any:
    rng = case.rng
    if kind == "json":
        return case.trees(TreeSaver("pytree", {})).json()
    if kind == "jax_key":
        key = jax.random.key(rng.randint(0, 99)) if rng.random() < 0.6 else jax.random.PRNGKey(rng.randint(0, 99))
        return jax.random.split(key, 3) if rng.random() < 0.3 else key
    if kind == "numpy_key":
        np.random.seed(rng.randint(0, 99))
        np.random.normal(size=rng.randint(0, 3))
        return np.random.get_state(legacy=rng.random() < 0.5)
    saver = TreeSaver("pytree" if kind == "array" else kind, {})
    trees = case.trees(saver)
    if kind != "array":
        return trees.tree(rng.choice((1, 5, 15)))
    return rng.choice((7, 0.1)) if rng.random() < 0.3 else _plain_array(trees)


def _plain_array(trees: RandomTrees) -> Any:
    """An array whose type every handler takes."""
    array = trees._array()
    return array if array.size and type(array) is not np.ma.MaskedArray else np.arange(4)


def _item_arguments(case: Case, kind: str, value: Any) -> Any:
    names = {"json": "JsonSave", "jax_key": "JaxRandomKeySave", "numpy_key": "NumpyRandomKeySave",
             "pytree": "PyTreeSave", "standard": "StandardSave", "array": "ArraySave"}  # fmt: skip
    make = getattr(ocp.args, names[kind])
    more = {}
    if kind in ("pytree", "standard") and case.rng.random() < 0.2:
        more = known(make, {"custom_metadata": {"git": "abc"}})
    return make(value, **more)


def _expect_steps(case: Case, fields: dict[str, Any], items: dict[str, str], steps: dict[int, Any]) -> None:
    rows = []
    kinds = {name: "json" if kind == "json" else "pytree" for name, kind in items.items()}
    for step, values in steps.items():
        folder = _step_folder(step, fields)
        for name, kind in items.items():
            where = {"step": step, "item": name}
            directory = os.path.join("run", folder, name)
            if kind == "json":
                case.json("run", values[name], **where)
            else:
                alone = kind in ("array", "jax_key", "numpy_key")
                case.tree("run", directory, saved=values[name], restore=_RESTORE.get(kind), alone=alone, **where)
        found = dict(kinds)
        if "metrics" in values:
            case.json("run", values["metrics"], step=step, item="metrics")
            found["metrics"] = "json"
        rows.append({"step": step, "dir": folder, "items": found})
    case.lists("run", {"kind": "steps", "steps": rows})


def _step_folder(step: int, fields: dict[str, Any]) -> str:
    number = str(step).zfill(fields.get("step_format_fixed_length") or 0)
    return f"{fields['step_prefix']}_{number}" if fields.get("step_prefix") is not None else number


def _restorer(handler: str, arguments: str) -> Callable[[str], Any]:
    def restore(directory: str) -> Any:
        checkpointer = ocp.Checkpointer(getattr(ocp, handler)())
        return checkpointer.restore(directory, args=getattr(ocp.args, arguments)())

    return restore


_RESTORE = {
    "array": _restorer("ArrayCheckpointHandler", "ArrayRestore"),
    "jax_key": _restorer("JaxRandomKeyCheckpointHandler", "JaxRandomKeyRestore"),
    "numpy_key": _restorer("NumpyRandomKeyCheckpointHandler", "NumpyRandomKeyRestore"),
}


def save_v1_checkpointables(case: Case) -> None:
    """Several trees by name."""
    saver, leaf_options = draw_options(case, "v1")
    names = case.rng.sample(("state", "params", "opt", "x y", "pytree", "default", "ema"), case.rng.randint(1, 4))
    trees = case.trees(saver)
    values = {name: RandomTrees(case.rng.randrange(2**32), saver.storable).tree(8) for name in names}
    values = {name: value if isinstance(value, dict) else {"x": value} for name, value in values.items()}
    del trees
    with v1_context(saver.options, leaf_options):
        v1.save_checkpointables(case.place("ckpt"), values)
    for name, value in values.items():
        case.tree("ckpt", f"ckpt/{name}", saved=value, item=name)
    items = {name: "pytree" for name in names}
    case.lists("ckpt", {"kind": "checkpoint", "steps": [{"step": None, "dir": ".", "items": items}]})


def save_v1_training(case: Case) -> None:
    """Steps of v1's training.Checkpointer."""
    saver, leaf_options = draw_options(case, "v1")
    steps = sorted(case.rng.sample((0, 1, 7, 20, 300), case.rng.randint(1, 2)))
    metrics = case.rng.random() < 0.5
    values = {}
    with v1_context(saver.options, leaf_options):
        checkpointer = v1.training.Checkpointer(case.place("run"))
        save = getattr(checkpointer, "save", None) or checkpointer.save_pytree
        for step in steps:
            values[step] = case.trees(saver).tree(10)
            save(step, values[step], **({"metrics": {"loss": 1 / (step + 1)}} if metrics else {}))
        checkpointer.close()
    rows = []
    for step in steps:
        case.tree("run", f"run/{step}/{V1_ITEM}", saved=values[step], step=step)
        if metrics:
            case.json("run", {"loss": 1 / (step + 1)}, step=step, item="metrics")
        rows.append({"step": step, "dir": str(step), "items": {V1_ITEM: "pytree", **({"metrics": "json"} if metrics else {})}})
    case.lists("run", {"kind": "steps", "steps": rows})


def save_v1_partial(case: Case) -> None:
    """A tree that several calls of v1's partial.save put together."""
    from orbax.checkpoint.experimental.v1 import partial

    saver, leaf_options = draw_options(case, "v1")
    trees = case.trees(saver)
    tree = trees.tree(12)
    tree = tree if isinstance(tree, dict) else {"x": tree}
    keys = list(tree)
    cut = case.rng.randint(0, len(keys))
    parts = [{key: tree[key] for key in part} for part in (keys[:cut], keys[cut:]) if part]
    with v1_context(saver.options, leaf_options):
        for part in parts:
            partial.save(case.place("ckpt"), part)
        partial.finalize(case.place("ckpt"))
    case.tree("ckpt", f"ckpt/{V1_ITEM}", saved=tree)


def save_json(case: Case) -> None:
    """A JSON item by itself."""
    value = case.trees(TreeSaver("pytree", {})).json()
    checkpointer = ocp.Checkpointer(ocp.JsonCheckpointHandler())
    if HAS_ARGS:
        checkpointer.save(case.place("ckpt"), args=ocp.args.JsonSave(value))
    else:
        checkpointer.save(case.place("ckpt"), value)
    case.json("ckpt", value)


def save_array(case: Case) -> None:
    """An array by itself."""
    value = _item_value(case, "array")
    checkpointer = ocp.Checkpointer(ocp.ArrayCheckpointHandler())
    if HAS_ARGS:
        checkpointer.save(case.place("ckpt"), args=ocp.args.ArraySave(value))
        restore = _RESTORE["array"]
    else:
        checkpointer.save(case.place("ckpt"), value)
        restore = lambda path: ocp.Checkpointer(ocp.ArrayCheckpointHandler()).restore(path)
    case.tree("ckpt", "ckpt", saved=value, restore=restore, alone=True)


def save_flax(case: Case) -> None:
    """Steps of flax.training.checkpoints: a msgpack file each, or an Orbax checkpoint."""
    import flax
    from flax.training import checkpoints

    orbax = case.rng.random() < 0.4
    case.options["orbax"] = orbax
    flax.config.update("flax_use_orbax_checkpointing", orbax)
    saver = TreeSaver("pytree", {}) if orbax else FlaxSaver("flax", {})
    prefix = case.rng.choice(("checkpoint_", "checkpoint_", "ckpt_"))
    rows = []
    for step in sorted(case.rng.sample((1, 2.5, 10, 300), 2)) if not orbax else (3, 20):
        tree = case.trees(saver).tree(10)
        tree = tree if isinstance(tree, dict) else {"x": tree}
        checkpoints.save_checkpoint(case.place("run"), tree, step, prefix=prefix, keep=9, overwrite=True)
        rows.append((step, f"{prefix}{step}", tree))
    for step, name, tree in rows:
        restore = None if orbax else lambda path: checkpoints.restore_checkpoint(path, target=None)
        case.tree("run" if prefix == "checkpoint_" or orbax else f"run/{name}", f"run/{name}", saved=tree, restore=restore,
                  alone=not orbax, **({"step": step} if prefix == "checkpoint_" or orbax else {}))  # fmt: skip


class FlaxSaver(TreeSaver):
    """Asks Flax's msgpack what it can store."""

    def _try(self, make: Callable[[], Any]) -> bool:
        from flax import serialization

        try:
            serialization.msgpack_restore(serialization.to_bytes(make()))
            return True
        except Exception:  # a type that it does not know
            return False


def savers() -> dict[str, tuple[int, Callable[[Case], None]]]:
    """The savers that this release has, each with how often it is drawn."""
    found: dict[str, tuple[int, Callable[[Case], None]]] = {
        "pytree": (8, lambda case: save_single(case, "pytree")),
        "standard": (3, lambda case: save_single(case, "standard")),
        "manager": (5, save_manager),
        "json": (1, save_json),
        "array": (1, save_array),
        "flax": (1, save_flax),
    }
    if v1 is not None:
        found["v1"] = (4, lambda case: save_single(case, "v1"))
        found["v1 checkpointables"] = (2, save_v1_checkpointables)
        found["v1 training"] = (2, save_v1_training)
    if VERSION >= (0, 12, 5):
        found["v1 partial"] = (1, save_v1_partial)
    if VERSION <= (0, 5, 15):
        found["aggregate"] = (4, save_aggregate)
    return found
