import { invalidArgument } from "../errors.js";
import { littleEndianBytes } from "./byte-order.js";
import { type BytesCodec, plainCodec } from "./codecs.js";
import { dtypeRow } from "./dtype.js";
import { type ChunkEncodeOptions, encodeChunk } from "./encode-chunk.js";
import { type ArrayMetadata, chunkKey, plainMetadata } from "./metadata.js";
import { narrowBits } from "./narrow-integers.js";
import type { NdArray } from "./nd-array.js";

/** How an array is compressed that is written. */
export type Compressor = { readonly kind: "none" } | { readonly kind: "zstd"; readonly level: number };

/** How {@link encodeArray} stores an array. */
export type ArrayEncodeOptions = ChunkEncodeOptions & {
  /** Version of zarr. Default: 2. */
  readonly zarr?: 2 | 3 | undefined;
  readonly compressor: Compressor;
};

/** An array as it is stored: what its metadata document is made of, and what encodes the chunks, by their keys. */
export type EncodedArray = {
  readonly metadata: ArrayMetadata;
  readonly chunks: readonly (readonly [key: string, encode: () => Uint8Array])[];
};

/**
 * Encodes an array as one chunk, as Orbax does (docs/spec/orbax-layout.md sections 11 to 13 and 17). In zarr v2 an
 * uncompressed chunk is the array's own memory on little-endian platforms: do not change it before it is written.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a bool array with bytes other than 0 and 1, which Python would not
 * read; for integers that int4 or int2 cannot hold; for uint4, which zarr does not store. From `encode`: `UNSUPPORTED`
 * if zstd is asked for and this platform cannot write it.
 */
export function encodeArray(
  array: NdArray,
  { zarr = 2, compressor, ...options }: ArrayEncodeOptions,
): EncodedArray {
  const { dtype, shape, data } = array;
  if (dtypeRow(dtype).zarr2 === undefined)
    throw invalidArgument(`${dtype} array: Orbax cannot store this dtype`);
  const plain = plainMetadata(dtype, shape, compressorsOf(compressor));
  const metadata = zarr === 2 ? plain : inShard(plain);
  checkElements(array);
  if (data.length === 0) return { metadata, chunks: [] };
  const key = chunkKey(
    metadata,
    shape.map(() => 0),
  );
  const encode = () => encodeChunk(littleEndianBytes(data, dtypeRow(dtype).wordBytes), metadata, options);
  return { metadata, chunks: [[key, encode]] };
}

function compressorsOf(compressor: Compressor): readonly BytesCodec[] {
  if (compressor.kind === "none") return [];
  return [{ kind: "zstd", level: compressor.level, checksum: false }];
}

/** The same array in zarr v3: its chunk is a shard of a single inner chunk (section 12). */
function inShard({ chunkShape, codec, ...plain }: ArrayMetadata): ArrayMetadata {
  const index = plainCodec(chunkShape.length + 1, [{ kind: "crc32c" }]);
  const serializer = { kind: "sharding", chunkShape, inner: codec, index, indexLocation: "end" } as const;
  return {
    ...plain,
    zarr: 3,
    chunkShape,
    chunkKeys: { name: "default", separator: "/" },
    codec: { ...plainCodec(chunkShape.length), serializer },
  };
}

/** Refuses elements that are none of the dtype's. */
function checkElements(array: NdArray): void {
  const { dtype, data } = array;
  if (dtype === "bool") {
    const bytes = littleEndianBytes(data, 1);
    const wrong = bytes.findIndex((byte) => byte > 1);
    if (wrong >= 0) throw invalidArgument(`bool array: element ${wrong} is ${bytes[wrong]}, expected 0 or 1`);
  }
  const bits = narrowBits(dtype);
  if (bits !== undefined) checkNarrow(array, bits);
}

function checkNarrow({ dtype, data }: NdArray, bits: number): void {
  const [least, most] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  for (let index = 0; index < data.length; index++) {
    const element = data[index] ?? 0;
    if (element < least || element > most) {
      throw invalidArgument(`${dtype} array: element ${index} is ${element}, expected ${least} to ${most}`);
    }
  }
}
