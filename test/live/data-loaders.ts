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
import type { Draw } from "./draw.js";

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

function drawShard(draw: Draw): Shard | null {
  if (draw.chance(0.5)) return null;
  const count = draw.integer(1, 4);
  return [draw.integer(0, count - 1), count, draw.chance(0.5)];
}

function drawOperation(draw: Draw): OperationSpec {
  const name = draw.pick<OperationSpec[0]>(["map", "filter", "random", "fan", "batch", "batch"]);
  if (name === "batch") return [name, draw.integer(1, 4), draw.chance(0.5)];
  if (name === "filter") return [name, draw.integer(2, 5)];
  return [name, draw.integer(1, name === "fan" ? 3 : 200)];
}

/** A loader as users might configure one, in a small space in which ends and remainders are frequent. */
export function drawLoader(draw: Draw): LoaderSpec {
  const n = draw.pick([1, 2, 5, 12, 40, 97]) + draw.integer(0, 3);
  const source = draw.pick<NonNullable<LoaderSpec["source"]>>(["list", "numpy", "range"]);
  const operations = Array.from({ length: draw.integer(0, 3) }, () => drawOperation(draw));
  const loader_shard = draw.chance(1 / 4) ? drawShard(draw) : null;
  const others = { n, source, operations, loader_shard, shard: drawShard(draw) };
  const seed = draw.chance(1 / 5) ? null : draw.integer(0, 2 ** 32 - 1);
  if (draw.chance(1 / 5)) return { sampler: "sequential", seed, ...others };
  // An endless loader that keeps nothing would be searched for ever.
  const mayBeEmpty = operations.some(([name]) => name === "filter" || name === "fan");
  const num_epochs = mayBeEmpty ? draw.pick([1, 2, 5]) : draw.pick([null, 1, 2, 5]);
  return { sampler: "index", shuffle: seed !== null && draw.chance(3 / 4), seed, num_epochs, ...others };
}
