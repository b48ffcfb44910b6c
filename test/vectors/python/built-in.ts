import { asArray } from "./arrays.js";
import { iterate, iteratorOf, nextOf, truthOf } from "./iteration.js";
import { pairsOf, sortedItems } from "./methods.js";
import { attributeOrNone, callValue, setAttribute } from "./objects.js";
import { binary, compared } from "./operators.js";
import { formatted, reprOf, textOf } from "./text.js";
import {
  Instance,
  MissingName,
  type Named,
  PyClass,
  PyError,
  PyFunction,
  Slice,
  StopIteration,
} from "./values.js";

type Act = (args: readonly unknown[], named: Named) => unknown;

/** Python's built-in functions, classes and exceptions by their names. */
export function builtIns(): (readonly [string, PyFunction])[] {
  const exceptions = EXCEPTIONS.map(
    (name) => [name, ([message = ""]: readonly unknown[]) => new PyError(name, textOf(message))] as const,
  );
  const all: (readonly [string, Act])[] = [...Object.entries(BUILT_IN), ...exceptions];
  return all.map(([name, act]) => [name, new PyFunction(name, act)]);
}

const EXCEPTIONS = [
  "Exception",
  "BaseException",
  "ValueError",
  "TypeError",
  "KeyError",
  "IndexError",
  "LookupError",
  "RuntimeError",
  "AttributeError",
  "NotImplementedError",
  "AssertionError",
];

const BUILT_IN: { readonly [name: string]: Act } = {
  StopIteration: () => new StopIteration(),
  abs: ([value]) => (binary("<", value, 0) === true ? binary("*", value, -1) : value),
  all: ([values]) => [...iterate(values)].every(truthOf),
  any: ([values]) => [...iterate(values)].some(truthOf),
  bool: ([value]) => truthOf(value),
  callable: ([value]) => value instanceof PyFunction || value instanceof PyClass,
  chr: ([code]) => String.fromCodePoint(Number(code)),
  dict: ([pairs], named) => new Map([...pairsOf(pairs), ...named]),
  divmod: ([a, b]) => [binary("//", a, b), binary("%", a, b)],
  enumerate: ([values, start = 0], named) => enumerated(values, Number(named.get("start") ?? start)),
  filter: ([test, values]) => filtered(test, values),
  float: ([value = 0]) => (typeof value === "string" ? floatOf(value) : Number(numberIn(value))),
  format: ([value, spec = ""]) => formatted(value, String(spec)),
  frozenset: ([values = []]) => new Set(iterate(values)),
  getattr: ([value, name, otherwise]) => {
    const found = attributeOrNone(value, String(name));
    if (found === undefined && otherwise === undefined) throw new MissingName(`.${String(name)}`);
    return found === undefined ? otherwise : found;
  },
  hasattr: ([value, name]) => attributeOrNone(value, String(name)) !== undefined,
  id: () => 0,
  int: ([value = 0, base = 10]) => integerOf(value, Number(base)),
  isinstance: ([value, types]) => (Array.isArray(types) ? types : [types]).some((type) => isOf(value, type)),
  iter: ([value]) => iteratorOf(value),
  len: ([value]) => lengthOf(value),
  list: ([values = []]) => [...iterate(values)],
  map: ([act, ...lists]) => mapped(act, lists),
  max: (values, named) => extreme(values, named, 1),
  min: (values, named) => extreme(values, named, -1),
  next: ([value, otherwise]) => {
    try {
      return nextOf(value);
    } catch (error) {
      if (error instanceof StopIteration && otherwise !== undefined) return otherwise;
      throw error;
    }
  },
  object: () => new Instance(new PyClass("object", [], new Map())),
  ord: ([text]) => String(text).codePointAt(0),
  pow: ([a, b, modulus]) =>
    modulus === undefined ? binary("**", a, b) : binary("%", binary("**", a, b), modulus),
  print: () => null,
  property: ([get]) => get,
  range: (bounds) => range(bounds),
  repr: ([value]) => reprOf(value),
  reversed: ([values]) => [...iterate(values)].reverse()[Symbol.iterator](),
  round: ([value, digits = 0]) => rounded(Number(value), Number(digits)),
  set: ([values = []]) => new Set(iterate(values)),
  setattr: ([value, name, item]) => (setAttribute(value, String(name), item), null),
  slice: (bounds) => sliceOf(bounds),
  sorted: ([values], named) => sortedItems(iterate(values), named),
  str: ([value = ""]) => textOf(value),
  sum: ([values, start = 0]) => [...iterate(values)].reduce((total, item) => binary("+", total, item), start),
  tuple: ([values = []]) => [...iterate(values)],
  type: ([value]) => (value instanceof Instance ? value.of : typeNamed(value)),
  vars: ([value]) => attributeOrNone(value, "__dict__"),
  zip: (lists) => zipped(lists),
};

function sliceOf(bounds: readonly unknown[]): Slice {
  const numbers = bounds.map((bound) => (bound === null || bound === undefined ? undefined : Number(bound)));
  return new Slice(numbers.length === 1 ? [undefined, ...numbers] : numbers);
}

function typeNamed(value: unknown): PyClass {
  const name = Object.keys(TYPES).find((type) => TYPES[type]?.(value)) ?? "object";
  return new PyClass(name, [], new Map([["__name__", name]]));
}

const TYPES: { readonly [name: string]: ((value: unknown) => boolean) | undefined } = {
  bool: (value) => typeof value === "boolean",
  int: (value) => typeof value === "bigint" || Number.isInteger(value) || typeof value === "boolean",
  float: (value) => typeof value === "number" && !Number.isInteger(value),
  str: (value) => typeof value === "string",
  bytes: (value) => typeof value === "string",
  list: Array.isArray,
  tuple: Array.isArray,
  dict: (value) => value instanceof Map,
  set: (value) => value instanceof Set,
  ndarray: (value) => typeof value === "object" && !Array.isArray(value) && asArray(value) !== undefined,
  Array: (value) => typeof value === "object" && !Array.isArray(value) && asArray(value) !== undefined,
  integer: (value) => typeof value === "bigint" || Number.isInteger(value),
};

function isOf(value: unknown, type: unknown): boolean {
  if (type instanceof PyClass) return value instanceof Instance && value.of.derives(type);
  return type instanceof PyFunction && (TYPES[type.name]?.(value) ?? false);
}

const rangeTexts = new WeakMap<object, string>();

/** Python's repr of a list that range() made; undefined for others. */
export function rangeText(value: unknown): string | undefined {
  return Array.isArray(value) ? rangeTexts.get(value) : undefined;
}

/** Python's range(), as a list. */
export function range(bounds: readonly unknown[]): number[] {
  const [first = 0, second, step = 1] = bounds.map((bound) => Number(numberIn(bound)));
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  const numbers = Array.from({ length }, (_, index) => start + index * step);
  rangeTexts.set(numbers, `range(${start}, ${stop}${step === 1 ? "" : `, ${step}`})`);
  return numbers;
}

function numberIn(value: unknown): unknown {
  const array = typeof value === "object" && !Array.isArray(value) ? asArray(value) : undefined;
  return array === undefined ? value : array.items[0];
}

function integerOf(value: unknown, base: number): number | bigint {
  const number = numberIn(value);
  if (typeof number === "bigint") return number;
  if (typeof number !== "string") return Math.trunc(Number(number));
  if (base !== 10) return Number.parseInt(number, base);
  const integer = BigInt(number.trim().replaceAll("_", ""));
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

function floatOf(text: string): number {
  const known = { inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY, nan: Number.NaN }[
    text.trim().toLowerCase()
  ];
  return known ?? Number(text);
}

function rounded(value: number, digits: number): number {
  const scaled = value * 10 ** digits;
  const down = Math.floor(scaled);
  const isHalf = scaled - down === 0.5;
  return (isHalf ? (down % 2 === 0 ? down : down + 1) : Math.round(scaled)) / 10 ** digits;
}

function lengthOf(value: unknown): unknown {
  if (value instanceof Map || value instanceof Set) return value.size;
  if (value instanceof Instance) return value.method("__len__")?.();
  if (typeof value === "string") return Array.from(value).length;
  const array = Array.isArray(value) ? undefined : asArray(value);
  return array === undefined ? Reflect.get(Object(value), "length") : array.shape[0];
}

function extreme(values: readonly unknown[], named: Named, sign: number): unknown {
  const candidates = values.length === 1 ? [...iterate(values[0])] : [...values];
  if (candidates.length === 0 && named.has("default")) return named.get("default");
  const key = named.get("key");
  const by = (value: unknown) => (key === undefined ? value : callValue(key, [value]));
  return candidates.reduce((best, value) => (compared(by(value), by(best)) * sign > 0 ? value : best));
}

function* enumerated(values: unknown, start: number): Generator<unknown, void> {
  let index = start;
  for (const value of iterate(values)) yield [index++, value];
}

function* filtered(test: unknown, values: unknown): Generator<unknown, void> {
  for (const value of iterate(values))
    if (truthOf(test === null ? value : callValue(test, [value]))) yield value;
}

function* mapped(act: unknown, lists: readonly unknown[]): Generator<unknown, void> {
  for (const values of zipped(lists)) yield callValue(act, values);
}

/** Lists side by side, up to the end of the shortest. */
export function* zipped(lists: readonly unknown[]): Generator<unknown[], void> {
  const iterators = lists.map((list) => iterate(list)[Symbol.iterator]());
  for (;;) {
    const results = iterators.map((iterator) => iterator.next());
    if (results.length === 0 || results.some(({ done }) => done === true)) return;
    yield results.map(({ value }) => value);
  }
}
