import { invalidArgument } from "../errors.js";

// What callers in JavaScript may pass where the types ask for something else.

/**
 * A list.
 *
 * @param name What it is called in the message.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for anything else.
 */
export function requireList<T>(value: readonly T[], name: string): readonly T[] {
  if (Array.isArray(value)) return value;
  throw wrongType(name, "a list");
}

/** An object, options for one. @throws {OrbaxError} `INVALID_ARGUMENT` for anything else, `null` included. */
export function requireObject<T extends object>(value: T, name: string): T {
  if (typeof value === "object" && value !== null) return value;
  throw wrongType(name, "an object");
}

/** The nodes of datasets. @throws {OrbaxError} `INVALID_ARGUMENT` for what is no list of datasets of a kind. */
export function nodesOf<N extends object>(datasets: readonly { readonly node: N }[], name = "datasets"): N[] {
  return requireList(datasets, name).map((dataset, index) => nodeOf(dataset, `${name}[${index}]`));
}

/** The node of a dataset. @throws {OrbaxError} `INVALID_ARGUMENT` for what is none. */
export function nodeOf<N extends object>(dataset: { readonly node: N }, name: string): N {
  if (typeof dataset === "object" && dataset !== null && typeof dataset.node === "object")
    return dataset.node;
  throw wrongType(name, "a dataset");
}

/** @throws {OrbaxError} `INVALID_ARGUMENT` for an object without a method of that name. */
export function requireMethod(object: object, method: string): void {
  if (typeof object === "object" && object !== null && typeof Reflect.get(object, method) === "function")
    return;
  throw wrongType(method, "a function");
}

function wrongType(name: string, expected: string) {
  return invalidArgument(`${name}: expected ${expected}`, { field: name, expected, pythonType: "TypeError" });
}
