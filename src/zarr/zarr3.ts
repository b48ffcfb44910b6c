import {
  expectArray,
  expectInteger,
  expectObject,
  expectString,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from "../bytes/json.js";
import { dataLoss, unsupported } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { checkArrayBytes, decodeChoice, decodeSizes, refuseOthers } from "./document-fields.js";
import { DTYPE_NAMES, type Dtype, dtypeRow } from "./dtype.js";
import { decodeFillValue3, encodeFillValue3 } from "./fill-value.js";
import type { ArrayMetadata, ChunkKeyEncoding } from "./metadata.js";
import { decodeCodecs, encodeCodecs } from "./zarr3-codecs.js";

/** Members that are understood; any other must say that it need not be. */
const MEMBERS = new Set([
  "attributes",
  "chunk_grid",
  "chunk_key_encoding",
  "codecs",
  "data_type",
  "dimension_names",
  "fill_value",
  "node_type",
  "shape",
  "storage_transformers",
  "zarr_format",
]);

/**
 * Reads `zarr.json` of an array (docs/spec/orbax-layout.md section 12), accepting what TensorStore accepts, and
 * compressors behind `sharding_indexed` too. `attributes` and `dimension_names` say nothing about the elements and are
 * not kept.
 *
 * @throws {OrbaxError} `DATA_LOSS` damaged · `UNSUPPORTED` codecs, grids, dtypes and members that this version does
 * not read · `LIMIT_EXCEEDED` for an array or a chunk of more than `limits.arrayBytes`.
 */
export function decodeZarrJson(bytes: Uint8Array, what: string, limits?: Partial<Limits>): ArrayMetadata {
  const json = expectObject(parseJson(bytes, what, limits), what, "the file");
  const format = expectInteger(json["zarr_format"], what, "zarr_format");
  if (format !== 3) throw dataLoss(what, { field: "zarr_format", found: format, expected: "3" });
  decodeChoice(json["node_type"], what, "node_type", ["array"]);
  refuseUnknown(json, what);
  const shape = decodeSizes(json["shape"], what, "shape", 0);
  const chunkShape = decodeGrid(json["chunk_grid"], shape.length, what);
  const dtype = decodeDataType(json["data_type"], what);
  const chunkKeys = decodeChunkKeys(json["chunk_key_encoding"], what);
  const codec = decodeCodecs(json["codecs"], { shape: chunkShape, dtype, what, field: "codecs" });
  const fillValue = decodeFillValue3(json["fill_value"], dtype, what);
  checkDescriptions(json, shape.length, what);
  const { arrayBytes } = withDefaultLimits(limits);
  checkArrayBytes(shape, dtype, what, "shape", arrayBytes);
  checkArrayBytes(chunkShape, dtype, what, "chunk_shape", arrayBytes);
  return { zarr: 3, shape, chunkShape, dtype, fillValue, chunkKeys, codec };
}

function refuseUnknown(json: JsonObject, what: string): void {
  for (const [name, member] of Object.entries(json)) {
    if (MEMBERS.has(name) || (isJsonObject(member) && member["must_understand"] === false)) continue;
    throw unsupported(what, { field: "member", found: name });
  }
  if (!("storage_transformers" in json)) return;
  const transformers = expectArray(json["storage_transformers"], what, "storage_transformers");
  if (transformers.length > 0) {
    throw unsupported(what, { field: "number of storage_transformers", found: transformers.length });
  }
}

function decodeGrid(json: JsonValue | undefined, rank: number, what: string): number[] {
  const grid = expectObject(json, what, "chunk_grid");
  const name = expectString(grid["name"], what, "chunk_grid name");
  if (name !== "regular") throw unsupported(what, { field: "chunk_grid", found: name });
  const configuration = expectObject(grid["configuration"], what, "chunk_grid configuration");
  refuseOthers(grid, ["name", "configuration"], what, "chunk_grid");
  refuseOthers(configuration, ["chunk_shape"], what, "chunk_grid configuration");
  const chunkShape = decodeSizes(configuration["chunk_shape"], what, "chunk_shape", 1);
  if (chunkShape.length === rank) return chunkShape;
  throw dataLoss(what, { field: "rank of chunk_shape", found: chunkShape.length, expected: `${rank}` });
}

const DTYPES_BY_NAME: ReadonlyMap<string, Dtype> = new Map(
  DTYPE_NAMES.flatMap((dtype) => {
    const { zarr3 } = dtypeRow(dtype);
    return zarr3 === undefined ? [] : [[zarr3, dtype] as const];
  }),
);

function decodeDataType(json: JsonValue | undefined, what: string): Dtype {
  // An object names an extension: none is read.
  if (isJsonObject(json)) throw unsupported(what, { field: "data_type", found: json["name"] ?? "an object" });
  const name = expectString(json, what, "data_type");
  const dtype = DTYPES_BY_NAME.get(name);
  if (dtype === undefined) throw unsupported(what, { field: "data_type", found: name });
  return dtype;
}

function decodeChunkKeys(json: JsonValue | undefined, what: string): ChunkKeyEncoding {
  const encoding = expectObject(json, what, "chunk_key_encoding");
  const name = expectString(encoding["name"], what, "chunk_key_encoding name");
  if (name !== "default" && name !== "v2") {
    throw unsupported(what, { field: "chunk_key_encoding", found: name });
  }
  refuseOthers(encoding, ["name", "configuration"], what, "chunk_key_encoding");
  const configuration =
    "configuration" in encoding
      ? expectObject(encoding["configuration"], what, "chunk_key_encoding configuration")
      : {};
  refuseOthers(configuration, ["separator"], what, "chunk_key_encoding configuration");
  if (!("separator" in configuration)) return { name, separator: DEFAULT_SEPARATORS[name] };
  return { name, separator: decodeChoice(configuration["separator"], what, "separator", [".", "/"]) };
}

const DEFAULT_SEPARATORS = { default: "/", v2: "." } as const;

/** What describes the array to people is held to its form, and to nothing else: labels may be equal. */
function checkDescriptions(json: JsonObject, rank: number, what: string): void {
  if ("attributes" in json) expectObject(json["attributes"], what, "attributes");
  if (!("dimension_names" in json)) return;
  const names = expectArray(json["dimension_names"], what, "dimension_names");
  if (names.length !== rank) {
    throw dataLoss(what, { field: "number of dimension_names", found: names.length, expected: `${rank}` });
  }
  for (const [axis, name] of names.entries()) {
    if (name !== null) expectString(name, what, `dimension_names[${axis}]`);
  }
}

/**
 * Writes `zarr.json`, byte for byte as TensorStore does (docs/spec/orbax-layout.md section 12).
 *
 * @throws {OrbaxError} `UNSUPPORTED` for a dtype or compressor that zarr v3 has not.
 */
export function encodeZarrJson({
  shape,
  chunkShape,
  dtype,
  fillValue,
  chunkKeys,
  codec,
}: ArrayMetadata): Uint8Array {
  const { zarr3 } = dtypeRow(dtype);
  if (zarr3 === undefined) throw unsupported(`a zarr array of ${dtype}`, { field: "dtype", found: dtype });
  const members = [
    `"chunk_grid":{"configuration":{"chunk_shape":[${chunkShape.join(",")}]},"name":"regular"}`,
    `"chunk_key_encoding":${encodeChunkKeys(chunkKeys)}`,
    `"codecs":${encodeCodecs(codec, dtype)}`,
    `"data_type":"${zarr3}"`,
    `"fill_value":${encodeFillValue3(fillValue, dtype)}`,
    `"node_type":"array"`,
    `"shape":[${shape.join(",")}]`,
    `"zarr_format":3`,
  ];
  return new TextEncoder().encode(`{${members.join(",")}}`);
}

function encodeChunkKeys({ name, separator }: ChunkKeyEncoding): string {
  if (separator === DEFAULT_SEPARATORS[name]) return `{"name":"${name}"}`;
  return `{"configuration":{"separator":"${separator}"},"name":"${name}"}`;
}
