import { kMaxLength } from "node:buffer";
import * as zlib from "node:zlib";
import type { BrotliDecoder } from "./brotli-engine.js";
import type { DecompressFailure } from "./decompressor.js";
import { chunkSizeFor, MAX_INPUT_BYTES, standalone, zlibErrorCode } from "./node-zlib.js";
import type { InflateRoom, ZlibEngine } from "./zlib-engine.js";

/** Node's own zlib. */
export function nativeZlib(): ZlibEngine | undefined {
  return { inflate, crc32: (bytes) => zlib.crc32(bytes) };
}

function inflate(deflated: Uint8Array, { capacity, exact }: InflateRoom): Uint8Array | DecompressFailure {
  if (deflated.length > MAX_INPUT_BYTES) return { failure: "too large" };
  const maxOutputLength = Math.max(1, Math.min(capacity, kMaxLength));
  try {
    const result = withInfo(
      zlib.inflateRawSync(deflated, {
        maxOutputLength,
        chunkSize: chunkSizeFor(capacity, exact),
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

/** Node's own Brotli. */
export function nativeBrotli(): BrotliDecoder | undefined {
  return unbrotli;
}

function unbrotli(stored: Uint8Array, capacity: number): Uint8Array | DecompressFailure {
  if (stored.length > MAX_INPUT_BYTES) return { failure: "too large" };
  const maxOutputLength = Math.max(1, Math.min(capacity, kMaxLength));
  const options = {
    // A stream may say that it needs a window of up to 1 GiB; Brotli takes no more of it than there is content.
    params: { [zlib.constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 },
    maxOutputLength,
    chunkSize: chunkSizeFor(capacity, false),
    info: true, // as for inflate, though the type declarations do not know it here
  };
  try {
    const result = withInfo(zlib.brotliDecompressSync(stored, options));
    return result.engine.bytesWritten === stored.length ? standalone(result.buffer) : { failure: "damaged" };
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

function kindOf(error: unknown, platformEndsFirst: boolean): DecompressFailure["failure"] {
  const code = zlibErrorCode(error);
  if (code === "ERR_BUFFER_TOO_LARGE") return platformEndsFirst ? "too large" : "too long";
  // What is left of RangeErrors is an array that V8 could not allocate, or a length above what it allows.
  return code === "Z_MEM_ERROR" || error instanceof RangeError ? "too large" : "damaged";
}
