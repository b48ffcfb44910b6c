import { nativeZlib } from "../../src/bytes/native-zlib.js";
import type { ZlibEngine } from "../../src/bytes/zlib-engine.js";
import { loadFflate } from "../../src/bytes/zlib-fflate.js";

const native = nativeZlib();
if (native === undefined) throw new Error("Node has zlib");

/** Every implementation of deflate, by name. */
export const engines: readonly (readonly [string, ZlibEngine])[] = [
  ["native", native],
  ["fflate", await loadFflate()],
];
