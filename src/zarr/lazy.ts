import type { AsyncReadable, Chunk, DataType, Array as ZarrArray } from "zarrita";
import { invalidArgument } from "../errors.js";
import type { ChunkGrid } from "./chunk-grid.js";
import { openChunks } from "./chunk-reader.js";
import { shownAs, toZarritaChunk } from "./convert.js";
import type { Dtype } from "./dtype.js";
import { elementAt } from "./element.js";
import { fillElement } from "./fill-value.js";
import type { ArrayMetadata } from "./metadata.js";
import { NdArray } from "./nd-array.js";
import type { ChunkStore } from "./shard-reader.js";

export type { ChunkStore } from "./shard-reader.js";

/** How {@link lazyArray} reads and shows an array. */
export type LazyArrayOptions = {
  /** As for `planArray`. */
  readonly missingChunks: "fill" | "error";
  /** How to call the array in messages. */
  readonly what: string;
  /** Shows floats of at most 16 bits as the uint16 or uint8 of their bits. Default: their values, as float32. */
  readonly raw?: boolean;
};

/** A zarrita array whose chunks this package decodes. */
export type LazyArray = ZarrArray<DataType> & {
  /** Type of the stored elements; `dtype` is the one that zarrita can show. */
  readonly storedDtype: Dtype;
};

/**
 * A zarrita array over stored chunks: `zarr.get(array, slices)` reads the chunks that the slices touch, and nothing is
 * read before. Of shards these are the inner chunks, if the store reads ranges. Metadata and chunks are decoded here,
 * so that every dtype, byte and error is as with a whole load; zarrita does the indexing. Loads zarrita, and
 * decompressors with the first chunk.
 *
 * What zarrita lacks is shown as by `toChunk`. Its `get` refuses selections without elements.
 *
 * @throws {OrbaxError} from `getChunk` and `zarr.get`: what `planArray(…).accept` throws for the chunk ·
 * `INVALID_ARGUMENT` for coordinates outside of the array.
 */
export async function lazyArray(
  store: ChunkStore,
  metadata: ArrayMetadata,
  { missingChunks, what, raw = false }: LazyArrayOptions,
): Promise<LazyArray> {
  const zarr = await import("zarrita");
  const { dtype, shape, chunkKeys } = metadata;
  const { dataType, innerShape } = shownAs(dtype, raw);
  const { chunkShape, grid, read } = openChunks(store, metadata, { missingChunks, what });

  const getChunk = async (
    coordinates: number[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Chunk<DataType>> => {
    const indices = gridIndices(coordinates, grid, innerShape, what);
    const signal = options?.signal;
    const data = await read(indices, signal === undefined ? {} : { signal });
    return await toZarritaChunk(dtype, chunkShape, data, raw);
  };

  const readable: AsyncReadable = { get: async (key, options) => await store.get(key, options) };
  const plain = new zarr.Array<DataType>(readable, "/", {
    zarr_format: 3,
    node_type: "array",
    shape: [...shape, ...innerShape],
    data_type: dataType,
    chunk_grid: { name: "regular", configuration: { chunk_shape: [...chunkShape, ...innerShape] } },
    chunk_key_encoding: { name: chunkKeys.name, configuration: { separator: chunkKeys.separator } },
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    fill_value: shownFill(metadata, raw),
    attributes: {},
  });
  return zarr.defineArrayExtension(() => ({ getChunk, storedDtype: dtype }))(plain);
}

/** The chunk's place in the grid, from zarrita's coordinates. */
function gridIndices(
  coordinates: readonly number[],
  { counts }: ChunkGrid,
  { length: innerAxes }: readonly number[],
  what: string,
): readonly number[] {
  const shown = [...counts, ...Array.from({ length: innerAxes }, () => 1)];
  const inside =
    coordinates.length === shown.length &&
    coordinates.every((index, axis) => Number.isInteger(index) && index >= 0 && index < (shown[axis] ?? 0));
  if (!inside) {
    throw invalidArgument(
      `${what}: chunk [${coordinates.join(", ")}] is not in a grid of [${shown.join(", ")}]`,
    );
  }
  return coordinates.slice(0, counts.length);
}

/** The fill value for whoever asks the array for it; for complex numbers only one whose parts are equal. */
function shownFill({ fillValue, dtype }: ArrayMetadata, raw: boolean): number | bigint | boolean | null {
  const element = new NdArray(dtype, [], fillElement(fillValue, dtype));
  const shown = raw && dtype !== "bool" ? element.data[0] : elementAt(element, 0);
  if (typeof shown !== "object") return shown ?? null;
  return Object.is(shown[0], shown[1]) ? shown[0] : null;
}
