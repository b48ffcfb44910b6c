import type { AbsolutePath, AsyncReadable, Chunk, DataType, Array as ZarrArray } from "zarrita";
import { loadZstd } from "../bytes/zstd.js";
import { dataLoss, invalidArgument } from "../errors.js";
import { denseStrides } from "./block.js";
import { allocateArray, decodeChunkData } from "./chunk.js";
import { ChunkGrid } from "./chunk-grid.js";
import { shownAs, toZarritaChunk } from "./convert.js";
import { bytesOf, type DataOf, type Dtype } from "./dtype.js";
import { fillBlock } from "./fill-value.js";
import { type ArrayMetadata, chunkKey } from "./metadata.js";

/** A store rooted at one array: `get("/0.1")` gives the chunk's stored bytes. Any zarrita store is one. */
export type ChunkStore = {
  get(
    key: AbsolutePath,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Uint8Array | undefined> | Uint8Array | undefined;
};

/** How {@link lazyArray} reads and shows an array. */
export type LazyArrayOptions = {
  /** As for `planArray`. */
  readonly missingChunks: "fill" | "error";
  /** How to call the array in messages. */
  readonly what: string;
  /** Shows float16 and bfloat16 as the uint16 of their bits. Default: their values, as float32. */
  readonly raw?: boolean;
};

/** A zarrita array whose chunks this package decodes. */
export type LazyArray = ZarrArray<DataType> & {
  /** Type of the stored elements; `dtype` is the one that zarrita can show. */
  readonly storedDtype: Dtype;
};

/**
 * A zarrita array over stored chunks: `zarr.get(array, slices)` reads the chunks that the slices touch, and nothing is
 * read before. Metadata and chunks are decoded here, so that every dtype, byte and error is as with a whole load;
 * zarrita does the indexing. Loads zarrita, and zstd with the first chunk that needs it.
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
  const { dtype, shape, chunkShape, compressor, chunkKeys } = metadata;
  const { dataType, innerShape } = shownAs(dtype, raw);
  const grid = new ChunkGrid(metadata);

  const getChunk = async (
    coordinates: number[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Chunk<DataType>> => {
    const indices = gridIndices(coordinates, grid, innerShape, what);
    const key = chunkKey(metadata, indices);
    const signal = options?.signal;
    const stored = await store.get(`/${key}`, signal === undefined ? {} : { signal });
    if (stored === undefined && missingChunks === "error") {
      throw dataLoss(`${what}: chunk ${key} is missing`, { key });
    }
    const data =
      stored === undefined
        ? filledChunk(metadata, what)
        : decodeChunkData(
            stored,
            metadata,
            compressor.kind === "zstd" ? await loadZstd() : undefined,
            `${what}: chunk ${key}`,
          );
    return await toZarritaChunk(dtype, chunkShape, data, raw);
  };

  const readable: AsyncReadable = { get: async (key, options) => await store.get(key, options) };
  const plain = new zarr.Array<DataType>(readable, "/", {
    zarr_format: 3,
    node_type: "array",
    shape: [...shape, ...innerShape],
    data_type: dataType,
    chunk_grid: { name: "regular", configuration: { chunk_shape: [...chunkShape, ...innerShape] } },
    chunk_key_encoding: { name: "v2", configuration: { separator: chunkKeys.separator } },
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    fill_value: shownFill(metadata, dataType),
    attributes: {},
  });
  return zarr.defineArrayExtension(() => ({ getChunk, storedDtype: dtype }))(plain);
}

/** The chunk's place in the grid of stored chunks, from zarrita's coordinates. */
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

function filledChunk({ dtype, chunkShape, fillValue }: ArrayMetadata, what: string): DataOf<Dtype> {
  const data = allocateArray(dtype, chunkShape, what);
  const to = { offset: 0, strides: denseStrides(chunkShape, "C") };
  fillBlock(fillValue, dtype, chunkShape, bytesOf(data), to);
  return data;
}

/** The fill value for whoever asks the array for it; zarrita has none for complex numbers. */
function shownFill(
  { fillValue, dtype }: ArrayMetadata,
  dataType: DataType,
): number | bigint | boolean | null {
  if (typeof fillValue === "object") return null;
  if (fillValue !== undefined) return fillValue;
  if (dataType === "bool") return false;
  return dtype === "int64" || dtype === "uint64" ? 0n : 0;
}
