import * as datarax from "../../src/datarax.js";
import * as grain from "../../src/grain.js";
import { createRngs, Rngs } from "../../src/random/rngs.js";
import { untyped } from "../datarax/recorder.js";
import { camelCase, optionsOf } from "./camel-case.js";
import { builtIns, rangeText } from "./python/built-in.js";
import { MODULES } from "./python/modules.js";
import { toHost } from "./python/objects.js";
import { reprOf } from "./python/text.js";
import { HostClass, Instance, Namespace, PyArray, PyClass, PyFunction } from "./python/values.js";

/** Names that the scripts of packed checkpoints import or find built in. */
export function scriptNames(): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ...builtIns(),
    ...MODULES,
    ...dataraxNames(),
    ["datarax", new Namespace("datarax", dataraxNames())],
    ["samplers", new Namespace("samplers", dataraxNames())],
    ["sources", new Namespace("sources", dataraxNames())],
    ["nnx", nnx],
    ["flax", new Namespace("flax", [["nnx", nnx]])],
    ["grain", grainNamespace],
    ...grainNamespace.names,
  ]);
}

const nnx = new Namespace("nnx", [
  [
    "Rngs",
    new PyFunction("Rngs", ([seed], named) => {
      const seeds = { ...(seed === undefined ? {} : { default: seed }), ...Object.fromEntries(named) };
      return new Rngs(untyped(seeds));
    }),
  ],
  ["Module", new PyClass("Module", [], new Map())],
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
/** Classes that take nothing but options, which have this order in Python. */
const ONLY_OPTIONS: { readonly [name: string]: readonly string[] | undefined } = {
  DataLoader: [],
  IndexSampler: ["num_records", "shard_options", "shuffle", "num_epochs", "seed"],
  SequentialSampler: ["num_records", "shard_options"],
  ShardOptions: ["shard_index", "shard_count", "drop_remainder"],
};
/** Options of Python that change no element. */
const WITHOUT_EFFECT = ["read_options", "worker_buffer_size", "enable_profiling"];

const grainClasses = Object.entries(grain).flatMap(([name, value]): (readonly [string, unknown])[] => {
  if (!/^[A-Z]/.test(name) || typeof value !== "function") return [];
  const construct = new PyFunction(name, (args, named) => {
    const order = ONLY_OPTIONS[name];
    const [parent, ...others] = order === undefined ? args : [undefined, ...args];
    const fields = new Map([...named].filter(([field]) => !WITHOUT_EFFECT.includes(field)));
    for (const [index, argument] of others.entries()) {
      fields.set((order ?? GRAIN_ARGUMENTS[name] ?? [])[index] ?? `argument_${index}`, argument);
    }
    const parentNamed = ["parent", "parents", "datasets"].find((field) => fields.has(field));
    const first = parent ?? (parentNamed === undefined ? undefined : fields.get(parentNamed));
    if (parentNamed !== undefined && parent === undefined) fields.delete(parentNamed);
    const options = Object.fromEntries(
      [...fields].map(([field, given]) => [camelCase(field), toHost(given)] as const),
    );
    if (name === "DataLoader") Object.assign(options, loaderOptions(fields));
    return Reflect.construct(value, order === undefined ? [toHost(first), options] : [options]);
  });
  return [[name, new HostClass(name, value, construct)]];
});
/** What a DataLoader is told of its source and its operations. */
function loaderOptions(fields: ReadonlyMap<string, unknown>): object {
  const source = fields.get("data_source");
  const repr =
    source instanceof Instance
      ? reprOf(source)
      : source instanceof PyArray
        ? "<class 'numpy.ndarray'>"
        : rangeText(source);
  const operations: unknown = fields.get("operations") ?? fields.get("transformations") ?? [];
  return {
    ...(repr === undefined ? {} : { dataSourceRepr: repr }),
    ...(Array.isArray(operations) ? { operations: operations.map(operationOf) } : {}),
  };
}

function operationOf(transformation: unknown): unknown {
  if (!(transformation instanceof Instance)) return transformation;
  const method = (name: string) => {
    const found = transformation.method(name);
    return found === undefined ? undefined : (...args: unknown[]) => toHost(found(...args));
  };
  const [map, filter] = [method("map"), method("filter")];
  if (map !== undefined) return grain.mapOperation(map);
  return filter === undefined ? toHost(transformation) : grain.filterOperation(filter);
}

const batch = new PyFunction("Batch", ([size, drop], named) => {
  const dropRemainder = (named.get("drop_remainder") ?? drop) === true;
  return grain.batchOperation(Number(named.get("batch_size") ?? size), { dropRemainder });
});
const mapOf = new PyFunction("MapOperation", ([act], named) =>
  grain.mapOperation(untyped(toHost(named.get("map_function") ?? act))),
);
const filterOf = new PyFunction("FilterOperation", ([act], named) =>
  grain.filterOperation(untyped(toHost(named.get("condition_function") ?? act))),
);

/** Classes that programs derive from. */
const BASES = [
  "Map",
  "MapTransform",
  "Filter",
  "FilterTransform",
  "MapWithIndex",
  "MapWithIndexTransform",
  "RandomMap",
  "RandomMapTransform",
  "FlatMap",
  "FlatMapTransform",
  "RandomAccessDataSource",
];

const grainNames: readonly (readonly [string, unknown])[] = [
  ...grainClasses,
  ...BASES.map((name) => [name, new PyClass(name, [], new Map())] as const),
  ["Batch", batch],
  ["BatchOperation", batch],
  ["MapOperation", mapOf],
  ["FilterOperation", filterOf],
  ["NoSharding", new PyFunction("NoSharding", () => grain.noSharding())],
  ["ReadOptions", new PyFunction("ReadOptions", () => null)],
];
const grainNamespace: Namespace = new Namespace("grain", [
  ...grainNames,
  ...["experimental", "samplers", "sharding", "python", "transforms", "sources"].map(
    (name) =>
      [
        name,
        new Namespace(`grain.${name}`, [
          ...grainNames,
          ["experimental", new Namespace("grain.experimental", grainNames)],
        ]),
      ] as const,
  ),
]);
