import { DataLoader } from "../../src/grain/data-loader.js";
import { IndexSampler } from "../../src/grain/index-sampler.js";
import {
  batchOperation,
  filterOperation,
  flatMapOperation,
  mapOperation,
  type Operation,
  randomMapOperation,
} from "../../src/grain/operations.js";
import type { RecordRng } from "../../src/grain/record.js";
import { SequentialSampler } from "../../src/grain/sequential-sampler.js";
import { noSharding, ShardOptions } from "../../src/grain/shard-options.js";

export type Shard = readonly [index: number, count: number, dropRemainder: boolean];

/** What `scripts/oracle/ops_data_loader.py` calls a sampler. */
export type SamplerSpec = {
  readonly sampler: "index" | "sequential";
  readonly n: number;
  readonly shuffle?: boolean;
  readonly num_epochs?: number | null;
  readonly seed?: number | null;
  readonly shard?: Shard | null;
};

export type OperationSpec =
  | readonly ["map" | "filter" | "random" | "fan", number]
  | readonly ["batch", number, boolean];

/** What it calls a loader. */
export type LoaderSpec = SamplerSpec & {
  readonly loader_shard?: Shard | null;
  readonly source?: "list" | "numpy" | "range";
  readonly operations?: readonly OperationSpec[];
  readonly workers?: number;
};

function shardsOf(shard: Shard | null | undefined): ShardOptions {
  if (shard === null || shard === undefined) return noSharding();
  const [shardIndex, shardCount, dropRemainder] = shard;
  return new ShardOptions({ shardIndex, shardCount, dropRemainder });
}

/** The sampler that Python makes of the same. */
export function samplerOf({
  sampler,
  n,
  shuffle = false,
  num_epochs = null,
  seed = null,
  shard,
}: SamplerSpec) {
  const common = { numRecords: n, shardOptions: shardsOf(shard), seed };
  return sampler === "sequential"
    ? new SequentialSampler(common)
    : new IndexSampler({ ...common, shuffle, numEpochs: num_epochs });
}

/** The sum of all numbers in an element, as all operations here see it. */
function total(element: unknown): number {
  if (!Array.isArray(element)) return Number(element);
  let sum = 0;
  for (const part of element) sum += total(part);
  return sum;
}

function addRandom(element: unknown, rng: RecordRng | null, below: number): number {
  if (rng === null) return total(element) + 7;
  return total(element) + rng.integers(0, below) + (rng.random() < 0.5 ? 1 : 0);
}

function operationOf(spec: OperationSpec): Operation {
  const [name, argument] = spec;
  if (name === "batch") return batchOperation(argument, { dropRemainder: spec[2] });
  if (name === "map") return mapOperation((element: unknown) => 3 * total(element) + argument);
  if (name === "filter") return filterOperation((element: unknown) => (total(element) + 1) % argument !== 0);
  if (name === "random")
    return randomMapOperation((element: unknown, rng) => addRandom(element, rng, argument));
  const parts = (element: unknown) => {
    const length = Math.floor(total(element) / 10) % (argument + 1);
    return Array.from({ length }, (_, part) => total(element) + part);
  };
  return flatMapOperation(parts, { maxFanOut: argument });
}

/** The loader that Python makes of the same. */
export function loaderOf(spec: LoaderSpec): DataLoader {
  const { n, source = "list", operations = [], workers = 0, loader_shard: shard = null } = spec;
  const names = {
    list: "<class 'list'>",
    numpy: "<class 'numpy.ndarray'>",
    range: `RangeDataSource(start=0, stop=${10 * n}, step=10)`,
  };
  return new DataLoader({
    dataSource: { length: n, get: (index: number) => 10 * index },
    sampler: samplerOf(spec),
    operations: operations.map(operationOf),
    workerCount: workers,
    dataSourceRepr: names[source],
    ...(shard === null ? {} : { shardOptions: shardsOf(shard) }),
  });
}

/** Draws the same numbers for the same seed. */
export class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to count − 1. */
  below(count: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * count);
  }

  oneOf<T>(first: T, ...others: readonly T[]): T {
    return [first, ...others][this.below(others.length + 1)] ?? first;
  }
}

function drawShard(draws: Draws): Shard | null {
  if (draws.below(2) === 0) return null;
  const count = 1 + draws.below(4);
  return [draws.below(count), count, draws.below(2) === 0];
}

function drawOperation(draws: Draws): OperationSpec {
  const name = draws.oneOf("map", "filter", "random", "fan", "batch", "batch");
  if (name === "batch") return [name, 1 + draws.below(4), draws.below(2) === 0];
  if (name === "filter") return [name, 2 + draws.below(4)];
  return [name, 1 + draws.below(name === "fan" ? 3 : 200)];
}

/** A loader as users might configure one, in a small space in which ends and remainders are frequent. */
export function drawLoader(draws: Draws): LoaderSpec {
  const n = draws.oneOf(1, 2, 5, 12, 40, 97) + draws.below(4);
  const source = draws.oneOf<"list" | "numpy" | "range">("list", "numpy", "range");
  const operations = Array.from({ length: draws.below(4) }, () => drawOperation(draws));
  const loader_shard = draws.below(4) === 0 ? drawShard(draws) : null;
  const others = { n, source, operations, loader_shard, shard: drawShard(draws) };
  const seed = draws.below(5) === 0 ? null : draws.below(2 ** 32);
  if (draws.below(5) === 0) return { sampler: "sequential", seed, ...others };
  // An endless loader that keeps nothing would be searched for ever.
  const mayBeEmpty = operations.some(([name]) => name === "filter" || name === "fan");
  const num_epochs = mayBeEmpty ? draws.oneOf(1, 2, 5) : draws.oneOf(null, 1, 2, 5);
  return { sampler: "index", shuffle: seed !== null && draws.below(4) > 0, seed, num_epochs, ...others };
}
