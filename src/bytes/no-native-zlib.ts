import type { ZlibEngine } from "./zlib-engine.js";

/** What browsers get instead of `native-zlib.ts`: what they have of their own is not synchronous. */
export function nativeZlib(): ZlibEngine | undefined {
  return undefined;
}
