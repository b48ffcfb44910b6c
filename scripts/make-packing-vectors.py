"""Makes fixtures/grain/packing.json: what Grain's packing datasets give, and NumPy's shuffles.

    .oracle/bin/python scripts/make-packing-vectors.py

Elements, states and errors of small datasets of each class, chosen for what they show; `git diff` stays empty when nothing
changed. scripts/oracle/ops_packing.py tells what is what.
"""

from __future__ import annotations

import json
import os
import random
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "oracle"))

import numpy as np  # noqa: E402
from ops_packing import packing_trace  # noqa: E402
from tagged_json import encode  # noqa: E402

MOST = 60
SEPARATORS = (",", ":")
FIRST, BEST, CONCAT = "FirstFitPackIterDataset", "BestFitPackIterDataset", "ConcatThenSplitIterDataset"


def array(data: Any, dtype: str = "int64") -> Any:
    """A NumPy array in tagged JSON."""
    return encode(np.array(data, dtype))


def scalar(value: Any, dtype: str) -> Any:
    """A NumPy scalar in tagged JSON."""
    return encode(np.dtype(dtype).type(value))


def ragged(seed: int, count: int, longest: int, *names: str, dtype: str = "int64") -> list[dict[str, Any]]:
    """Elements whose features have random lengths."""
    rng = random.Random(seed)
    return [
        {
            name: array([rng.randrange(1, 100) for _ in range(rng.randint(0, longest))], dtype)
            for name in names
        }
        for _ in range(count)
    ]


def x(*elements: Any) -> list[dict[str, Any]]:
    """Elements with the one feature x."""
    return [{"x": element} for element in elements]


def packs() -> dict[str, dict[str, Any]]:
    """Bins: the class, elements and options of each case."""
    plain = {"num_packing_bins": 2, "shuffle_bins": False}
    one = {**plain, "length_struct": {"x": 4}}
    two = {**plain, "length_struct": {"x": 8, "y": 6}}
    meta = {"length_struct": {"x": 5, "m": 3}, "meta_features": ["m", "note"], **plain}
    noted = [{**element, "note": f"n{i}"} for i, element in enumerate(ragged(1, 9, 3, "x", "m"))]
    tree = [{"x": array([i]), "t": {"b": [array([i] * 2)], "a": array([i], "float32")}} for i in range(5)]
    grouped = {"length_struct": {"x": 9}, "num_packing_bins": 4, "shuffle_bins_group_by_feature": "x"}
    floats = x(*[array([0.1 * i, 1e8 / (i + 1), float("inf") if i == 7 else 0.3], "float32") for i in range(12)])
    cases = {
        "first fit, one feature": (FIRST, ragged(2, 10, 5, "x"), {**plain, "length_struct": {"x": 8}}),
        "first fit, shuffled": (FIRST, ragged(3, 11, 5, "x"), {"length_struct": {"x": 8}, "num_packing_bins": 5}),
        "best fit, two features": (BEST, ragged(4, 10, 5, "x", "y", dtype="int32"), two),
        "best fit, shuffled with a seed": (
            BEST,
            ragged(5, 11, 5, "x"),
            {"length_struct": {"x": 8}, "num_packing_bins": 4, "seed": 2**40 + 7},
        ),
        "bins that hold few elements": (FIRST, ragged(6, 9, 2, "x"), {**one, "max_sequences_per_bin": 2}),
        "full bins that still take nothing": (
            BEST,
            x(array([1]), array([2]), *[array([])] * 5),
            {**plain, "length_struct": {"x": 3}, "max_sequences_per_bin": 1},
        ),
        "padding and alignment": (
            FIRST,
            ragged(7, 10, 3, "x", "y"),
            {**two, "padding_struct": {"x": -1, "y": None}, "pack_alignment_struct": {"x": 4, "y": 3}},
        ),
        "a fraction as padding of integers": (FIRST, x(array([1])), {**one, "padding_struct": {"x": 1.7}}),
        "padding that does not fit": (FIRST, x(array([1], "uint8")), {**one, "padding_struct": {"x": -1}}),
        "meta features": (FIRST, noted, meta),
        "a tree as a meta feature": (
            FIRST,
            tree,
            {**plain, "length_struct": {"x": 3, "t": {"b": [5], "a": 4}}, "meta_features": ["t"]},
        ),
        "a tree that is no meta feature": (FIRST, tree, {**plain, "length_struct": {"t": {"b": [5], "a": 4}}}),
        "bins in the order of their averages": (FIRST, ragged(8, 14, 4, "x"), grouped),
        "averages of float32": (FIRST, floats, grouped),
        "inner axes": (FIRST, x(array([[1, 2], [3, 4]]), array([[5], [6]]), array([[7, 8]])), one),
        "inner axes that differ": (FIRST, x(array([[1, 2]]), array([[1, 2, 3]])), one),
        "scalars": (FIRST, x(5, {"$float": "2.5"}, True, array([3, 4])), one),
        "bools first": (FIRST, x(scalar(True, "bool"), 5, array([0.0, 0.5], "float64")), one),
        "a scalar out of range": (FIRST, x(array([1], "int8"), 500), one),
        "arrays out of range": (
            FIRST,
            x(array([1], "int8"), array([300, -129, 1000])),
            one,
        ),
        "a float that is no integer": (FIRST, x(array([1], "int8"), {"$float": "nan"}), one),
        "floats into integers": (FIRST, x(array([1], "int32"), array([2.9, -2.9, float("nan")], "float64")), one),
        "too long for first fit": (FIRST, ragged(9, 5, 7, "x", "y"), {**two, "length_struct": {"x": 3, "y": 2}}),
        "too long for best fit": (BEST, ragged(9, 5, 7, "x", "y"), {**two, "length_struct": {"x": 3, "y": 2}}),
        "no bins for first fit": (FIRST, x(array([1])), {**one, "num_packing_bins": 0}),
        "no bins for best fit": (BEST, x(array([1])), {**one, "num_packing_bins": 0}),
        "a negative number of bins": (FIRST, x(array([1])), {**one, "num_packing_bins": -1}),
        "no features": (FIRST, x(array([1])), {**one, "length_struct": {}}),
        "no features for best fit": (BEST, x(array([1])), {**one, "length_struct": {}}),
        "a negative seed": (FIRST, x(array([1])), {**one, "shuffle_bins": True, "seed": -1}),
        "no elements in a bin": (FIRST, x(array([1])), {**one, "max_sequences_per_bin": 0}),
        "too few alignments": (FIRST, ragged(1, 3, 2, "x", "y"), {**two, "pack_alignment_struct": {"x": 2}}),
        "an alignment of zero": (FIRST, x(array([1])), {**one, "pack_alignment_struct": {"x": 0}}),
        "a dict where a feature should be": (FIRST, x({"a": array([1])}), one),
        "nothing to pack": (FIRST, [], one),
    }
    return {name: {"class": c, "elements": e, "options": o} for name, (c, e, o) in cases.items()}


def concats() -> dict[str, dict[str, Any]]:
    """Concatenation: the class, elements and options of each case."""
    bos = {"bos_handling": "REPLACE_FIRST_TOKEN_WITH_BOS", "bos_features": ["x"]}
    fit = {"length_struct": {"x": 6}}
    full = {**fit, "split_full_length_features": False}
    # The example of Grain's own documentation, with lengths of 3, 6, 2, 5, 6, 4.
    documented = x(*[array([i + 1] * n) for i, n in enumerate([3, 6, 2, 5, 6, 4])])
    cases = {
        "one feature": (ragged(11, 8, 9, "x"), fit),
        "the documented example": (documented, full),
        "the documented example, all split": (documented, fit),
        "three features": (ragged(12, 9, 6, "x", "y", "z"), {"length_struct": {"x": 5, "y": 7, "z": 4}}),
        "parts that are taken up again": (ragged(13, 5, 12, "x", "y"), {"length_struct": {"x": 4, "y": 6}}),
        "a meta feature": (
            ragged(14, 9, 4, "x", "m"),
            {"length_struct": {"x": 6, "m": 5}, "meta_features": ["m"]},
        ),
        "only meta features": (ragged(15, 9, 4, "m"), {"length_struct": {"m": 5}, "meta_features": ["m"]}),
        "full lengths with a meta feature": (
            ragged(16, 9, 4, "x", "m"),
            {"length_struct": {"x": 4, "m": 5}, "meta_features": ["m"], "split_full_length_features": False},
        ),
        "beginnings of sequences": (ragged(17, 6, 9, "x", "y"), {"length_struct": {"x": 5, "y": 9}, **bos, "bos_token_id": 1}),
        "a beginning behind the end": (x(array([1] * 6), array([])), {**fit, **bos, "bos_token_id": 1}),
        "a token out of range": (x(array([1], "int8")), {**fit, **bos, "bos_token_id": 300}),
        "scalars in sequence": (x(*range(8)), fit),
        "other features than the options": (ragged(18, 1, 4, "x", "q"), {"length_struct": {"x": 5, "y": 9}}),
        "elements that are no dicts": ([5], fit),
        "inner axes of sequences": (x(array([[1, 2]] * 4), array([[3, 4]] * 4)), fit),
        "inner axes of sequences that differ": (x(array([[1, 2]]), array([[3]]), array([[1, 2, 3]])), fit),
        "options without features": (x(array([1])), {"length_struct": {}}),
        "a token without handling": ([], {**fit, "bos_token_id": 1}),
        "handling without a token": ([], {**fit, **bos}),
        "handling of meta features": ([], {**fit, **bos, "bos_token_id": 1, "meta_features": ["x", "y"]}),
        "nothing to join": ([], fit),
    }
    return {name: {"class": CONCAT, "elements": e, "options": o} for name, (e, o) in cases.items()}


def averages() -> list[dict[str, Any]]:
    """What Grain groups a row by, for rows of all lengths that NumPy adds in other orders."""
    rng = np.random.default_rng(5)
    rows = []
    for dtype in ("float16", "float32", "float64", "int32", "uint8"):
        for size in (0, 1, 7, 9, 40):
            row = (rng.standard_normal(size) * 50).astype(dtype)
            distinct = np.unique(row)
            average = np.nan_to_num(np.sum(distinct) / np.count_nonzero(distinct), nan=0.0)
            rows.append({"row": array(row.tolist(), dtype), "average": float(average)})
    return rows


def shuffles() -> list[dict[str, Any]]:
    """default_rng(seed).permuted(range(count))."""
    cases = [(0, 1), (0, 2), (1, 5), (42, 33), (2**32, 8), (2**70 + 5, 9), (7, 0)]
    return [
        {"seed": str(seed), "count": count, "order": np.random.default_rng(seed).permuted(range(count)).tolist()}
        for seed, count in cases
    ]


def main() -> None:
    """Writes the file."""
    warnings.simplefilter("ignore")
    cases = [
        {"name": name, "dataset": dataset, "trace": packing_trace(dataset, MOST)}
        for name, dataset in {**packs(), **concats()}.items()
    ]
    rest = {
        "most": MOST,
        "averages": averages(),
        "shuffles": shuffles(),
        "raw": [str(int(bits)) for bits in np.random.PCG64(42).random_raw(6)],
    }
    path = ROOT / "fixtures" / "grain" / "packing.json"
    lines = ",\n".join(f"  {json.dumps(case, ensure_ascii=False, separators=SEPARATORS, allow_nan=False)}" for case in cases)
    head = json.dumps(rest, ensure_ascii=False, separators=SEPARATORS, allow_nan=False)[:-1]
    path.write_text(f'{head}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
