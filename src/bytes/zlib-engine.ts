/**
 * Why an engine has no content for a deflate stream.
 *
 * - `damaged`: the stream breaks the format, or it ends after or before the bytes do.
 * - `too long`: the content is longer than the capacity.
 * - `too large`: the stream may be sound, but this platform has not the memory or the integers for it.
 */
export type InflateFailure = {
  readonly failure: "damaged" | "too long" | "too large";
  readonly cause?: unknown;
};

/** Room for the content, and whether the content ought to fill it. */
export type InflateRoom = { readonly capacity: number; readonly exact: boolean };

/** An implementation of deflate (RFC 1951). Arrays that it returns have a buffer of their own, all of it. */
export type ZlibEngine = {
  /** Decodes one deflate stream, which must fill `deflated`. */
  inflate(deflated: Uint8Array, room: InflateRoom): Uint8Array | InflateFailure;
  /** The CRC-32 of gzip, unsigned. */
  crc32(bytes: Uint8Array): number;
};
