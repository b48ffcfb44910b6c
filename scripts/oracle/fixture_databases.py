"""The OCDBT databases of fixtures/ocdbt: a function each, which writes it and returns what it holds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ops_ocdbt import ocdbt_list, ocdbt_versions, ocdbt_write

# Identities are random in real databases; here they are fixed to keep one source of change out.
UUID = "000102030405060708090a0b0c0d0e0f"

# Keys longer than this are told as runs: 64 kB of hex a key would outweigh all databases.
LONGEST_KEY_IN_FULL = 1000


def _database(
    what: str, config: dict[str, Any] | None = None, generations: tuple[int, ...] = (), **spec: Any
) -> Callable[[str], Any]:
    """A function that writes the database and returns the content of `<name>.expected.json`."""

    def make(directory: str) -> Any:
        whole = {"config": {"uuid": UUID, **(config or {})}, "assume_config": True, **spec}
        ocdbt_write(directory, whole)
        return {
            "what": what,
            "config": whole["config"],
            "versions": [_version(version) for version in ocdbt_versions(directory)],
            "newest": [_entry(entry) for entry in ocdbt_list(directory)],
            "generations": {
                str(number): [_entry(entry) for entry in ocdbt_list(directory, number)]
                for number in generations
            },
        }

    return make


def _version(version: dict[str, Any]) -> dict[str, Any]:
    """Without the root's location, whose file name is random."""
    return {name: value for name, value in version.items() if name != "root"}


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    if len(entry["key"]) <= 2 * LONGEST_KEY_IN_FULL:
        return entry
    runs = [[f"{byte:02x}", len(list(run))] for byte, run in itertools.groupby(bytes.fromhex(entry["key"]))]
    return {"key_runs": runs, "length": entry["length"], "sha256": entry["sha256"]}


def _put(key: bytes | str, value: bytes) -> dict[str, Any]:
    return {"put": (key.encode() if isinstance(key, str) else key).hex(), "value": value.hex()}


def _delete(key: str) -> dict[str, Any]:
    return {"delete": key.encode().hex()}


def _generate(count: int, **fields: Any) -> dict[str, Any]:
    return {"generate": {"count": count, "digits": 4, **fields}}


_BINARY_KEYS = [
    b"",
    b"\x00",
    b"\x00\x00",
    b"\x00\xff",
    b"\x7f",
    b"\x80",
    b"\x80\x00",
    b"\xc3\xa9",
    b"\xef\xbf\xbd",  # U+FFFD sorts before U+1F600 as UTF-8 and after it as UTF-16
    b"\xf0\x9f\x98\x80",
    b"\xff",
    b"\xff\xff",
    b"__proto__",
    b"a/../b",
]

_LONG = 65535

DATABASES: dict[str, Callable[[str], Any]] = {
    "empty": _database("no key at all: one version with the missing root"),
    "emptied": _database(
        "three keys, then none: the newest version has the missing root again",
        generations=(1,),
        commits=[
            [_put("a", b"1"), _put("b", b"2"), _put("c", b"3")],
            [{"delete_range": ["", ""]}],
        ],
    ),
    "one-key": _database("one inline value; the defaults of TensorStore", commits=[[_put("a", b"hello")]]),
    "raw": _database(
        "nothing compressed; values inline and out of line",
        {"compression": None, "max_inline_value_bytes": 16},
        commits=[[_put("a/.zarray", b"{}"), _generate(8, prefix="a/", least=0, most=40)]],
    ),
    "zstd": _database(
        "nodes compressed at level 9; a node of over 4 kB, whose frame has no content size",
        {"compression": {"id": "zstd", "level": 9}, "max_inline_value_bytes": 64},
        commits=[[_generate(160, prefix="layer/", suffix="/.zarray", seed=1, least=8, most=32)]],
    ),
    "inline-only": _database(
        "every value in a leaf, the longest of 2,000 bytes",
        {"max_inline_value_bytes": 1048576},
        commits=[[_put("empty", b""), _generate(4, prefix="v", seed=2, least=1, most=2000)]],
    ),
    "out-of-line-only": _database(
        "no value in a leaf, but the empty one, which needs no bytes",
        {"max_inline_value_bytes": 0},
        commits=[[_put("empty", b""), _generate(12, prefix="v", seed=3, least=1, most=30)]],
    ),
    "deep-tree": _database(
        "nodes of 200 bytes at most: a tree of several levels, with cut keys",
        {"max_decoded_node_bytes": 200, "max_inline_value_bytes": 8},
        commits=[[_generate(90, prefix="params/layer_", suffix="/kernel", seed=4, least=0, most=16)]],
    ),
    "binary-keys": _database(
        "keys that are no text, the empty key, and orders that UTF-16 gets wrong",
        commits=[[_put(key, bytes([number])) for number, key in enumerate(_BINARY_KEYS)]],
    ),
    "long-keys": _database(
        "keys of 65,535 bytes, the most there may be",
        commits=[
            [
                _put(b"a" * (_LONG - 1), b"shorter"),
                _put(b"a" * _LONG, b"longest"),
                _put(b"a" * (_LONG - 1) + b"b", b"last byte differs"),
                _put(b"b" * _LONG, b"first byte differs"),
            ]
        ],
    ),
    "deletes": _database(
        "a tree of several levels from which most keys were deleted: half-empty leaves, single children",
        {"max_decoded_node_bytes": 300, "max_inline_value_bytes": 8},
        generations=(1, 2),
        commits=[
            [_generate(60, prefix="k", seed=5, least=0, most=12)],
            [_delete("k0000"), _delete("k0031"), _delete("k0059"), _delete("never there")],
            [{"delete_range": [b"k0003".hex(), b"k0056".hex()]}, _put("k0030", b"back")],
        ],
    ),
    "many-versions": _database(
        "21 commits and blocks of two versions: a version tree of several levels",
        {"version_tree_arity_log2": 1, "compression": None},
        generations=(1, 2, 7, 8, 16, 20),
        commits=[[_put(f"key{number % 5}", f"value {number}".encode())] for number in range(1, 22)],
    ),
    "numbered-manifest": _database(
        "a manifest for each commit, named by its generation",
        {"manifest_kind": "numbered"},
        generations=(1, 3),
        commits=[[_put(f"key{number}", b"x" * number)] for number in range(1, 6)],
    ),
    "base-path": _database(
        "as Orbax leaves it: the values lie in the folders of two processes, the parent refers to them",
        {"max_inline_value_bytes": 64, "max_decoded_node_bytes": 100000000},
        processes={
            "ocdbt.process_0": [
                [_put("params.a/.zarray", b'{"zarr_format":2}')],
                [_generate(3, prefix="params.a/", digits=1, seed=6, least=70, most=90)],
            ],
            "ocdbt.process_1": [[_generate(3, prefix="params.b/", digits=1, seed=7, least=60, most=90)]],
        },
    ),
}
