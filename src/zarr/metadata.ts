import {
  describeJson,
  expectArray,
  expectInteger,
  expectObject,
  expectString,
  isJsonArray,
  isJsonObject,
  type JsonValue,
  parseJson,
} from "../bytes/json.js";
import { dataLoss, limitExceeded, OrbaxError, unsupported } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { DTYPE_NAMES, type Dtype, dtypeRow } from "./dtype.js";
import { decodeFillValue, encodeFillValue, type FillValue } from "./fill-value.js";

/** How the bytes of a chunk are compressed. */
export type Compressor = { readonly kind: "none" } | { readonly kind: "zstd"; readonly level: number };

/** How the indices of a chunk make its key. */
export type ChunkKeyEncoding = { readonly name: "v2"; readonly separator: "." | "/" };

/** What is known about a stored array, whichever version of zarr it was read from. */
export type ArrayMetadata = {
  readonly shape: readonly number[];
  /** Sizes of every chunk, those at the edges too; as many as `shape` has. */
  readonly chunkShape: readonly number[];
  readonly dtype: Dtype;
  /** Order of the bytes of a word; `little` where a word is one byte. */
  readonly byteOrder: "little" | "big";
  /** Order of the elements of a chunk: C, the last index fastest, or F, the first. */
  readonly order: "C" | "F";
  readonly compressor: Compressor;
  readonly fillValue: FillValue;
  readonly chunkKeys: ChunkKeyEncoding;
};

const MOST_DIMENSIONS = 32; // TensorStore's, and of NumPy 1

/** libzstd's levels, and TensorStore's where the file names none. */
const ZSTD_LEVELS = { least: -131072, most: 22, byDefault: 1 };

/**
 * Reads `.zarray` (docs/spec/orbax-layout.md section 11). Strict as TensorStore: every member but
 * `dimension_separator` must be there, unknown members may.
 *
 * @throws {OrbaxError} `DATA_LOSS` damaged · `UNSUPPORTED` filters, compressors, dtypes that this version does not
 * read · `LIMIT_EXCEEDED` for an array or a chunk of more than `limits.arrayBytes`.
 */
export function decodeZarray(bytes: Uint8Array, what: string, limits?: Partial<Limits>): ArrayMetadata {
  const json = expectObject(parseJson(bytes, what, limits), what, "the file");
  const format = expectInteger(json["zarr_format"], what, "zarr_format");
  if (format !== 2) throw dataLoss(what, { field: "zarr_format", found: format, expected: "2" });
  const shape = decodeSizes(json["shape"], what, "shape", 0);
  const chunkShape = decodeSizes(json["chunks"], what, "chunks", 1);
  if (chunkShape.length !== shape.length) {
    throw dataLoss(what, { field: "rank of chunks", found: chunkShape.length, expected: `${shape.length}` });
  }
  const { dtype, byteOrder } = decodeDtype(json["dtype"], what);
  const order = decodeChoice(json["order"], what, "order", ["C", "F"]);
  const compressor = decodeCompressor(json["compressor"], what);
  checkFilters(json["filters"], what);
  const separator =
    "dimension_separator" in json
      ? decodeChoice(json["dimension_separator"], what, "dimension_separator", [".", "/"])
      : ".";
  const fillValue = decodeFillValue(json["fill_value"], dtype, what);
  const { arrayBytes } = withDefaultLimits(limits);
  checkBytes(shape, dtype, what, "shape", arrayBytes);
  checkBytes(chunkShape, dtype, what, "chunks", arrayBytes);
  const chunkKeys = { name: "v2", separator } as const;
  return { shape, chunkShape, dtype, byteOrder, order, compressor, fillValue, chunkKeys };
}

function decodeSizes(json: JsonValue | undefined, what: string, field: string, least: number): number[] {
  const sizes = expectArray(json, what, field);
  if (sizes.length > MOST_DIMENSIONS) {
    throw unsupported(what, {
      field: `rank of ${field}`,
      found: sizes.length,
      expected: `at most ${MOST_DIMENSIONS}`,
    });
  }
  return sizes.map((size, axis) => expectInteger(size, what, `${field}[${axis}]`, least));
}

function decodeChoice<T extends string>(
  json: JsonValue | undefined,
  what: string,
  field: string,
  choices: readonly T[],
): T {
  const choice = choices.find((candidate) => candidate === json);
  if (choice !== undefined) return choice;
  const expected = choices.map((candidate) => `"${candidate}"`).join(" or ");
  const message = `${what}: ${field} is ${describeJson(json)}, expected ${expected}`;
  throw new OrbaxError("DATA_LOSS", message, { field, found: json, expected });
}

/** Every dtype by its names in zarr v2, with the byte order that they say. */
const DTYPES_BY_NAME: ReadonlyMap<string, { dtype: Dtype; byteOrder: "little" | "big" }> = new Map(
  DTYPE_NAMES.flatMap((dtype) =>
    [...dtypeNames(dtype)].map(([name, byteOrder]) => [name, { dtype, byteOrder }] as const),
  ),
);

function* dtypeNames(dtype: Dtype): Generator<readonly [name: string, byteOrder: "little" | "big"]> {
  const { zarr2 } = dtypeRow(dtype);
  yield [zarr2, "little"];
  if (zarr2.startsWith("<")) yield [`>${zarr2.slice(1)}`, "big"];
  // One byte has no order, and any may be written.
  if (zarr2.startsWith("|"))
    yield* [`<${zarr2.slice(1)}`, `>${zarr2.slice(1)}`].map((n) => [n, "little"] as const);
}

function decodeDtype(json: JsonValue | undefined, what: string) {
  if (isJsonArray(json)) throw unsupported(`${what}: a structured dtype`, { field: "dtype" });
  const name = expectString(json, what, "dtype");
  const known = DTYPES_BY_NAME.get(name);
  if (known === undefined) throw unsupported(what, { field: "dtype", found: name });
  return known;
}

function decodeCompressor(json: JsonValue | undefined, what: string): Compressor {
  if (json === null) return { kind: "none" };
  const compressor = expectObject(json, what, "compressor");
  const id = expectString(compressor["id"], what, "compressor id");
  if (id !== "zstd") throw unsupported(what, { field: "compressor", found: id });
  const { least, most, byDefault } = ZSTD_LEVELS;
  if (!("level" in compressor)) return { kind: "zstd", level: byDefault };
  const level = expectInteger(compressor["level"], what, "compressor level");
  if (level < least || level > most) {
    throw dataLoss(what, { field: "compressor level", found: level, expected: `${least} to ${most}` });
  }
  return { kind: "zstd", level };
}

function checkFilters(json: JsonValue | undefined, what: string): void {
  if (json === null) return;
  const filters = expectArray(json, what, "filters");
  if (filters.length > 0)
    throw unsupported(what, { field: "filters", found: filters.map(filterName).join(", ") });
}

function filterName(filter: JsonValue): string {
  return isJsonObject(filter) && "id" in filter ? describeJson(filter["id"]) : describeJson(filter);
}

/** Holds a block of elements to the limit; sizes of 0 do not hide the others. */
function checkBytes(
  sizes: readonly number[],
  dtype: Dtype,
  what: string,
  field: string,
  limit: number,
): void {
  const elements = sizes.reduce((count, size) => count * Math.max(size, 1), 1);
  const bytes = elements * dtypeRow(dtype).itemBytes;
  if (bytes > limit) {
    throw limitExceeded(what, {
      field: `bytes of ${field} [${sizes.join(", ")}] ${dtype}`,
      found: bytes,
      expected: `at most ${limit}`,
      limit: "arrayBytes",
    });
  }
}

/** Writes `.zarray`, byte for byte as TensorStore does (docs/spec/orbax-layout.md section 11). */
export function encodeZarray(metadata: ArrayMetadata): Uint8Array {
  const { shape, chunkShape, dtype, byteOrder, order, compressor, fillValue, chunkKeys } = metadata;
  const { zarr2 } = dtypeRow(dtype);
  const members = [
    `"chunks":[${chunkShape.join(",")}]`,
    `"compressor":${compressor.kind === "none" ? "null" : `{"id":"zstd","level":${compressor.level}}`}`,
    `"dimension_separator":"${chunkKeys.separator}"`,
    `"dtype":"${byteOrder === "big" ? zarr2.replace("<", ">") : zarr2}"`,
    `"fill_value":${encodeFillValue(fillValue, dtype)}`,
    `"filters":null`,
    `"order":"${order}"`,
    `"shape":[${shape.join(",")}]`,
    `"zarr_format":2`,
  ];
  return new TextEncoder().encode(`{${members.join(",")}}`);
}

/** The key of a chunk below its array: `0.1`; `0` for rank 0. */
export function chunkKey({ chunkKeys }: ArrayMetadata, indices: readonly number[]): string {
  return indices.length === 0 ? "0" : indices.join(chunkKeys.separator);
}

/** Bytes of every decoded chunk. */
export function chunkBytes({ chunkShape, dtype }: ArrayMetadata): number {
  return chunkShape.reduce((count, size) => count * size, 1) * dtypeRow(dtype).itemBytes;
}
