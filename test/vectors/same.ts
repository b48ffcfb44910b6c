import { formatTaggedJson } from "../../src/datarax/tagged-json.js";
import { isDict } from "../../src/pytree/container.js";
import type { Tree } from "../../src/pytree/value.js";
import { NdArray } from "../../src/zarr/nd-array.js";

/** Throws unless two values are the same numbers, texts, lists and dicts, whatever classes hold them. */
export function requireSame(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [textOf(found), textOf(expected)];
  if (left === right) return;
  let at = 0;
  while (left[at] === right[at]) at++;
  const from = Math.max(0, at - 40);
  const show = (text: string) => (from > 0 ? "…" : "") + text.slice(from, from + 120);
  throw new Error(`${what}: found ${show(left)}, expected ${show(right)}`);
}

/** Throws unless a state is the one that tagged JSON describes; arrays of JAX and of NumPy are the same. */
export function requireSameState(found: Tree, expected: unknown, what: string): void {
  requireSame(withoutKinds(formatTaggedJson(found)), withoutKinds(expected), what);
}

function textOf(value: unknown): string {
  return JSON.stringify(plain(value));
}

function plain(value: unknown): unknown {
  if (value === undefined) return { undefined: true };
  if (typeof value === "number")
    return Object.is(value, -0) ? "-0.0" : Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (NdArray.is(value)) return rows(Array.from(value.data, plain), value.shape);
  if (ArrayBuffer.isView(value) && "length" in value) return Array.from(Object.values(value), plain);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (!isDict(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, plain(item)]),
  );
}

function rows(items: readonly unknown[], shape: readonly number[]): unknown {
  const [length, ...inner] = shape;
  if (length === undefined) return items[0];
  const size = inner.reduce((product, extent) => product * extent, 1);
  return Array.from({ length }, (_, row) => rows(items.slice(row * size, (row + 1) * size), inner));
}

/** Tagged JSON without telling `jax.Array` from `np.ndarray`; dicts with int keys as objects with decimal keys. */
export function withoutKinds(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutKinds);
  if (!isDict(json)) return json;
  if (Array.isArray(json.$map)) {
    return Object.fromEntries(
      json.$map.map(([key, value]: [unknown, unknown]) => [String(key), withoutKinds(value)]),
    );
  }
  const entries = Object.entries(json).filter(([key]) => !("dtype" in json && key === "kind"));
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutKinds(value)]));
}
