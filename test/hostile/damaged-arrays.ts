import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Tree } from "../../src/pytree/value.js";
import { type NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { hex, joined, rawZstdFrame } from "../ocdbt/bytes.js";
import type { DamagedCase, DamagedCases } from "./damaged-case.js";
import {
  arrayItem2,
  arrayItem3,
  BYTES,
  changed,
  ITEM,
  SEVEN,
  shard,
  sharded,
  THREE_FLOATS,
  TWO_SHORTS,
  withCrc32c,
  withMembers,
  without,
  zarr2,
  zarr3,
} from "./hand-item.js";

const STRICT = "restores it: section 15 says to be strict";

const [FIRST, SECOND] = TWO_SHORTS;
const SHORTS = joined(TWO_SHORTS);
const array = (value: NdArray): Tree => ({ a: value });
const FLOATS = array(ndarray("float32", [3], Float32Array.of(0, 1, 2)));
const FOUR = array(ndarray("int16", [4], Int16Array.of(1, -2, 3, -4)));
const HALF = array(ndarray("int16", [4], Int16Array.of(1, -2, 0, 0)));

/** A tree of three float32 in one chunk of zarr v2, `.zarray` with changes. */
const floats2 = (changes: object, chunk: Uint8Array = THREE_FLOATS) =>
  arrayItem2(zarr2("<f4", [3], changes), { "0": chunk });
/** The same of zarr v3. */
const floats3 = (changes: object, chunk: Uint8Array = THREE_FLOATS) =>
  arrayItem3(zarr3("float32", [3], changes), { "c/0": chunk });
const codecs3 = (codecs: readonly unknown[], chunk?: Uint8Array) => floats3({ codecs }, chunk);

const refused = (files: DamagedCase["files"], what: string): DamagedCase => ({ files, refused: what });
const unsupported = (files: DamagedCase["files"], what: string): DamagedCase => ({
  files,
  refused: what,
  code: "UNSUPPORTED",
});

/** `.zarray`, `zarr.json`, and chunks that are not compressed (sections 11, 12, 15). */
export const damagedArrays: DamagedCases = {
  "zarr v2 and nothing wrong": { files: floats2({}), opens: FLOATS },
  "zarr v3 and nothing wrong": { files: floats3({}), opens: FLOATS },

  // Documents of zarr v2.
  "zarr_format 3 in .zarray": refused(floats2({ zarr_format: 3 }), "a: .zarray: zarr_format"),
  "no zarr_format in .zarray": refused(floats2({ zarr_format: undefined }), "a: .zarray: zarr_format"),
  "a .zarray that is a list": refused(arrayItem2("[]", { "0": THREE_FLOATS }), "a: .zarray"),
  "a .zarray that is cut": refused(arrayItem2('{"shape": [3', { "0": THREE_FLOATS }), "a: .zarray"),
  "no shape": refused(floats2({ shape: undefined }), "a: .zarray: shape"),
  "a shape of -3": refused(floats2({ shape: [-3] }), "a: .zarray: "),
  "a shape of 2.5": refused(floats2({ shape: [2.5] }), "a: .zarray: "),
  "a shape that is a number": refused(floats2({ shape: 3 }), "a: .zarray: shape"),
  "no chunks": refused(floats2({ chunks: undefined }), "a: .zarray: chunks"),
  "chunks of another rank": refused(floats2({ chunks: [3, 1] }), "a: .zarray: "),
  "chunks of 0": refused(floats2({ chunks: [0] }), "a: .zarray: "),
  "chunks of -3": refused(floats2({ chunks: [-3] }), "a: .zarray: "),
  "no dtype": refused(floats2({ dtype: undefined }), "a: .zarray: dtype"),
  "dtype <f3": unsupported(floats2({ dtype: "<f3" }), "a: .zarray: dtype"),
  "dtype |O": unsupported(floats2({ dtype: "|O" }), "a: .zarray: dtype"),
  "a structured dtype": {
    ...unsupported(floats2({ dtype: [["x", "<f4"]] }), "a: .zarray: a structured dtype"),
    orbax: "restores it: no release of Orbax wrote it",
  },
  "dtype float32": unsupported(floats2({ dtype: "float32" }), "a: .zarray: dtype"),
  "order X": refused(floats2({ order: "X" }), "a: .zarray: order"),
  "no order": refused(floats2({ order: undefined }), "a: .zarray: order"),
  filters: unsupported(floats2({ filters: [{ id: "delta", dtype: "<f4" }] }), "a: .zarray: filters"),
  "an unknown compressor": unsupported(floats2({ compressor: { id: "none" } }), "a: .zarray: "),
  "the compressor lz4": unsupported(floats2({ compressor: { id: "lz4" } }), "a: .zarray: "),
  "the compressor lzma": unsupported(floats2({ compressor: { id: "lzma" } }), "a: .zarray: "),
  "a compressor without id": refused(floats2({ compressor: {} }), "a: .zarray: "),
  "no compressor member": refused(floats2({ compressor: undefined }), "a: .zarray: "),
  "a dimension_separator :": refused(
    floats2({ dimension_separator: ":" }),
    "a: .zarray: dimension_separator",
  ),
  "unknown members in .zarray": { files: floats2({ _ARRAY_DIMENSIONS: ["x"] }), opens: FLOATS },
  "no dimension_separator": { files: floats2({ dimension_separator: undefined }), opens: FLOATS },
  "a fill_value of another kind": refused(floats2({ fill_value: [] }), "a: .zarray: fill_value"),

  // Documents of zarr v3.
  "zarr_format 2 in zarr.json": refused(floats3({ zarr_format: 2 }), "a: zarr.json: zarr_format"),
  "a group": refused(floats3({ node_type: "group" }), "a: zarr.json: node_type"),
  "a data_type that is unknown": unsupported(floats3({ data_type: "float31" }), "a: zarr.json: data_type"),
  "a chunk_shape of another rank": refused(
    floats3({ chunk_grid: { name: "regular", configuration: { chunk_shape: [3, 1] } } }),
    "a: zarr.json: ",
  ),
  "a chunk_shape of 0": refused(
    floats3({ chunk_grid: { name: "regular", configuration: { chunk_shape: [0] } } }),
    "a: zarr.json: ",
  ),
  "a chunk_grid that is unknown": unsupported(
    floats3({ chunk_grid: { name: "rectangular" } }),
    "a: zarr.json: ",
  ),
  "a chunk_key_encoding that is unknown": unsupported(
    floats3({ chunk_key_encoding: { name: "hashed" } }),
    "a: zarr.json: ",
  ),
  "no codecs": refused(codecs3([]), "a: zarr.json: "),
  "a codec that is unknown": unsupported(codecs3([BYTES, { name: "lz4" }]), "a: zarr.json: "),
  "bytes twice": refused(codecs3([BYTES, BYTES]), "a: zarr.json: "),
  "bytes behind a compressor": refused(
    codecs3([{ name: "gzip", configuration: { level: 1 } }, BYTES]),
    "a: zarr.json: ",
  ),
  "an endian that is unknown": refused(
    codecs3([{ name: "bytes", configuration: { endian: "middle" } }]),
    "a: zarr.json: ",
  ),
  "a fill_value of another type": refused(floats3({ fill_value: "x" }), "a: zarr.json: fill_value"),
  "an extension that must be understood": unsupported(floats3({ new: { name: "new" } }), "a: zarr.json: "),
  "an extension that need not be understood": {
    files: floats3({ new: { name: "new", must_understand: false }, attributes: { a: 1 } }),
    opens: FLOATS,
  },

  // Chunks.
  "a chunk of one byte less": refused(floats2({}, THREE_FLOATS.subarray(1)), "a: chunk 0: "),
  "a chunk of one byte more": refused(floats2({}, joined([THREE_FLOATS, hex("00")])), "a: chunk 0: "),
  "a chunk of nothing": refused(floats2({}, hex("")), "a: chunk 0: "),
  "a chunk of zarr v3 of one byte less": refused(floats3({}, THREE_FLOATS.subarray(1)), "a: chunk c/0: "),
  "a chunk of zarr v3 of nothing": refused(floats3({}, hex("")), "a: chunk c/0: "),
  "a bool of 2": refused(changed(ITEM, { "l.1/0": hex("02") }), "l/1: chunk 0"),
  "a chunk that is missing": refused(without(ITEM, "c/1"), "c: 1 of 2 chunks is missing: 1"),
  "all chunks missing": refused(without(ITEM, "c/0", "c/1"), "c: 2 of 2 chunks are missing: 0, 1"),
  "a chunk that is missing where that means 0": {
    files: arrayItem2(
      zarr2("<i2", [4], { chunks: [2] }),
      { "0": FIRST },
      { store_array_data_equal_to_fill_value: false },
    ),
    opens: HALF,
  },
  "a chunk that is missing where nothing is said": {
    files: withMembers(arrayItem2(zarr2("<i2", [4], { chunks: [2] }), { "0": FIRST }), "_METADATA", {
      store_array_data_equal_to_fill_value: undefined,
    }),
    opens: HALF,
  },
  "a chunk that nobody asks for": {
    files: arrayItem2(zarr2("<i2", [4], { chunks: [2] }), { "0": FIRST, "1": SECOND, "2": SEVEN, x: SEVEN }),
    opens: FOUR,
  },
  "a shape that the chunk does not divide": {
    files: arrayItem2(zarr2("<i2", [4], { chunks: [3] }), {
      "0": SHORTS.subarray(0, 6),
      "1": joined([SHORTS.subarray(6), hex("ffff ffff")]),
    }),
    opens: FOUR,
  },
  "a last chunk without its padding": refused(
    arrayItem2(zarr2("<i2", [4], { chunks: [3] }), { "0": SHORTS.subarray(0, 6), "1": SHORTS.subarray(6) }),
    "a: chunk 1: ",
  ),
  "a size of 0": {
    files: arrayItem2(zarr2("<i2", [0, 4], { chunks: [1, 4] }), {}),
    opens: array(ndarray("int16", [0, 4], Int16Array.of())),
  },
  "a bit flipped in a chunk": {
    files: floats2({}, hex("00000000 0000803f 00000041")),
    opens: array(ndarray("float32", [3], Float32Array.of(0, 1, 8))),
  },

  // Shards.
  "a shard and nothing wrong": {
    files: inShard(
      shard(SHORTS, [
        [0, 4],
        [4, 4],
      ]),
    ),
    opens: FOUR,
  },
  "an index with a wrong CRC": refused(
    inShard(
      flipped(
        shard(SHORTS, [
          [0, 4],
          [4, 4],
        ]),
        -1,
      ),
    ),
    "a: chunk c/0: ",
  ),
  "a shard shorter than its index": refused(inShard(hex("00")), "a: chunk c/0: "),
  "a shard of nothing": refused(inShard(hex("")), "a: chunk c/0: "),
  "an inner chunk behind the end": refused(
    inShard(
      shard(SHORTS, [
        [0, 4],
        [400, 4],
      ]),
    ),
    "a: chunk c/0",
  ),
  "an inner chunk at 2^63": refused(
    inShard(
      shard(SHORTS, [
        [0, 4],
        [2n ** 63n, 4],
      ]),
    ),
    "a: chunk c/0",
  ),
  "an inner chunk of 2^63 bytes": refused(
    inShard(
      shard(SHORTS, [
        [0, 4],
        [4, 2n ** 63n],
      ]),
    ),
    "a: chunk c/0",
  ),
  "an inner chunk with an offset alone": refused(
    inShard(
      shard(SHORTS, [
        [0, 4],
        [4, 2n ** 64n - 1n],
      ]),
    ),
    "a: chunk c/0",
  ),
  "an inner chunk with a length alone": refused(
    inShard(
      shard(SHORTS, [
        [0, 4],
        [2n ** 64n - 1n, 4],
      ]),
    ),
    "a: chunk c/0",
  ),
  "an inner chunk that is too short": refused(
    inShard(
      shard(SHORTS, [
        [0, 4],
        [4, 3],
      ]),
    ),
    "a: chunk c/0",
  ),
  "an inner chunk that is missing": refused(inShard(shard(SHORTS, [[0, 4], undefined])), "a: "),
  "an inner chunk that is missing where that means 0": {
    files: inShard(shard(SHORTS, [[0, 4], undefined]), { store_array_data_equal_to_fill_value: false }),
    opens: HALF,
  },
  "inner chunks in another order, with a gap": {
    files: inShard(
      shard(joined([SECOND, hex("00"), FIRST]), [
        [5, 4],
        [0, 4],
      ]),
    ),
    opens: FOUR,
  },
  "inner chunks that share their bytes": {
    files: inShard(
      shard(FIRST, [
        [0, 4],
        [0, 4],
      ]),
    ),
    opens: array(ndarray("int16", [4], Int16Array.of(1, -2, 1, -2))),
  },
  "inner chunks that overlap": {
    files: inShard(
      shard(SHORTS, [
        [0, 4],
        [2, 4],
      ]),
    ),
    opens: array(ndarray("int16", [4], Int16Array.of(1, -2, -2, 3))),
  },
  "garbage in the index beyond the array": {
    files: arrayItem3(
      zarr3("int16", [2], {
        chunk_grid: { name: "regular", configuration: { chunk_shape: [4] } },
        codecs: [sharded([2])],
      }),
      {
        "c/0": shard(FIRST, [
          [0, 4],
          [999, 2n ** 63n],
        ]),
      },
    ),
    opens: array(ndarray("int16", [2], Int16Array.of(1, -2))),
  },
  "inner chunks that do not divide the shard": refused(
    inShardOf(
      sharded([3]),
      shard(SHORTS, [
        [0, 6],
        [6, 2],
      ]),
    ),
    "a: zarr.json: ",
  ),
  "inner chunks of 0": refused(inShardOf(sharded([0]), shard(SHORTS, [])), "a: zarr.json: "),
};

function inShard(chunk: Uint8Array, metadata: object = {}) {
  return inShardOf(sharded([2]), chunk, metadata);
}

function inShardOf(codec: object, chunk: Uint8Array, metadata: object = {}) {
  return arrayItem3(zarr3("int16", [4], { codecs: [codec] }), { "c/0": chunk }, metadata);
}

/** A copy with the lowest bit of one byte flipped. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  const place = at < 0 ? bytes.length + at : at;
  copy[place] = (copy[place] ?? 0) ^ 1;
  return copy;
}

// Compressed chunks.

const CODECS = fileURLToPath(new URL("../../fixtures/codecs/", import.meta.url));

type Stream = { readonly stored: Uint8Array; readonly size: number };

/** A stream of Python's or TensorStore's, sound or damaged. */
function stream(kind: "blosc" | "bz2" | "gzip" | "zlib", name: string): Stream {
  const file: unknown = JSON.parse(readFileSync(`${CODECS}${kind}.json`, "utf8"));
  const streams: readonly unknown[] = Reflect.get(Object(file), "streams");
  const found = streams.find((candidate) => Reflect.get(Object(candidate), "name") === name);
  if (found === undefined) throw new Error(`${kind}: no stream ${name}`);
  const { stored, size } = Object(found);
  return { stored: new Uint8Array(Buffer.from(String(stored), "base64")), size: Number(size) };
}

const COMPRESSORS = {
  blosc: { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 },
  bz2: { id: "bz2", level: 9 },
  gzip: { id: "gzip", level: 6 },
  zlib: { id: "zlib", level: 6 },
};

/** The stream as the one chunk of a uint8 array of zarr v2. */
function in2(kind: keyof typeof COMPRESSORS, name: string, compressor: object = COMPRESSORS[kind]) {
  const { stored, size } = stream(kind, name);
  return arrayItem2(zarr2("|u1", [size], { compressor }), { "0": stored });
}

/** The same of zarr v3, compressed with gzip. */
function in3(name: string) {
  const { stored, size } = stream("gzip", name);
  const codecs = [{ name: "bytes" }, { name: "gzip", configuration: { level: 6 } }];
  return arrayItem3(zarr3("uint8", [size], { codecs }), { "c/0": stored });
}

const strict = (files: DamagedCase["files"], what: string): DamagedCase => ({
  files,
  refused: what,
  orbax: STRICT,
});

/** The three floats in a frame with content size and checksum, as libzstd 1.5.7 writes it. */
const CHECKED_FRAME = hex("28b52ffd 24 0c 610000 00000000 0000803f 00000040 8d808bdd");
const CRC = { name: "crc32c" };
const GZIP = { name: "gzip", configuration: { level: 6 } };
const zstd2 = (chunk: Uint8Array) => floats2({ compressor: { id: "zstd", level: 1 } }, chunk);

/** Chunks that are compressed or have a checksum: the second table of section 15, and 17.2. */
export const damagedCompression: DamagedCases = {
  "gzip without its trailer": strict(in2("gzip", "cut before the trailer"), "a: chunk 0: "),
  "gzip with half of its trailer": strict(in2("gzip", "cut in the trailer"), "a: chunk 0: "),
  "gzip of zarr v3 without its trailer": refused(in3("cut before the trailer"), "a: chunk c/0: "),
  "zlib without its Adler-32": strict(in2("zlib", "cut before the checksum"), "a: chunk 0: "),
  "zlib with half of its Adler-32": strict(in2("zlib", "cut in the checksum"), "a: chunk 0: "),
  "zlib with a wrong Adler-32": refused(in2("zlib", "wrong checksum"), "a: chunk 0: "),
  "bz2 without its end": strict(in2("bz2", "cut before the end"), "a: chunk 0: "),
  "bz2 with half of its checksum": strict(in2("bz2", "cut in the checksum"), "a: chunk 0: "),
  "bz2 with a wrong checksum": refused(in2("bz2", "wrong checksum"), "a: chunk 0: "),
  "gzip with a byte behind it": refused(in2("gzip", "trailing byte"), "a: chunk 0: "),
  "gzip with an empty second member": refused(in2("gzip", "member of nothing after"), "a: chunk 0: "),
  "gzip of zarr v3 with a byte behind it": strict(in3("trailing byte"), "a: chunk c/0: "),
  "gzip of zarr v3 with an empty second member": strict(in3("member of nothing after"), "a: chunk c/0: "),
  "gzip of two members": refused(in2("gzip", "two members"), "a: chunk 0: "),
  "gzip of zarr v3 of two members": refused(in3("two members"), "a: chunk c/0: "),
  "gzip with an empty first member": refused(in2("gzip", "member of nothing before"), "a: chunk 0: "),
  "gzip with a wrong checksum": refused(in2("gzip", "wrong checksum"), "a: chunk 0: "),
  "gzip with a wrong length": refused(in2("gzip", "wrong length"), "a: chunk 0: "),
  "gzip that is cut": refused(in2("gzip", "cut in the stream"), "a: chunk 0: "),
  "zlib under gzip": refused(in2("gzip", "a zlib stream"), "a: chunk 0: "),
  "gzip under zlib": refused(in2("zlib", "a gzip file"), "a: chunk 0: "),
  "zlib with a byte behind it": refused(in2("zlib", "trailing byte"), "a: chunk 0: "),
  "zlib with a second stream": refused(in2("zlib", "two streams"), "a: chunk 0: "),
  "zlib that is cut": refused(in2("zlib", "cut in the stream"), "a: chunk 0: "),
  "bz2 with a byte behind it": refused(in2("bz2", "trailing byte"), "a: chunk 0: "),
  "bz2 with a second stream": refused(in2("bz2", "two streams"), "a: chunk 0: "),
  "blosc of version 1": unsupported(in2("blosc", "version 1"), "a: chunk 0: "),
  "blosc of version 3": unsupported(in2("blosc", "version 3"), "a: chunk 0: "),
  "blosc with a reserved flag": refused(in2("blosc", "reserved flag"), "a: chunk 0: "),
  "blosc with the length of another file": refused(in2("blosc", "chunk size one larger"), "a: chunk 0: "),
  "blosc with a byte behind it": refused(in2("blosc", "trailing byte"), "a: chunk 0: "),
  "blosc that is cut": refused(in2("blosc", "cut by a byte"), "a: chunk 0: "),
  "blosc with bytes that belong to no block": strict(
    in2("blosc", "trailing byte, chunk size fits"),
    "a: chunk 0: ",
  ),
  "gzip of another content size": refused(in2("gzip", "one byte too many"), "a: chunk 0: "),
  "zlib of another content size": refused(in2("zlib", "one byte too few"), "a: chunk 0: "),

  "zstd and nothing wrong": { files: zstd2(rawZstdFrame(THREE_FLOATS)), opens: FLOATS },
  "zstd with a byte behind it": refused(
    zstd2(joined([rawZstdFrame(THREE_FLOATS), hex("00")])),
    "a: chunk 0: ",
  ),
  "two zstd frames": refused(
    zstd2(joined([rawZstdFrame(THREE_FLOATS.subarray(0, 4)), rawZstdFrame(THREE_FLOATS.subarray(4))])),
    "a: chunk 0: ",
  ),
  "a skippable zstd frame in front": refused(
    zstd2(joined([hex("502a4d18 00000000"), rawZstdFrame(THREE_FLOATS)])),
    "a: chunk 0: ",
  ),
  "zstd that is cut": refused(zstd2(rawZstdFrame(THREE_FLOATS).subarray(0, -1)), "a: chunk 0: "),
  "zstd of another content size": refused(zstd2(rawZstdFrame(THREE_FLOATS.subarray(4))), "a: chunk 0: "),
  "zstd of nothing": refused(zstd2(hex("")), "a: chunk 0: "),
  "zstd under zlib": refused(
    floats2({ compressor: COMPRESSORS.zlib }, rawZstdFrame(THREE_FLOATS)),
    "a: chunk 0: ",
  ),
  "zstd with a wrong checksum": refused(zstd2(flipped(CHECKED_FRAME, -1)), "a: chunk 0: "),
  "zstd with a bit flipped below a checksum": refused(zstd2(flipped(CHECKED_FRAME, 12)), "a: chunk 0: "),
  "zstd with a checksum": { files: zstd2(CHECKED_FRAME), opens: FLOATS },
  "zstd with a bit flipped where there is no checksum": {
    files: zstd2(rawZstdFrame(hex("00000000 0000803f 00000041"))),
    opens: array(ndarray("float32", [3], Float32Array.of(0, 1, 8))),
  },

  "a chunk below a CRC-32C": { files: codecs3([BYTES, CRC], withCrc32c(THREE_FLOATS)), opens: FLOATS },
  "a chunk with a wrong CRC-32C": refused(
    codecs3([BYTES, CRC], flipped(withCrc32c(THREE_FLOATS), -1)),
    "a: chunk c/0: CRC-32C",
  ),
  "a bit flipped below a CRC-32C": refused(
    codecs3([BYTES, CRC], flipped(withCrc32c(THREE_FLOATS), 3)),
    "a: chunk c/0: CRC-32C",
  ),
  "a chunk without its CRC-32C": refused(codecs3([BYTES, CRC], THREE_FLOATS), "a: chunk c/0: "),
  "a CRC-32C alone": refused(codecs3([BYTES, CRC], hex("00000000")), "a: chunk c/0: "),
  "a bit flipped in a CRC-32C over gzip": refused(
    codecs3([BYTES, GZIP, CRC], flipped(withCrc32c(new Uint8Array(gzipSync(THREE_FLOATS))), 2)),
    "a: chunk c/0: CRC-32C",
  ),
  "a bit flipped in an inner chunk below a CRC-32C": refused(
    inShardOf(
      sharded([2], [BYTES, CRC]),
      shard(flipped(joined([withCrc32c(FIRST), withCrc32c(SECOND)]), 9), [
        [0, 8],
        [8, 8],
      ]),
    ),
    "a: chunk c/0",
  ),
};
