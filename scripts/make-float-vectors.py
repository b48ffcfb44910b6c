"""Writes fixtures/zarr/float-vectors.json: what NumPy and ml_dtypes make of floats of 16, 8 and 4 bits.

    pip install numpy==2.4.6 ml_dtypes==0.6.0
    python scripts/make-float-vectors.py

Bit patterns are hexadecimal. `decoded`: the float32 of all patterns in turn (65,536 of 16 bits, 256 of 8, 16 of 4), as
runs: `count*difference` says that so many times the next is the last plus the difference modulo 2^32, beginning at 0.
NaN is 7fc00000 or ffc00000 there, since processors differ in which NaN they give. `encoded`: `float32:rounded`.
"""

import itertools
import json
import pathlib

import ml_dtypes
import numpy as np

TARGET = pathlib.Path(__file__).parent.parent / "fixtures" / "zarr" / "float-vectors.json"
WIDTHS = {
    "float16": 16,
    "bfloat16": 16,
    "float8_e4m3fn": 8,
    "float8_e5m2": 8,
    "float8_e4m3b11fnuz": 8,
    "float8_e4m3fnuz": 8,
    "float8_e5m2fnuz": 8,
    "float8_e3m4": 8,
    "float8_e8m0fnu": 8,
    "float4_e2m1fn": 4,
}


def type_of(name):
    return np.dtype(getattr(ml_dtypes, name, name))


def bits_type(dtype):
    return np.uint16 if dtype.itemsize == 2 else np.uint8


def decoded(dtype, width):
    values = np.arange(2**width, dtype=bits_type(dtype)).view(dtype).astype(np.float32)
    bits = values.view(np.uint32)
    quiet = np.where(np.isnan(values), (bits & 0x80000000) | 0x7FC00000, bits)
    differences = np.diff(quiet, prepend=np.uint32(0)).tolist()
    return [f"{len(list(run))}*{difference:08x}" for difference, run in itertools.groupby(differences)]


def inputs(dtype, width):
    """Float32 patterns at and beside places where rounding turns, and some at random."""
    with np.errstate(all="ignore"):
        patterns = np.arange(0, 2**width, {16: 331, 8: 5, 4: 1}[width])
        values = patterns.astype(bits_type(dtype)).view(dtype).astype(np.float32)
        following = ((patterns + 1) % 2**width).astype(bits_type(dtype)).view(dtype).astype(np.float32)
        middles = ((values.astype(np.float64) + following.astype(np.float64)) / 2).astype(np.float32)
    bits = np.concatenate([values, middles]).view(np.uint32)
    random = np.random.default_rng(7).integers(0, 2**32, 200 if width == 16 else 50, dtype=np.uint32)
    special = np.array(
        [0, 1, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F7FFFFF, 0x477FEFFF, 0x477FF000, 0x33000000, 0x33000001],
        dtype=np.uint32,
    )
    every = np.unique(np.concatenate([bits - 1, bits, bits + 1, random, special]))
    return every[~(np.isnan(every.view(np.float32)) & (every != 0x7FC00000))]


def encoded(dtype, width):
    bits = inputs(dtype, width)
    with np.errstate(all="ignore"):
        rounded = bits.view(np.float32).astype(dtype).view(bits_type(dtype))
    digits = dtype.itemsize * 2
    return [f"{source:08x}:{result:0{digits}x}" for source, result in zip(bits.tolist(), rounded.tolist())]


def main():
    vectors = {
        name: {"decoded": decoded(type_of(name), width), "encoded": encoded(type_of(name), width)}
        for name, width in WIDTHS.items()
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(vectors) + "\n")


if __name__ == "__main__":
    main()
