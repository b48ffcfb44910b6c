import { invalidArgument } from "../errors.js";
import { littleEndianBytes } from "./byte-order.js";
import { type ChunkEncodeOptions, encodeChunk } from "./chunk.js";
import { dtypeRow } from "./dtype.js";
import { type ArrayMetadata, type Compressor, chunkKey } from "./metadata.js";
import type { NdArray } from "./nd-array.js";

/** An array as it is stored: what `encodeZarray` makes a file of, and the chunks by their keys. */
export type EncodedArray = {
  readonly metadata: ArrayMetadata;
  readonly chunks: readonly (readonly [key: string, bytes: Uint8Array])[];
};

/**
 * Encodes an array as one chunk, as Orbax does (docs/spec/orbax-layout.md sections 11, 13 and 17). Uncompressed,
 * the chunk is the array's own memory on little-endian platforms: do not change it before it is written.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a bool array with bytes other than 0 and 1, which Python would not
 * read · `UNSUPPORTED` if zstd is asked for and this platform cannot write it.
 */
export function encodeArray(
  array: NdArray,
  { compressor, ...options }: { readonly compressor: Compressor } & ChunkEncodeOptions,
): EncodedArray {
  const { dtype, shape, data } = array;
  const metadata: ArrayMetadata = {
    shape,
    chunkShape: shape.map((size) => Math.max(size, 1)), // section 11: 1 where the shape has 0
    dtype,
    byteOrder: "little",
    order: "C",
    compressor,
    fillValue: undefined,
    chunkKeys: { name: "v2", separator: "." },
  };
  if (data.length === 0) return { metadata, chunks: [] };
  const bytes = littleEndianBytes(data, dtypeRow(dtype).wordBytes);
  if (dtype === "bool") {
    const wrong = bytes.findIndex((byte) => byte > 1);
    if (wrong >= 0) throw invalidArgument(`bool array: element ${wrong} is ${bytes[wrong]}, expected 0 or 1`);
  }
  const key = chunkKey(
    metadata,
    shape.map(() => 0),
  );
  return { metadata, chunks: [[key, encodeChunk(bytes, metadata, options)]] };
}
