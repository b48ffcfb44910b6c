import { crc32c } from "../../bytes/crc32c.js";
import { ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { dataLoss } from "../../errors.js";

/** The three structures that lie in an envelope, by magic number (docs/spec/ocdbt.md section 3). */
export type EnvelopeKind = { readonly magic: number; readonly what: string };

export const MANIFEST: EnvelopeKind = { magic: 0x0cdb3a2a, what: "manifest" };
export const BTREE_NODE: EnvelopeKind = { magic: 0x0cdb20de, what: "B+tree node" };
export const VERSION_NODE: EnvelopeKind = { magic: 0x0cdb1234, what: "version-tree node" };

/** A checked envelope: the body as stored, and how to undo its compression. */
export type Envelope = { readonly compression: "none" | "zstd"; readonly storedBody: Uint8Array };

const SMALLEST_ENVELOPE = 16;
const CHECKSUM_BYTES = 4;

/**
 * Opens an envelope that fills `bytes`. The body is a view, not yet decompressed.
 *
 * @throws {OrbaxError} `DATA_LOSS` if size, magic, length, checksum, version or compression are not right.
 */
export function decodeEnvelope(bytes: Uint8Array, { magic, what }: EnvelopeKind): Envelope {
  if (bytes.length < SMALLEST_ENVELOPE) {
    throw dataLoss(what, {
      field: "size",
      found: `${bytes.length} bytes`,
      expected: `at least ${SMALLEST_ENVELOPE}`,
    });
  }
  const reader = new ByteReader(bytes.subarray(0, bytes.length - CHECKSUM_BYTES), what);
  const foundMagic = reader.u32be("magic");
  if (foundMagic !== magic) {
    throw dataLoss(what, { offset: 0, field: "magic", found: hex32(foundMagic), expected: hex32(magic) });
  }
  const length = reader.u64le("length");
  if (length !== BigInt(bytes.length)) {
    throw dataLoss(what, { offset: 4, field: "length", found: length, expected: `${bytes.length}` });
  }
  const stored = new ByteReader(bytes, what, bytes.length - CHECKSUM_BYTES).u32le("checksum");
  const computed = crc32c(reader.bytes);
  if (stored !== computed) {
    throw dataLoss(what, { field: "checksum", found: hex32(stored), expected: hex32(computed) });
  }
  const version = reader.varint32("version");
  if (version !== 0) throw dataLoss(what, { offset: 12, field: "version", found: version, expected: "0" });
  const offset = reader.offset;
  const compression = reader.varint32("compression");
  if (compression > 1) {
    throw dataLoss(what, { offset, field: "compression", found: compression, expected: "0 or 1" });
  }
  return {
    compression: compression === 1 ? "zstd" : "none",
    storedBody: reader.take(reader.remaining, "body"),
  };
}

/** Writes what {@link decodeEnvelope} opens. `storedBody` is compressed already, if it is. */
export function encodeEnvelope({ magic }: EnvelopeKind, { compression, storedBody }: Envelope): Uint8Array {
  const writer = new ByteWriter(storedBody.length + SMALLEST_ENVELOPE + CHECKSUM_BYTES);
  writer.u32be(magic);
  writer.u64le(0n);
  writer.varint(0);
  writer.varint(compression === "zstd" ? 1 : 0);
  writer.bytes(storedBody);
  writer.patchU64le(4, BigInt(writer.length + CHECKSUM_BYTES));
  writer.u32le(crc32c(writer.finish()));
  return writer.finish();
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}
