import { dataLoss, type OrbaxError } from "../errors.js";
import { denseStrides, offsetOf } from "./block.js";
import type { ChunkCodec, Codecs, ShardingSerializer } from "./codecs.js";
import { CRC32C_BYTES, decompressAll } from "./compressors.js";
import { elementCount } from "./dtype.js";

/** Where an inner chunk lies within its shard, in bytes. */
export type InnerRange = { readonly offset: number; readonly length: number };

/** Inner chunks along each axis of a shard. */
export function innerCounts(shardShape: readonly number[], { chunkShape }: ShardingSerializer): number[] {
  return shardShape.map((size, axis) => size / (chunkShape[axis] ?? 1));
}

const ENTRY_BYTES = 16;

/** Bytes of a stored index, checksums included. May exceed 2^53. */
export function indexBytes(counts: readonly number[], { compressors }: ChunkCodec): number {
  return elementCount(counts) * ENTRY_BYTES + compressors.length * CRC32C_BYTES;
}

/** The index of one shard (docs/spec/orbax-layout.md section 12). */
export class ShardIndex {
  readonly #entries: DataView;
  readonly #littleEndian: boolean;
  /** Distances in words along each axis of the grid, then between offset and length. */
  readonly #strides: readonly number[];

  constructor(entries: Uint8Array, counts: readonly number[], { serializer, axisOrder }: ChunkCodec) {
    this.#entries = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
    this.#littleEndian = serializer.kind === "bytes" && serializer.byteOrder === "little";
    this.#strides = denseStrides([...counts, 2], axisOrder);
  }

  /** Bytes of the index that is kept. */
  get byteLength(): number {
    return this.#entries.byteLength;
  }

  /**
   * Where an inner chunk lies; `undefined` if it is missing. Beyond 2^53 the numbers are not exact, and beyond every
   * shard.
   */
  range(indices: readonly number[]): InnerRange | undefined {
    const strides = this.#strides;
    const at = offsetOf(indices, strides);
    const offset = this.#word(at);
    const length = this.#word(at + (strides[indices.length] ?? 1));
    return offset === undefined && length === undefined
      ? undefined
      : { offset: offset ?? 2 ** 64, length: length ?? 2 ** 64 };
  }

  /** `undefined` for 2^64−1. */
  #word(at: number): number | undefined {
    const high = this.#entries.getUint32(at * 8 + (this.#littleEndian ? 4 : 0), this.#littleEndian);
    const low = this.#entries.getUint32(at * 8 + (this.#littleEndian ? 0 : 4), this.#littleEndian);
    return high === 0xffffffff && low === 0xffffffff ? undefined : high * 2 ** 32 + low;
  }
}

/**
 * Decodes the index of a shard from its stored bytes.
 *
 * @param counts Inner chunks along each axis.
 * @throws {OrbaxError} `DATA_LOSS` for a wrong checksum.
 */
export function decodeShardIndex(
  stored: Uint8Array,
  counts: readonly number[],
  index: ChunkCodec,
  what: string,
): ShardIndex {
  const codecs: Codecs = {};
  const exact = elementCount(counts) * ENTRY_BYTES;
  const entries = decompressAll(stored, index.compressors, {
    length: { exact },
    codecs,
    what: `${what}: shard index`,
  });
  return new ShardIndex(entries, counts, index);
}

/**
 * Finds and decodes the index of a whole shard.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a shard that is too short for one, and for a wrong checksum.
 */
export function shardIndexOf(
  shard: Uint8Array,
  counts: readonly number[],
  { index, indexLocation }: ShardingSerializer,
  what: string,
): ShardIndex {
  const length = indexBytes(counts, index);
  if (length > shard.length) throw tooShortForIndex(shard.length, length, what);
  const start = indexLocation === "start" ? 0 : shard.length - length;
  return decodeShardIndex(shard.subarray(start, start + length), counts, index, what);
}

/** The error for a shard of fewer bytes than its index has. */
export function tooShortForIndex(found: number | string, length: number, what: string): OrbaxError {
  return dataLoss(what, {
    field: "shard length",
    found,
    expected: `${length} bytes or more, those of the index`,
  });
}

/** How to call an inner chunk in messages. */
export function innerName(what: string, indices: readonly number[]): string {
  return `${what}: inner chunk ${indices.join(".") || "0"}`;
}

/** The codec of inner chunks whose axes are those of the array, rather than the shard's in stored order. */
export function innerCodec(axisOrder: readonly number[], inner: ChunkCodec): ChunkCodec {
  return { ...inner, axisOrder: inner.axisOrder.map((axis) => axisOrder[axis] ?? axis) };
}

/**
 * The stored bytes of an inner chunk, a view.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a range that is not within the shard.
 */
export function innerChunk(shard: Uint8Array, range: InnerRange, what: string): Uint8Array {
  checkRange(range, shard.length, what);
  return shard.subarray(range.offset, range.offset + range.length);
}

/** @throws {OrbaxError} `DATA_LOSS` for a range that ends beyond `shardBytes`. */
export function checkRange({ offset, length }: InnerRange, shardBytes: number, what: string): void {
  if (offset + length <= shardBytes) return;
  throw dataLoss(what, {
    field: "range in the shard",
    found: `${length} bytes from ${offset}`,
    expected: `to end within ${shardBytes}`,
  });
}
