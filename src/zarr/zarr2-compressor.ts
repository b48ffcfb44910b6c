import { expectInteger, expectObject, expectString, type JsonObject, type JsonValue } from "../bytes/json.js";
import { OrbaxError, unsupported } from "../errors.js";
import { BLOSC_COMPRESSORS, type BloscCodec, type BytesCodec } from "./codecs.js";
import { decodeChoice, decodeIntegerWithin, refuseOthers } from "./document-fields.js";

const BLOSC_DEFAULTS = { cname: "lz4", clevel: 5, shuffle: -1, blocksize: 0 } as const;

/** Levels of each compressor, and TensorStore's where the file names none. */
const LEVELS = {
  zstd: { bounds: [-131072, 22], byDefault: 1 },
  zlib: { bounds: [0, 9], byDefault: 1 },
  gzip: { bounds: [0, 9], byDefault: 1 },
  bz2: { bounds: [1, 9], byDefault: 1 },
} as const;

/**
 * Reads `compressor` of zarr v2, as strict as TensorStore about its members; `null` is none.
 *
 * @throws {OrbaxError} `DATA_LOSS` for parameters out of range · `UNSUPPORTED` for other compressors and members.
 */
export function decodeCompressor(json: JsonValue | undefined, what: string): readonly BytesCodec[] {
  if (json === null) return [];
  const compressor = expectObject(json, what, "compressor");
  const id = expectString(compressor["id"], what, "compressor id");
  if (id === "blosc") return [decodeBlosc(compressor, what)];
  if (id !== "zstd" && id !== "zlib" && id !== "gzip" && id !== "bz2") {
    throw unsupported(what, { field: "compressor", found: id });
  }
  refuseOthers(compressor, ["id", "level"], what, "compressor");
  const { bounds, byDefault } = LEVELS[id];
  const level =
    "level" in compressor
      ? decodeIntegerWithin(compressor["level"], what, "compressor level", bounds)
      : byDefault;
  return [id === "zstd" ? { kind: id, level, checksum: false } : { kind: id, level }];
}

function decodeBlosc(compressor: JsonObject, what: string): BloscCodec {
  refuseOthers(compressor, ["id", "cname", "clevel", "shuffle", "blocksize"], what, "compressor");
  const { cname, clevel, shuffle, blocksize } = { ...BLOSC_DEFAULTS, ...compressor };
  return {
    kind: "blosc",
    cname: decodeChoice(cname, what, "compressor cname", BLOSC_COMPRESSORS),
    clevel: decodeIntegerWithin(clevel, what, "compressor clevel", [0, 9]),
    shuffle: decodeShuffle(shuffle, what),
    typesize: undefined,
    blocksize: expectInteger(blocksize, what, "compressor blocksize", 0),
  };
}

const SHUFFLES = [-1, 0, 1, 2] as const;

function decodeShuffle(json: JsonValue | undefined, what: string): BloscCodec["shuffle"] {
  const shuffle = SHUFFLES.find((known) => known === json);
  if (shuffle !== undefined) return shuffle;
  const found = expectInteger(json, what, "compressor shuffle");
  const details = { field: "compressor shuffle", found, expected: "-1 to 2" };
  throw new OrbaxError("DATA_LOSS", `${what}: compressor shuffle is ${found}, expected -1 to 2`, details);
}

/** Writes `compressor`, byte for byte as TensorStore does. @throws {OrbaxError} `UNSUPPORTED` for what zarr v2 has not. */
export function encodeCompressor(compressors: readonly BytesCodec[]): string {
  const [codec, ...others] = compressors;
  if (codec === undefined) return "null";
  if (codec.kind === "crc32c" || others.length > 0) {
    const found = compressors.map(({ kind }) => kind).join(", ");
    throw unsupported("zarr v2", { field: "compressor", found });
  }
  if (codec.kind !== "blosc") return `{"id":"${codec.kind}","level":${codec.level}}`;
  const { blocksize, clevel, cname, shuffle } = codec;
  return `{"blocksize":${blocksize},"clevel":${clevel},"cname":"${cname}","id":"blosc","shuffle":${shuffle}}`;
}
