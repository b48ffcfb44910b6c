import { crc32c } from "../bytes/crc32c.js";
import type { ZstdEncoder } from "../bytes/zstd-engine.js";
import { unsupported } from "../errors.js";
import { copyBlock, denseStrides, isDenseC, offsetOf } from "./block.js";
import { swapWords } from "./byte-order.js";
import { ChunkGrid } from "./chunk-grid.js";
import type { BytesCodec, ChunkCodec, ShardingSerializer } from "./codecs.js";
import { CRC32C_BYTES } from "./compressors.js";
import { byteCount, type Dtype, dtypeRow } from "./dtype.js";
import type { ArrayMetadata } from "./metadata.js";
import { maskBits, narrowBits } from "./narrow-integers.js";
import { indexBytes, innerCounts } from "./shard-index.js";

/** How {@link encodeChunk} compresses. */
export type ChunkEncodeOptions = {
  /** What `zstdEncoder` gave; may be missing where nothing is compressed with zstd. */
  readonly zstd?: ZstdEncoder | undefined;
  /** Whether a zstd frame ends with a checksum, which Python verifies when it reads. Default: true. */
  readonly checksum?: boolean;
};

/** A block of elements to encode: little-endian, in C order. */
type Block = { readonly bytes: Uint8Array; readonly shape: readonly number[]; readonly dtype: Dtype };

/**
 * Encodes the elements of a whole chunk, little-endian and in C order. Where they are stored just so, the result is
 * `bytes` itself. All inner chunks of a shard are stored, one after the other in C order.
 *
 * @throws {OrbaxError} `UNSUPPORTED` for compressors other than zstd and crc32c, and if zstd is asked for and this
 * platform cannot write it.
 */
export function encodeChunk(
  bytes: Uint8Array,
  { chunkShape, dtype, codec }: ArrayMetadata,
  options: ChunkEncodeOptions = {},
): Uint8Array {
  return encodeBlock({ bytes, shape: chunkShape, dtype }, codec, options);
}

function encodeBlock(block: Block, codec: ChunkCodec, options: ChunkEncodeOptions): Uint8Array {
  const { serializer, compressors } = codec;
  const ordered = transposed(block, codec);
  const bytes =
    serializer.kind === "bytes"
      ? storedElements(ordered, serializer.byteOrder)
      : encodeShard(ordered, serializer, options);
  return compressors.reduce((encoded, compressor) => compress(encoded, compressor, options), bytes);
}

/** The block with its axes in stored order, in C order of these. */
function transposed({ bytes, shape, dtype }: Block, { axisOrder }: ChunkCodec): Block {
  const stored = axisOrder.map((axis) => shape[axis] ?? 1);
  if (isDenseC(shape, axisOrder)) return { bytes, shape: stored, dtype };
  const target = new Uint8Array(bytes.length);
  const to = { offset: 0, strides: denseStrides(shape, axisOrder) };
  const from = { offset: 0, strides: denseStrides(shape, "C") };
  copyBlock(shape, dtypeRow(dtype).itemBytes, target, to, bytes, from);
  return { bytes: target, shape: stored, dtype };
}

function storedElements({ bytes, dtype }: Block, byteOrder: "little" | "big"): Uint8Array {
  const { wordBytes } = dtypeRow(dtype);
  const bits = narrowBits(dtype);
  const swaps = byteOrder === "big" && wordBytes > 1;
  if (!swaps && bits === undefined) return bytes;
  const stored = bytes.slice();
  if (swaps) swapWords(stored, wordBytes);
  if (bits !== undefined) maskBits(stored, bits);
  return stored;
}

function encodeShard(block: Block, sharding: ShardingSerializer, options: ChunkEncodeOptions): Uint8Array {
  const { inner, chunkShape, index, indexLocation } = sharding;
  const grid = new ChunkGrid({ shape: block.shape, chunkShape });
  const chunks = Array.from({ length: grid.size }, (_, number) =>
    encodeBlock(innerBlock(block, grid, number), inner, options),
  );
  const counts = innerCounts(block.shape, sharding);
  const entries = new BigUint64Array(2 * chunks.length);
  let offset = indexLocation === "start" ? indexBytes(counts, index) : 0;
  for (const [number, { length }] of chunks.entries()) {
    entries.set([BigInt(offset), BigInt(length)], 2 * number);
    offset += length;
  }
  const encodedIndex = encodeIndex(entries, counts, index);
  return joined(indexLocation === "start" ? [encodedIndex, ...chunks] : [...chunks, encodedIndex]);
}

function innerBlock(block: Block, grid: ChunkGrid, number: number): Block {
  if (grid.size === 1) return block;
  const { itemBytes } = dtypeRow(block.dtype);
  const { start, shape } = grid.region(grid.indices(number));
  const bytes = new Uint8Array(byteCount(block.dtype, shape));
  const strides = denseStrides(block.shape, "C");
  const to = { offset: 0, strides: denseStrides(shape, "C") };
  copyBlock(shape, itemBytes, bytes, to, block.bytes, { offset: offsetOf(start, strides), strides });
  return { bytes, shape, dtype: block.dtype };
}

function encodeIndex(entries: BigUint64Array, counts: readonly number[], index: ChunkCodec): Uint8Array {
  const bytes = new Uint8Array(entries.length * 8);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, at) => view.setBigUint64(at * 8, entry, true));
  return encodeBlock({ bytes, shape: [...counts, 2], dtype: "uint64" }, index, {});
}

function compress(
  bytes: Uint8Array,
  codec: BytesCodec,
  { zstd, checksum = true }: ChunkEncodeOptions,
): Uint8Array {
  if (codec.kind === "crc32c") return withChecksum(bytes);
  if (codec.kind !== "zstd") throw unsupported(`writing ${codec.kind}; write zstd or uncompressed`);
  if (zstd === undefined) throw unsupported("writing zstd needs Node 22.15 or newer; write uncompressed");
  return zstd(bytes, { level: codec.level, checksum });
}

function withChecksum(bytes: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(bytes.length + CRC32C_BYTES);
  encoded.set(bytes);
  new DataView(encoded.buffer).setUint32(bytes.length, crc32c(bytes), true);
  return encoded;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
