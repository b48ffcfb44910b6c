import { type BytesCodec, type ChunkCodec, plainCodec } from "./codecs.js";
import { byteCount, type Dtype } from "./dtype.js";
import type { FillValue } from "./fill-value.js";

/** How the indices of a chunk make its key. */
export type ChunkKeyEncoding = { readonly name: "default" | "v2"; readonly separator: "." | "/" };

/** File that describes an array, below it, by version of zarr. */
export const ARRAY_DOCUMENT = { 2: ".zarray", 3: "zarr.json" } as const;

/** What is known about a stored array, whichever version of zarr it was read from. */
export type ArrayMetadata = {
  readonly zarr: 2 | 3;
  readonly shape: readonly number[];
  /** Sizes of every stored chunk, those at the edges too, of shards where there are any; as many as `shape` has. */
  readonly chunkShape: readonly number[];
  readonly dtype: Dtype;
  readonly fillValue: FillValue;
  readonly chunkKeys: ChunkKeyEncoding;
  readonly codec: ChunkCodec;
};

/** Metadata, in zarr v2, of an array that is one chunk of {@link plainCodec}. */
export function plainMetadata(
  dtype: Dtype,
  shape: readonly number[],
  compressors?: readonly BytesCodec[],
): ArrayMetadata {
  return {
    zarr: 2,
    shape,
    chunkShape: shape.map((size) => Math.max(size, 1)), // docs/spec/orbax-layout.md section 11: 1 where the shape has 0
    dtype,
    fillValue: undefined,
    chunkKeys: { name: "v2", separator: "." },
    codec: plainCodec(shape.length, compressors),
  };
}

/** The key of a stored chunk below its array: `0.1`, `c/0/1`; `0` and `c` for rank 0. */
export function chunkKey({ chunkKeys }: ArrayMetadata, indices: readonly number[]): string {
  const { name, separator } = chunkKeys;
  if (name === "default") return ["c", ...indices].join(separator);
  return indices.length === 0 ? "0" : indices.join(separator);
}

/** Bytes of the elements of every stored chunk. */
export function chunkBytes({ chunkShape, dtype }: ArrayMetadata): number {
  return byteCount(dtype, chunkShape);
}
