import type { ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { dataLoss, invalidArgument } from "../../errors.js";
import { compareBytes } from "./strings.js";

/** How nodes are compressed by who writes into the database next. */
export type Compression = { readonly method: "none" } | { readonly method: "zstd"; readonly level: number };

/**
 * The database's configuration (docs/spec/ocdbt.md section 4). It tells later writers what to do; a reader needs
 * only `manifestKind` and `versionTreeArityLog2`.
 */
export type Config = {
  /** Random identity of the database, 16 bytes. */
  readonly uuid: Uint8Array;
  readonly manifestKind: "single" | "numbered";
  /** Longest value that a writer puts into a leaf. Databases are made with at most 2^20, more is read all the same. */
  readonly maxInlineValueBytes: number;
  /** A writer splits larger nodes; 0 is no bound. */
  readonly maxDecodedNodeBytes: number;
  /** Versions in one node of the version tree: 2 to the power of this. */
  readonly versionTreeArityLog2: number;
  readonly compression: Compression;
};

const UUID_BYTES = 16;
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_ARITY_LOG2 = 16;
const ZSTD_LEVELS = { least: -131072, most: 22 };

/** @throws {OrbaxError} `DATA_LOSS` for a field out of its range. */
export function decodeConfig(reader: ByteReader): Config {
  const uuid = reader.take(UUID_BYTES, "uuid");
  const kind = bounded(reader, "manifest_kind", () => reader.u8("manifest_kind"), 0, 1);
  const maxInlineValueBytes = reader.varint32("max_inline_value_bytes");
  const maxDecodedNodeBytes = reader.varint32("max_decoded_node_bytes");
  const arityField = "version_tree_arity_log2";
  const versionTreeArityLog2 = bounded(reader, arityField, () => reader.u8(arityField), 1, MAX_ARITY_LOG2);
  const manifestKind = kind === 0 ? "single" : "numbered";
  const compression = decodeCompression(reader);
  return {
    uuid,
    manifestKind,
    maxInlineValueBytes,
    maxDecodedNodeBytes,
    versionTreeArityLog2,
    compression,
  };
}

function decodeCompression(reader: ByteReader): Compression {
  const methodField = "compression_method";
  const method = bounded(reader, methodField, () => reader.varint32(methodField), 0, 1);
  if (method === 0) return { method: "none" };
  const { least, most } = ZSTD_LEVELS;
  return {
    method: "zstd",
    level: bounded(reader, "zstd_level", () => reader.i32le("zstd_level"), least, most),
  };
}

function bounded(reader: ByteReader, field: string, read: () => number, least: number, most: number): number {
  const { offset } = reader;
  const found = read();
  if (found >= least && found <= most) return found;
  throw dataLoss(reader.what, { offset, field, found, expected: `${least} to ${most}` });
}

/** The first field that two configurations of one database differ in, leaving out their `manifestKind`. */
export function differingField(a: Config, b: Config): string | undefined {
  if (compareBytes(a.uuid, b.uuid) !== 0) return "uuid";
  if (a.maxInlineValueBytes !== b.maxInlineValueBytes) return "max_inline_value_bytes";
  if (a.maxDecodedNodeBytes !== b.maxDecodedNodeBytes) return "max_decoded_node_bytes";
  if (a.versionTreeArityLog2 !== b.versionTreeArityLog2) return "version_tree_arity_log2";
  return levelOf(a.compression) === levelOf(b.compression) ? undefined : "compression";
}

function levelOf(compression: Compression): number | undefined {
  return compression.method === "zstd" ? compression.level : undefined;
}

/** @throws {OrbaxError} `INVALID_ARGUMENT` for what {@link decodeConfig} would refuse. */
export function encodeConfig(writer: ByteWriter, config: Config): void {
  const { uuid, compression } = config;
  requireInteger("maxInlineValueBytes", config.maxInlineValueBytes, 0, MAX_UINT32);
  requireInteger("maxDecodedNodeBytes", config.maxDecodedNodeBytes, 0, MAX_UINT32);
  requireInteger("versionTreeArityLog2", config.versionTreeArityLog2, 1, MAX_ARITY_LOG2);
  if (uuid.length !== UUID_BYTES)
    throw invalidArgument(`OCDBT config: uuid has ${uuid.length} bytes, expected 16`);
  writer.bytes(uuid);
  writer.u8(config.manifestKind === "single" ? 0 : 1);
  writer.varint(config.maxInlineValueBytes);
  writer.varint(config.maxDecodedNodeBytes);
  writer.u8(config.versionTreeArityLog2);
  writer.varint(compression.method === "none" ? 0 : 1);
  if (compression.method === "zstd") {
    requireInteger("compression.level", compression.level, ZSTD_LEVELS.least, ZSTD_LEVELS.most);
    writer.i32le(compression.level);
  }
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalidArgument(`OCDBT config: ${name} is ${value}, expected ${least} to ${most}`);
}
