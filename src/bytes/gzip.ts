import { dataLoss } from "../errors.js";
import { ByteReader } from "./cursor.js";
import type { Decompress, DecompressOptions } from "./decompressor.js";
import type { ZlibEngine } from "./zlib-engine.js";
import { deflateLoader, inflateContent } from "./zlib-inflate.js";

const MAGIC = "1f8b08"; // the last byte is the method, deflate: there is no other
/** Flags (RFC 1952 section 2.3.1); bit 0 says that the content is text, which changes nothing. */
const HEADER_CRC = 2;
const EXTRA = 4;
const NAME = 8;
const COMMENT = 16;
const RESERVED = 0xe0;
const TRAILER_BYTES = 8;

/**
 * gzip files of one member (RFC 1952), as the zarr v2 compressor and the zarr v3 codec `gzip` make them
 * (docs/spec/orbax-layout.md sections 11 and 12).
 */
export const loadGzip: () => Promise<Decompress> = /* @__PURE__ */ deflateLoader(decompressGzip);

/**
 * The content of exactly one gzip member with a given engine. Python refuses a second member too. Here a member
 * must also have its whole trailer, which TensorStore's zarr v2 does not ask for, and be followed by nothing,
 * which its zarr v3 does not ask for (docs/spec/orbax-layout.md section 15).
 *
 * @throws {OrbaxError} As {@link Decompress}.
 */
export function decompressGzip(
  engine: ZlibEngine,
  stored: Uint8Array,
  options: DecompressOptions,
): Uint8Array {
  const { what } = options;
  const reader = new ByteReader(stored, what);
  readHeader(reader, engine);
  const deflated = reader.take(Math.max(0, reader.remaining - TRAILER_BYTES), "deflate stream");
  const crc = reader.u32le("gzip CRC-32");
  const length = reader.u32le("gzip content size");
  const content = inflateContent(engine, "gzip", deflated, options);
  if (content.length % 2 ** 32 !== length) {
    throw dataLoss(what, { field: "gzip content size", found: length, expected: `${content.length}` });
  }
  const found = engine.crc32(content);
  if (found !== crc) throw dataLoss(what, { field: "gzip CRC-32", found, expected: `${crc}` });
  return content;
}

function readHeader(reader: ByteReader, engine: ZlibEngine): void {
  const { bytes, what } = reader;
  const magic = [...reader.take(3, "gzip magic")].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (magic !== MAGIC) {
    throw dataLoss(what, { offset: 0, field: "gzip magic", found: magic, expected: MAGIC });
  }
  const flags = reader.u8("gzip flags");
  if ((flags & RESERVED) !== 0) {
    throw dataLoss(what, { offset: 3, field: "gzip flags", found: flags, expected: "none above 31" });
  }
  reader.take(6, "gzip time and system");
  if ((flags & EXTRA) !== 0) {
    const length = reader.u8("gzip extra field") + reader.u8("gzip extra field") * 256;
    reader.take(length, "gzip extra field");
  }
  if ((flags & NAME) !== 0) skipText(reader, "gzip file name");
  if ((flags & COMMENT) !== 0) skipText(reader, "gzip comment");
  if ((flags & HEADER_CRC) !== 0) {
    const expected = engine.crc32(bytes.subarray(0, reader.offset)) & 0xffff;
    const { offset } = reader;
    const found = reader.u8("gzip header CRC") + reader.u8("gzip header CRC") * 256;
    if (found !== expected) {
      throw dataLoss(what, { offset, field: "gzip header CRC", found, expected: `${expected}` });
    }
  }
}

function skipText(reader: ByteReader, field: string): void {
  const end = reader.bytes.indexOf(0, reader.offset);
  // Without an end, one byte more than there are is asked for.
  reader.take(end === -1 ? reader.remaining + 1 : end + 1 - reader.offset, field);
}
