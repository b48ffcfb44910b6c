import type { Tree } from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";

/** What the process that is killed writes as its n-th version. */
export type Work =
  | { readonly target: "tree"; readonly name: string }
  | { readonly target: "stream"; readonly step: number };

/** Steps of the stream that stay. */
export const KEEP = 3;

/** Turns a number into another that looks random, the same in every process. */
function scramble(number: number): number {
  let x = Math.imul(number + 1, 0x9e3779b1);
  x ^= x >>> 15;
  x = Math.imul(x, 0x85ebca6b);
  return (x ^ (x >>> 13)) >>> 0;
}

/** Half of the versions replace one of two trees, half go to a stream whose step is saved about twice. */
export function workOf(version: number): Work {
  if (version % 2 === 0) return { target: "tree", name: scramble(version) % 3 === 0 ? "b" : "a" };
  return { target: "stream", step: Math.floor(version / 4) };
}

/** Bytes that show their version and place, made in less time than they are written in. */
function payloadOf(version: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const pattern = Math.min(length, 1000);
  for (let index = 0; index < pattern; index++) bytes[index] = scramble(index ^ (version << 10));
  for (let filled = pattern; filled < length; filled *= 2) bytes.copyWithin(filled, 0, filled);
  return bytes;
}

/** A version's content: a dict that names it, with an array of some bytes or, now and then, of megabytes. */
export function contentOf(version: number): { readonly [key: string]: Tree } {
  const random = scramble(version);
  const length = random % 8 === 0 ? 1_500_000 : random % 3000;
  return {
    version,
    payload: ndarray("uint8", [length], payloadOf(version, length)),
    list: [version, [], { deep: version + 0.5 }],
    many: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`leaf${index}`, index + version])),
  };
}
