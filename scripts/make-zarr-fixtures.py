"""Writes fixtures/zarr/arrays.json: zarr v2 arrays as TensorStore stores them, with the elements it reads back.

    pip install tensorstore==0.1.86 numpy==2.4.6 ml_dtypes==0.6.0
    python scripts/make-zarr-fixtures.py

A case is `{name, zarray, chunks, dtype, shape, data}`: the metadata's text, hexadecimal chunks by key, and all elements
in C order as little-endian hexadecimal bytes. In `written` the metadata's text is TensorStore's own; in `read` it is
made by hand, in forms that others write.
"""

import json
import pathlib
import tempfile

import ml_dtypes  # noqa: F401  (names its types to NumPy)
import numpy as np
import tensorstore as ts

TARGET = pathlib.Path(__file__).parent.parent / "fixtures" / "zarr" / "arrays.json"
DTYPES = {
    "bool": "|b1",
    "int8": "|i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
    "uint8": "|u1",
    "uint16": "<u2",
    "uint32": "<u4",
    "uint64": "<u8",
    "float16": "<f2",
    "bfloat16": "bfloat16",
    "float32": "<f4",
    "float64": "<f8",
    "complex64": "<c8",
    "complex128": "<c16",
}
ZSTD = {"id": "zstd", "level": 1}


def values(dtype, shape):
    """Elements of all bit patterns, but for NaN, whose bits may change on the way."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if dtype == np.bool_:
        return (np.arange(count) % 3 == 0).reshape(shape)
    raw = np.random.default_rng(count).integers(0, 256, (count, dtype.itemsize), dtype=np.uint8)
    array = raw.view(dtype)[:, 0] if count else np.zeros(0, dtype)
    return np.where(array == array, array, np.zeros(1, dtype)).astype(dtype).reshape(shape)


def little_endian_hex(array):
    array = np.ascontiguousarray(array)
    if array.dtype.kind in "iufc" and array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return array.tobytes().hex()


def case(name, folder, array):
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {
        "name": name,
        "zarray": files.pop(".zarray").decode(),
        "chunks": {key: files[key].hex() for key in sorted(files)},
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "data": little_endian_hex(array),
    }


def written(name, dtype, shape, compressor, chunks=None, **metadata):
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        spec = {
            "driver": "zarr",
            "kvstore": f"file://{directory}/",
            "metadata": {"shape": shape, "dtype": DTYPES[dtype], "compressor": compressor, **metadata},
        }
        if chunks:
            spec["metadata"]["chunks"] = chunks
        array = ts.open(spec, create=True).result()
        array.write(values(dtype, shape)).result()
        return case(name, folder, array.read().result())


def read(name, metadata, store=True, missing=()):
    """Lets TensorStore fill and read an array whose metadata is given."""
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        (folder / ".zarray").write_text(json.dumps(metadata))
        array = ts.open({"driver": "zarr", "kvstore": f"file://{directory}/"}).result()
        if store:
            array.write(values(array.dtype.numpy_dtype.newbyteorder("="), array.shape)).result()
        for key in missing:
            (folder / key).unlink()
        array = ts.open({"driver": "zarr", "kvstore": f"file://{directory}/"}).result()
        return case(name, folder, array.read().result())


def zarray(shape, chunks, dtype="<f4", **changes):
    metadata = {
        "zarr_format": 2,
        "shape": shape,
        "chunks": chunks,
        "dtype": dtype,
        "compressor": None,
        "fill_value": None,
        "order": "C",
        "filters": None,
        **changes,
    }
    return {name: value for name, value in metadata.items() if value != "absent"}


def fill_cases():
    fills = [
        ("|b1", True),
        ("|i1", -128),
        ("<i4", 1.0),
        ("<i8", -(2**63)),
        ("<u8", 2**64 - 1),
        (">u8", 2**64 - 2),
        ("<f2", 0.1),
        ("<f2", 65520),
        ("bfloat16", 1.01171875),
        ("bfloat16", "-Infinity"),
        ("<f4", 16777217),
        ("<f4", "Infinity"),
        ("<f4", -0.0),
        ("<f8", 9007199254740993),
        ("<f8", " +1.5e3"),
        ("<c8", [1.5, "-Infinity"]),
        ("<c16", [0.1, -0.0]),
    ]
    for dtype, fill in fills:
        yield read(f"fill {dtype} {json.dumps(fill)}", zarray([3], [2], dtype, fill_value=fill), store=False)


def main():
    cases = {
        "written": [
            *(written(f"{dtype} zstd", dtype, [3, 5], ZSTD) for dtype in DTYPES),
            *(written(f"{dtype} uncompressed", dtype, [3, 5], None) for dtype in DTYPES),
            written("rank 0", "int64", [], None),
            written("rank 0 zstd", "float32", [], ZSTD),
            written("size 0", "float32", [0, 3], ZSTD, chunks=[1, 3]),
            written("chunks that divide the shape", "float32", [4, 6], ZSTD, chunks=[2, 3]),
            written("chunks of whole rows", "int16", [6, 4], None, chunks=[2, 4]),
            written("padded chunks", "uint16", [5, 7], ZSTD, chunks=[2, 3]),
            written("rank 4", "complex64", [3, 2, 4, 3], None, chunks=[2, 1, 3, 2]),
            written("fill value", "float64", [2], None, fill_value=0.1, dimension_separator="/"),
        ],
        "read": [
            read("no separator", zarray([4, 4], [2, 2], dimension_separator="absent")),
            read("slash", zarray([4, 4], [2, 2], dimension_separator="/")),
            read("unknown member and empty filters", zarray([4], [2], filters=[], made_by="hand")),
            *(
                read(f"big-endian {dtype}", zarray([3, 2], [2, 2], dtype))
                for dtype in (">i2", ">u4", ">i8", ">f2", ">f4", ">f8", ">c8", ">c16", ">i1")
            ),
            read("big-endian zstd", zarray([3, 2], [3, 2], ">f8", compressor=ZSTD)),
            read("order F", zarray([3, 5], [3, 5], order="F")),
            read("order F zstd", zarray([3, 5], [3, 5], "<i8", order="F", compressor=ZSTD)),
            read("order F in padded chunks", zarray([5, 7, 3], [2, 3, 2], "<u2", order="F", compressor=ZSTD)),
            read("order F of one row", zarray([1, 6], [1, 6], order="F")),
            read("chunk larger than the array", zarray([2, 3], [4, 8], "|u1")),
            read("zstd without level", zarray([4], [4], compressor={"id": "zstd"})),
            read("a chunk missing", zarray([4, 4], [2, 2], "<i4", fill_value=-7), missing=["0.1"]),
            read("order F, big-endian, a chunk missing", zarray([4, 3], [2, 2], ">f4", order="F", fill_value=2.5), missing=["1.1"]),
            *fill_cases(),
        ],
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
