import { bernoulli, bits, permutation, randint, uniform } from "../../../src/random/jax-random.js";
import { foldIn, key, split } from "../../../src/random/random-key.js";
import { untyped } from "../../datarax/recorder.js";
import { asArray, astype, listOf } from "./arrays.js";
import { range } from "./built-in.js";
import { iterate } from "./iteration.js";
import { dtypeName } from "./methods.js";
import { callValue, fromHost, toHost } from "./objects.js";
import { type Named, Namespace, PyArray, PyError, PyFunction } from "./values.js";

type Act = (args: readonly unknown[], named: Named) => unknown;

/** A module of functions. */
function moduleOf(name: string, members: { readonly [name: string]: Act | Namespace | number }): Namespace {
  return new Namespace(
    name,
    Object.entries(members).map(([member, value]) => [
      member,
      typeof value === "function" ? new PyFunction(member, value) : value,
    ]),
  );
}

const DTYPES = [
  "bool_",
  "float16",
  "float32",
  "float64",
  "int16",
  "int32",
  "int64",
  "int8",
  "uint16",
  "uint32",
  "uint64",
  "uint8",
  "bfloat16",
];

function arrayOf(values: unknown, dtype?: unknown): PyArray {
  const array = asArray(
    values instanceof PyArray
      ? values
      : typeof values === "object" && values !== null && !Array.isArray(values)
        ? (asArray(values) ?? [...iterate(values)])
        : values,
    dtypeName(dtype),
  );
  if (array === undefined) throw new PyError("TypeError", "no array of numbers");
  return array;
}

const makeArray: Act = ([values, dtype], named) => arrayOf(values, named.get("dtype") ?? dtype);

function filled(value: number): Act {
  return ([shape, dtype], named) => {
    const sizes = (Array.isArray(shape) ? shape : [shape]).map(Number);
    const count = sizes.reduce((product, size) => product * size, 1);
    return new PyArray(
      Array.from({ length: count }, () => value),
      sizes,
      dtypeName(named.get("dtype") ?? dtype) ?? "float64",
    );
  };
}

/** `np` and `jnp`. */
const numpy = moduleOf("np", {
  ...Object.fromEntries(
    DTYPES.map((name): [string, Act] => [
      name,
      ([value = 0]) =>
        Array.isArray(value) ? arrayOf(value, name) : listOf(astype(arrayOf(value), dtypeName(name))),
    ]),
  ),
  arange: (bounds, named) => {
    const array = arrayOf(range(bounds.slice(0, 3)));
    return astype(
      array.items.length === 0 ? new PyArray([], [0], "int64") : array,
      dtypeName(named.get("dtype")),
    );
  },
  array: makeArray,
  asarray: makeArray,
  concatenate: ([arrays]) =>
    arrayOf(Array.from(iterate(arrays), (array) => Array.from(iterate(array))).flat()),
  linspace: ([start, stop, count = 50]) => {
    const [from, to, n] = [Number(start), Number(stop), Number(count)];
    const step = (to - from) / (n - 1);
    return new PyArray(
      Array.from({ length: n }, (_, index) =>
        index === n - 1 && n > 1 ? to : from + (n > 1 ? index * step : 0),
      ),
      [n],
      "float64",
    );
  },
  ones: filled(1),
  stack: ([arrays]) => arrayOf(Array.from(iterate(arrays), (array) => listOf(arrayOf(array)))),
  sum: ([values]) => arrayOf(values).items.reduce((total, item) => Number(total) + Number(item), 0),
  zeros: filled(0),
  inf: Number.POSITIVE_INFINITY,
  nan: Number.NaN,
  pi: Math.PI,
});

function shaped(shape: unknown, drawn: (shape: readonly number[] | undefined) => unknown): unknown {
  if (shape === undefined || (Array.isArray(shape) && shape.length === 0)) return drawn(undefined);
  const sizes = (Array.isArray(shape) ? shape : [shape]).map(Number);
  const array = asArray(drawn(sizes));
  return array === undefined ? null : new PyArray(array.items, sizes, array.dtype);
}

/** A typed key is held as its words; so is a key of a restored state. */
function keyOf(value: unknown) {
  const words: unknown =
    typeof value === "object" && value !== null && "impl" in value && "data" in value ? value.data : value;
  return untyped(Array.from(iterate(words), Number));
}

const random = moduleOf("jax.random", {
  PRNGKey: ([seed]) => key(untyped(seed)),
  bernoulli: ([drawn, p = 0.5, shape], named) =>
    shaped(named.get("shape") ?? shape, (sizes) =>
      bernoulli(keyOf(drawn), untyped({ p: named.get("p") ?? p, ...(sizes && { shape: sizes }) })),
    ),
  bits: ([drawn, shape], named) =>
    shaped(named.get("shape") ?? shape, (sizes) =>
      sizes === undefined ? bits(keyOf(drawn)) : bits(keyOf(drawn), untyped(sizes)),
    ),
  fold_in: ([drawn, data]) => foldIn(keyOf(drawn), untyped(toHost(data))),
  key: ([seed]) => key(untyped(seed)),
  key_data: ([drawn]) => new PyArray(keyOf(drawn), [2], "uint32"),
  permutation: ([drawn, x]) => {
    const host = toHost(x);
    return asArray(permutation(keyOf(drawn), untyped(host)));
  },
  randint: ([drawn, shape, minval, maxval], named) =>
    shaped(named.get("shape") ?? shape, (sizes) =>
      randint(
        keyOf(drawn),
        untyped({
          minval: named.get("minval") ?? minval,
          maxval: named.get("maxval") ?? maxval,
          ...(sizes && { shape: sizes }),
        }),
      ),
    ),
  split: ([drawn, count = 2], named) => split(keyOf(drawn), Number(named.get("num") ?? count)),
  uniform: ([drawn, shape], named) =>
    shaped(named.get("shape") ?? shape, (sizes) =>
      uniform(
        keyOf(drawn),
        untyped({
          minval: named.get("minval") ?? 0,
          maxval: named.get("maxval") ?? 1,
          ...(sizes && { shape: sizes }),
        }),
      ),
    ),
  wrap_key_data: ([words]) => keyOf(words),
});

const itertools = moduleOf("itertools", {
  chain: (lists) => lists.flatMap((list) => [...iterate(list)])[Symbol.iterator](),
  count: ([start = 0, step = 1]) => counted(Number(start), Number(step)),
  cycle: ([values]) => cycled(values),
  islice: ([values, ...bounds]) => sliced(values, bounds.length === 1 ? [0, bounds[0]] : bounds),
  repeat: ([value, times = Number.POSITIVE_INFINITY]) => repeated(value, Number(times)),
});

function* counted(start: number, step: number): Generator<number, void> {
  for (let number = start; ; number += step) yield number;
}

function* cycled(values: unknown): Generator<unknown, void> {
  const items = [...iterate(values)];
  while (items.length > 0) yield* items;
}

function* repeated(value: unknown, times: number): Generator<unknown, void> {
  for (let count = 0; count < times; count++) yield value;
}

function* sliced(values: unknown, [start, stop]: readonly unknown[]): Generator<unknown, void> {
  const [from, to] = [
    Number(start ?? 0),
    stop === null || stop === undefined ? Number.POSITIVE_INFINITY : Number(stop),
  ];
  if (to <= 0) return;
  let index = 0;
  for (const value of iterate(values)) {
    if (index >= from) yield value;
    if (++index >= to) return;
  }
}

const nothing: Act = ([value = null]) => value;

/** Modules of Python's library and of NumPy and JAX, by the names that programs import. */
export const MODULES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["np", numpy],
  ["numpy", numpy],
  ["jnp", numpy],
  [
    "jax",
    new Namespace("jax", [
      ["random", random],
      ["numpy", numpy],
      ["Array", new PyFunction("Array", nothing)],
    ]),
  ],
  ["random", random],
  ["itertools", itertools],
  [
    "json",
    moduleOf("json", {
      dumps: ([value]) => JSON.stringify(toHost(value)),
      loads: ([text]) => fromHost(JSON.parse(String(text))),
    }),
  ],
  [
    "math",
    moduleOf("math", {
      ceil: ([value]) => Math.ceil(Number(value)),
      floor: ([value]) => Math.floor(Number(value)),
      gcd: ([a, b]) => greatestDivisor(Number(a), Number(b)),
      sqrt: ([value]) => Math.sqrt(Number(value)),
      inf: Number.POSITIVE_INFINITY,
      pi: Math.PI,
    }),
  ],
  [
    "copy",
    moduleOf("copy", { copy: nothing, deepcopy: ([value]) => fromHost(structuredClone(toHost(value))) }),
  ],
  [
    "functools",
    moduleOf("functools", {
      partial: ([act, ...first], given) =>
        new PyFunction("partial", (rest, named) =>
          callValue(act, [...first, ...rest], new Map([...given, ...named])),
        ),
    }),
  ],
  [
    "collections",
    moduleOf("collections", {
      OrderedDict: ([pairs]) => new Map(untyped(pairs ?? [])),
      deque: ([values = []]) => [...iterate(values)],
    }),
  ],
  ["dataclasses", moduleOf("dataclasses", { field: (_, named) => factoryOf(named) })],
  ["field", new PyFunction("field", (_, named) => factoryOf(named))],
  [
    "operator",
    moduleOf("operator", {
      itemgetter: ([name]) =>
        new PyFunction("itemgetter", ([value]) =>
          value instanceof Map ? value.get(name) : Reflect.get(Object(value), String(name)),
        ),
    }),
  ],
  [
    "itemgetter",
    new PyFunction(
      "itemgetter",
      ([name]) => new PyFunction("itemgetter", ([value]) => Reflect.get(Object(value), String(name))),
    ),
  ],
]);

function factoryOf(named: Named): unknown {
  const factory = named.get("default_factory");
  return factory === undefined
    ? named.get("default")
    : new PyFunction("<factory>", () => callValue(factory, []));
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestDivisor(b, a % b);
}
