"""Operations on OCDBT databases, with real TensorStore: write them in many shapes, list and dump them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from typing import Any

import tensorstore as ts

from seeded_bytes import seeded_bytes, seeded_length

READS_AT_ONCE = 2000
CACHE_BYTES = 2**28
MAX_SAFE_INTEGER = 2**53 - 1


def ocdbt_write(dir: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Writes a database and returns {"generations": [numbers, ascending], "keys": count in the newest}.

    spec: {"config"?, "assume_config"?, "commits"?, "processes"?}

    - config: TensorStore's own: max_inline_value_bytes, max_decoded_node_bytes, version_tree_arity_log2,
      compression (null, or {"id": "zstd", "level": n}), manifest_kind ("single", "numbered"), uuid (32 hex
      digits).
    - assume_config: true makes no empty first version.
    - commits: a list (none: an empty database); each commit is a list of actions in one atomic transaction,
      so it makes one version:
        {"put": key, "value": hex}                          keys are hex too
        {"put": key, "seed": s, "length": n}                the value is seeded_bytes(s, n)
        {"delete": key}     {"delete_range": [from, to]}    to: "" means the end
        {"generate": {"count", "prefix"?, "digits"?, "suffix"?, "seed"?, "least"?, "most"?}}
      generate puts keys prefix + decimal i in `digits` digits (default 8) + suffix (all ASCII) for i = 0 ...
      count-1, with the value seeded_bytes(seed + i, seeded_length(seed + i, least, most)).
    - processes: {folder: commits}: writes a database into each folder (`ocdbt.process_0`) and merges them by
      reference into `dir`, as Orbax does; its values stay in the folders' data files.
    """
    context = _context()
    children: list[ts.KvStore] = []
    for folder, commits in spec.get("processes", {}).items():
        child = _open(os.path.join(dir, folder), spec, context=context)
        _commit_all(child, commits)
        children.append(child)
    store = _open(dir, spec, context=context)
    _merge(store, children)
    commits = spec.get("commits", [])
    if not commits and not children:
        commits = [[{"delete": ""}]]  # opening alone writes nothing
    _commit_all(store, commits)
    keys = len(store.list().result())
    return {"generations": [version["generation"] for version in ocdbt_versions(dir)], "keys": keys}


def _context() -> ts.Context:
    """A fresh cache, large enough that nodes are not decoded again for every key."""
    return ts.Context({"cache_pool": {"total_bytes_limit": CACHE_BYTES}})


def _open(
    directory: str, spec: dict[str, Any], version: int | None = None, context: ts.Context | None = None
) -> ts.KvStore:
    """Opens a database; without a context nothing that was cached before is used."""
    json_spec: dict[str, Any] = {"driver": "ocdbt", "base": f"file://{os.path.abspath(directory)}/"}
    for name in ("config", "assume_config"):
        if name in spec:
            json_spec[name] = spec[name]
    if version is not None:
        json_spec["version"] = version
    return ts.KvStore.open(json_spec, context=context or _context()).result()


def _merge(store: ts.KvStore, children: list[ts.KvStore]) -> None:
    """Copies leaf entries by reference; TensorStore does so only between stores of one context."""
    if not children:
        return
    transaction = ts.Transaction(atomic=True)
    for child in children:
        child.experimental_copy_range_to(store.with_transaction(transaction)).result()
    transaction.commit_async().result()


def _commit_all(store: ts.KvStore, commits: Iterable[list[dict[str, Any]]]) -> None:
    for actions in commits:
        transaction = ts.Transaction(atomic=True)
        inside = store.with_transaction(transaction)
        for action in actions:
            _act(inside, action)
        transaction.commit_async().result()


def _act(store: ts.KvStore, action: dict[str, Any]) -> None:
    if "put" in action:
        value = (
            bytes.fromhex(action["value"])
            if "value" in action
            else seeded_bytes(action["seed"], action["length"])
        )
        store.write(bytes.fromhex(action["put"]), value).result()
    elif "delete" in action:
        store.write(bytes.fromhex(action["delete"]), None).result()
    elif "delete_range" in action:
        first, last = (bytes.fromhex(bound) for bound in action["delete_range"])
        store.delete_range(ts.KvStore.KeyRange(first, last)).result()
    elif "generate" in action:
        _generate(store, **action["generate"])
    else:
        raise ValueError(f"unknown action {sorted(action)}")


def _generate(
    store: ts.KvStore,
    count: int,
    prefix: str = "",
    digits: int = 8,
    suffix: str = "",
    seed: int = 0,
    least: int = 0,
    most: int = 0,
) -> None:
    for i in range(count):
        value = seeded_bytes(seed + i, seeded_length(seed + i, least, most))
        store.write(f"{prefix}{i:0{digits}d}{suffix}".encode(), value).result()


def ocdbt_list(dir: str, version: int | None = None, out: str | None = None) -> Any:
    """Every key in byte order with its value's length and SHA-256: [{"key": hex, "length", "sha256"}, ...].

    version: a generation number; the newest by default. Raises if it is not there. `out` names a file that
    gets the list, one JSON object a line as `orbax-ts kv ls --json --hash` prints them; then {"keys": count}
    comes back.
    """
    store = _open_version(dir, version)
    entries = _entries(store)
    if out is None:
        return list(entries)
    count = 0
    with open(out, "w", encoding="utf-8") as file:
        for entry in entries:
            file.write(json.dumps(entry, separators=(",", ":")) + "\n")
            count += 1
    return {"keys": count}


def ocdbt_read(dir: str, key: str, version: int | None = None) -> str | None:
    """The value of a key (both hex); null if there is none."""
    result = _open_version(dir, version).read(bytes.fromhex(key)).result()
    return None if result.state == "missing" else bytes(result.value).hex()


def _open_version(directory: str, version: int | None) -> ts.KvStore:
    if not os.path.isdir(directory):
        raise FileNotFoundError(directory)
    return _open(directory, {}, version)


def _entries(store: ts.KvStore) -> Iterable[dict[str, Any]]:
    keys = sorted(store.list().result())
    for start in range(0, len(keys), READS_AT_ONCE):
        some = keys[start : start + READS_AT_ONCE]
        with ts.Batch() as batch:
            reads = [store.read(key, batch=batch) for key in some]
        for key, read in zip(some, reads, strict=True):
            value = bytes(read.result().value)
            yield {"key": key.hex(), "length": len(value), "sha256": hashlib.sha256(value).hexdigest()}


def ocdbt_versions(dir: str) -> list[dict[str, Any]]:
    """Every version that the database still has, oldest first.

    Each: generation, commit_time (text: nanoseconds exceed 2^53), root_height, root (TensorStore's
    `btreenode:base:relative:offset:length`, null for an empty tree), and the three statistics.
    TensorStore lists no versions in Python; its dump of the manifest and of the version nodes holds them all.
    """
    base = _open(dir, {}).base
    manifest = ts.ocdbt.dump(base).result()
    versions = _versions_below(base, manifest["version_tree_nodes"]) + manifest["versions"]
    return [_version(version) for version in versions]


def _versions_below(base: ts.KvStore, references: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for reference in references:
        node = ts.ocdbt.dump(base, reference["location"]).result()
        if node["height"] == 0:
            found += node["entries"]
        else:
            found += _versions_below(base, node["entries"])
    return found


def _version(version: dict[str, Any]) -> dict[str, Any]:
    statistics = version["root"]["statistics"]
    return {
        "generation": version["generation_number"],
        "commit_time": str(version["commit_time"]),
        "root_height": version["root_height"],
        "root": version["root"].get("location"),
        "num_keys": statistics["num_keys"],
        "num_tree_bytes": statistics["num_tree_bytes"],
        "num_indirect_value_bytes": statistics["num_indirect_value_bytes"],
    }


def ocdbt_dump(dir: str, node: str | None = None) -> Any:
    """TensorStore's own dump of the manifest, or of the node at a location.

    Bytes come as {"$bytes": hex}, integers beyond 2^53 - 1 as text.
    """
    return _json(ts.ocdbt.dump(_open(dir, {}).base, node).result())


def _json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_SAFE_INTEGER:
        return str(value)
    return value
