"""Makes fixtures/records: record files as the real libraries write them.

    python3.11 -m venv VENV && VENV/bin/pip install tfrecord==1.14.6
    .oracle/bin/python scripts/make-record-fixtures.py VENV/lib/python3.11/site-packages

Run again, it writes the same bytes. ArrayRecord files are at least 128 KiB long, most of it zeros: they lie here as
gzip files. `expected.json` tells of each what its library (of TFRecord files Grain) reads from it, what the writer was told and what
it wrote down of that.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from array_record.python import array_record_module

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures" / "records"

BLOCK = 2**16
CHUNK_HEADER = 40
FIRST_CHUNK = 64
SIZES = 5  # of one record of 2^14 bytes and more: compression, length of the sizes, and a size of 3 bytes


def periodic(length: int, seed: int) -> bytes:
    """Bytes that compress well and that a shift or an exchange changes."""
    return bytes((index * 7 + seed) % 251 for index in range(length))


def varint(value: int) -> bytes:
    """A protobuf varint."""
    encoded = b""
    while value > 127:
        encoded += bytes([value & 127 | 128])
        value >>= 7
    return encoded + bytes([value])


def message(number: int, depth: int = 0) -> bytes:
    """A protobuf message with every wire type, nested, with small and large field numbers."""
    fields = [
        varint(1 << 3) + varint(number),
        varint(2047 << 3) + varint([0, 127, 128, 2**32, 2**64 - 1][number % 5]),
        varint(2 << 3 | 1) + struct.pack("<d", number / 3),
        varint(300_000 << 3 | 5) + struct.pack("<f", number),
        varint(3 << 3 | 2) + varint(number % 200) + periodic(number % 200, number),
    ]
    if depth < 3:
        inner = message(number + 1, depth + 1)
        fields.append(varint(4 << 3 | 2) + varint(len(inner)) + inner)
        fields.append(varint(5 << 3 | 3) + inner + varint(5 << 3 | 4))
    return b"".join(fields[(number + index) % len(fields)] for index in range(1 + number % len(fields)))


def to_chunk(offset: int) -> bytes:
    """A record that an uncompressed chunk at the beginning holds, so that the next begins at `offset`."""
    return periodic(offset - FIRST_CHUNK - CHUNK_HEADER - SIZES, offset)


MIXED = [b"first", b"", periodic(1000, 1), b"\x00", periodic(300, 2), b"", b"last"]
MESSAGES = [message(number) for number in range(60)]

ARRAY_RECORDS: dict[str, tuple[str, list[bytes]]] = {
    "default": ("", MIXED),
    "empty": ("", []),
    "empty-brotli": ("brotli", []),
    "uncompressed": ("uncompressed", MIXED),
    "uncompressed-groups": ("uncompressed,group_size:3", MIXED),
    "zstd-groups": ("zstd:1,group_size:4", MIXED),
    "zstd-wide-window": ("zstd:3,window_log:31", [periodic(200_000, 3)]),
    "zstd-narrow-window": ("zstd:3,window_log:10", [periodic(200_000, 3)]),
    "brotli": ("brotli:9,group_size:2", MIXED),
    "brotli-wide-window": ("brotli:4,window_log:30", [periodic(200_000, 4), b"x"]),
    "snappy": ("snappy,group_size:5", MIXED),
    "padded": ("uncompressed,pad_to_block_boundary:true,group_size:3", MIXED),
    "many": ("zstd,group_size:100", [str(number).encode() for number in range(2345)]),
    "empty-records": ("uncompressed,group_size:200000", [b""] * 70_000),
    "over-blocks": ("uncompressed", [periodic(150_000, 5), b"between", periodic(70_000, 6)]),
    "header-over-block": ("uncompressed", [to_chunk(BLOCK - 20), b"begins 20 bytes before a block header", b"end"]),
    "chunk-at-block": ("uncompressed", [to_chunk(BLOCK), b"begins where a block does", b"end"]),
    "transposed": ("transpose,uncompressed,group_size:60", MESSAGES),
    "transposed-zstd": ("transpose,zstd,group_size:25", MESSAGES),
    "transposed-brotli": ("transpose,brotli:5,transpose_bucket_size:50,group_size:60", MESSAGES),
    "transposed-snappy": ("transpose,snappy,transpose_bucket_size:1,group_size:60", MESSAGES),
    "transposed-bytes": ("transpose,zstd,group_size:4", [*MIXED, *MESSAGES[10:15]]),
}


def told(records: list[bytes]) -> dict[str, Any]:
    """The lengths of the records as [length, how many in a row have it], and the SHA-256 of all of them joined."""
    lengths = [[length, len(list(run))] for length, run in itertools.groupby(map(len, records))]
    return {"lengths": lengths, "sha256": hashlib.sha256(b"".join(records)).hexdigest()}


def array_record(path: str, options: str, records: list[bytes]) -> dict[str, Any]:
    """Writes a file, and tells what the library reads from it."""
    writer = array_record_module.ArrayRecordWriter(path, options)
    for record in records:
        writer.write(record)
    writer.close()
    reader = array_record_module.ArrayRecordReader(path)
    read = reader.read_all() if records else []
    assert read == records
    return {
        "options": options,
        "writer_options": reader.writer_options_string(),
        "length": reader.num_records(),
        **told(read),
    }


def tf_records() -> dict[str, Any]:
    """Examples as the package writes them with their index, and raw records with its checksums."""
    import tfrecord
    from tfrecord.tools import tfrecord2idx

    writer = tfrecord.TFRecordWriter(str(FIXTURES / "examples.tfrecord"))
    for number in range(5):
        writer.write({"number": (number, "int"), "text": (periodic(number * 50, number), "byte")})
    writer.close()
    tfrecord2idx.create_index(str(FIXTURES / "examples.tfrecord"), str(FIXTURES / "examples.tfindex"))
    with open(FIXTURES / "raw.tfrecord", "wb") as raw:
        for record in (b"hello0", b"", periodic(300, 7)):
            length = struct.pack("<Q", len(record))
            raw.write(length + writer.masked_crc(length) + record + writer.masked_crc(record))
    (FIXTURES / "empty.tfrecord").write_bytes(b"")
    return {name: told(read_by_grain(name)) for name in ("examples", "raw", "empty")}


def read_by_grain(name: str) -> list[bytes]:
    """The records as Grain reads them."""
    import grain

    return list(grain.experimental.TFRecordIterDataset(str(FIXTURES / f"{name}.tfrecord")))


def in_temporary_folder(make: Callable[[str], dict[str, Any]], name: str) -> dict[str, Any]:
    """What `make` tells of the file that it writes, which is then kept as a gzip file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        expected = make(path)
        with open(path, "rb") as content, open(FIXTURES / f"{name}.array_record.gz", "wb") as stored:
            stored.write(gzip.compress(content.read(), 9, mtime=0))
        return expected


def lines(files: dict[str, Any]) -> str:
    """What is told of files, a line each."""
    return ",\n".join(f"{json.dumps(name)}: {json.dumps(expected)}" for name, expected in files.items())


def main() -> None:
    """Writes everything anew."""
    sys.path.append(sys.argv[1])
    FIXTURES.mkdir(parents=True, exist_ok=True)
    expected: dict[str, Any] = {"array_record": {}, "tfrecord": tf_records()}
    for name, (options, records) in ARRAY_RECORDS.items():
        make = lambda path, o=options, r=records: array_record(path, o, r)  # noqa: E731
        expected["array_record"][name] = in_temporary_folder(make, name)
    kinds = [f"{json.dumps(kind)}: {{\n{lines(files)}\n}}" for kind, files in expected.items()]
    (FIXTURES / "expected.json").write_text("{" + ",\n".join(kinds) + "}\n")


if __name__ == "__main__":
    main()
