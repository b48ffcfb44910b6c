"""Writes fixtures/zstd/frames.json: frames by libzstd, sound and damaged, with libzstd's own verdict on each.

    pip install zstandard==0.25.0
    python scripts/make-zstd-frames.py

Gives the same file every time.
"""

import base64
import hashlib
import json
import pathlib

import zstandard

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "zstd" / "frames.json"

TEXT = b"step 1200, loss 0.4375, learning rate 0.001\n" * 600  # 26.4 kB, one block
LONG = b"".join(bytes([block]) * (128 * 1024) for block in range(5)) + TEXT  # 682 kB, six blocks


def uneven():
    """Parts of 64 KiB that differ, which make libzstd 1.5.7 end blocks before their 128 KiB are full."""
    out = bytearray()
    state = 1
    for part in range(12):
        for i in range(64 * 1024):
            if part % 2 == 1 and i % 64 == 0:
                state = (state * 1103515245 + 12345) % 2**31
            out.append((state >> 16) % 256 if part % 2 == 1 and i % 64 == 0 else part)
    return bytes(out)


def noise(size):
    return b"".join(hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(size // 32))


def whole(data, **options):
    """One call: the header tells the content size."""
    return zstandard.ZstdCompressor(level=1, **options).compress(data)


def stream(data, **options):
    """As TensorStore writes OCDBT nodes: the encoder does not know the size when it writes the header."""
    encoder = zstandard.ZstdCompressor(level=1, **options).compressobj()
    return encoder.compress(data) + encoder.flush()


def stream_of_nothing(**options):
    encoder = zstandard.ZstdCompressor(level=1, **options).compressobj()
    return encoder.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) + encoder.flush()


def window(log, data):
    params = zstandard.ZstdCompressionParameters.from_level(1, window_log=log)
    encoder = zstandard.ZstdCompressor(compression_params=params).compressobj()
    return encoder.compress(data) + encoder.flush()


def skippable(payload):
    return bytes.fromhex("502a4d18") + len(payload).to_bytes(4, "little") + payload


def changed(frame, offset, value):
    copy = bytearray(frame)
    copy[offset] = value
    return bytes(copy)


def flipped(frame, offset, mask=1):
    return changed(frame, offset, frame[offset] ^ mask)


def sized(size_field, frame):
    """`frame`, whose header is magic, descriptor 60 (single segment, two bytes), size, with another size."""
    assert frame[4] == 0x60
    return frame[:5] + size_field.to_bytes(2, "little") + frame[7:]


def frames():
    plain = whole(TEXT)
    checked = whole(TEXT, write_checksum=True)
    open_end = stream(TEXT)
    open_checked = stream(TEXT, write_checksum=True)
    dictionary = zstandard.train_dictionary(1024, [b"leaf %d of layer %d" % (i % 7, i) for i in range(500)])

    yield "content size", plain, TEXT
    yield "content size, checksum", checked, TEXT
    yield "no content size", open_end, TEXT
    yield "no content size, checksum", open_checked, TEXT
    yield "six blocks", whole(LONG), LONG
    yield "six blocks, no content size, checksum", stream(LONG, write_checksum=True), LONG
    yield "blocks under 128 KiB, no content size, checksum", stream(uneven(), write_checksum=True), uneven()
    yield "raw blocks", whole(noise(4096), write_checksum=True), noise(4096)
    yield "one-byte content size", whole(b"orbax", write_checksum=True), b"orbax"
    yield "empty", whole(b""), b""
    yield "empty, checksum", whole(b"", write_checksum=True), b""
    yield "empty, no content size, checksum", stream_of_nothing(write_checksum=True), b""
    yield "window of 128 MiB", window(27, TEXT), TEXT

    yield "window of 256 MiB", window(28, TEXT), None
    yield "dictionary", zstandard.ZstdCompressor(level=1, dict_data=dictionary).compress(b"leaf 3 of layer 9"), None
    yield "wrong checksum", flipped(checked, len(checked) - 1), None
    yield "wrong checksum, no content size", flipped(open_checked, len(open_checked) - 4), None
    yield "wrong checksum, empty", flipped(whole(b"", write_checksum=True), 12), None
    yield "wrong magic", flipped(plain, 0), None
    yield "reserved bit", flipped(plain, 4, 0x08), None
    yield "reserved block type", flipped(whole(noise(4096)), 7, 0x06), None
    yield "two frames", plain + plain, None
    yield "skippable frame before", skippable(b"note") + plain, None
    yield "skippable frame after", plain + skippable(b"note"), None
    yield "trailing byte", plain + b"\0", None
    yield "trailing bytes", checked + b"tail of 12 b", None
    yield "cut in the header", plain[:5], None
    yield "cut in the block header", plain[:8], None
    yield "cut in the block", plain[:40], None
    yield "cut in the block, no content size", open_end[:40], None
    yield "cut between blocks", whole(LONG)[:23], None  # header 10, block 3 + 10
    yield "cut before the checksum", checked[:-4], None
    yield "cut in the checksum", checked[:-1], None
    yield "content size one too large", sized(len(TEXT) - 256 + 1, plain), None
    yield "content size one too small", sized(len(TEXT) - 256 - 1, plain), None
    yield "content size of far too much", sized(65535, plain), None
    yield "content size above what the blocks can hold", whole(LONG)[:6] + b"\xff" * 4 + whole(LONG)[10:], None
    yield "damaged block", flipped(plain, 11, 0xFF), None
    yield "damaged block, no content size", flipped(open_end, 10, 0xFF), None
    yield "nothing", b"", None


def verdict(frame):
    decoder = zstandard.ZstdDecompressor().decompressobj()
    try:
        content = decoder.decompress(frame)
    except zstandard.ZstdError as error:
        return str(error)
    if not decoder.eof:
        return "the frame does not end"
    if decoder.unused_data:
        return f"{len(decoder.unused_data)} bytes follow the frame"
    return {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def main():
    cases = []
    for name, frame, content in frames():
        libzstd = verdict(frame)
        if content is not None:
            assert libzstd == {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()}, (name, libzstd)
        cases.append({"name": name, "frame": base64.b64encode(frame).decode(), "libzstd": libzstd})
    OUT.parent.mkdir(parents=True, exist_ok=True)
    version = ".".join(map(str, zstandard.ZSTD_VERSION))
    made_with = f"scripts/make-zstd-frames.py, zstandard {zstandard.__version__}, libzstd {version}"
    OUT.write_text(json.dumps({"made_with": made_with, "frames": cases}, indent=1) + "\n")


main()
