"""Writes fixtures/zarr/fill-values.json: which fill values TensorStore takes, what they are, and how it writes them.

    pip install tensorstore==0.1.86 numpy==2.4.6 ml_dtypes==0.6.0
    python scripts/make-fill-vectors.py

`read`: by version of zarr and dtype as the metadata names it, `[fill_value as JSON, element]`: what an array of one
element reads without its chunk, hexadecimal and little-endian; `null` if TensorStore refuses the metadata.
`written`: likewise `[element, fill_value as JSON]`.
"""

import json
import pathlib
import re
import tempfile

import ml_dtypes
import numpy as np
import tensorstore as ts

TARGET = pathlib.Path(__file__).parent.parent / "fixtures" / "zarr" / "fill-values.json"

BYTES = ["int8", "uint8"]
NARROW = ["int4", "int2"]
FLOAT8 = [
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3b11fnuz",
    "float8_e4m3fnuz",
    "float8_e5m2fnuz",
    "float8_e3m4",
    "float8_e8m0fnu",
]
FLOATS = ["float16", "bfloat16", "float32", "float64", *FLOAT8, "float4_e2m1fn"]
DTYPES = ["bool", *BYTES, *NARROW, "int64", "uint64", *FLOATS, "complex64", "complex128"]
NO_ORDER = {"bool", *BYTES, *NARROW, *FLOAT8, "float4_e2m1fn"}

INTEGERS = ["0", "-1", "7", "8", "-8", "-9", "127", "128", "-129", "255", "256", "1.0", "-0.0", "1.5", "1e2"]
LARGE = ["9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "1e19"]
NUMBERS = ["0", "-0.0", "1", "-1", "1.5", "3.0", "6", "7.5", "-9", "0.1", "1e3", "-1e3", "1e39", "1e300", "-1e300", "1e-50"]
NUMBERS += ["16777217", "9007199254740993", "1.0625000000001", "1.0039062500001", "2e-19", "1.0842021724855044e-19", "1e400"]
NAMES = ["NaN", "Infinity", "-Infinity", "-NaN", "nan", "inf", "+Infinity", "infinity", ""]
DECIMALS = ["1.5", " +1.5e3\n", "\f1\v", "\u00a01", "1.5x", ".5", "5.", ".", "1e", "1_0", "00012", "- 1", "1e400", "1e-400", "0e99999"]
HEXADECIMALS = ["0x1.8p3", "-0X1.8P+03", "0x10", "0x7f", "0xff", "0x.8p1", "0x1.p1", " +0x1p1 ", "0x", "0x.p1", "0x1p", "0xg", "0x1 p1"]
HEXADECIMALS += ["0x1.00000000000008p0", "0x1.000000000000080001p0", "0x1.8000000000000000000000000000001p-1075", "0x1p-1075"]
HEXADECIMALS += ["0x1.8p-1075", "0x1.fffffffffffff7p1023", "0x1.fffffffffffff8p1023", "0x1p99999", "-0x0p99999", "0x1p-99999"]
HEXADECIMALS += ["0x123456789abcdef01234", "0x0001"]
BIT_PATTERNS = ["0x7F", "0X7f", "0x007f", "0x7fff", "0x07fff", "0x7fc00001", "0xffffffff", "0x07fc00001", "0x7ff8000000000001"]
BIT_PATTERNS += ["0xffffffffffffffff", "0x0fff8000000000001", "0x-1", "0x 1", " 0x1", "0x1 ", "-0x1", "7f"]
PAIRS = ["[1,2]", '["NaN","-Infinity"]', '["0x1p1",2]', '["0x7fc00001","0xff"]', '["1.5",1]', "[0.1,-0.0]", "[1]", "[1,2,3]"]
PAIRS += ["[true,1]", "[null,1]", "[[1],2]", "{}"]
BASE64 = ["AAAAAAAAgD8=", "AAAAAAAAgD8", "AAAAAAAAgD8==", "AAAA AAAA\tgD8.", "AAAAAAAAgD9=", "AQDAfwIAwP8=", "/+8AAAAAgD8="]
BASE64 += ["_-8AAAAAgD8=", "AAAAAAAAgA==", "AAAAAAAAgD8A", "AAAAAAAAg=8=", "AAAAAAAA8D8BAAAAAAD4fw==", "AAAAAAAA8D8BAAAAAAD4fw"]
SHORT_BASE64 = ["AA==", "wB==", "H A = =", "DA", "wA.", "wA..", "w===", "==", "AAA", "AAAA", "A"]


def texts(dtype):
    quoted = [json.dumps(text) for text in NAMES]
    others = ["null", "true", "false", "[1,2]", '"true"']
    if dtype == "bool":
        return [*others, "0", "1"]
    if "int" in dtype:
        return [*others, *INTEGERS, *(LARGE if "64" in dtype else []), *quoted[:1], '"0x1"']
    if "complex" in dtype:
        return [*others, *PAIRS, "0", *map(json.dumps, BASE64), *quoted[:1]]
    strings = [*DECIMALS, *HEXADECIMALS, *BIT_PATTERNS]
    strings += SHORT_BASE64 if dtype == "float4_e2m1fn" else []
    return [*others, *NUMBERS, *quoted, *map(json.dumps, strings)]


def open_array(folder, zarr, **options):
    driver = "zarr" if zarr == 2 else "zarr3"
    return ts.open({"driver": driver, "kvstore": {"driver": "file", "path": f"{folder}/"}}, **options).result()


def metadata_file(folder, zarr):
    return pathlib.Path(folder) / (".zarray" if zarr == 2 else "zarr.json")


def metadata_text(zarr, dtype, fill):
    if zarr == 2:
        return (
            f'{{"chunks":[1],"compressor":null,"dtype":"{dtype}","fill_value":{fill},"filters":null,"order":"C",'
            '"shape":[1],"zarr_format":2}'
        )
    order = "" if dtype in NO_ORDER else ',"configuration":{"endian":"little"}'
    return (
        '{"chunk_grid":{"name":"regular","configuration":{"chunk_shape":[1]}},"chunk_key_encoding":{"name":"default"},'
        f'"codecs":[{{"name":"bytes"{order}}}],"data_type":"{dtype}","fill_value":{fill},"node_type":"array",'
        '"shape":[1],"zarr_format":3}'
    )


def zarr2_name(dtype):
    if dtype == "bfloat16" or dtype in NARROW or dtype.startswith(("float8", "float4")):
        return dtype
    return np.dtype(dtype).str


def read(zarr, dtype, fill):
    with tempfile.TemporaryDirectory() as folder:
        metadata_file(folder, zarr).write_text(metadata_text(zarr, dtype, fill))
        try:
            return open_array(folder, zarr).read().result().tobytes().hex()
        except ValueError as error:
            if "fill_value" not in str(error) and "Invalid JSON" not in str(error):
                raise
            return None


def written(zarr, dtype, element):
    with tempfile.TemporaryDirectory() as folder:
        fill = np.frombuffer(element, np.dtype(getattr(ml_dtypes, dtype, dtype)))[0]
        open_array(folder, zarr, create=True, dtype=getattr(ts, dtype), shape=[1], fill_value=fill)
        text = metadata_file(folder, zarr).read_text()
        return re.search(r'"fill_value":(.*?),"(?:filters|node_type)"', text)[1]


def elements(dtype):
    """Some elements, little-endian."""
    numpy_type = np.dtype(getattr(ml_dtypes, dtype, dtype))
    size = numpy_type.itemsize
    if dtype in NARROW:
        return [bytes([value]) for value in (0, 1, 0xFF, 0xF8 if dtype == "int4" else 0xFE)]
    if dtype == "float4_e2m1fn":
        return [bytes([value]) for value in range(0, 16, 3)]
    if dtype == "float8_e8m0fnu":  # its upper half is written with a sign
        return [bytes([value]) for value in (0, 1, 0x3F, 0x40, 0x7F, 0xFF)]
    if size == 1:
        return [bytes([value]) for value in ((0, 1) if dtype == "bool" else (0, 1, 0x3F, 0x77, 0x7E, 0x7F, 0x80, 0x81, 0xFF))]
    return [bytes([value]) * size for value in (0, 1, 0x3F, 0x7F, 0xC1, 0xFF)]


def main():
    orders = {2: [*((dtype, zarr2_name(dtype)) for dtype in DTYPES), ("complex64", ">c8"), ("complex128", ">c16"), ("float32", ">f4")]}
    orders[3] = [(dtype, dtype) for dtype in DTYPES]
    vectors = {
        "read": {
            str(zarr): {name: [[text, read(zarr, name, text)] for text in texts(dtype)] for dtype, name in names}
            for zarr, names in orders.items()
        },
        "written": {
            str(zarr): {dtype: [[element.hex(), written(zarr, dtype, element)] for element in elements(dtype)] for dtype in DTYPES}
            for zarr in orders
        },
    }
    TARGET.write_text(json.dumps(vectors, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
