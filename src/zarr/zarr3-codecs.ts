import {
  describeJson,
  expectArray,
  expectBoolean,
  expectInteger,
  expectObject,
  expectString,
  type JsonObject,
  type JsonValue,
} from "../bytes/json.js";
import { dataLoss, unsupported } from "../errors.js";
import {
  BLOSC_COMPRESSORS,
  type BloscCodec,
  type BytesCodec,
  type ChunkCodec,
  type ShardingSerializer,
} from "./codecs.js";
import { decodeChoice, decodeIntegerWithin, decodeSizes, refuseOthers } from "./document-fields.js";
import { type Dtype, dtypeRow } from "./dtype.js";

/** What a list of codecs is for. */
type CodecsContext = {
  /** Of the chunk that they encode. */
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly what: string;
  /** Name of the list's member. */
  readonly field: string;
};

/** A codec as the file names it. */
type NamedCodec = { readonly name: string; readonly configuration: JsonObject };

/**
 * Reads `codecs` of zarr v3: any number of `transpose`, one of `bytes` and `sharding_indexed`, any number of
 * compressors. As strict as TensorStore about what configurations hold.
 *
 * @throws {OrbaxError} `DATA_LOSS` damaged · `UNSUPPORTED` for codecs or members of them that are not known.
 */
export function decodeCodecs(json: JsonValue | undefined, context: CodecsContext): ChunkCodec {
  const { shape, what, field } = context;
  const codecs = expectArray(json, what, field).map((codec, at) =>
    namedCodec(codec, what, `${field}[${at}]`),
  );
  const place = codecs.findIndex(({ name }) => name !== "transpose");
  const serializer = codecs[place];
  let axisOrder = [...shape.keys()];
  for (const { configuration } of place < 0 ? codecs : codecs.slice(0, place)) {
    const order = decodeOrder(configuration, axisOrder.length, context);
    axisOrder = order.map((axis) => axisOrder[axis] ?? axis);
  }
  if (serializer === undefined) throw noSerializer("nothing", context);
  const storedShape = axisOrder.map((axis) => shape[axis] ?? 1);
  return {
    axisOrder,
    serializer: decodeSerializer(serializer, { ...context, shape: storedShape }),
    compressors: codecs.slice(place + 1).map((codec) => decodeCompressor(codec, context)),
  };
}

function namedCodec(json: JsonValue, what: string, field: string): NamedCodec {
  const codec = expectObject(json, what, field);
  const name = expectString(codec["name"], what, `name of ${field}`);
  if (!NAMES.has(name)) throw unsupported(what, { field: "codec", found: name });
  refuseOthers(codec, ["name", "configuration"], what, `codec ${name}`);
  const configuration =
    "configuration" in codec ? expectObject(codec["configuration"], what, `configuration of ${name}`) : {};
  return { name, configuration };
}

const NAMES: ReadonlySet<string> = new Set([
  "transpose",
  "bytes",
  "sharding_indexed",
  "zstd",
  "gzip",
  "blosc",
  "crc32c",
]);

function noSerializer(found: string, { what, field }: CodecsContext) {
  return dataLoss(what, { field: `${field}: codec from array to bytes`, found, expected: "one" });
}

/** Axes of the array in the order in which they come out; `C` and `F` as TensorStore reads them. */
function decodeOrder(configuration: JsonObject, rank: number, { what }: CodecsContext): readonly number[] {
  refuseOthers(configuration, ["order"], what, "transpose");
  const { order } = configuration;
  const axes = [...Array.from({ length: rank }).keys()];
  if (order === "C") return axes;
  if (order === "F") return axes.reverse();
  const given = expectArray(order, what, "order of transpose").map((axis, place) =>
    expectInteger(axis, what, `order[${place}] of transpose`, 0),
  );
  const isPermutation = given.length === rank && axes.every((axis) => given.includes(axis));
  if (isPermutation) return given;
  throw dataLoss(what, {
    field: "order of transpose",
    found: `[${given.join(", ")}]`,
    expected: `each axis of ${rank} once`,
  });
}

function decodeSerializer(codec: NamedCodec, context: CodecsContext): ChunkCodec["serializer"] {
  if (codec.name === "sharding_indexed") return decodeSharding(codec.configuration, context);
  if (codec.name !== "bytes") throw noSerializer(codec.name, context);
  const { what, dtype } = context;
  const { configuration } = codec;
  refuseOthers(configuration, ["endian"], what, "bytes");
  const hasOrder = dtypeRow(dtype).wordBytes > 1;
  if (!hasOrder && !("endian" in configuration)) return { kind: "bytes", byteOrder: "little" };
  const byteOrder = decodeChoice(configuration["endian"], what, "endian of bytes", ["little", "big"]);
  return { kind: "bytes", byteOrder: hasOrder ? byteOrder : "little" };
}

function decodeSharding(configuration: JsonObject, context: CodecsContext): ShardingSerializer {
  const { shape, dtype, what } = context;
  const field = "chunk_shape of sharding_indexed";
  refuseOthers(
    configuration,
    ["chunk_shape", "codecs", "index_codecs", "index_location"],
    what,
    "sharding_indexed",
  );
  const chunkShape = decodeSizes(configuration["chunk_shape"], what, field, 1);
  const divides =
    chunkShape.length === shape.length && chunkShape.every((size, axis) => (shape[axis] ?? 0) % size === 0);
  if (!divides) {
    const found = `[${chunkShape.join(", ")}]`;
    throw dataLoss(what, { field, found, expected: `sizes that divide [${shape.join(", ")}]` });
  }
  const inner = decodeCodecs(configuration["codecs"], { shape: chunkShape, dtype, what, field: "codecs" });
  const counts = shape.map((size, axis) => size / (chunkShape[axis] ?? 1));
  const index = decodeCodecs(configuration["index_codecs"], {
    shape: [...counts, 2],
    dtype: "uint64",
    what,
    field: "index_codecs",
  });
  const isFixedSize =
    index.serializer.kind === "bytes" && index.compressors.every(({ kind }) => kind === "crc32c");
  if (!isFixedSize) {
    throw unsupported(what, {
      field: "index_codecs",
      found: describeJson(configuration["index_codecs"]),
      expected: "an encoding of fixed size",
    });
  }
  const indexLocation =
    "index_location" in configuration
      ? decodeChoice(configuration["index_location"], what, "index_location", ["start", "end"])
      : "end";
  return { kind: "sharding", chunkShape, inner, index, indexLocation };
}

function decodeCompressor({ name, configuration }: NamedCodec, context: CodecsContext): BytesCodec {
  const { what } = context;
  if (name === "crc32c") {
    refuseOthers(configuration, [], what, name);
    return { kind: "crc32c" };
  }
  if (name === "gzip") {
    refuseOthers(configuration, ["level"], what, name);
    return {
      kind: "gzip",
      level: decodeIntegerWithin(configuration["level"], what, "level of gzip", [0, 9]),
    };
  }
  if (name === "zstd") {
    refuseOthers(configuration, ["level", "checksum"], what, name);
    const level = decodeIntegerWithin(configuration["level"], what, "level of zstd", [-131072, 22]);
    const checksum =
      "checksum" in configuration && expectBoolean(configuration["checksum"], what, "checksum of zstd");
    return { kind: "zstd", level, checksum };
  }
  if (name === "blosc") return decodeBlosc(configuration, what);
  throw dataLoss(what, { field: "codec behind the one from array to bytes", found: name });
}

/** TensorStore's bounds, of which the most is what c-blosc takes. */
const BLOSC_BLOCKSIZES = [0, 715827542] as const;

const SHUFFLES = ["noshuffle", "shuffle", "bitshuffle"] as const;
const SHUFFLE_NUMBERS = { noshuffle: 0, shuffle: 1, bitshuffle: 2 } as const;

function decodeBlosc(configuration: JsonObject, what: string): BloscCodec {
  refuseOthers(configuration, ["cname", "clevel", "shuffle", "typesize", "blocksize"], what, "blosc");
  const shuffle = decodeChoice(configuration["shuffle"], what, "shuffle of blosc", SHUFFLES);
  // Without a shuffle it may be left out, and TensorStore does so.
  const shuffles = shuffle !== "noshuffle";
  const typesize =
    shuffles || "typesize" in configuration
      ? decodeIntegerWithin(configuration["typesize"], what, "typesize of blosc", [1, 255])
      : undefined;
  return {
    kind: "blosc",
    cname: decodeChoice(configuration["cname"], what, "cname of blosc", BLOSC_COMPRESSORS),
    clevel: decodeIntegerWithin(configuration["clevel"], what, "clevel of blosc", [0, 9]),
    shuffle: SHUFFLE_NUMBERS[shuffle],
    typesize: shuffles ? typesize : undefined,
    blocksize: decodeIntegerWithin(configuration["blocksize"], what, "blocksize of blosc", BLOSC_BLOCKSIZES),
  };
}

/**
 * Writes `codecs`, byte for byte as TensorStore does.
 *
 * @throws {OrbaxError} `UNSUPPORTED` for compressors that zarr v3 has not.
 */
export function encodeCodecs({ axisOrder, serializer, compressors }: ChunkCodec, dtype: Dtype): string {
  const codecs = [];
  if (axisOrder.some((axis, place) => axis !== place)) {
    codecs.push(`{"configuration":{"order":[${axisOrder.join(",")}]},"name":"transpose"}`);
  }
  if (serializer.kind === "sharding") codecs.push(encodeSharding(serializer, dtype));
  else if (dtypeRow(dtype).wordBytes === 1) codecs.push(`{"name":"bytes"}`);
  else codecs.push(`{"configuration":{"endian":"${serializer.byteOrder}"},"name":"bytes"}`);
  return `[${[...codecs, ...compressors.map(encodeCompressor)].join(",")}]`;
}

function encodeSharding(
  { chunkShape, inner, index, indexLocation }: ShardingSerializer,
  dtype: Dtype,
): string {
  const members = [
    `"chunk_shape":[${chunkShape.join(",")}]`,
    `"codecs":${encodeCodecs(inner, dtype)}`,
    `"index_codecs":${encodeCodecs(index, "uint64")}`,
    ...(indexLocation === "start" ? [`"index_location":"start"`] : []),
  ];
  return `{"configuration":{${members.join(",")}},"name":"sharding_indexed"}`;
}

function encodeCompressor(codec: BytesCodec): string {
  if (codec.kind === "crc32c") return `{"name":"crc32c"}`;
  if (codec.kind === "gzip") return `{"configuration":{"level":${codec.level}},"name":"gzip"}`;
  if (codec.kind === "zstd") {
    return `{"configuration":{"checksum":${codec.checksum},"level":${codec.level}},"name":"zstd"}`;
  }
  if (codec.kind !== "blosc") throw unsupported("zarr v3", { field: "codec", found: codec.kind });
  const { blocksize, clevel, cname, shuffle, typesize } = codec;
  const members = [
    `"blocksize":${blocksize}`,
    `"clevel":${clevel}`,
    `"cname":"${cname}"`,
    `"shuffle":"${SHUFFLES[shuffle === -1 ? 1 : shuffle]}"`,
    ...(typesize === undefined ? [] : [`"typesize":${typesize}`]),
  ];
  return `{"configuration":{${members.join(",")}},"name":"blosc"}`;
}
