import type { Zstd } from "../bytes/zstd.js";
import type { ZstdEncoder } from "../bytes/zstd-engine.js";
import { dataLoss, OrbaxError, unsupported } from "../errors.js";
import { copyBlock, denseStrides } from "./block.js";
import { nativeBytes, swapWords } from "./byte-order.js";
import { allocateData, bytesOf, type DataOf, type Dtype, dtypeRow, elementCount } from "./dtype.js";
import { type ArrayMetadata, chunkBytes } from "./metadata.js";

/**
 * Decodes a stored chunk: exactly `chunkBytes(metadata)` bytes, little-endian, elements still in the chunk's own
 * order (`metadata.order`). The result is memory of the caller's own, except that an uncompressed little-endian
 * chunk comes back as `stored` itself.
 *
 * @param zstd What `loadZstd` gave; may be missing where `metadata.compressor` is another.
 * @throws {OrbaxError} `DATA_LOSS` if the chunk is damaged, or of another length, or holds a bool that is
 * neither 0 nor 1, all of which TensorStore refuses too; and whatever `Zstd.decompress` throws.
 */
export function decodeChunk(
  stored: Uint8Array,
  metadata: ArrayMetadata,
  zstd: Zstd | undefined,
  what: string,
): Uint8Array {
  const expected = chunkBytes(metadata);
  const decoded = decompress(stored, metadata, zstd, what);
  if (decoded.length !== expected) {
    throw dataLoss(what, { field: "chunk length", found: decoded.length, expected: `${expected} bytes` });
  }
  if (metadata.dtype === "bool") checkBools(decoded, what);
  const { wordBytes } = dtypeRow(metadata.dtype);
  if (metadata.byteOrder === "little" || wordBytes === 1) return decoded;
  const swapped = decoded === stored ? stored.slice() : decoded;
  swapWords(swapped, wordBytes);
  return swapped;
}

function decompress(
  stored: Uint8Array,
  metadata: ArrayMetadata,
  zstd: Zstd | undefined,
  what: string,
): Uint8Array {
  if (metadata.compressor.kind === "none") return stored;
  if (zstd === undefined) throw new Error("decodeChunk: zstd was not loaded for a zstd chunk");
  const size = chunkBytes(metadata);
  return zstd.decompress(stored, { what, limit: size, limitName: "arrayBytes", size });
}

/**
 * Decodes a stored chunk to elements of a typed array, in C order, in memory of the caller's own: without a copy
 * where the chunk was compressed and in C order already.
 *
 * @throws {OrbaxError} what {@link decodeChunk} throws · `UNSUPPORTED` for more memory than there is.
 */
export function decodeChunkData(
  stored: Uint8Array,
  metadata: ArrayMetadata,
  zstd: Zstd | undefined,
  what: string,
): DataOf<Dtype> {
  const { dtype, chunkShape, order } = metadata;
  const { wordBytes, itemBytes, components, view } = dtypeRow(dtype);
  const decoded = decodeChunk(stored, metadata, zstd, what);
  const native = nativeBytes(decoded, wordBytes, decoded === stored);
  const inOrder = order === "C" || chunkShape.filter((size) => size > 1).length < 2;
  if (inOrder && native !== stored && native.byteOffset % wordBytes === 0) {
    return view(native.buffer, native.byteOffset, (native.length / itemBytes) * components);
  }
  const data = allocateArray(dtype, chunkShape, what);
  const to = { offset: 0, strides: denseStrides(chunkShape, "C") };
  const from = { offset: 0, strides: denseStrides(chunkShape, order) };
  copyBlock(chunkShape, itemBytes, bytesOf(data), to, native, from);
  return data;
}

/**
 * Zeroed elements for an array.
 *
 * @throws {OrbaxError} `UNSUPPORTED` for more memory than the platform gives.
 */
export function allocateArray(dtype: Dtype, shape: readonly number[], what: string): DataOf<Dtype> {
  try {
    return allocateData(dtype, elementCount(shape));
  } catch (cause) {
    const message = `${what}: ${dtype} [${shape.join(", ")}] is more than this platform can hold`;
    throw new OrbaxError("UNSUPPORTED", message, {}, { cause });
  }
}

/** @throws {OrbaxError} `DATA_LOSS` for a byte that is neither false nor true, padding included. */
export function checkBools(bytes: Uint8Array, what: string): void {
  const offset = bytes.findIndex((byte) => byte > 1);
  if (offset >= 0) throw dataLoss(what, { offset, field: "bool", found: bytes[offset], expected: "0 or 1" });
}

/** How {@link encodeChunk} compresses. */
export type ChunkEncodeOptions = {
  /** What `zstdEncoder` gave; may be missing where `metadata.compressor` is another. */
  readonly zstd?: ZstdEncoder | undefined;
  /** Whether a zstd frame ends with a checksum, which Python verifies when it reads. Default: true. */
  readonly checksum?: boolean;
};

/**
 * Encodes what {@link decodeChunk} gives: little-endian bytes of a whole chunk. Uncompressed, the result is
 * `bytes` itself.
 *
 * @throws {OrbaxError} `UNSUPPORTED` if zstd is asked for and this platform cannot write it.
 */
export function encodeChunk(
  bytes: Uint8Array,
  metadata: ArrayMetadata,
  { zstd, checksum = true }: ChunkEncodeOptions = {},
): Uint8Array {
  const { compressor, byteOrder, dtype } = metadata;
  let ordered = bytes;
  if (byteOrder === "big" && dtypeRow(dtype).wordBytes > 1) {
    ordered = bytes.slice();
    swapWords(ordered, dtypeRow(dtype).wordBytes);
  }
  if (compressor.kind === "none") return ordered;
  if (zstd === undefined) throw unsupported("writing zstd needs Node 22.15 or newer; write uncompressed");
  return zstd(ordered, { level: compressor.level, checksum });
}
