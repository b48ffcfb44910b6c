import { asArray, rowOf } from "./arrays.js";
import { Instance, PyError, StopIteration } from "./values.js";

/** The elements of what `for` takes. @throws {PyError} for what has none. */
export function iterate(value: unknown): Iterable<unknown> {
  if (value instanceof Map) return value.keys();
  if (typeof value === "string") return value;
  if (value instanceof Instance) return { [Symbol.iterator]: () => elementsOf(value) };
  if (Array.isArray(value)) return value;
  const array = asArray(value);
  if (array !== undefined && array.shape.length > 0) {
    return Array.from({ length: array.shape[0] ?? 0 }, (_, row) => rowOf(array, row));
  }
  if (typeof value === "object" && value !== null) {
    const iterator: unknown = Reflect.get(value, Symbol.iterator);
    if (typeof iterator === "function")
      return { [Symbol.iterator]: () => Reflect.apply(iterator, value, []) };
    const length: unknown = Reflect.get(value, "length");
    const at: unknown = Reflect.get(value, "at");
    if (typeof length === "number" && typeof at === "function") {
      return Array.from({ length }, (_, index) => Reflect.apply(at, value, [index]));
    }
    if (Object.getPrototypeOf(value) === null || Object.getPrototypeOf(value) === Object.prototype)
      return Object.keys(value);
  }
  throw new PyError("TypeError", "object is not iterable");
}

function* elementsOf(value: Instance): Generator<unknown, void> {
  const made: unknown = value.method("__iter__")?.() ?? value;
  if (!(made instanceof Instance)) {
    yield* iterate(made);
    return;
  }
  for (;;) {
    let element: unknown;
    try {
      element = nextOf(made);
    } catch (error) {
      if (error instanceof StopIteration) return;
      throw error;
    }
    yield element;
  }
}

/** Python's iter(): of this project's objects, their own iterator. */
export function iteratorOf(value: unknown): unknown {
  if (value instanceof Instance) return value.method("__iter__")?.() ?? value;
  if (typeof value === "object" && value !== null && "next" in value && !("length" in value)) {
    const iterator: unknown = Reflect.get(value, Symbol.iterator);
    return typeof iterator === "function" ? Reflect.apply(iterator, value, []) : value;
  }
  return iterate(value)[Symbol.iterator]();
}

/** `next(value)`. @throws {StopIteration} at the end. */
export function nextOf(value: unknown): unknown {
  if (value instanceof Instance) return value.method("__next__")?.();
  const next: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "next") : undefined;
  if (typeof next !== "function") throw new PyError("TypeError", "object is not an iterator");
  const result: unknown = Reflect.apply(next, value, []);
  if (typeof result !== "object" || result === null) throw new TypeError("next() gave no result");
  if (Reflect.get(result, "done") === true) throw new StopIteration();
  return Reflect.get(result, "value");
}

/** Python's truth of a value. */
export function truthOf(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map || value instanceof Set) return value.size > 0;
  if (value instanceof Instance) return value.method("__len__")?.() !== 0;
  const array = asArray(value);
  if (array?.items.length === 1) return Number(array.items[0]) !== 0;
  return Boolean(value);
}
