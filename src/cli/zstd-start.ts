import { nativeZstd } from "#native-zstd";

/** More than a few megabytes decoded take to execute: only then is the module worth optimising. */
const OPTIMISING_BUDGET = 100_000_000;

/**
 * Makes the first decoding start sooner where Node has no zstd of its own (before 22.15) and a WebAssembly module
 * stands in. Without `fetch` that is decoded by hand, which takes 2 ms instead of the 35 ms that Node's HTTP client
 * takes to load; and it is not optimised at once, for which the process would wait at its end, another 40 ms.
 */
export async function startZstdSooner(): Promise<void> {
  if (nativeZstd() !== undefined) return;
  Reflect.deleteProperty(globalThis, "fetch");
  const { setFlagsFromString } = await import("node:v8");
  setFlagsFromString(`--wasm-tiering-budget=${OPTIMISING_BUDGET}`);
}
