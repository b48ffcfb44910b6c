"""Compares a restored tree with the one that was saved, without Orbax's own rules for what a leaf becomes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from dump import dump_tree

NUMBERS = ("scalar", "array")


class InputMismatch(AssertionError):
    """A restored tree is not the one that was saved."""


def check_inputs(inputs: Any, restored: Any) -> None:
    """Raises InputMismatch unless both trees have the same paths and, at each, equal values.

    What Orbax may change: containers (tuple, named tuple, struct), the kind of empties, and whether a rank 0
    number is a Python number or an array of any width.
    """
    saved = {_key(leaf): leaf for leaf in dump_tree(plain(inputs))["leaves"]}
    found = {_key(leaf): leaf for leaf in dump_tree(restored)["leaves"]}
    if saved.keys() != found.keys():
        raise InputMismatch(
            f"saved only {sorted(saved.keys() - found.keys())}, restored only "
            f"{sorted(found.keys() - saved.keys())}"
        )
    for key, leaf in saved.items():
        if not _same(leaf, found[key]):
            raise InputMismatch(f"{key}: saved {leaf}, restored {found[key]}")


def plain(tree: Any) -> Any:
    """A tree in which every container is a dict or a list, as Orbax stores it."""
    if tree is None or tree is Ellipsis or (isinstance(tree, (dict, list, tuple)) and not tree):
        return _empty(tree)
    children, _ = jax.tree_util.tree_flatten_with_path(tree, is_leaf=lambda node: node is not tree)
    if len(children) == 1 and children[0][0] == ():
        return tree
    if not children:
        return None  # a node without children, such as optax.EmptyState()
    keys = [path[0] for path, _ in children]
    values = [plain(child) for _, child in children]
    if isinstance(keys[0], (jax.tree_util.SequenceKey, jax.tree_util.FlattenedIndexKey)):
        return values
    return {_name(key): value for key, value in zip(keys, values)}


def _empty(tree: Any) -> Any:
    return None if hasattr(tree, "_fields") else tree


def _name(key: Any) -> str:
    return str(key.name if isinstance(key, jax.tree_util.GetAttrKey) else key.key)


def _key(leaf: dict[str, Any]) -> str:
    return repr(leaf["path"])


def _same(saved: dict[str, Any], found: dict[str, Any]) -> bool:
    if saved["kind"] == found["kind"] and saved["kind"] not in NUMBERS:
        return saved == found
    if saved["kind"] in NUMBERS and found["kind"] in NUMBERS:
        if saved["shape"] == [] == found["shape"]:
            return _numbers_equal(saved["values"][0], found["values"][0], saved["dtype"], found["dtype"])
        return all(saved[field] == found[field] for field in ("dtype", "shape", "sha256", "values"))
    empties = ("none", "empty-dict", "empty-list", "empty-tuple")
    return saved["kind"] in empties and found["kind"] in empties


def _numbers_equal(left: str, right: str, left_type: str, right_type: str) -> bool:
    """Whether two rank 0 numbers are one, whatever their types: 2 is 2.0, 0.1 as float32 is itself."""
    if left == right:
        return True
    if "complex" in left_type or "complex" in right_type or "bool" in (left_type, right_type):
        return False
    return np.float64(left) == np.float64(right)
