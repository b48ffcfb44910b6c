import { isBatch, rememberBatch } from "../../src/grain/batch-array.js";
import { IterDataset } from "../../src/grain/iter-dataset.js";
import { FlatMapMapDataset } from "../../src/grain/map/flat-map.js";
import { WindowShuffleMapDataset } from "../../src/grain/map/window-shuffle.js";
import { ZipMapDataset } from "../../src/grain/map/zip.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { isDict } from "../../src/pytree/container.js";
import type { PhiloxGenerator } from "../../src/random/philox.js";

/**
 * A pipeline as JSON that both languages build: the first step makes a dataset, each further one transforms it.
 * `scripts/oracle/ops_grain.py` has the same tables.
 */
export type Program = readonly Step[];

/** Operation and arguments, which may hold programs. */
export type Step = readonly [operation: string, args: StepArguments];

/** What steps have as arguments; each takes its own of them. */
export type StepArguments = {
  readonly bounds?: readonly (number | null)[];
  readonly elements?: readonly unknown[];
  readonly datasets?: readonly Program[] | { readonly [name: string]: Program };
  readonly weights?: readonly number[] | { readonly [name: string]: number } | null;
  readonly selection?: readonly (readonly [number, number])[];
  /** Text where it is beyond 2^53. */
  readonly seed?: number | string | null;
  readonly num_epochs?: number | null;
  readonly reseed_each_epoch?: boolean;
  readonly batch_size?: number;
  readonly drop_remainder?: boolean;
  readonly window_size?: number;
  readonly max_fan_out?: number;
  readonly allow_nones?: boolean;
  readonly function?: string;
  readonly value?: number;
  readonly key?: string;
  readonly modulus?: number;
  readonly rest?: number;
  readonly high?: number;
};

/** A dataset that a program makes. */
export type Dataset = MapDataset<unknown> | IterDataset<unknown>;

/** The dataset of a program. */
export function build(program: Program): Dataset {
  const dataset = program.reduce<Dataset | undefined>((parent, [operation, args]) => {
    const apply = OPERATIONS[operation];
    if (apply === undefined) throw new Error(`no operation ${operation}`);
    return apply(parent ?? NOTHING, args);
  }, undefined);
  if (dataset === undefined) throw new Error("a program without steps");
  return dataset;
}

const NOTHING = MapDataset.range(0); // what a first step is given

/** Operation → what it does with the dataset before it. */
export const OPERATIONS: {
  readonly [operation: string]: ((dataset: Dataset, args: StepArguments) => Dataset) | undefined;
} = {
  range: (_, { bounds = [] }) => {
    const [start = 0, stop, step] = bounds.map(Number);
    return MapDataset.range(start, stop, step);
  },
  source: (_, { elements = [] }) => MapDataset.source<unknown>(elements),
  mix: (_, { datasets = [], weights = null }) => MapDataset.mix(mapDatasets(datasets), listOf(weights)),
  concatenate: (_, { datasets = [] }) => MapDataset.concatenate(mapDatasets(datasets)),
  select: (_, { datasets = [], selection = [] }) =>
    MapDataset.selectFromDatasets(mapDatasets(datasets), selection),
  zip: (_, { datasets = [] }) => new ZipMapDataset(mapDatasets(datasets)),
  iter_mix: (_, { datasets = [], weights = null }) => IterDataset.mix(iterDatasets(datasets), weights),
  seed: (dataset, { seed }) => dataset.seed(BigInt(seed ?? 0)),
  shuffle: (dataset, { seed }) => mapOf(dataset).shuffle(seedOf(seed)),
  repeat: (dataset, { num_epochs: numEpochs, reseed_each_epoch: reseedEachEpoch = true }) =>
    mapOf(dataset).repeat(numEpochs, { reseedEachEpoch }),
  slice: (dataset, { bounds = [] }) => mapOf(dataset).slice(...threeOf(bounds)),
  batch: (dataset, { batch_size: batchSize = 0, drop_remainder: dropRemainder = false }) =>
    dataset.batch(batchSize, { dropRemainder }),
  map: (dataset, args) => {
    const change = changeOf(args);
    return dataset instanceof MapDataset ? dataset.map(change) : dataset.map(change);
  },
  map_with_index: (dataset) => {
    return dataset instanceof MapDataset ? dataset.mapWithIndex(numbered) : dataset.mapWithIndex(numbered);
  },
  random_map: (dataset, args) => {
    const change = randomChangeOf(args);
    const options = { seed: seedOf(args.seed) };
    return dataset instanceof MapDataset
      ? dataset.randomMap(change, options)
      : dataset.randomMap(change, options);
  },
  filter: (dataset, { modulus = 1, rest = 0 }) =>
    dataset.filter((x) => remainder(leafSum(x), modulus) === rest),
  window_shuffle_map: (dataset, { window_size: windowSize = 0, seed }) =>
    new WindowShuffleMapDataset(mapOf(dataset), { windowSize, seed: Number(seed) }),
  flat_map_map: (dataset, { max_fan_out: maxFanOut = 0 }) =>
    new FlatMapMapDataset(mapOf(dataset), { maxFanOut, flatMap: (x) => copiesOf(x, maxFanOut) }),
  to_iter: (dataset, { allow_nones: allowNones = false }) =>
    allowNones ? mapOf(dataset).toIterDataset({ allowNones }) : mapOf(dataset).toIterDataset(),
};

/** The dataset before a step, which must have random access. */
export function mapOf(dataset: Dataset): MapDataset<unknown> {
  if (dataset instanceof MapDataset) return dataset;
  throw new Error("the step needs a MapDataset");
}

/** The dataset before a step, which must be one to iterate. */
export function iterOf(dataset: Dataset): IterDataset<unknown> {
  if (dataset instanceof IterDataset) return dataset;
  throw new Error("the step needs an IterDataset");
}

type Programs = NonNullable<StepArguments["datasets"]>;

function isList<V>(value: readonly V[] | { readonly [name: string]: V }): value is readonly V[] {
  return Array.isArray(value);
}

function mapDatasets(programs: Programs): MapDataset<unknown>[] {
  return Object.values(programs).map((program) => mapOf(build(program)));
}

function iterDatasets(programs: Programs): IterDataset<unknown>[] | { [name: string]: IterDataset<unknown> } {
  if (isList(programs)) return programs.map((program) => iterOf(build(program)));
  return Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [name, iterOf(build(program))]),
  );
}

function listOf(weights: StepArguments["weights"]): readonly number[] | null {
  return weights === null || weights === undefined ? null : Object.values(weights);
}

function threeOf(bounds: readonly (number | null)[]) {
  const [start = null, stop = null, step = null] = bounds;
  return [start, stop, step] as const;
}

function seedOf(seed: StepArguments["seed"]): number | bigint | null {
  return typeof seed === "string" ? BigInt(seed) : (seed ?? null);
}

function copiesOf(x: unknown, maxFanOut: number) {
  return Array.from({ length: remainder(leafSum(x), maxFanOut + 1) }, (_, split) => ({ split, of: x }));
}

/** Python's `%`. */
function remainder(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}

function changeOf({ function: name, value = 0, key = "", modulus = 1 }: StepArguments) {
  const changes: { readonly [name: string]: (x: unknown) => unknown } = {
    add: (x) => addToLeaves(x, value),
    wrap: (x) => ({ [key]: x }),
    pair: (x) => [x, x],
    without: (x) => (remainder(leafSum(x), modulus) === 0 ? null : x),
  };
  return namedFunction(changes, name);
}

function randomChangeOf({ function: name, high = 1 }: StepArguments) {
  const changes: { readonly [name: string]: (x: unknown, rng: PhiloxGenerator) => unknown } = {
    integers: (x, rng) => ({ x, r: rng.integers(0, high) }),
    uniform: (x, rng) => ({ x, u: [rng.random(), rng.random()] }),
  };
  return namedFunction(changes, name);
}

function namedFunction<F>(functions: { readonly [name: string]: F }, name = ""): F {
  const found = functions[name];
  if (found === undefined) throw new Error(`no function ${name}`);
  return found;
}

function numbered(index: number, x: unknown) {
  return { index, x };
}

/** Every number of an element, rounded down, in one sum. */
function leafSum(x: unknown): number {
  if (typeof x === "number") return Math.floor(x);
  const items = Array.isArray(x) ? x : isDict(x) ? Object.values(x) : [];
  return items.reduce<number>((sum, item) => sum + leafSum(item), 0);
}

/** Batches stay batches, as NumPy arrays stay arrays. */
function addToLeaves(x: unknown, value: number): unknown {
  if (typeof x === "number") return x + value;
  if (isBatch(x)) return rememberBatch(x.map((item) => addToLeaves(item, value)));
  if (Array.isArray(x)) return x.map((item) => addToLeaves(item, value));
  if (!isDict(x)) return x;
  return Object.fromEntries(Object.entries(x).map(([key, item]) => [key, addToLeaves(item, value)]));
}
