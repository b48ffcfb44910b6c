import { decodeUtf8 } from "../bytes/utf8.js";
import { dataLoss, limitExceeded, type OrbaxError, unsupported } from "../errors.js";
import type { Limits } from "../limits.js";
import type { PathAndLeaf } from "../pytree/flatten.js";
import type { KeyPath } from "../pytree/key-path.js";
import { nativeBytes } from "../zarr/byte-order.js";
import { byteCount, bytesOf, type Dtype, dtypeRow, isDtype } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import { allocateArray, finishElements } from "../zarr/stored-elements.js";
import type { MsgpackReader } from "./msgpack-reader.js";

/** An array that still lies in its file: of one part, or of several that a chunked array has. */
export type PackedArray = {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Elements in C order, little-endian: views of the file, as many bytes in all as dtype and shape ask for. */
  readonly parts: readonly Uint8Array[];
};

/** A leaf of a msgpack tree before its array is unpacked, which may yet become part of a chunked one. */
export type RawLeaf = PathAndLeaf | PathAndPacked;

type PathAndPacked = { readonly path: KeyPath; readonly packed: PackedArray };

/** Whether a leaf is an array that is still to be unpacked. */
export function isPacked(leaf: RawLeaf): leaf is PathAndPacked {
  return "packed" in leaf;
}

const WHAT = "array";
const MOST_DIMENSIONS = 64; // NumPy's own bound

/**
 * Reads the body of Flax's ext 1 and ext 3, `[shape, dtype name, data]` (docs/spec/orbax-layout.md section 20).
 *
 * @throws {OrbaxError} `DATA_LOSS` unless the data is exactly as long as dtype and shape ask for · `UNSUPPORTED` for a
 * dtype that this version does not know.
 */
export function decodePackedArray(reader: MsgpackReader): PackedArray {
  const fields = reader.next();
  if (fields.kind !== "array" || fields.length !== 3) {
    const found = fields.kind === "array" ? `an array of ${fields.length}` : fields.kind;
    throw dataLoss(WHAT, { field: "the extension", found, expected: "[shape, dtype, data]" });
  }
  const shape = decodeShape(reader);
  const name = reader.next();
  // Both of these are str in files of old writers.
  if (name.kind !== "str" && name.kind !== "bin")
    throw dataLoss(WHAT, { field: "dtype", found: name.kind, expected: "a name" });
  const dtype = decodeUtf8(name.bytes, WHAT);
  if (!isDtype(dtype)) throw unsupported(WHAT, { field: "dtype", found: dtype });
  const data = reader.next();
  if (data.kind !== "bin" && data.kind !== "str") {
    throw dataLoss(WHAT, { field: "data", found: data.kind, expected: "bytes" });
  }
  reader.end();
  return packArray(dtype, shape, [data.bytes]);
}

function decodeShape(reader: MsgpackReader): number[] {
  const head = reader.next();
  if (head.kind !== "array") throw dataLoss(WHAT, { field: "shape", found: head.kind, expected: "a list" });
  if (head.length > MOST_DIMENSIONS) {
    throw dataLoss(WHAT, { field: "rank", found: head.length, expected: `at most ${MOST_DIMENSIONS}` });
  }
  return Array.from({ length: head.length }, () => {
    const size = reader.next();
    if (size.kind !== "int" || typeof size.value === "bigint" || size.value < 0) {
      const found = size.kind === "int" ? size.value : size.kind;
      throw dataLoss(WHAT, { field: "size of a dimension", found, expected: "an integer of 0 or more" });
    }
    return size.value;
  });
}

/** @throws {OrbaxError} `DATA_LOSS` unless the parts are as long together as dtype and shape ask for. */
function packArray(dtype: Dtype, shape: readonly number[], parts: readonly Uint8Array[]): PackedArray {
  const found = parts.reduce((bytes, part) => bytes + part.length, 0);
  const expected = byteCount(dtype, shape);
  if (found === expected) return { dtype, shape, parts };
  const wanted = `${expected} bytes for ${dtype} [${shape.join(", ")}]`;
  throw dataLoss(WHAT, { field: "length of the data", found, expected: wanted });
}

/**
 * The array of which `chunks` are the flat pieces, in order: Flax cuts what is larger than 2^30 bytes.
 *
 * @throws {OrbaxError} `DATA_LOSS` if they do not fit together, or to the shape.
 */
export function joinChunks(shape: readonly number[], chunks: readonly PackedArray[]): PackedArray {
  const [first] = chunks;
  if (first === undefined) throw dataLoss(WHAT, { field: "chunks", found: "none", expected: "one at least" });
  for (const chunk of chunks) {
    if (chunk.dtype !== first.dtype) {
      throw dataLoss(WHAT, { field: "a chunk's dtype", found: chunk.dtype, expected: first.dtype });
    }
    if (chunk.shape.length !== 1) {
      throw dataLoss(WHAT, { field: "a chunk's rank", found: chunk.shape.length, expected: "1" });
    }
  }
  const parts = chunks.flatMap((chunk) => chunk.parts);
  return packArray(first.dtype, shape, parts);
}

/**
 * The array in memory of its own, int4 and int2 sign-extended.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a bool that is neither 0 nor 1 · `LIMIT_EXCEEDED` for more than
 * `limits.arrayBytes` · `UNSUPPORTED` for more memory than there is.
 */
export function unpackArray({ dtype, shape, parts }: PackedArray, limits: Limits): NdArray {
  const length = parts.reduce((bytes, part) => bytes + part.length, 0);
  if (length > limits.arrayBytes) throw tooLarge(length, limits);
  const data = allocateArray(dtype, shape, WHAT);
  const bytes = bytesOf(data);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  nativeBytes(bytes, dtypeRow(dtype).wordBytes, false);
  finishElements(bytes, dtype, WHAT);
  return new NdArray(dtype, shape, data);
}

function tooLarge(found: number, { arrayBytes }: Limits): OrbaxError {
  const expected = `at most ${arrayBytes} bytes`;
  return limitExceeded(WHAT, { field: "its length", found, expected, limit: "arrayBytes" });
}
