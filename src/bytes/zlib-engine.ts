import type { DecompressFailure } from "./decompressor.js";

/** Room for the content, and whether the content ought to fill it. */
export type InflateRoom = { readonly capacity: number; readonly exact: boolean };

/** An implementation of deflate (RFC 1951). Arrays that it returns have a buffer of their own, all of it. */
export type ZlibEngine = {
  /** Decodes one deflate stream, which must fill `deflated`. */
  inflate(deflated: Uint8Array, room: InflateRoom): Uint8Array | DecompressFailure;
  /** The CRC-32 of gzip, unsigned. */
  crc32(bytes: Uint8Array): number;
};
