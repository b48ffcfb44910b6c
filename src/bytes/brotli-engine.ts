import type { DecompressFailure } from "./decompressor.js";

/**
 * Decodes one Brotli stream (RFC 7932, or its form with a large window), which must fill `stored` and may have up to
 * `capacity` bytes of content. The array has a buffer of its own, all of it.
 */
export type BrotliDecoder = (stored: Uint8Array, capacity: number) => Uint8Array | DecompressFailure;
