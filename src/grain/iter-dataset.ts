import type { PhiloxGenerator } from "../random/philox.js";
import { type Batched, batchElements } from "./batch-elements.js";
import { AsyncDatasetIterator, DatasetIterator } from "./dataset-iterator.js";
import { batchIter } from "./iter/batch.js";
import { filterIter } from "./iter/filter.js";
import { type Changed, mapIter } from "./iter/map.js";
import { mapWithIndexIter } from "./iter/map-with-index.js";
import { mapDatasets, mixIter, type PerDataset } from "./iter/mix.js";
import { type MultiprocessingOptions, mpPrefetchIter } from "./iter/mp-prefetch.js";
import { randomMapIter } from "./iter/random-map.js";
import { seedIter } from "./iter/seed.js";
import type { MaybePromise } from "./maybe-promise.js";
import type { IterNode } from "./node.js";
import { nodeOf, requireObject } from "./structure-arguments.js";

/** Options of `batch`. */
export type BatchOptions = {
  /** Whether a last batch that is short is left out. Default: false. */
  readonly dropRemainder?: boolean;
};

/** Options of `batch` with a function of one's own. */
export type CustomBatchOptions<T, S> = BatchOptions & {
  /** Makes a batch of the elements, or the promise of one. */
  readonly batchFn: (elements: readonly T[]) => MaybePromise<S>;
};

/** Options of `randomMap`. */
export type RandomMapOptions = {
  /** An integer of any size, not negative. Default: drawn from the `seed(…)` before it. */
  readonly seed?: number | bigint | null;
};

/**
 * A dataset that can be iterated, but has no random access: Grain's `IterDataset`. Made from a `MapDataset` by
 * `toIterDataset`; every transformation gives a new dataset.
 *
 * Functions may answer with promises: then it has to be iterated with `for await`. `null` and `undefined` are
 * Python's `None`: functions of the maps do not see such elements.
 *
 * @example
 * const ds = MapDataset.range(6).toIterDataset().filter((x) => x % 2 === 0).batch(2);
 * [...ds] // [[0, 2], [4]]
 */
export class IterDataset<T> {
  /** What the dataset is made of: for transformations of other modules. */
  readonly node: IterNode<T>;

  /** @internal Datasets come from `MapDataset.toIterDataset` and transformations. */
  constructor(node: IterNode<T>) {
    this.node = node;
  }

  /**
   * Elements of several datasets in proportion to weights, until the dataset whose turn it is ends. State:
   * `{ parents, index, stop }`; with names a state may come from a mixture of other datasets.
   *
   * @param datasets In order, or by name.
   * @param weights One a dataset, or by name. Default: all the same.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for no datasets or weights that are not positive.
   */
  static mix<T>(datasets: PerDataset<IterDataset<T>>, weights?: PerDataset<number> | null): IterDataset<T> {
    return new IterDataset(
      mixIter(
        mapDatasets(requireObject(datasets, "datasets"), (dataset) => nodeOf(dataset, "datasets")),
        weights,
      ),
    );
  }

  /** Elements as a function changes them. The state is the parent's. */
  map<S>(change: (element: NonNullable<T>) => MaybePromise<S>): IterDataset<Changed<T, S>> {
    return new IterDataset(mapIter(this.node, change));
  }

  /**
   * {@link map} with a function that is given the element's number in the iteration first. State: `{ parent,
   * counter }`.
   */
  mapWithIndex<S>(
    change: (index: number, element: NonNullable<T>) => MaybePromise<S>,
  ): IterDataset<Changed<T, S>> {
    return new IterDataset(mapWithIndexIter(this.node, change));
  }

  /**
   * {@link map} with a function that is also given random numbers, which follow from the seed and the element's
   * number in the iteration: those of NumPy's `Generator` in Python. State: `{ parent, index_for_rng }`.
   *
   * @param change Must not keep the generator: the next element gets it.
   * @throws {OrbaxError} `INVALID_ARGUMENT` without a seed; for a negative or fractional one, when it is iterated.
   */
  randomMap<S>(
    change: (element: NonNullable<T>, rng: PhiloxGenerator) => MaybePromise<S>,
    options: RandomMapOptions = {},
  ): IterDataset<Changed<T, S>> {
    return new IterDataset(randomMapIter(this.node, change, options.seed));
  }

  /** Elements for which the function answers with something truthy. The state is the parent's. */
  filter(keep: (element: T) => MaybePromise<unknown>): IterDataset<T> {
    return new IterDataset(filterIter(this.node, keep));
  }

  /**
   * Groups of `batchSize` elements, stacked by {@link batchElements} or a function of one's own. The state is the
   * parent's.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a size below 1, or one that is no integer.
   */
  batch(batchSize: number, options?: BatchOptions): IterDataset<Batched<T>>;
  batch<S>(batchSize: number, options: CustomBatchOptions<T, S>): IterDataset<S>;
  batch(batchSize: number, options: Partial<CustomBatchOptions<T, unknown>> = {}): IterDataset<unknown> {
    const { dropRemainder = false, batchFn = batchElements } = options;
    return new IterDataset(batchIter(this.node, batchSize, dropRemainder, batchFn));
  }

  /**
   * The same elements, with a seed from which random transformations behind it draw theirs, each another one
   * (docs/spec/datarax.md section 6.3).
   *
   * @param seed An integer of any size. A negative one fails where it is needed, as in Python.
   */
  seed(seed: number | bigint): IterDataset<T> {
    return new IterDataset(seedIter(this.node, seed));
  }

  /**
   * The elements in the order in which Grain's `mp_prefetch` gives them with that many workers, for its states;
   * nothing runs in parallel. State: that of interleaved datasets. Filters and batches before it work within each
   * worker's part.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for numbers that cannot be.
   */
  mpPrefetch(options: MultiprocessingOptions = {}): IterDataset<T> {
    return new IterDataset(mpPrefetchIter(this.node, options));
  }

  /** A new iterator at the first element. */
  [Symbol.iterator](): DatasetIterator<T> {
    return new DatasetIterator(this.node);
  }

  /** A new iterator at the first element, which waits for sources and functions that answer with promises. */
  [Symbol.asyncIterator](): AsyncDatasetIterator<T> {
    return new AsyncDatasetIterator(this.node);
  }
}
