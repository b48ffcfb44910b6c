"""Writes fixtures/zarr/arrays.json and arrays3.json: zarr arrays, v2 and v3, as TensorStore stores them, with the
elements it reads back.

    pip install tensorstore==0.1.86 numpy==2.3.5 ml_dtypes==0.6.0
    python scripts/make-zarr-fixtures.py

A case is `{name, document, chunks, dtype, shape, data}`: the text of `.zarray` or `zarr.json`, hexadecimal chunks by
key, and all elements in C order as little-endian hexadecimal bytes. In `written` the document is TensorStore's own; in
`read` it is made by hand, in forms that others write, and so are some chunks. int4 and int2 are bytes with their sign.
"""

import itertools
import json
import pathlib
import struct
import tempfile

import ml_dtypes  # noqa: F401  (names its types to NumPy)
import numpy as np
import tensorstore as ts

TARGET = pathlib.Path(__file__).parent.parent / "fixtures" / "zarr"
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
    "float8_e4m3fn": "float8_e4m3fn",
    "float8_e5m2": "float8_e5m2",
    "float8_e4m3b11fnuz": "float8_e4m3b11fnuz",
    "float8_e4m3fnuz": "float8_e4m3fnuz",
    "float8_e5m2fnuz": "float8_e5m2fnuz",
    "float8_e3m4": "float8_e3m4",
    "float8_e8m0fnu": "float8_e8m0fnu",
    "float4_e2m1fn": "float4_e2m1fn",
    "int4": "int4",
    "int2": "int2",
}
NARROW = {"float4_e2m1fn": 0x0F, "int4": 0x0F, "int2": 0x03}
ZSTD = {"id": "zstd", "level": 1}


def values(dtype, shape):
    """Elements of all bit patterns, but for NaN, whose bits may change on the way."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if dtype == np.bool_:
        return (np.arange(count) % 3 == 0).reshape(shape)
    raw = np.random.default_rng(count).integers(0, 256, (count, dtype.itemsize), dtype=np.uint8)
    if dtype.name.startswith("int") and dtype.name in NARROW:
        least = -(NARROW[dtype.name] + 1) // 2
        return ((raw[:, 0] & NARROW[dtype.name]).astype(np.int8) + least).astype(dtype).reshape(shape)
    if dtype.name in NARROW:
        raw &= NARROW[dtype.name]
    array = raw.view(dtype)[:, 0] if count else np.zeros(0, dtype)
    return np.where(array == array, array, np.zeros(1, dtype)).astype(dtype).reshape(shape)


def even(dtype, shape):
    """Elements that compressors make shorter."""
    return (np.arange(int(np.prod(shape))) // 5).astype(dtype).reshape(shape)


def little_endian_hex(array):
    array = np.ascontiguousarray(array)
    if array.dtype.name in ("int4", "int2"):
        array = array.astype(np.int8)
    if array.dtype.kind in "iufc" and array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return array.tobytes().hex()


def case(name, folder, document, array):
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {
        "name": name,
        "document": files.pop(document).decode(),
        "chunks": {key: files[key].hex() for key in sorted(files)},
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "data": little_endian_hex(array),
    }


def create(name, driver, document, metadata, elements):
    """Lets TensorStore create and write an array."""
    with tempfile.TemporaryDirectory() as directory:
        spec = {"driver": driver, "kvstore": f"file://{directory}/", "metadata": metadata}
        array = ts.open(spec, create=True).result()
        array.write(elements).result()
        return case(name, pathlib.Path(directory), document, array.read().result())


def written(name, dtype, shape, compressor, chunks=None, **metadata):
    metadata = {"shape": shape, "dtype": DTYPES[dtype], "compressor": compressor, **metadata}
    if chunks:
        metadata["chunks"] = chunks
    return create(name, "zarr", ".zarray", metadata, values(dtype, shape))


def fill_and_read(name, driver, document, metadata, store=True, missing=(), make=values, chunks=None):
    """Lets TensorStore fill and read an array whose metadata is given, and whose chunks may be."""
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        (folder / document).write_text(json.dumps(metadata))
        array = ts.open({"driver": driver, "kvstore": f"file://{directory}/"}).result()
        if chunks is not None:
            for key, stored in chunks.items():
                (folder / key).parent.mkdir(parents=True, exist_ok=True)
                (folder / key).write_bytes(stored)
        elif store:
            array.write(make(array.dtype.numpy_dtype.newbyteorder("="), array.shape)).result()
        for key in missing:
            (folder / key).unlink()
        array = ts.open({"driver": driver, "kvstore": f"file://{directory}/"}).result()
        return case(name, folder, document, array.read().result())


def read(name, metadata, store=True, missing=(), make=values):
    return fill_and_read(name, "zarr", ".zarray", metadata, store, missing, make)


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


def compressor_cases():
    compressors = [
        {"id": "zlib", "level": 1},
        {"id": "zlib", "level": 0},
        {"id": "gzip", "level": 6},
        {"id": "bz2", "level": 1},
        {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0},
        ZSTD,
    ]
    for compressor, order, dtype in itertools.product(compressors, "CF", ("<i2", ">i2")):
        metadata = zarray([9, 7], [5, 7], dtype, compressor=compressor, order=order)
        yield read(f"{compressor['id']} {compressor.get('level', '')} {order} {dtype}", metadata, make=even)
    for cname, shuffle in itertools.product(("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"), (0, 1, 2)):
        compressor = {"id": "blosc", "cname": cname, "clevel": 9, "shuffle": shuffle, "blocksize": 0}
        metadata = zarray([12, 16], [12, 16], "<u4", compressor=compressor)
        yield read(f"blosc {cname} shuffle {shuffle}", metadata, make=even)
    yield read("blosc without parameters", zarray([64], [64], "<i4", compressor={"id": "blosc"}), make=even)
    for codec in ("zlib", "gzip", "bz2", "blosc"):
        yield read(f"{codec} of one bool", zarray([], [], "|b1", compressor={"id": codec}))


BYTES = {"name": "bytes", "configuration": {"endian": "little"}}
BIG = {"name": "bytes", "configuration": {"endian": "big"}}
CRC32C = {"name": "crc32c"}
GZIP = {"name": "gzip", "configuration": {"level": 6}}
ZSTD3 = {"name": "zstd", "configuration": {"level": 3, "checksum": False}}
CHECKED_ZSTD3 = {"name": "zstd", "configuration": {"level": 1, "checksum": True}}


def transpose(*order):
    return {"name": "transpose", "configuration": {"order": order}}


def blosc(cname, shuffle, typesize=4):
    configuration = {"cname": cname, "clevel": 9, "shuffle": shuffle, "typesize": typesize, "blocksize": 0}
    return {"name": "blosc", "configuration": configuration}


def sharded(chunk_shape, codecs=(BYTES,), index_codecs=(BYTES, CRC32C), **configuration):
    configuration = {"chunk_shape": chunk_shape, "codecs": codecs, "index_codecs": index_codecs, **configuration}
    return {"name": "sharding_indexed", "configuration": configuration}


def written3(name, dtype, shape, codecs, chunks=None, make=values, **metadata):
    metadata = {"shape": shape, "data_type": dtype, "codecs": codecs, **metadata}
    if chunks:
        metadata["chunk_grid"] = {"name": "regular", "configuration": {"chunk_shape": chunks}}
    return create(name, "zarr3", "zarr.json", metadata, make(dtype, shape))


def sparse(dtype, shape):
    """Zeros, but for the last element: inner chunks of zeros are left out."""
    array = np.zeros(shape, dtype)
    array[(-1,) * len(shape)] = 7
    return array


def written3_cases():
    for dtype in DTYPES:
        inner = [{"name": "bytes"} if np.dtype(dtype).itemsize == 1 else BYTES, ZSTD3]
        yield written3(f"{dtype} as Orbax writes", dtype, [3, 5], [sharded([3, 5], inner)])
        yield written3(f"{dtype} plain", dtype, [3, 5], [])
    single = {
        "big-endian": [BIG],
        "transposed": [transpose(1, 0), BYTES],
        "transposed twice": [transpose(1, 0), transpose(1, 0), BYTES],
        "order F": [{"name": "transpose", "configuration": {"order": "F"}}, BIG],
        "gzip": [BYTES, GZIP],
        "zstd": [BYTES, ZSTD3],
        "zstd with checksum": [BYTES, CHECKED_ZSTD3],
        "blosc": [BYTES, blosc("lz4", "shuffle", 2)],
        "crc32c": [BYTES, CRC32C],
        "transposed, gzip, crc32c": [transpose(1, 0), BIG, GZIP, CRC32C],
        "crc32c, gzip, zstd, crc32c": [BYTES, CRC32C, GZIP, ZSTD3, CRC32C],
        "two crc32c": [BYTES, CRC32C, CRC32C],
    }
    for name, codecs in single.items():
        yield written3(f"{name}", "int16", [5, 7], codecs, chunks=[3, 7], make=even)
    for cname in ("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"):
        for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
            yield written3(f"blosc {cname} {shuffle}", "uint32", [12, 16], [BYTES, blosc(cname, shuffle)], make=even)
    shards = {
        "one inner chunk": sharded([4, 6]),
        "inner chunks": sharded([2, 3]),
        "index at the start": sharded([2, 3], index_location="start"),
        "zstd, crc32c within, index at the start": sharded([2, 3], [BYTES, ZSTD3, CRC32C], index_location="start"),
        "one gzip inner chunk, index at the start": sharded([4, 6], [BYTES, GZIP], index_location="start"),
        "big-endian index without CRC": sharded([2, 3], index_codecs=[BIG]),
        "index with two CRC": sharded([2, 3], index_codecs=[BYTES, CRC32C, CRC32C]),
        "transposed index": sharded([2, 3], index_codecs=[transpose(1, 2, 0), BYTES, CRC32C]),
        "index in order F": sharded([2, 3], index_codecs=[transpose(2, 1, 0), BIG, CRC32C], index_location="start"),
        "transposed within": sharded([2, 3], [transpose(1, 0), BIG]),
        "transposed within one": sharded([4, 6], [transpose(1, 0), BIG]),
        "nested": sharded([2, 6], [sharded([2, 2])]),
        "nested, one in one": sharded([4, 6], [sharded([4, 6], [BYTES, ZSTD3])]),
        "nested, transposed": sharded([2, 6], [transpose(1, 0), sharded([3, 1], [BYTES, CRC32C], index_location="start")]),
    }
    for name, codec in shards.items():
        yield written3(f"shards: {name}", "int16", [7, 9], [codec], chunks=[4, 6])
    yield written3("shards: transposed", "int16", [7, 9], [transpose(1, 0), sharded([3, 2])], chunks=[4, 6])
    yield written3("shards: transposed, of one inner chunk", "int16", [4, 6], [transpose(1, 0), sharded([6, 4], [BYTES, ZSTD3])])
    yield written3("shards: transposed twice", "float32", [7, 9], [transpose(1, 0), sharded([3, 2], [transpose(1, 0), BYTES])], chunks=[4, 6])
    yield written3("shards: rank 3", "uint8", [3, 4, 5], [transpose(2, 0, 1), sharded([5, 2, 2], [transpose(1, 2, 0), {"name": "bytes"}])], chunks=[4, 2, 5])
    yield written3("shards: one of one", "int16", [4, 6], [sharded([4, 6])])
    yield written3("shards: rank 0", "float64", [], [sharded([])])
    yield written3("shards: size 0", "float32", [0, 3], [sharded([1, 3])])
    yield written3("shards: inner chunks missing", "int32", [4, 6], [sharded([2, 3])], make=sparse)
    yield written3("shards: nested, inner chunks missing", "int32", [4, 6], [sharded([2, 6], [sharded([1, 3])])], make=sparse)
    yield written3("shards: a fill value for missing ones", "int32", [4, 6], [sharded([2, 3], [BYTES, ZSTD3])], make=sparse, fill_value=0)
    yield written3("rank 0", "int64", [], [BYTES])
    yield written3("size 0", "float32", [0, 3], [BYTES])
    yield written3("rank 4", "complex64", [3, 2, 4, 3], [transpose(3, 1, 0, 2), BYTES], chunks=[2, 1, 3, 2])
    separators = [("default", "."), ("default", "/"), ("v2", "."), ("v2", "/")]
    for encoding, separator in separators:
        keys = {"name": encoding, "configuration": {"separator": separator}}
        yield written3(f"keys: {encoding} {separator}", "int8", [3, 2], [], chunks=[2, 2], chunk_key_encoding=keys)
    yield written3("keys: v2 of rank 0", "int8", [], [], chunk_key_encoding={"name": "v2"}, fill_value=1)


def zarr_json(shape, chunks, codecs, dtype="int32", fill_value=0, **members):
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
        "chunk_key_encoding": {"name": "default"},
        "fill_value": fill_value,
        "codecs": codecs,
        **members,
    }


def read3(name, metadata, **options):
    return fill_and_read(name, "zarr3", "zarr.json", metadata, **options)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return struct.pack("<I", crc ^ 0xFFFFFFFF)


MISSING = (2**64 - 1, 2**64 - 1)


def shard(data, *entries):
    """A shard of these bytes with its index at the end."""
    index = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    return data + index + crc32c(index)


def read3_cases():
    described = {"attributes": {"a": [1]}, "dimension_names": ["x", None], "storage_transformers": []}
    yield read3("attributes, names and no transformers", zarr_json([3, 2], [3, 2], [BYTES], **described))
    extension = {"must_understand": False, "name": "made by hand"}
    yield read3("a member that need not be understood", zarr_json([2], [2], [BYTES], extension=extension))
    yield read3("one byte with an order", zarr_json([4], [4], [BIG], "uint8"))
    yield read3("keys with an empty configuration", zarr_json([2], [2], [BYTES], chunk_key_encoding={"name": "v2", "configuration": {}}))
    yield read3("a chunk missing", zarr_json([4, 4], [2, 2], [BYTES], fill_value=-7), missing=["c/0/1"])
    yield read3("a shard missing", zarr_json([4, 4], [2, 4], [sharded([2, 2])], fill_value=-7), missing=["c/0/0"])
    rows = zarr_json([2, 2], [2, 2], [sharded([1, 2])], fill_value=-7)
    ab, cd = struct.pack("<ii", 1, 2), struct.pack("<ii", 3, 4)
    hand_made = {
        "inner chunks in another order": shard(cd + ab, (8, 8), (0, 8)),
        "bytes between inner chunks": shard(b"?" + ab + b"??" + cd + b"???", (1, 8), (11, 8)),
        "inner chunks that overlap": shard(struct.pack("<iii", 1, 2, 3), (0, 8), (4, 8)),
        "one inner chunk used twice": shard(ab, (0, 8), (0, 8)),
        "an inner chunk in the index": shard(ab, (0, 8), (8, 8)),
        "an inner chunk missing": shard(ab, MISSING, (0, 8)),
        "all inner chunks missing": shard(b"", MISSING, MISSING),
    }
    for name, stored in hand_made.items():
        yield read3(name, rows, chunks={"c/0/0": stored})
    yield read3(
        "garbage where inner chunks are padding",
        zarr_json([1, 2], [2, 2], [sharded([1, 2])]),
        chunks={"c/0/0": shard(ab, (0, 8), (2**40, 8))},
    )
    fills = [("float32", "NaN"), ("float64", "0x7ff8000000000001"), ("bfloat16", -1.5), ("complex64", [1.5, "-Infinity"])]
    fills += [("bool", True), ("uint64", 2**64 - 1), ("int4", -8), ("float8_e4m3fn", 0.5)]
    for dtype, fill in fills:
        codec = {"name": "bytes"} if np.dtype(dtype).itemsize == 1 else BYTES
        yield read3(f"fill {dtype} {json.dumps(fill)}", zarr_json([3], [2], [codec], dtype, fill), store=False)


def save(file, cases):
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / file).write_text(json.dumps(cases, indent=1) + "\n")


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
            *compressor_cases(),
        ],
    }
    save("arrays.json", cases)
    save("arrays3.json", {"written": list(written3_cases()), "read": list(read3_cases())})


if __name__ == "__main__":
    main()
