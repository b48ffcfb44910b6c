import { kMaxLength } from "node:buffer";
import * as zlib from "node:zlib";
import type { InflateFailure, InflateRoom, ZlibEngine } from "./zlib-engine.js";

/** Node hands lengths to zlib as 32 bits and would decode the rest of a division by 2^32. */
const MAX_INPUT_BYTES = 2 ** 32 - 1;
/** Output buffers of 2^32 bytes and more fail in the same way. */
const MAX_CHUNK_BYTES = 2 ** 31;
const MIN_CHUNK_BYTES = 64; // Node's own
/** Steps in which an output of unknown length grows. */
const GROWTH_BYTES = 2 ** 20;

/** Node's own zlib. */
export function nativeZlib(): ZlibEngine | undefined {
  return { inflate, crc32: (bytes) => zlib.crc32(bytes) };
}

function inflate(deflated: Uint8Array, { capacity, exact }: InflateRoom): Uint8Array | InflateFailure {
  if (deflated.length > MAX_INPUT_BYTES) return { failure: "too large" };
  const maxOutputLength = Math.max(1, Math.min(capacity, kMaxLength));
  try {
    const result = withInfo(
      zlib.inflateRawSync(deflated, {
        maxOutputLength,
        chunkSize: Math.max(MIN_CHUNK_BYTES, Math.min(capacity, exact ? MAX_CHUNK_BYTES : GROWTH_BYTES)),
        info: true,
      }),
    );
    // Node ignores what follows the stream.
    return result.engine.bytesWritten === deflated.length
      ? standalone(result.buffer)
      : { failure: "damaged" };
  } catch (cause) {
    return { failure: kindOf(cause, maxOutputLength < capacity), cause };
  }
}

type WithInfo = { buffer: Uint8Array; engine: { bytesWritten: number } };

/** What `info: true` makes of the result; the type declarations of Node know the option but not that. */
function withInfo(result: object): WithInfo {
  if (!hasInfo(result)) throw new Error("zlib: no information about the stream");
  return result;
}

function hasInfo(result: object): result is WithInfo {
  return "buffer" in result && result.buffer instanceof Uint8Array && "engine" in result;
}

function kindOf(error: unknown, platformEndsFirst: boolean): InflateFailure["failure"] {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_BUFFER_TOO_LARGE") return platformEndsFirst ? "too large" : "too long";
  // What is left of RangeErrors is an array that V8 could not allocate, or a length above what it allows.
  return code === "Z_MEM_ERROR" || error instanceof RangeError ? "too large" : "damaged";
}

/** Node's results may lie anywhere in a pool or in a far larger chunk: those are copied. */
function standalone(result: Uint8Array): Uint8Array {
  const own = result.buffer.byteLength === result.byteLength;
  return own ? new Uint8Array(result.buffer) : new Uint8Array(result);
}
