import { dataLoss, unsupported } from "../errors.js";
import { adler32 } from "./adler32.js";
import { ByteReader } from "./cursor.js";
import type { Decompress, DecompressOptions } from "./decompressor.js";
import type { ZlibEngine } from "./zlib-engine.js";
import { deflateLoader, inflateContent } from "./zlib-inflate.js";

/** Fields of the two header bytes (RFC 1950 section 2.2). */
const DEFLATE = 8;
const MAX_WINDOW_CODE = 7;
const DICTIONARY = 0x20;
const ADLER_BYTES = 4;

/** zlib streams (RFC 1950), as the zarr v2 compressor `zlib` makes them (docs/spec/orbax-layout.md section 11). */
export const loadZlib: () => Promise<Decompress> = /* @__PURE__ */ deflateLoader(decompressZlib);

/**
 * The content of exactly one zlib stream with a given engine. Python and this refuse the same streams, but for
 * those that lack some of their checksum: TensorStore takes them, here they are cut.
 *
 * @throws {OrbaxError} As {@link Decompress}; `UNSUPPORTED` where a dictionary is needed.
 */
export function decompressZlib(
  engine: ZlibEngine,
  stored: Uint8Array,
  options: DecompressOptions,
): Uint8Array {
  const { what } = options;
  const reader = new ByteReader(stored, what);
  readHeader(reader);
  const deflated = reader.take(Math.max(0, reader.remaining - ADLER_BYTES), "deflate stream");
  const expected = reader.u32be("zlib Adler-32");
  const content = inflateContent(engine, "zlib", deflated, options);
  const found = adler32(content);
  if (found !== expected) throw dataLoss(what, { field: "zlib Adler-32", found, expected: `${expected}` });
  return content;
}

function readHeader(reader: ByteReader): void {
  const { what } = reader;
  const header = reader.u8("zlib header") * 256 + reader.u8("zlib header");
  const method = header >> 8;
  if ((method & 15) !== DEFLATE || method >> 4 > MAX_WINDOW_CODE || header % 31 !== 0) {
    const found = header.toString(16).padStart(4, "0");
    throw dataLoss(what, { offset: 0, field: "zlib header", found, expected: "that of deflate" });
  }
  if ((header & DICTIONARY) !== 0) {
    throw unsupported(what, { offset: 1, field: "zlib dictionary", found: "needed", expected: "none" });
  }
}
