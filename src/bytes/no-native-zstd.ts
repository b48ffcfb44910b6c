import type { ZstdEngine } from "./zstd-engine.js";

/** What browsers get instead of `native-zstd.ts`: they have no zstd of their own that is synchronous. */
export function nativeZstd(): ZstdEngine | undefined {
  return undefined;
}
