import { NdArray } from "../../../src/zarr/nd-array.js";
import { camelCase } from "../camel-case.js";
import {
  HostClass,
  Instance,
  MissingName,
  type Named,
  Namespace,
  NumberArray,
  PyFunction,
  Slice,
  StopIteration,
} from "./values.js";

const NONE: Named = new Map();

/** `value.name`: of a namespace, of an own object, or a method of one of this project's objects. */
export function attributeOf(value: unknown, name: string): unknown {
  if (value instanceof Namespace) {
    const found = value.names.get(name);
    if (found === undefined) throw new MissingName(`${value.name}.${name}`);
    return found;
  }
  if (value instanceof HostClass) return methodOf(value.target, name);
  if (value instanceof Instance) {
    const method = value.methods.get(name);
    if (method === undefined) return value.fields.get(name);
    return new PyFunction(name, (args, named) => method.call([value, ...args], named));
  }
  if (name === "tolist") return new PyFunction(name, () => listOf(value));
  return methodOf(value, name);
}

/** Positional parameters of Python's methods, where a program may name them; all others go into one options object. */
const PARAMETERS: { readonly [method: string]: readonly string[] | undefined } = {
  batch: ["batch_size"],
  concatenate: ["datasets"],
  filter: ["transform"],
  get_batch: ["batch_size", "key"],
  get_batch_at: ["start", "size", "key"],
  map: ["transform"],
  map_with_index: ["transform"],
  mix: ["datasets", "weights"],
  random_map: ["transform"],
  range: ["start", "stop", "step"],
  repeat: ["num_epochs"],
  seed: ["seed"],
  shuffle: ["seed"],
  slice: ["start", "stop", "step"],
  source: ["source"],
};

/** A method of an object or class of this project, called with Python's arguments. */
export function methodOf(object: unknown, name: string): PyFunction {
  const own = camelCase(name);
  const method =
    typeof object === "object" || typeof object === "function" ? Reflect.get(Object(object), own) : undefined;
  if (typeof method !== "function") throw new MissingName(`.${name} of ${describe(object)}`);
  return new PyFunction(name, (args, named) => {
    const given = args.map(toHost);
    const options: { [key: string]: unknown } = {};
    for (const [key, value] of named) {
      const position = PARAMETERS[name]?.indexOf(key) ?? -1;
      if (position >= 0) given[position] = toHost(value);
      else options[camelCase(key)] = toHost(value);
    }
    if (Object.keys(options).length > 0) {
      const position = Math.max(given.length, PARAMETERS[name]?.length ?? 0);
      given[position] = options;
    }
    return Reflect.apply(method, object, given);
  });
}

/** A value of a program as this project takes it: functions as functions, dicts as objects. */
export function toHost(value: unknown): unknown {
  if (value instanceof PyFunction) return (...args: unknown[]) => toHost(value.call(args, NONE));
  if (value instanceof NumberArray) return value.items;
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [String(key), toHost(item)]));
  return Array.isArray(value) ? value.map(toHost) : value;
}

/** `callee(*args, **named)`. */
export function callValue(callee: unknown, args: readonly unknown[], named: Named = NONE): unknown {
  if (callee instanceof PyFunction) return callee.call(args, named);
  if (callee instanceof HostClass) return callee.construct.call(args, named);
  throw new TypeError(`not callable: ${describe(callee)}`);
}

/** `value[index]`. */
export function itemOf(value: unknown, index: unknown): unknown {
  if (index instanceof Slice) {
    const [start, stop, step] = index.bounds;
    if (Array.isArray(value) && step === undefined) return value.slice(start, stop);
    return methodOf(value, "slice").call([start, stop, step], NONE);
  }
  if (value instanceof Map) return value.get(index);
  if (Array.isArray(value)) return value.at(Number(index));
  if (typeof value === "object" && value !== null) return Reflect.get(value, String(index));
  throw new TypeError(`not subscriptable: ${describe(value)}`);
}

/** The elements of what `for` takes. */
export function iterate(value: unknown): Iterable<unknown> {
  if (value instanceof Map) return value.keys();
  if (value instanceof NumberArray) return value.items;
  if (value instanceof NdArray) return listOf(value);
  if (typeof value === "object" && value !== null && Symbol.iterator in value) {
    const iterator = Reflect.get(value, Symbol.iterator);
    if (typeof iterator === "function")
      return { [Symbol.iterator]: () => Reflect.apply(iterator, value, []) };
  }
  throw new TypeError(`not iterable: ${describe(value)}`);
}

/** `next(value)`. @throws {StopIteration} at the end. */
export function nextOf(value: unknown): unknown {
  if (value instanceof Instance) return value.method("__next__")?.();
  const result: unknown = methodOf(value, "next").call([], NONE);
  if (typeof result !== "object" || result === null) throw new TypeError("next() gave no result");
  if (Reflect.get(result, "done") === true) throw new StopIteration();
  return Reflect.get(result, "value");
}

/** Python's truth of a value. */
export function truthOf(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return Boolean(value);
}

/** `value.tolist()`: numbers in nested lists. */
export function listOf(value: unknown): unknown[] {
  if (value instanceof NumberArray) return [...value.items];
  if (Array.isArray(value)) return value;
  if (value instanceof NdArray) return nested(Array.from(value.data, Number), value.shape);
  if (ArrayBuffer.isView(value) && Symbol.iterator in value) return Array.from(iterate(value), Number);
  throw new TypeError(`no array: ${describe(value)}`);
}

function nested(numbers: readonly unknown[], shape: readonly number[]): unknown[] {
  const [, ...inner] = shape;
  if (inner.length === 0) return [...numbers];
  const size = inner.reduce((product, length) => product * length, 1);
  return Array.from({ length: shape[0] ?? 0 }, (_, row) =>
    nested(numbers.slice(row * size, (row + 1) * size), inner),
  );
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? (value.constructor?.name ?? "object") : String(value);
}
