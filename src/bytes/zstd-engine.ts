import type { DecompressFailure } from "./decompressor.js";

/**
 * Room for the content, at least 1 byte, and what is known about it: it ought to fill the room (`exact`), it is no
 * longer (`within`), or it may well be (`unknown`).
 */
export type ZstdRoom = { readonly capacity: number; readonly fit: "exact" | "within" | "unknown" };

/** Decodes a frame whose headers have been walked over (`zstd-frame.ts`) and whose content cannot be empty. */
export type ZstdDecoder = (frame: Uint8Array, room: ZstdRoom) => Uint8Array | DecompressFailure;

/** Makes one frame with the content size in its header. `level` is libzstd's: -131072 to 22. */
export type ZstdEncoder = (
  data: Uint8Array,
  options: { readonly level: number; readonly checksum: boolean },
) => Uint8Array;

/** An implementation of zstd. Arrays that it returns have a buffer of their own, from its byte 0 to its end. */
export type ZstdEngine = {
  readonly decompress: ZstdDecoder;
  readonly compress: ZstdEncoder | undefined;
};
