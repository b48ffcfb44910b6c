"""Writes fixtures/codecs/*.json: compressed chunks, sound and damaged, with TensorStore's verdict on each.

    bash scripts/oracle/make.sh .oracle
    .oracle/bin/python scripts/make-codec-fixtures.py

zlib, gzip and bz2 streams are made by Python's modules, Blosc chunks by TensorStore. Every stream is put into a zarr
array of bytes as its only chunk and read by TensorStore: `zarr2` and `zarr3` say what came of it. Gives the same
files every time, with the same zlib.
"""

import base64
import bz2
import hashlib
import importlib.metadata
import json
import pathlib
import platform
import struct
import tempfile
import zlib

import numpy as np
import tensorstore as ts

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "codecs"

TEXT = b"".join(b"step %d, loss 0.%d\n" % (step, step * 7919 % 10007) for step in range(150))  # about 3 kB
RAMP = (np.arange(750) // 3).astype("<i4").tobytes()
NOISE = b"".join(hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(94))[:3000]


def changed(data, offset, value, size=1):
    copy = bytearray(data)
    copy[offset:offset + size] = value.to_bytes(size, "little")
    return bytes(copy)


def flipped(data, offset, mask=1):
    return changed(data, offset, data[offset] ^ mask)


class Chunk:
    """One array of bytes in a temporary directory, in both versions of zarr."""

    def __init__(self, codec):
        self.codec = codec

    def verdict(self, driver, stored, content):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory)
            if driver == "zarr":
                metadata = {
                    "zarr_format": 2, "shape": [len(content)], "chunks": [len(content)], "dtype": "|u1", "order": "C",
                    "fill_value": None, "filters": None, "compressor": self.zarr2(),
                }
                (path / ".zarray").write_text(json.dumps(metadata))
                (path / "0").write_bytes(stored)
            else:
                metadata = {
                    "zarr_format": 3, "node_type": "array", "shape": [len(content)], "data_type": "uint8",
                    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [len(content)]}},
                    "chunk_key_encoding": {"name": "default"}, "fill_value": 0,
                    "codecs": [{"name": "bytes"}, self.zarr3()],
                }
                (path / "zarr.json").write_text(json.dumps(metadata))
                (path / "c").mkdir()
                (path / "c" / "0").write_bytes(stored)
            try:
                array = ts.open({"driver": driver, "kvstore": {"driver": "file", "path": directory + "/"}}).result()
                return "accepts" if array.read().result().tobytes() == content else "reads something else"
            except ValueError:
                return "refuses"

    def zarr2(self):
        if self.codec == "blosc":
            return {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0}
        return {"id": self.codec, "level": 1}

    def zarr3(self):
        if self.codec == "blosc":
            options = {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 4, "blocksize": 0}
            return {"name": "blosc", "configuration": options}
        return {"name": "gzip", "configuration": {"level": 1}} if self.codec == "gzip" else None


def deflate(data, window=-15, level=9):
    encoder = zlib.compressobj(level, zlib.DEFLATED, window)
    return encoder.compress(data) + encoder.flush()


def zlib_streams():
    plain = zlib.compress(TEXT)
    yield "level 6", plain, TEXT, True
    yield "level 1", zlib.compress(TEXT, 1), TEXT, True
    yield "stored blocks", zlib.compress(NOISE, 0), NOISE, True
    yield "fixed codes", zlib.compress(b"orbax"), b"orbax", True
    yield "window of 256 bytes", deflate(TEXT, 9), TEXT, True
    yield "many equal bytes", zlib.compress(bytes(1_000_000), 9), bytes(1_000_000), True
    yield "wrong checksum", flipped(plain, len(plain) - 1), TEXT, False
    yield "wrong header check", flipped(plain, 1), TEXT, False
    yield "method 7", b"\x77\x04" + plain[2:], TEXT, False
    yield "window of 64 KiB", b"\x88\x1c" + plain[2:], TEXT, False
    yield "dictionary", b"\x78\xbb\0\0\0\1" + plain[2:], TEXT, False
    yield "trailing byte", plain + b"\0", TEXT, False
    yield "two streams", zlib.compress(TEXT[:1000]) + zlib.compress(TEXT[1000:]), TEXT, False
    yield "second stream of nothing", plain + zlib.compress(b""), TEXT, False
    yield "cut in the stream", plain[:100], TEXT, False
    yield "cut before the checksum", plain[:-4], TEXT, False
    yield "cut in the checksum", plain[:-1], TEXT, False
    yield "cut in the header", plain[:1], TEXT, False
    yield "one byte too few", zlib.compress(TEXT[:-1]), TEXT, False
    yield "one byte too many", zlib.compress(TEXT + b"\n"), TEXT, False
    yield "without header", deflate(TEXT), TEXT, False
    yield "a gzip file", gzip_file(TEXT), TEXT, False
    yield "nothing", b"", TEXT, False


def gzip_file(data, flags=0, extra=None, name=None, comment=None, level=9):
    head = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\xff"
    if flags & 4:
        head += len(extra).to_bytes(2, "little") + extra
    if flags & 8:
        head += name + b"\0"
    if flags & 16:
        head += comment + b"\0"
    if flags & 2:
        head += (zlib.crc32(head) & 0xFFFF).to_bytes(2, "little")
    return head + deflate(data, level=level) + struct.pack("<II", zlib.crc32(data), len(data))


def gzip_streams():
    plain = gzip_file(TEXT)
    yield "level 9", plain, TEXT, True
    yield "level 1", gzip_file(TEXT, level=1), TEXT, True
    yield "stored blocks", gzip_file(NOISE, level=0), NOISE, True
    yield "text flag", gzip_file(TEXT, 1), TEXT, True
    yield "header checksum", gzip_file(TEXT, 2), TEXT, True
    yield "extra field", gzip_file(TEXT, 4, extra=b"or\2\0bx"), TEXT, True
    yield "file name", gzip_file(TEXT, 8, name=b"0.0"), TEXT, True
    yield "everything optional", gzip_file(TEXT, 31, extra=b"", name=b"0.0", comment=b"chunk"), TEXT, True
    yield "wrong checksum", flipped(plain, len(plain) - 8), TEXT, False
    yield "wrong length", flipped(plain, len(plain) - 4), TEXT, False
    yield "wrong header checksum", flipped(gzip_file(TEXT, 2), 10), TEXT, False
    yield "reserved flag", changed(plain, 3, 0x20), TEXT, False
    yield "wrong magic", flipped(plain, 0), TEXT, False
    yield "method 7", changed(plain, 2, 7), TEXT, False
    yield "two members", gzip_file(TEXT[:1000]) + gzip_file(TEXT[1000:]), TEXT, False
    yield "member of nothing before", gzip_file(b"") + plain, TEXT, False
    yield "member of nothing after", plain + gzip_file(b""), TEXT, False
    yield "trailing byte", plain + b"\0", TEXT, False
    yield "trailing bytes", plain + b"tail", TEXT, False
    yield "cut in the stream", plain[:100], TEXT, False
    yield "cut before the trailer", plain[:-8], TEXT, False
    yield "cut in the trailer", plain[:-1], TEXT, False
    yield "cut in the header", plain[:9], TEXT, False
    yield "cut in the file name", plain[:3] + b"\x08" + plain[4:10] + b"name", TEXT, False
    yield "one byte too few", gzip_file(TEXT[:-1]), TEXT, False
    yield "one byte too many", gzip_file(TEXT + b"\n"), TEXT, False
    yield "a zlib stream", zlib.compress(TEXT), TEXT, False
    yield "nothing", b"", TEXT, False


def bz2_streams():
    plain = bz2.compress(TEXT)
    long = bytes(range(256)) * 8 + b"\0" * 300_000 + b"\1\2" * 40_000  # blocks of 100 kB at level 1
    yield "level 9", plain, TEXT, True
    yield "level 1", bz2.compress(TEXT, 1), TEXT, True
    yield "noise", bz2.compress(NOISE), NOISE, True
    yield "several blocks", bz2.compress(long, 1), long, True
    yield "runs", bz2.compress(b"".join(bytes([i]) * i for i in range(256))), b"".join(
        bytes([i]) * i for i in range(256)), True
    yield "one byte", bz2.compress(b"a"), b"a", True
    yield "many equal bytes", bz2.compress(bytes(1_000_000)), bytes(1_000_000), True
    yield "wrong block checksum", flipped(plain, 11), TEXT, False
    yield "wrong checksum", flipped(plain, len(plain) - 2), TEXT, False
    yield "wrong magic", flipped(plain, 2), TEXT, False
    yield "level 0", changed(plain, 3, 0x30), TEXT, False
    yield "wrong block magic", flipped(plain, 6), TEXT, False
    yield "two streams", bz2.compress(TEXT[:1000]) + bz2.compress(TEXT[1000:]), TEXT, False
    yield "stream of nothing before", bz2.compress(b"") + plain, TEXT, False
    yield "stream of nothing after", plain + bz2.compress(b""), TEXT, False
    yield "trailing byte", plain + b"\0", TEXT, False
    yield "cut in the block", plain[:100], TEXT, False
    yield "cut before the end", plain[:-10], TEXT, False
    yield "cut in the checksum", plain[:-1], TEXT, False
    yield "cut in the magic", plain[:3], TEXT, False
    yield "one byte too few", bz2.compress(TEXT[:-1]), TEXT, False
    yield "one byte too many", bz2.compress(TEXT + b"\n"), TEXT, False
    yield "nothing", b"", TEXT, False


def blosc(data, cname="lz4", shuffle="shuffle", typesize=4, clevel=5, blocksize=0):
    """A chunk as TensorStore's zarr v3 codec makes it, which takes any size of an element."""
    options = {"cname": cname, "clevel": clevel, "shuffle": shuffle, "typesize": typesize, "blocksize": blocksize}
    with tempfile.TemporaryDirectory() as directory:
        spec = {
            "driver": "zarr3", "kvstore": {"driver": "file", "path": directory + "/"}, "create": True,
            "metadata": {
                "shape": [len(data)], "data_type": "uint8",
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [len(data)]}},
                "codecs": [{"name": "bytes"}, {"name": "blosc", "configuration": options}],
                "fill_value": 1,
            },
        }
        ts.open(spec).result().write(np.frombuffer(data, "u1")).result()
        return (pathlib.Path(directory) / "c" / "0").read_bytes()


def blosc_streams():
    for cname in ["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"]:
        for shuffle in ["noshuffle", "shuffle", "bitshuffle"]:
            yield f"{cname}, {shuffle}", blosc(RAMP, cname, shuffle), RAMP, True
    for typesize in [1, 2, 3, 8, 12, 16, 17, 255]:
        data = RAMP[: len(RAMP) // typesize * typesize]
        yield f"elements of {typesize} bytes", blosc(data, typesize=typesize), data, True
        yield f"elements of {typesize} bytes, bits", blosc(data, "zstd", "bitshuffle", typesize), data, True
    yield "a last element cut off", blosc(RAMP[:2999], typesize=8), RAMP[:2999], True
    yield "blocks of 1000 bytes", blosc(RAMP, blocksize=1000), RAMP, True
    yield "blocks of 256 bytes, bits", blosc(RAMP, "blosclz", "bitshuffle", blocksize=256), RAMP, True
    long = (np.arange(600_000) // 2000).astype("<u2").tobytes()
    for cname in ["blosclz", "lz4", "zstd"]:
        yield f"1.2 MB, {cname}", blosc(long, cname, typesize=2), long, True
    distant = NOISE + bytes(20_000) + NOISE + bytes(70_000) + NOISE
    for cname in ["blosclz", "lz4"]:
        yield f"distant matches, {cname}", blosc(distant, cname, "noshuffle", 1), distant, True
    yield "noise", blosc(NOISE), NOISE, True
    yield "level 0", blosc(RAMP, clevel=0), RAMP, True
    yield "four bytes", blosc(b"abcd"), b"abcd", True

    plain = blosc(RAMP)
    copied = blosc(NOISE)
    yield "trailing byte", plain + b"x", RAMP, False
    yield "trailing byte, chunk size fits", changed(plain + b"x", 12, len(plain) + 1, 4), RAMP, False
    yield "cut by a byte", plain[:-1], RAMP, False
    yield "cut by a byte, chunk size fits", changed(plain[:-1], 12, len(plain) - 1, 4), RAMP, False
    yield "cut in the header", plain[:15], RAMP, False
    yield "cut in the table", changed(plain[:18], 12, 18, 4), RAMP, False
    yield "nothing", b"", RAMP, False
    yield "version 1", changed(plain, 0, 1), RAMP, False
    yield "version 3", changed(plain, 0, 3), RAMP, False
    yield "compressor's version 2", changed(plain, 1, 2), RAMP, False
    yield "reserved flag", changed(plain, 2, plain[2] | 8), RAMP, False
    yield "compressor 5", changed(plain, 2, plain[2] & 31 | 5 << 5), RAMP, False
    yield "content one shorter", changed(plain, 4, len(RAMP) - 1, 4), RAMP, False
    yield "content one longer", changed(plain, 4, len(RAMP) + 1, 4), RAMP, False
    yield "content of 2 GiB", changed(plain, 4, 2**31, 4), RAMP, False
    yield "chunk size one larger", changed(plain, 12, len(plain) + 1, 4), RAMP, False
    yield "elements of 0 bytes", changed(plain, 3, 0), RAMP, False
    yield "elements of 7 bytes", changed(plain, 3, 7), RAMP, False
    yield "blocks of 0 bytes", changed(plain, 8, 0, 4), RAMP, False
    yield "blocks of twice the content", changed(plain, 8, 2 * len(RAMP), 4), RAMP, False
    yield "blocks of 1 byte", changed(plain, 8, 1, 4), RAMP, False
    yield "block in the header", changed(plain, 16, 0, 4), RAMP, False
    yield "block behind the end", changed(plain, 16, len(plain), 4), RAMP, False
    yield "block far behind the end", changed(plain, 16, 2**31 - 1, 4), RAMP, False
    yield "part longer than the chunk", changed(plain, 20, 2**31 - 1, 4), RAMP, False
    yield "part of nothing", changed(plain, 20, 0, 4), RAMP, False
    yield "copied flag on packed bytes", changed(plain, 2, plain[2] | 2), RAMP, False
    yield "copied, cut by a byte", changed(copied[:-1], 12, len(copied) - 1, 4), NOISE, False
    for cname in ["blosclz", "lz4", "snappy", "zlib", "zstd"]:
        sound = blosc(RAMP, cname, "noshuffle")
        yield f"damaged {cname}", sound[:26] + b"\xff" * 12 + sound[38:], RAMP, False


def write(codec, streams):
    chunk = Chunk(codec)
    cases = []
    for name, stored, content, sound in streams:
        case = {"name": name, "stored": base64.b64encode(stored).decode(), "size": len(content)}
        case["zarr2"] = chunk.verdict("zarr", stored, content)
        if chunk.zarr3() is not None:
            case["zarr3"] = chunk.verdict("zarr3", stored, content)
        if sound:
            assert {case["zarr2"], case.get("zarr3", "accepts")} == {"accepts"}, case
            case["sha256"] = hashlib.sha256(content).hexdigest()
        cases.append(case)
    versions = f"Python {platform.python_version()}, zlib {zlib.ZLIB_RUNTIME_VERSION}"
    made_with = f"scripts/make-codec-fixtures.py, TensorStore {importlib.metadata.version('tensorstore')}, {versions}"
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"made_with": made_with, "streams": cases}, indent=1)
    (OUT / f"{codec}.json").write_text(text + "\n")


write("zlib", zlib_streams())
write("gzip", gzip_streams())
write("bz2", bz2_streams())
write("blosc", blosc_streams())
