import { readFileSync } from "node:fs";

/** A file of `docs/spec/vectors`, made by the Python libraries (docs/spec/datarax.md section 9). */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../docs/spec/vectors/${name}`, import.meta.url), "utf8"));
}

/** FNV-1a of the numbers as little-endian int32, by which vectors name a long permutation. */
export function fnv1a(numbers: Int32Array): number {
  let hash = 0x811c9dc5;
  for (const number of numbers) {
    for (const shift of [0, 8, 16, 24]) hash = Math.imul(hash ^ ((number >>> shift) & 0xff), 0x01000193);
  }
  return hash >>> 0;
}
