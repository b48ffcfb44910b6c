import type { BrotliDecoder } from "./brotli-engine.js";
import type { ZlibEngine } from "./zlib-engine.js";

/** What browsers get instead of `native-zlib.ts`: what they have of their own is not synchronous. */
export function nativeZlib(): ZlibEngine | undefined {
  return undefined;
}

/** Browsers have Brotli as a stream, if at all. */
export function nativeBrotli(): BrotliDecoder | undefined {
  return undefined;
}
