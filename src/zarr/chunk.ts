import { dataLoss, type OrbaxError } from "../errors.js";
import { type BlockLayout, copyBlock, denseStrides, isDenseC, offsetOf } from "./block.js";
import { isNativeOrder, swapWords } from "./byte-order.js";
import { ChunkGrid } from "./chunk-grid.js";
import type { BytesSerializer, ChunkCodec, Codecs, ShardingSerializer } from "./codecs.js";
import { type DecodedLength, decompressAll, encodedLengths, mostEncodedBytes } from "./compressors.js";
import { byteCount, bytesOf, type DataOf, type Dtype, dtypeRow, elementCount } from "./dtype.js";
import { type FillValue, fillBlock } from "./fill-value.js";
import type { ArrayMetadata } from "./metadata.js";
import { narrowBits } from "./narrow-integers.js";
import {
  indexBytes,
  innerChunk,
  innerCodec,
  innerCounts,
  innerName,
  type ShardIndex,
  shardIndexOf,
} from "./shard-index.js";
import { allocateArray, finishElements } from "./stored-elements.js";

/** How to decode a chunk. */
export type ChunkDecodeOptions = {
  /** What `loadCodecs` gave; may be missing for arrays without compressors. */
  readonly codecs?: Codecs | undefined;
  /** What a missing inner chunk of a shard is: damage, or the fill value. */
  readonly missingChunks: "fill" | "error";
  /** How to call the chunk in messages. */
  readonly what: string;
  /** How much of the chunk is wanted, from its first element on. Default: all of it. */
  readonly extents?: readonly number[];
};

/** Where elements of a chunk go: a block of new memory, whose bytes are 0 so far. */
export type ChunkTarget = {
  readonly bytes: Uint8Array;
  readonly layout: BlockLayout;
  /** How much of the chunk there is, from its first element on; the rest is padding. */
  readonly extents: readonly number[];
};

/** A chunk as it is stored, on any level of shards. */
type StoredChunk = {
  readonly stored: Uint8Array;
  readonly shape: readonly number[];
  readonly codec: ChunkCodec;
  readonly what: string;
};

/** What all levels of a chunk have in common. */
type Elements = {
  readonly dtype: Dtype;
  readonly fillValue: FillValue;
  readonly options: ChunkDecodeOptions;
};

/**
 * Decodes a stored chunk to elements of a typed array, in C order, in memory of the caller's own: without a copy
 * where the chunk was compressed as one piece and is in C order already.
 *
 * @throws {OrbaxError} `DATA_LOSS` if the chunk is damaged, or of another length, or holds a bool that is neither 0
 * nor 1, all of which TensorStore refuses too, and for missing inner chunks where they are damage · `UNSUPPORTED` for
 * more memory than there is · whatever decompressors throw.
 */
export function decodeChunkData(
  stored: Uint8Array,
  { dtype, fillValue, chunkShape, codec }: ArrayMetadata,
  options: ChunkDecodeOptions,
): DataOf<Dtype> {
  const { itemBytes, wordBytes, components, view } = dtypeRow(dtype);
  const elements = { dtype, fillValue, options };
  const chunk = unwrap({ stored, shape: chunkShape, codec, what: options.what }, elements);
  if (chunk.kind === "elements" && isDenseC(chunkShape, chunk.axisOrder)) {
    const { bytes, shared } = nativeElements(chunk, elements);
    if (!shared && bytes.byteOffset % wordBytes === 0) {
      return view(bytes.buffer, bytes.byteOffset, (bytes.length / itemBytes) * components);
    }
  }
  const data = allocateArray(dtype, chunkShape, options.what);
  const layout = { offset: 0, strides: denseStrides(chunkShape, "C") };
  place(chunk, { bytes: bytesOf(data), layout, extents: options.extents ?? chunkShape }, elements);
  return data;
}

/**
 * Decodes a stored chunk into its place in a larger array. Every element is copied once.
 *
 * @param target Called when the stored bytes have turned out to be as many as they must be.
 * @throws {OrbaxError} as {@link decodeChunkData}.
 */
export function decodeChunkInto(
  stored: Uint8Array,
  { dtype, fillValue, chunkShape, codec }: ArrayMetadata,
  target: () => ChunkTarget,
  options: ChunkDecodeOptions,
): void {
  const elements = { dtype, fillValue, options };
  const chunk = unwrap({ stored, shape: chunkShape, codec, what: options.what }, elements);
  place(chunk, target(), elements);
}

/** A chunk down to where it is no shard of a single inner chunk. */
type Unwrapped =
  | {
      readonly kind: "elements";
      readonly bytes: Uint8Array;
      /** Whether the bytes are in somebody else's memory. */
      readonly shared: boolean;
      readonly shape: readonly number[];
      readonly axisOrder: readonly number[];
      readonly byteOrder: BytesSerializer["byteOrder"];
      readonly what: string;
    }
  | { readonly kind: "missing"; readonly shape: readonly number[]; readonly what: string }
  | {
      readonly kind: "shard";
      readonly shard: Uint8Array;
      readonly index: ShardIndex;
      readonly axisOrder: readonly number[];
      readonly sharding: ShardingSerializer;
      readonly what: string;
    };

function unwrap(chunk: StoredChunk, elements: Elements): Unwrapped {
  const { shape, codec, what } = chunk;
  const { serializer, axisOrder } = codec;
  const bytes = decompressed(chunk, elements);
  if (serializer.kind === "bytes") {
    checkLength(bytes, byteCount(elements.dtype, shape), what);
    const shared = bytes.buffer === chunk.stored.buffer;
    return { kind: "elements", bytes, shared, shape, axisOrder, byteOrder: serializer.byteOrder, what };
  }
  const shardShape = axisOrder.map((axis) => shape[axis] ?? 1);
  const counts = innerCounts(shardShape, serializer);
  const index = shardIndexOf(bytes, counts, serializer, what);
  if (elementCount(counts) !== 1) {
    return { kind: "shard", shard: bytes, index, axisOrder, sharding: serializer, what };
  }
  const origin = counts.map(() => 0);
  const range = index.range(origin);
  if (range === undefined) return { kind: "missing", shape, what: innerName(what, origin) };
  const { inner } = serializer;
  const name = innerName(what, origin);
  const stored = innerChunk(bytes, range, name);
  const unwrapped = unwrap({ stored, shape, codec: innerCodec(axisOrder, inner), what: name }, elements);
  const shared = bytes.buffer === chunk.stored.buffer;
  // Memory of a shard that was decompressed here is nobody else's.
  return unwrapped.kind === "elements" && !shared ? { ...unwrapped, shared: false } : unwrapped;
}

function decompressed({ stored, shape, codec, what }: StoredChunk, elements: Elements): Uint8Array {
  const length = serializedLength(shape, codec, elements);
  return decompressAll(stored, codec.compressors, { length, codecs: elements.options.codecs, what });
}

/** Bytes of a chunk before it is compressed. */
function serializedLength(
  shape: readonly number[],
  { serializer, axisOrder }: ChunkCodec,
  { dtype }: Elements,
): DecodedLength {
  const bytes = byteCount(dtype, shape);
  if (serializer.kind === "bytes") return { exact: bytes };
  const shardShape = axisOrder.map((axis) => shape[axis] ?? 1);
  return {
    most: mostEncodedBytes(bytes + indexBytes(innerCounts(shardShape, serializer), serializer.index)),
  };
}

function checkLength(bytes: Uint8Array, expected: number, what: string): void {
  if (bytes.length !== expected) {
    throw dataLoss(what, { field: "chunk length", found: bytes.length, expected: `${expected} bytes` });
  }
}

/** Elements as they are in memory, still in the chunk's own order of axes. */
function nativeElements(
  { bytes, shared, byteOrder, what }: Unwrapped & { readonly kind: "elements" },
  { dtype }: Elements,
): { readonly bytes: Uint8Array; readonly shared: boolean } {
  const { wordBytes } = dtypeRow(dtype);
  const swaps = !isNativeOrder(byteOrder, wordBytes);
  const changes = swaps || narrowBits(dtype) !== undefined;
  const own = changes && shared ? bytes.slice() : bytes;
  if (swaps) swapWords(own, wordBytes);
  finishElements(own, dtype, what);
  return { bytes: own, shared: shared && !changes };
}

/** Puts what there is of a chunk into its place. */
function place(chunk: Unwrapped, target: ChunkTarget, elements: Elements): void {
  const { dtype, fillValue, options } = elements;
  const { bytes, layout, extents } = target;
  if (chunk.kind === "missing") {
    if (options.missingChunks === "error") throw dataLoss(`${chunk.what} is missing`);
    fillBlock(fillValue, dtype, extents, bytes, layout);
  } else if (chunk.kind === "elements") {
    const { itemBytes } = dtypeRow(dtype);
    const from = { offset: 0, strides: denseStrides(chunk.shape, chunk.axisOrder) };
    copyBlock(extents, itemBytes, bytes, layout, nativeElements(chunk, elements).bytes, from);
  } else {
    placeInnerChunks(chunk, target, elements);
  }
}

function placeInnerChunks(
  { shard, index, axisOrder, sharding, what }: Unwrapped & { readonly kind: "shard" },
  { bytes, layout, extents }: ChunkTarget,
  elements: Elements,
): void {
  const strides = axisOrder.map((axis) => layout.strides[axis] ?? 0);
  const { inner: codec, chunkShape } = sharding;
  // Of the inner chunks that are padding altogether nothing is wanted.
  const most = mostInnerBytes(sharding, elements);
  const wanted = new ChunkGrid({ shape: axisOrder.map((axis) => extents[axis] ?? 0), chunkShape });
  for (let number = 0; number < wanted.size; number++) {
    const indices = wanted.indices(number);
    const region = wanted.region(indices);
    const offset = layout.offset + offsetOf(region.start, strides);
    const range = index.range(indices);
    const name = innerName(what, indices);
    if (range !== undefined && range.length > most) throw tooLong(range.length, most, name);
    const chunk: Unwrapped =
      range === undefined
        ? { kind: "missing", shape: chunkShape, what: name }
        : unwrap({ stored: innerChunk(shard, range, name), shape: chunkShape, codec, what: name }, elements);
    place(chunk, { bytes, layout: { offset, strides }, extents: region.shape }, elements);
  }
}

/**
 * Most bytes of an inner chunk as stored. Entries of an index may all name the same bytes: if these could be many that
 * stand for few elements, 16 bytes an entry would buy as much work as anyone likes.
 */
function mostInnerBytes({ inner, chunkShape }: ShardingSerializer, elements: Elements): number {
  const lengths = encodedLengths(inner.compressors, serializedLength(chunkShape, inner, elements));
  const last = lengths.at(-1) ?? { most: 0 };
  return Math.max(mostEncodedBytes(0), "exact" in last ? last.exact : last.most);
}

function tooLong(found: number, most: number, what: string): OrbaxError {
  return dataLoss(what, { field: "chunk length", found, expected: `at most ${most} bytes` });
}
