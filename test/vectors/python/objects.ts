import { Scalar } from "../../../src/pytree/value.js";
import { NdArray } from "../../../src/zarr/nd-array.js";
import { camelCase } from "../camel-case.js";
import { asArray, hostArray, rowOf } from "./arrays.js";
import { iteratorOf, nextOf } from "./iteration.js";
import { fieldOfArray, methodOfValue } from "./methods.js";
import { isProgramList, markProgramList } from "./program-lists.js";
import { textOf } from "./text.js";
import {
  Decorated,
  HostClass,
  Instance,
  MissingName,
  type Named,
  Namespace,
  NO_NAMED,
  PyArray,
  PyClass,
  PyError,
  PyFunction,
  Slice,
  Super,
} from "./values.js";

/** `value.name`: of a namespace, of an own object or class, of a value, or a method of one of this project's objects. */
export function attributeOf(value: unknown, name: string): unknown {
  const found = attributeOrNone(value, name);
  if (found === undefined) throw new MissingName(`.${name} of ${describe(value)}`);
  return found;
}

/** {@link attributeOf}, or undefined where there is none. */
export function attributeOrNone(value: unknown, name: string): unknown {
  if (value instanceof Namespace) return value.names.get(name);
  if (value instanceof HostClass) return hostMethod(value.target, name);
  if (value instanceof Instance) return attributeOfInstance(value, name);
  if (value instanceof PyClass) return attributeOfClass(value, name);
  if (value instanceof Super) return attributeOfSuper(value, name);
  if (value instanceof PyError && name === "args") return [value.message];
  const special = SPECIAL[name];
  if (special !== undefined) return new PyFunction(name, (args) => special(value, ...args));
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Map)) {
    const array = asArray(value);
    const field = array === undefined ? undefined : fieldOfArray(array, name);
    if (field !== undefined) return field;
  }
  return methodOfValue(value, name) ?? hostMethod(value, name) ?? fieldOf(value, name);
}

/** Methods that stand for built-in functions. */
const SPECIAL: { readonly [name: string]: ((value: unknown, ...args: unknown[]) => unknown) | undefined } = {
  __getitem__: itemOf,
  __iter__: iteratorOf,
  __next__: nextOf,
};

function attributeOfInstance(value: Instance, name: string): unknown {
  if (name === "__dict__") return value.fields;
  if (name === "__class__") return value.of;
  if (value.fields.has(name)) return value.fields.get(name);
  return bound(value.of.find(name), value, value.of);
}

function attributeOfClass(value: PyClass, name: string): unknown {
  if (name === "__name__" || name === "__qualname__") return value.name;
  const found = value.find(name);
  return found instanceof Decorated && found.kind === "classmethod"
    ? bound(found, undefined, value)
    : unwrapped(found);
}

function unwrapped(found: unknown): unknown {
  return found instanceof Decorated ? found.of : found;
}

function attributeOfSuper({ owner, self }: Super, name: string): unknown {
  for (const base of owner.bases) {
    const found = base.find(name);
    if (found !== undefined) return bound(found, self, base);
  }
  if (name === "__setattr__" && self instanceof Instance) {
    return new PyFunction(name, ([field, item]) => void self.fields.set(String(field), item));
  }
  return new PyFunction(name, () => null); // what classes without a definition here do, such as __init__ of object
}

function bound(found: unknown, self: unknown, owner: PyClass): unknown {
  if (found instanceof Decorated) {
    if (found.kind === "property") return found.of.call([self], NO_NAMED);
    if (found.kind === "staticmethod") return found.of;
    return new PyFunction(found.of.name, (args, named) => found.of.call([owner, ...args], named));
  }
  if (!(found instanceof PyFunction)) return found;
  return new PyFunction(found.name, (args, named) => found.call([self, ...args], named));
}

/** `value.name = item`. */
export function setAttribute(value: unknown, name: string, item: unknown): void {
  if (value instanceof Instance) value.fields.set(name, item);
  else if (value instanceof PyClass) value.names.set(name, item);
  else throw new SyntaxError(`assignment to .${name} of something else than an own object`);
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
  to_iter_dataset: ["read_options"],
};

/** Parameters that go into the options object, although they may be given by position. */
const OPTIONS: { readonly [method: string]: readonly string[] | undefined } = {
  batch: ["drop_remainder", "batch_fn"],
  repeat: ["reseed_each_epoch"],
  random_map: ["seed"],
};

/** A method of an object or class of this project, called with Python's arguments; undefined if there is none. */
function hostMethod(object: unknown, name: string): PyFunction | undefined {
  const isObject = (typeof object === "object" && object !== null) || typeof object === "function";
  const method: unknown = isObject ? Reflect.get(object, camelCase(name)) : undefined;
  if (typeof method !== "function") return undefined;
  return new PyFunction(name, (args, named) => {
    const positions = PARAMETERS[name]?.length ?? args.length;
    const more = OPTIONS[name] ?? [];
    const given = args.slice(0, more.length > 0 ? positions : undefined).map(toHost);
    const options: { [key: string]: unknown } = {};
    for (const [index, value] of args.slice(given.length).entries())
      options[camelCase(more[index] ?? "")] = toHost(value);
    for (const [key, value] of named) {
      const position = PARAMETERS[name]?.indexOf(key) ?? -1;
      if (key === "read_options") continue; // they change no element
      if (position >= 0) given[position] = toHost(value);
      else options[camelCase(key)] = toHost(value);
    }
    if (name === "to_iter_dataset") given.splice(0);
    if (name === "slice" && args[0] instanceof Slice) given.splice(0, 1, ...args[0].bounds);
    if (Object.keys(options).length > 0)
      given[Math.max(given.length, PARAMETERS[name]?.length ?? 0)] = options;
    return Reflect.apply(method, object, given);
  });
}

function fieldOf(object: unknown, name: string): unknown {
  return typeof object === "object" && object !== null ? Reflect.get(object, camelCase(name)) : undefined;
}

/** The methods of Grain's transformations, of Pipeline's stages and of functions. */
const CALLS = ["__call__", "map", "filter", "map_with_index", "random_map"];

/** A value of a program as this project takes it: functions as functions, dicts as objects. */
export function toHost(value: unknown): unknown {
  if (value instanceof PyFunction)
    return (...args: unknown[]) => toHost(value.call(args.map(fromBatch), NO_NAMED));
  if (value instanceof HostClass) return (...args: unknown[]) => value.construct.call(args, NO_NAMED);
  if (value instanceof Instance) return hostObject(value);
  if (value instanceof PyArray) return value.shape.length === 0 ? value.items[0] : hostArray(value);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [String(key), toHost(item)]));
  return Array.isArray(value) ? markProgramList(value.map(toHost)) : value;
}

function hostObject(value: Instance): unknown {
  const flatMap = value.method("flat_map");
  if (flatMap !== undefined) {
    const maxFanOut = attributeOrNone(value, "max_fan_out");
    return { maxFanOut, flatMap: (element: unknown) => toHost(flatMap(element)) };
  }
  const call = CALLS.map((name) => value.method(name)).find((method) => method !== undefined);
  if (call !== undefined) return (...args: unknown[]) => toHost(call(...args.map(fromBatch)));
  const item = value.method("__getitem__");
  const length = value.method("__len__")?.();
  if (item === undefined) return value;
  return {
    length: Number(length),
    at: (index: number) => item(index),
    toString: () => String(value.method("__repr__")?.()),
  };
}

/** An argument of a function that this project calls: its batches of numbers are arrays in Python. */
function fromBatch(value: unknown): unknown {
  if (Array.isArray(value) && value.length > 0 && !isProgramList(value)) return asArray(value) ?? value;
  const prototype: unknown =
    typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== null && prototype !== Object.prototype) return value;
  return new Map(Object.entries(Object(value)).map(([key, item]) => [key, fromBatch(item)]));
}

/** A value of this project as a program has it: dicts with int keys, arrays of no axis as numbers. */
export function fromHost(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromHost);
  if (Scalar.is(value)) return value.value;
  if (NdArray.is(value)) {
    const array = asArray(value);
    return array?.shape.length === 0
      ? value.dtype === "bool"
        ? Number(array.items[0]) !== 0
        : array.items[0]
      : array;
  }
  if (typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  return new Map(
    Object.entries(value).map(([key, item]) => [
      /^(?:0|-?[1-9]\d*)$/.test(key) ? Number(key) : key,
      fromHost(item),
    ]),
  );
}

/** `callee(*args, **named)`. */
export function callValue(callee: unknown, args: readonly unknown[], named: Named = NO_NAMED): unknown {
  if (callee instanceof PyFunction) return callee.call(args, named);
  if (callee instanceof HostClass) return callee.construct.call(args, named);
  if (callee instanceof PyClass) return construct(callee, args, named);
  if (callee instanceof Instance) return callValue(attributeOf(callee, "__call__"), args, named);
  if (typeof callee === "function") return Reflect.apply(callee, undefined, args.map(toHost));
  throw new PyError("TypeError", `not callable: ${describe(callee)}`);
}

function construct(made: PyClass, args: readonly unknown[], named: Named): Instance | PyError {
  if (EXCEPTION_NAMES.some((name) => isNamed(made, name)))
    return new PyError(made.name, textOf(args[0] ?? ""));
  const instance = new Instance(made);
  const init = made.find("__init__");
  if (init instanceof PyFunction) init.call([instance, ...args], named);
  return instance;
}

const EXCEPTION_NAMES = ["Exception", "ValueError", "RuntimeError", "KeyError", "TypeError"];

function isNamed(made: PyClass, name: string): boolean {
  return made.bases.some((base) => base.name === name || isNamed(base, name));
}

/** `value[index]`. */
export function itemOf(value: unknown, index: unknown): unknown {
  if (value instanceof Map) {
    if (!value.has(index)) throw new PyError("KeyError", String(index));
    return value.get(index);
  }
  if (Array.isArray(value) || typeof value === "string") {
    const items = Array.isArray(value) ? value : Array.from(value);
    if (index instanceof Slice) {
      const taken = index.indices(items.length).map((at) => items[at]);
      return Array.isArray(value) ? taken : taken.join("");
    }
    const at = Number(index) < 0 ? Number(index) + items.length : Number(index);
    if (!(at >= 0 && at < items.length)) throw new PyError("IndexError", "list index out of range");
    return items[at];
  }
  if (value instanceof Instance) return value.method("__getitem__")?.(index);
  const array = asArray(value);
  if (array !== undefined) return rowOf(array, index);
  if (index instanceof Slice) return callValue(attributeOf(value, "slice"), index.bounds);
  if (typeof value === "object" && value !== null) {
    const at: unknown = Reflect.get(value, "at");
    return typeof at === "function" ? Reflect.apply(at, value, [index]) : Reflect.get(value, String(index));
  }
  throw new PyError("TypeError", `not subscriptable: ${describe(value)}`);
}

/** `value[index] = item`. */
export function setItem(value: unknown, index: unknown, item: unknown): void {
  if (value instanceof Map) value.set(index, item);
  else if (Array.isArray(value) && index instanceof Slice) {
    const taken = index.indices(value.length);
    value.splice(taken[0] ?? value.length, taken.length, ...(Array.isArray(item) ? item : [item]));
  } else if (Array.isArray(value))
    value[Number(index) < 0 ? Number(index) + value.length : Number(index)] = item;
  else if (value instanceof Instance) value.method("__setitem__")?.(index, item);
  else throw new SyntaxError(`assignment to an item of ${describe(value)}`);
}

function describe(value: unknown): string {
  if (value instanceof Namespace) return value.name;
  return typeof value === "object" && value !== null ? (value.constructor?.name ?? "object") : String(value);
}
