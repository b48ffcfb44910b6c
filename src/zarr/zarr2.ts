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
import { dataLoss, unsupported } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import type { ChunkCodec } from "./codecs.js";
import { checkArrayBytes, decodeChoice, decodeSizes } from "./document-fields.js";
import { DTYPE_NAMES, type Dtype, dtypeRow } from "./dtype.js";
import { decodeFillValue, encodeFillValue } from "./fill-value.js";
import type { ArrayMetadata } from "./metadata.js";
import { decodeCompressor, encodeCompressor } from "./zarr2-compressor.js";

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
  const compressors = decodeCompressor(json["compressor"], what);
  checkFilters(json["filters"], what);
  const separator =
    "dimension_separator" in json
      ? decodeChoice(json["dimension_separator"], what, "dimension_separator", [".", "/"])
      : ".";
  const fillValue = decodeFillValue(json["fill_value"], dtype, what, byteOrder);
  const { arrayBytes } = withDefaultLimits(limits);
  checkArrayBytes(shape, dtype, what, "shape", arrayBytes);
  checkArrayBytes(chunkShape, dtype, what, "chunks", arrayBytes);
  const axes = [...shape.keys()];
  const axisOrder = order === "C" ? axes : axes.reverse();
  const codec: ChunkCodec = { axisOrder, serializer: { kind: "bytes", byteOrder }, compressors };
  return { zarr: 2, shape, chunkShape, dtype, fillValue, chunkKeys: { name: "v2", separator }, codec };
}

/** Every dtype by its names in zarr v2, with the byte order that they say. */
const DTYPES_BY_NAME: ReadonlyMap<string, { dtype: Dtype; byteOrder: "little" | "big" }> = new Map(
  DTYPE_NAMES.flatMap((dtype) =>
    [...dtypeNames(dtype)].map(([name, byteOrder]) => [name, { dtype, byteOrder }] as const),
  ),
);

function* dtypeNames(dtype: Dtype): Generator<readonly [name: string, byteOrder: "little" | "big"]> {
  const { zarr2 } = dtypeRow(dtype);
  if (zarr2 === undefined) return;
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

function checkFilters(json: JsonValue | undefined, what: string): void {
  if (json === null) return;
  const filters = expectArray(json, what, "filters");
  if (filters.length > 0)
    throw unsupported(what, { field: "filters", found: filters.map(filterName).join(", ") });
}

function filterName(filter: JsonValue): string {
  return isJsonObject(filter) && "id" in filter ? describeJson(filter["id"]) : describeJson(filter);
}

/**
 * Writes `.zarray`, byte for byte as TensorStore does (docs/spec/orbax-layout.md section 11).
 *
 * @throws {OrbaxError} `UNSUPPORTED` for a dtype or layout that zarr v2 has not.
 */
export function encodeZarray(metadata: ArrayMetadata): Uint8Array {
  const { shape, chunkShape, dtype, codec, fillValue, chunkKeys } = metadata;
  const { zarr2 } = dtypeRow(dtype);
  if (zarr2 === undefined) throw unsupported(`a zarr array of ${dtype}`, { field: "dtype", found: dtype });
  const { axisOrder, serializer, compressors } = codec;
  if (serializer.kind !== "bytes") throw unsupported("zarr v2", { field: "codec", found: serializer.kind });
  const members = [
    `"chunks":[${chunkShape.join(",")}]`,
    `"compressor":${encodeCompressor(compressors)}`,
    `"dimension_separator":"${chunkKeys.separator}"`,
    `"dtype":"${serializer.byteOrder === "big" ? zarr2.replace("<", ">") : zarr2}"`,
    `"fill_value":${encodeFillValue(fillValue, dtype)}`,
    `"filters":null`,
    `"order":"${encodeOrder(axisOrder)}"`,
    `"shape":[${shape.join(",")}]`,
    `"zarr_format":2`,
  ];
  return new TextEncoder().encode(`{${members.join(",")}}`);
}

function encodeOrder(axisOrder: readonly number[]): "C" | "F" {
  if (axisOrder.every((axis, place) => axis === place)) return "C";
  if (axisOrder.every((axis, place) => axis === axisOrder.length - 1 - place)) return "F";
  throw unsupported("zarr v2", { field: "order of axes", found: axisOrder.join(", ") });
}
