import { ContentBuffer } from "./content-buffer.js";
import { crc32 } from "./crc32.js";
import type { DecompressFailure } from "./decompressor.js";
import type { InflateRoom, ZlibEngine } from "./zlib-engine.js";

/** The part of `fflate` that is used. */
type Fflate = {
  Gunzip: new (
    ondata: (part: Uint8Array) => void,
  ) => { onmember?: (offset: number) => void; push(part: Uint8Array): void };
};

/**
 * Bytes that go in at once: what comes out of them, up to 1032 times as much, is in memory before it is counted. A
 * 256th of the capacity holds that to about four times the capacity; smaller steps than the least take longer.
 */
const STEP = { least: 2 ** 12, most: 2 ** 17, part: 256 };
/** A gzip header without anything optional (RFC 1952 section 2.3), and the room of the checksum and the length. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const TRAILER_BYTES = 8;

/** deflate in JavaScript, for platforms that have none of their own. */
export async function loadFflate(): Promise<ZlibEngine> {
  const fflate = await import("fflate");
  return { inflate: (deflated, room) => inflate(fflate, deflated, room), crc32 };
}

/**
 * fflate tells where a stream ended only by the place where it finds the next member of a gzip file, so the stream
 * goes in as such a file: header, stream, trailer (not looked at), header of a second member. What fflate itself
 * lets through is left to the checksums.
 */
function inflate(
  { Gunzip }: Fflate,
  deflated: Uint8Array,
  { capacity, exact }: InflateRoom,
): Uint8Array | DecompressFailure {
  const end = HEADER.length + deflated.length + TRAILER_BYTES;
  const state = { ended: false, tooLong: false };
  try {
    const content = new ContentBuffer(capacity, exact ? capacity : deflated.length * 4);
    const stream = new Gunzip((part) => {
      if (content.append(part)) return;
      state.tooLong = true;
      throw new Error("the content is longer than expected");
    });
    stream.onmember = (offset) => {
      if (offset !== end) throw new Error(`the stream ends ${end - offset} bytes early`);
      state.ended = true;
    };
    stream.push(HEADER);
    const step = Math.min(STEP.most, Math.max(STEP.least, Math.floor(capacity / STEP.part)));
    for (let start = 0; start < deflated.length; start += step) {
      stream.push(deflated.subarray(start, start + step));
    }
    stream.push(new Uint8Array(TRAILER_BYTES));
    stream.push(HEADER);
    return state.ended ? content.finish() : { failure: "damaged" };
  } catch (cause) {
    if (state.tooLong) return { failure: "too long", cause };
    return { failure: cause instanceof RangeError ? "too large" : "damaged", cause };
  }
}
