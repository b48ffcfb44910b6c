"""Writes fixtures/zarr/float-vectors.json: what NumPy and ml_dtypes make of float16 and bfloat16.

    pip install numpy==2.4.6 ml_dtypes==0.6.0
    python scripts/make-float-vectors.py

Bit patterns are hexadecimal. `decoded`: the float32 of all 65,536 patterns in turn, as runs: `count*difference` says
that so many times the next is the last plus the difference modulo 2^32, beginning at 0. NaN is 7fc00000 or ffc00000
there, since processors differ in which NaN they give. `encoded`: `float32:rounded`.
"""

import itertools
import json
import pathlib

import ml_dtypes
import numpy as np

TARGET = pathlib.Path(__file__).parent.parent / "fixtures" / "zarr" / "float-vectors.json"
TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def decoded(dtype):
    values = np.arange(65536, dtype=np.uint16).view(dtype).astype(np.float32)
    bits = values.view(np.uint32)
    quiet = np.where(np.isnan(values), (bits & 0x80000000) | 0x7FC00000, bits)
    differences = np.diff(quiet, prepend=np.uint32(0)).tolist()
    return [f"{len(list(run))}*{difference:08x}" for difference, run in itertools.groupby(differences)]


def inputs(dtype):
    """Float32 patterns at and beside every place where rounding turns, and some at random."""
    with np.errstate(all="ignore"):
        patterns = np.arange(0, 65536, 331, dtype=np.uint16)
        values = patterns.view(dtype).astype(np.float32)
        following = (patterns + np.uint16(1)).view(dtype).astype(np.float32)
        middles = ((values.astype(np.float64) + following.astype(np.float64)) / 2).astype(np.float32)
    bits = np.concatenate([values, middles]).view(np.uint32)
    random = np.random.default_rng(7).integers(0, 2**32, 200, dtype=np.uint32)
    special = np.array(
        [0, 1, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F7FFFFF, 0x477FEFFF, 0x477FF000, 0x33000000, 0x33000001],
        dtype=np.uint32,
    )
    every = np.unique(np.concatenate([bits - 1, bits, bits + 1, random, special]))
    return every[~(np.isnan(every.view(np.float32)) & ((every & 0x7FFFFFFF) != 0x7FC00000))]


def encoded(dtype):
    bits = inputs(dtype)
    with np.errstate(all="ignore"):
        rounded = bits.view(np.float32).astype(dtype).view(np.uint16)
    return [f"{source:08x}:{result:04x}" for source, result in zip(bits.tolist(), rounded.tolist())]


def main():
    vectors = {name: {"decoded": decoded(dtype), "encoded": encoded(dtype)} for name, dtype in TYPES.items()}
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(vectors) + "\n")


if __name__ == "__main__":
    main()
