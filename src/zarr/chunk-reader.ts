import { dataLoss } from "../errors.js";
import { denseStrides } from "./block.js";
import { allocateArray, decodeChunkData } from "./chunk.js";
import { ChunkGrid } from "./chunk-grid.js";
import { loadCodecs, type ShardingSerializer } from "./codecs.js";
import { bytesOf, type DataOf, type Dtype, elementCount } from "./dtype.js";
import { fillBlock } from "./fill-value.js";
import { type ArrayMetadata, chunkKey } from "./metadata.js";
import { innerCodec, innerName } from "./shard-index.js";
import { type ChunkReadOptions, type ChunkStore, ShardReader } from "./shard-reader.js";

/** How a {@link ChunkReader} reads. */
export type ChunkReaderOptions = {
  /** As for `planArray`. */
  readonly missingChunks: "fill" | "error";
  /** How to call the array in messages. */
  readonly what: string;
};

/** The smallest parts of an array that can be read by themselves, and what reads one. */
export type ChunkReader = {
  /** Sizes of a part. */
  readonly chunkShape: readonly number[];
  /** Of the parts in the array. */
  readonly grid: ChunkGrid;
  /**
   * Reads one part: all of its elements in C order, in memory of the caller's own.
   *
   * @throws {OrbaxError} what `planArray(…).accept` throws for the chunk.
   */
  readonly read: (indices: readonly number[], options: ChunkReadOptions) => Promise<DataOf<Dtype>>;
};

/**
 * What reads an array chunk by chunk: inner chunks of shards where the store reads ranges, else whole stored chunks.
 * Loads decompressors with the first chunk.
 */
export function openChunks(
  store: ChunkStore,
  metadata: ArrayMetadata,
  options: ChunkReaderOptions,
): ChunkReader {
  return openInnerChunks(store, metadata, options) ?? openStoredChunks(store, metadata, options);
}

function openStoredChunks(
  store: ChunkStore,
  metadata: ArrayMetadata,
  { missingChunks, what }: ChunkReaderOptions,
): ChunkReader {
  const { chunkShape } = metadata;
  const grid = new ChunkGrid(metadata);
  const read: ChunkReader["read"] = async (indices, options) => {
    const key = chunkKey(metadata, indices);
    const name = `${what}: chunk ${key}`;
    const stored = await store.get(`/${key}`, options);
    if (stored === undefined) return filled(metadata, name, missingChunks);
    const codecs = await loadCodecs([metadata]);
    return decodeChunkData(stored, metadata, {
      codecs,
      missingChunks,
      what: name,
      extents: grid.region(indices).shape,
    });
  };
  return { chunkShape, grid, read };
}

function filled(
  { dtype, chunkShape, fillValue }: ArrayMetadata,
  name: string,
  missingChunks: "fill" | "error",
): DataOf<Dtype> {
  if (missingChunks === "error") throw dataLoss(`${name} is missing`);
  const data = allocateArray(dtype, chunkShape, name);
  fillBlock(fillValue, dtype, chunkShape, bytesOf(data), {
    offset: 0,
    strides: denseStrides(chunkShape, "C"),
  });
  return data;
}

/** `undefined` where inner chunks cannot be read by themselves, or a shard is one of them. */
function openInnerChunks(
  store: ChunkStore,
  metadata: ArrayMetadata,
  { missingChunks, what }: ChunkReaderOptions,
): ChunkReader | undefined {
  const { chunkShape, codec } = metadata;
  const { serializer, axisOrder, compressors } = codec;
  if (serializer.kind !== "sharding" || compressors.length > 0) return undefined;
  const inner = innerArray(metadata, serializer);
  const perShard = inner.chunkShape.map((size, axis) => (chunkShape[axis] ?? 1) / size);
  const shards = ShardReader.over(store, { sharding: serializer, counts: permuted(perShard, axisOrder) });
  if (shards === undefined || elementCount(perShard) === 1) return undefined;
  const grid = new ChunkGrid(inner);
  const read: ChunkReader["read"] = async (indices, options) => {
    const shardIndices = indices.map((index, axis) => Math.floor(index / (perShard[axis] ?? 1)));
    const within = indices.map((index, axis) => index % (perShard[axis] ?? 1));
    const key = chunkKey(metadata, shardIndices);
    const place = { key, within: permuted(within, axisOrder), what: `${what}: chunk ${key}` };
    const name = innerName(place.what, place.within);
    const stored = await shards.read(place, options);
    if (stored === undefined) return filled(inner, name, missingChunks);
    const codecs = await loadCodecs([inner]);
    return decodeChunkData(stored, inner, {
      codecs,
      missingChunks,
      what: name,
      extents: grid.region(indices).shape,
    });
  };
  return { chunkShape: inner.chunkShape, grid, read };
}

/** The array as if its inner chunks were stored by themselves. */
function innerArray(metadata: ArrayMetadata, { chunkShape, inner }: ShardingSerializer): ArrayMetadata {
  const { axisOrder } = metadata.codec;
  const sizes = [...chunkShape];
  for (const [place, axis] of axisOrder.entries()) sizes[axis] = chunkShape[place] ?? 1;
  return { ...metadata, chunkShape: sizes, codec: innerCodec(axisOrder, inner) };
}

function permuted(values: readonly number[], axisOrder: readonly number[]): number[] {
  return axisOrder.map((axis) => values[axis] ?? 0);
}
