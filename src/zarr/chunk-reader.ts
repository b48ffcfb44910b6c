import { dataLoss } from "../errors.js";
import { denseStrides } from "./block.js";
import { decodeChunkData } from "./chunk.js";
import { ChunkGrid } from "./chunk-grid.js";
import { loadCodecs, type ShardingSerializer } from "./codecs.js";
import { bytesOf, type DataOf, type Dtype, elementCount } from "./dtype.js";
import { fillBlock } from "./fill-value.js";
import { type ArrayMetadata, chunkKey } from "./metadata.js";
import { innerCodec, innerName } from "./shard-index.js";
import { type ChunkReadOptions, type ChunkStore, ShardReader } from "./shard-reader.js";
import { allocateArray } from "./stored-elements.js";

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
  { missingChunks, what }: ChunkReaderOptions,
): ChunkReader {
  const { array, readStored } = innerChunks(store, metadata, what) ?? storedChunks(store, metadata, what);
  const { chunkShape } = array;
  const grid = new ChunkGrid(array);
  const read: ChunkReader["read"] = async (indices, options) => {
    const { stored, name } = await readStored(indices, options);
    if (stored === undefined) return filled(array, name, missingChunks);
    const codecs = await loadCodecs([array]);
    const extents = grid.region(indices).shape;
    return decodeChunkData(stored, array, { codecs, missingChunks, what: name, extents });
  };
  return { chunkShape, grid, read };
}

/** Parts of an array as they are stored. */
type StoredParts = {
  /** The array as if each part were a chunk of its own. */
  readonly array: ArrayMetadata;
  /** The bytes of a part, `undefined` if it is missing, and how to call it in messages. */
  readonly readStored: (
    indices: readonly number[],
    options: ChunkReadOptions,
  ) => Promise<{ readonly stored: Uint8Array | undefined; readonly name: string }>;
};

function storedChunks(store: ChunkStore, metadata: ArrayMetadata, what: string): StoredParts {
  return {
    array: metadata,
    readStored: async (indices, options) => {
      const key = chunkKey(metadata, indices);
      return { stored: await store.get(`/${key}`, options), name: `${what}: chunk ${key}` };
    },
  };
}

/** `undefined` where inner chunks cannot be read by themselves, or a shard is one of them. */
function innerChunks(store: ChunkStore, metadata: ArrayMetadata, what: string): StoredParts | undefined {
  const { chunkShape, codec } = metadata;
  const { serializer, axisOrder, compressors } = codec;
  if (serializer.kind !== "sharding" || compressors.length > 0) return undefined;
  const array = innerArray(metadata, serializer);
  const perShard = array.chunkShape.map((size, axis) => (chunkShape[axis] ?? 1) / size);
  const shards = ShardReader.over(store, { sharding: serializer, counts: permuted(perShard, axisOrder) });
  if (shards === undefined || elementCount(perShard) === 1) return undefined;
  return {
    array,
    readStored: async (indices, options) => {
      const shardIndices = indices.map((index, axis) => Math.floor(index / (perShard[axis] ?? 1)));
      const within = indices.map((index, axis) => index % (perShard[axis] ?? 1));
      const key = chunkKey(metadata, shardIndices);
      const place = { key, within: permuted(within, axisOrder), what: `${what}: chunk ${key}` };
      return { stored: await shards.read(place, options), name: innerName(place.what, place.within) };
    },
  };
}

function filled(
  { dtype, chunkShape, fillValue }: ArrayMetadata,
  name: string,
  missingChunks: "fill" | "error",
): DataOf<Dtype> {
  if (missingChunks === "error") throw dataLoss(`${name} is missing`);
  const data = allocateArray(dtype, chunkShape, name);
  const layout = { offset: 0, strides: denseStrides(chunkShape, "C") };
  fillBlock(fillValue, dtype, chunkShape, bytesOf(data), layout);
  return data;
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
