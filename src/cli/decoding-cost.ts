import { isDenseC } from "../zarr/block.js";
import type { BytesCodec, ChunkCodec } from "../zarr/codecs.js";
import { encodedLengths, mostEncodedBytes } from "../zarr/compressors.js";
import { dtypeRow, elementCount } from "../zarr/dtype.js";
import type { ArrayMetadata } from "../zarr/metadata.js";
import { innerCounts } from "../zarr/shard-index.js";

/** What putting a byte of an array in order costs, in bytes that are decoded. */
const TRANSPOSING = 4;
/** What decoding a byte of bz2 costs, in bytes that other compressors decode. */
const BZ2 = 2;

type CodedArray = Pick<ArrayMetadata, "chunkShape" | "codec" | "dtype">;

/**
 * What decoding one chunk of an array costs at most, in bytes that a compressor gives: those of its elements, and of
 * every step between them and what is stored, which can be twice as many at each.
 */
export function decodingCost({ chunkShape, codec, dtype }: CodedArray): number {
  return costOf(chunkShape, codec, dtypeRow(dtype).itemBytes);
}

function costOf(shape: readonly number[], codec: ChunkCodec, itemBytes: number): number {
  const { axisOrder, serializer, compressors } = codec;
  const bytes = elementCount(shape) * itemBytes;
  const ordering = isDenseC(shape, axisOrder) ? 0 : bytes * (TRANSPOSING - 1);
  if (serializer.kind === "bytes") {
    // The first step gives the elements; one checksum over what is stored costs next to nothing.
    const [first, ...others] = compressors;
    const elements = bytes * (first?.kind === "bz2" ? BZ2 : 1);
    const steps = others.length === 1 && others[0]?.kind === "crc32c" ? [] : compressors;
    return ordering + elements + stepsCost(steps, bytes, "exact");
  }
  const { chunkShape, inner } = serializer;
  const count = elementCount(innerCounts(storedShape(shape, axisOrder), serializer));
  return ordering + count * costOf(chunkShape, inner, itemBytes) + stepsCost(compressors, bytes, "most");
}

/** What comes out of the steps between a chunk's elements, or a shard, and the stored bytes. */
function stepsCost(compressors: readonly BytesCodec[], bytes: number, result: "exact" | "most"): number {
  const length = result === "exact" ? { exact: bytes } : { most: mostEncodedBytes(bytes) };
  const lengths = encodedLengths(compressors, length);
  let cost = 0;
  for (const [index, { kind }] of compressors.entries()) {
    if (index === 0 && result === "exact") continue; // the elements
    const step = lengths[index] ?? length;
    cost += ("exact" in step ? step.exact : step.most) * (kind === "bz2" ? BZ2 : 1);
  }
  return cost;
}

/**
 * Chunks within one chunk, on all levels of shards, itself included: each has an index or elements of its own to be
 * decoded.
 */
export function chunksWithin({ chunkShape, codec }: CodedArray): number {
  return levelsWithin(chunkShape, codec);
}

function levelsWithin(shape: readonly number[], { axisOrder, serializer }: ChunkCodec): number {
  if (serializer.kind === "bytes") return 1;
  const { chunkShape, inner } = serializer;
  return (
    1 + elementCount(innerCounts(storedShape(shape, axisOrder), serializer)) * levelsWithin(chunkShape, inner)
  );
}

function storedShape(shape: readonly number[], axisOrder: readonly number[]): number[] {
  return axisOrder.map((axis) => shape[axis] ?? 1);
}
