"""Saving a tree with the options of the release that is installed, whatever it calls them."""

from __future__ import annotations

import inspect
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import jax
import orbax.checkpoint as ocp

from describe import InputMismatch, check_inputs
from fixture import restore_pytree
from registry import RELEASE, version

HAS_ARGS = hasattr(ocp, "args")
"""Whether savers take ocp.args (0.5 and later; 0.4.8 has them half)."""


def at_least(text: str) -> bool:
    """Whether the installed release is this one or a later one."""
    return version(RELEASE) >= version(text)


def accepted(callable_: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options as they are; raises where this release has no such parameter."""
    known = inspect.signature(callable_.__init__).parameters
    unknown = [name for name in options if name not in known]
    if unknown:
        raise TypeError(f"{callable_.__name__} of {RELEASE} has no {unknown}")
    return options


def has_option(callable_: Any, name: str) -> bool:
    """Whether this release has such a parameter."""
    return name in inspect.signature(callable_.__init__).parameters


def save_pytree(path: str, tree: Any, save_args: Any = None, **options: Any) -> None:
    """PyTreeCheckpointHandler with these options in a Checkpointer."""
    handler = ocp.PyTreeCheckpointHandler(**accepted(ocp.PyTreeCheckpointHandler, options))
    checkpointer = ocp.Checkpointer(handler)
    if at_least("0.5.0"):
        checkpointer.save(path, args=ocp.args.PyTreeSave(tree, save_args))
    else:
        checkpointer.save(path, tree, save_args=save_args)


def restore_with(**options: Any) -> Callable[[str], Any]:
    """Restores with a PyTreeCheckpointHandler of these options: old releases do not find them out."""

    def restore(path: str) -> Any:
        handler = ocp.PyTreeCheckpointHandler(**accepted(ocp.PyTreeCheckpointHandler, options))
        return ocp.Checkpointer(handler).restore(os.path.abspath(path))

    return restore


def save_files(path: str, tree: Any) -> None:
    """The layout of files, by PyTreeCheckpointHandler."""
    save_pytree(path, tree, use_ocdbt=False)


restore_files = restore_pytree if at_least("0.5.0") else restore_with(use_ocdbt=False)
"""Restores the layout of files: before 0.5 a handler must be told."""


def save_standard(path: str, tree: Any, save_args: Any = None) -> None:
    """StandardCheckpointer."""
    checkpointer = ocp.StandardCheckpointer()
    checkpointer.save(path, tree, save_args=save_args)
    if hasattr(checkpointer, "wait_until_finished"):
        checkpointer.wait_until_finished()


def storable(
    candidates: dict[str, Any],
    save: Callable[[str, Any], None],
    restore: Callable[[str], Any] = restore_pytree,
) -> dict[str, Any]:
    """Those entries that this release can save alone and read back as they were."""
    kept = {}
    for name, value in candidates.items():
        folder = tempfile.mkdtemp(prefix="orbax-ts-")
        try:
            save(os.path.join(folder, "one"), {name: value})
            check_inputs({name: value}, restore(os.path.join(folder, "one")))
            kept[name] = value
        except InputMismatch as mismatch:
            warnings.warn(f"left out, comes back changed: {mismatch}", stacklevel=1)
        except Exception as error:  # whatever an old release raises for a type that it does not know
            warnings.warn(f"left out: {name}: {type(error).__name__}: {str(error)[:200]}", stacklevel=1)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return kept


def same_save_args(tree: Any, **fields: Any) -> Any:
    """One and the same SaveArgs for every leaf."""
    return jax.tree_util.tree_map(lambda _: ocp.SaveArgs(**fields), tree)
