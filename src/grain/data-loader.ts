import { invalidArgument } from "../errors.js";
import { AsyncDataLoaderIterator, DataLoaderIterator } from "./data-loader-iterator.js";
import type { LoaderIdentity } from "./data-loader-state.js";
import { IndexSampler, type IndexSamplerOptions } from "./index-sampler.js";
import { mpPrefetchIter } from "./iter/mp-prefetch.js";
import { toIter } from "./iter/to-iter.js";
import type { RandomAccessDataSource } from "./map/source.js";
import type { IterNode } from "./node.js";
import { applyOperation, batchOperation, isFlatMap, type Operation } from "./operations.js";
import { checkedReadOptions, type ReadOptions } from "./read-options.js";
import { dataOf, sampledRecords } from "./record-node.js";
import type { Sampler } from "./sampler.js";
import { ShardOptions } from "./shard-options.js";
import { sourceRepr } from "./source-repr.js";
import { requireList, requireMethod } from "./structure-arguments.js";
import { checkWorkers, type Workers } from "./workers.js";

/** Options of a {@link DataLoader}, with Python's names. */
export type DataLoaderOptions = Partial<Workers> & {
  /** The records: an array, a typed array, or an object with `length` and `get(index)`. */
  readonly dataSource: RandomAccessDataSource<unknown> | ArrayLike<unknown>;
  /** Which record comes when. */
  readonly sampler: Sampler;
  /** What is done with each record, in order. */
  readonly operations?: readonly Operation[];
  /** Which part of the sampler's positions this process reads. Default: the sampler's. */
  readonly shardOptions?: ShardOptions;
  /**
   * How Python calls the data source in states: `repr(source)`, of lists, tuples and NumPy arrays `str(type(source))`.
   * Default: `<class 'list'>` for an array, `<class 'numpy.ndarray'>` for a typed array, else what the source's own
   * `toString` gives.
   */
  readonly dataSourceRepr?: string;
  /** How far ahead each worker asks a source for records that comes with promises. */
  readonly readOptions?: ReadOptions;
};

/**
 * Loads records in the order of a sampler: Grain's `DataLoader`. Its states are Python's, text for text: a stream that
 * was saved in one language goes on in the other (docs/spec/datarax.md section 6.1).
 *
 * Workers are counted, not started: with `workerCount: 3` elements come in the order, and states have the numbers, of
 * three processes.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's texts for bad numbers of workers and sizes, and without shard
 * options.
 * @example
 * const sampler = new IndexSampler({ numRecords: 1000, shuffle: true, seed: 7 });
 * const loader = new DataLoader({ dataSource: records, sampler, operations: [batchOperation(32)] });
 * const iterator = loader[Symbol.iterator]();
 * iterator.setState(await readFile("process_0-of-1.json"));
 * console.log(iterator.next().value);
 */
export class DataLoader<T = unknown> {
  readonly #node: IterNode<T>;
  /** `undefined` where states are those of the datasets that the loader is made of. */
  readonly #identity: LoaderIdentity | undefined;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's texts for options that cannot be. */
  constructor(options: DataLoaderOptions) {
    const { dataSource, sampler, operations = [], dataSourceRepr = sourceRepr(dataSource) } = options;
    const workers: Workers = {
      workerCount: options.workerCount ?? 0,
      workerBufferSize: options.workerBufferSize ?? 1,
    };
    checkWorkers(workers);
    requireMethod(sampler, "get");
    requireList(operations, "operations");
    const shardOptions = new ShardOptions(options.shardOptions ?? ownShards(sampler));
    const readOptions = checkedReadOptions(options.readOptions);
    this.#node = loaderNode<T>({ dataSource, sampler, operations, shardOptions, readOptions, workers });
    const { workerCount } = workers;
    const identity = { shardOptions, workerCount, sampler: String(sampler), dataSource: dataSourceRepr };
    this.#identity = operations.some(isFlatMap) ? undefined : identity;
  }

  /** A new iterator at the first element. */
  [Symbol.iterator](): DataLoaderIterator<T> {
    return new DataLoaderIterator(this.#node, this.#identity);
  }

  /** A new iterator for sources and operations that answer with promises. */
  [Symbol.asyncIterator](): AsyncDataLoaderIterator<T> {
    return new AsyncDataLoaderIterator(this.#node, this.#identity);
  }
}

function ownShards({ shardOptions }: Sampler): ShardOptions {
  if (shardOptions !== undefined) return shardOptions;
  throw invalidArgument(
    "No shard options were provided to the DataLoader. Please pass shard options to the DataLoader. Previously " +
      "sharding was handled by the Sampler but going forward sharding will be handled by the DataLoader for greater " +
      "flexibility.",
    { field: "shardOptions", pythonType: "ValueError" },
  );
}

type LoaderParts = Required<
  Pick<DataLoaderOptions, "dataSource" | "sampler" | "operations" | "shardOptions" | "readOptions">
> & {
  readonly workers: Workers;
};

/** The elements, of whatever type the operations make them. */
function loaderNode<T>(parts: LoaderParts): IterNode<T>;
function loaderNode({
  dataSource,
  sampler,
  operations,
  shardOptions,
  readOptions,
  workers,
}: LoaderParts): IterNode<unknown> {
  const records = toIter(sampledRecords(dataSource, sampler, shardOptions), readOptions);
  return mpPrefetchIter(dataOf(operations.reduce(applyOperation, records)), {
    numWorkers: workers.workerCount,
    perWorkerBufferSize: workers.workerBufferSize,
  });
}

/** Options of {@link load}, with Python's names and defaults. */
export type LoadOptions = Omit<IndexSamplerOptions, "numRecords"> &
  Pick<DataLoaderOptions, "dataSourceRepr" | "readOptions" | "workerCount"> & {
    /** What is done with each record, in order. */
    readonly transformations?: readonly Operation[];
    /** Groups the elements. Default: they come one by one. */
    readonly batchSize?: number | null;
    /** Leaves out a last batch that is short. Default: false. */
    readonly dropRemainder?: boolean;
  };

/**
 * A {@link DataLoader} over all records of a source with an {@link IndexSampler}: Grain's `load`.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` as both.
 * @example for (const batch of load(records, { shuffle: true, seed: 1, numEpochs: 2, batchSize: 8 })) train(batch);
 */
export function load<T = unknown>(
  source: RandomAccessDataSource<unknown> | ArrayLike<unknown>,
  options: LoadOptions = {},
): DataLoader<T> {
  const {
    transformations = [],
    batchSize = null,
    dropRemainder = false,
    dataSourceRepr,
    readOptions,
    workerCount = 0,
    ...order
  } = options;
  const batch = batchSize === null ? [] : [batchOperation(batchSize, { dropRemainder })];
  return new DataLoader<T>({
    dataSource: source,
    sampler: new IndexSampler({ ...order, numRecords: source.length }),
    operations: [...transformations, ...batch],
    workerCount,
    ...(dataSourceRepr === undefined ? {} : { dataSourceRepr }),
    ...(readOptions === undefined ? {} : { readOptions }),
  });
}
