import { type Dict, isBranded, type Tree } from "./value.js";

/** Whether a value is a list: a JavaScript array. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Whether a value is a dict given as a `Map`. */
export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return value instanceof Map;
}

/**
 * Whether a value is a dict given as an object: without prototype, or with the root one (of any realm), and
 * none of this package's own values.
 */
export function isDict(value: unknown): value is { readonly [key: string]: unknown } {
  if (typeof value !== "object" || value === null || isBranded(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (!Array.isArray(value) && Object.getPrototypeOf(prototype) === null);
}

/** A dict as loads give it: an object without prototype, so that every key is just a key. */
export function dictOf(entries: Iterable<readonly [string, Tree]>): Dict {
  const dict: { [key: string]: Tree } = Object.create(null);
  for (const [key, value] of entries) dict[key] = value;
  return dict;
}
