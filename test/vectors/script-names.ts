import * as datarax from "../../src/datarax.js";
import * as grain from "../../src/grain.js";
import { createRngs, Rngs } from "../../src/random/rngs.js";
import { untyped } from "../datarax/recorder.js";
import { camelCase, optionsOf } from "./camel-case.js";
import { iterate, nextOf, toHost } from "./python/objects.js";
import { HostClass, type Named, Namespace, NumberArray, PyFunction, StopIteration } from "./python/values.js";

/** Names that the scripts of packed checkpoints import or find built in. */
export function scriptNames(): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(BUILT_IN).map(([name, act]) => [name, new PyFunction(name, act)] as const),
    ...dataraxNames(),
    ["np", numpy],
    ["numpy", numpy],
    ["jnp", numpy],
    ["nnx", nnx],
    ["grain", grainNamespace],
    ["pygrain", grainNamespace],
  ]);
}

type Act = (args: readonly unknown[], named: Named) => unknown;

const BUILT_IN: { readonly [name: string]: Act } = {
  bool: ([value]) => Boolean(value),
  dict: (_, named) => new Map(named),
  enumerate: ([values]) => Array.from(iterate(values), (value, index) => [index, value]),
  float: ([value]) => Number(value),
  int: ([value]) => Math.trunc(Number(value)),
  iter: ([value]) => iteratorOf(value),
  len: ([value]) => attributeLength(value),
  list: ([value]) => (value === undefined ? [] : [...iterate(value)]),
  max: (values) => Math.max(...values.map(Number)),
  min: (values) => Math.min(...values.map(Number)),
  next: ([value]) => nextOf(value),
  range: (bounds) => range(bounds),
  set: ([value]) => [...iterate(value)],
  sorted: ([value]) => Array.from(iterate(value), Number).toSorted((a, b) => a - b),
  StopIteration: () => new StopIteration(),
  str: ([value]) => String(value),
  sum: ([value]) => Array.from(iterate(value), Number).reduce((total, item) => total + item, 0),
  tuple: ([value]) => (value === undefined ? [] : [...iterate(value)]),
  zip: (lists) => {
    const items = lists.map((list) => [...iterate(list)]);
    const length = Math.min(...items.map((list) => list.length));
    return Array.from({ length }, (_, index) => items.map((list) => list[index]));
  },
};

function attributeLength(value: unknown): number {
  if (value instanceof Map) return value.size;
  return Number(Reflect.get(Object(value), "length"));
}

function range(bounds: readonly unknown[]): number[] {
  const [first = 0, second, step = 1] = bounds.map(Number);
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  return Array.from(
    { length: Math.max(0, Math.ceil((stop - start) / step)) },
    (_, index) => start + index * step,
  );
}

/** Python's iter(): of this project's objects, their own iterator. */
function iteratorOf(value: unknown): unknown {
  if (typeof value === "object" && value !== null && Symbol.iterator in value && !Array.isArray(value)) {
    return Reflect.apply(untyped(Reflect.get(value, Symbol.iterator)), value, []);
  }
  return value;
}

const array: Act = ([values], named) => arrayOf(values, named.get("dtype"));
const numpy = new Namespace("np", [
  ["arange", new PyFunction("arange", (bounds, named) => arrayOf(range(bounds), named.get("dtype")))],
  ["array", new PyFunction("array", array)],
  ["asarray", new PyFunction("asarray", ([value]) => value)],
  ...["bool_", "float32", "float64", "int16", "int32", "int64", "int8", "uint32", "uint64", "uint8"].map(
    (name) => [name, new PyFunction(name, ([value]) => value)] as const,
  ),
]);

function arrayOf(values: unknown, dtype: unknown): NumberArray {
  const items = Array.from(iterate(values), Number);
  return new NumberArray(items, dtype instanceof PyFunction ? dtype.name : "int64");
}

const nnx = new Namespace("nnx", [
  [
    "Rngs",
    new PyFunction("Rngs", ([seed], named) => {
      const seeds = { ...(seed === undefined ? {} : { default: seed }), ...Object.fromEntries(named) };
      return new Rngs(untyped(seeds));
    }),
  ],
]);

/** Arguments of Datarax's classes that are not options, in Python's order. */
const DATARAX_ARGUMENTS: { readonly [name: string]: readonly string[] } = {
  MemorySource: ["data"],
  MixDataSourcesNode: ["sources"],
  Pipeline: [],
};

/** Every class of this project's Datarax entry with its `<name>Config`, and functions by Python's names. */
function* dataraxNames(): Generator<readonly [string, unknown]> {
  yield ["create_rngs", new PyFunction("create_rngs", ([seed]) => createRngs(untyped(seed)))];
  for (const [name, value] of Object.entries(datarax)) {
    if (!/^[A-Z]/.test(name) || typeof value !== "function") continue;
    const construct = new PyFunction(name, (args, named) => {
      const [config, ...others] = args[0] instanceof Map ? args : [new Map(), ...args];
      const fields: [string, unknown][] = [...(config instanceof Map ? config : []), ...named];
      for (const [index, argument] of others.entries()) {
        fields.push([(DATARAX_ARGUMENTS[name] ?? [])[index] ?? `argument_${index}`, argument]);
      }
      const options = optionsOf(Object.fromEntries(fields.filter(([field]) => field !== "config")));
      const wanted = Object.entries(options).map(([field, given]) => [
        field,
        given instanceof Rngs ? given : toHost(given),
      ]);
      return Reflect.construct(value, [Object.fromEntries(wanted)]);
    });
    yield [name, construct];
    yield [
      `${name.replace(/Module$|Node$/, "")}Config`,
      new PyFunction("config", (_, fields) => new Map(fields)),
    ];
  }
}

/** Parameters of Grain's constructors that may be given by their position, behind those that are not options. */
const GRAIN_ARGUMENTS: { readonly [name: string]: readonly string[] } = {
  ElasticIterator: ["global_batch_size", "shard_options"],
  InterleaveIterDataset: ["cycle_length"],
  LimitIterDataset: ["count"],
  RebatchIterDataset: ["batch_size"],
  RepeatIterDataset: ["num_epochs"],
};
const ONLY_OPTIONS = ["DataLoader", "IndexSampler", "SequentialSampler", "ShardOptions"];

const grainClasses = Object.entries(grain).flatMap(([name, value]): (readonly [string, unknown])[] => {
  if (!/^[A-Z]/.test(name) || typeof value !== "function") return [];
  const construct = new PyFunction(name, (args, named) => {
    const [parent, ...others] = ONLY_OPTIONS.includes(name) ? [undefined, ...args] : args;
    const fields = new Map(named);
    for (const [index, argument] of others.entries()) {
      fields.set((GRAIN_ARGUMENTS[name] ?? [])[index] ?? `argument_${index}`, argument);
    }
    const options = Object.fromEntries(
      [...fields].map(([field, given]) => [camelCase(field), toHost(given)] as const),
    );
    return Reflect.construct(value, ONLY_OPTIONS.includes(name) ? [options] : [toHost(parent), options]);
  });
  return [[name, new HostClass(name, value, construct)]];
});
const grainNamespace: Namespace = new Namespace("grain", [
  ...grainClasses,
  ["NoSharding", new PyFunction("NoSharding", () => grain.noSharding())],
  ["experimental", new Namespace("grain.experimental", grainClasses)],
  ["samplers", new Namespace("grain.samplers", grainClasses)],
  ["sharding", new Namespace("grain.sharding", grainClasses)],
  ["python", new Namespace("grain.python", grainClasses)],
]);
