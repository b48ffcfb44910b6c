import { invalidArgument } from "../errors.js";
import type { PhiloxGenerator } from "../random/philox.js";
import { type Batched, batchElements } from "./batch-elements.js";
import { AsyncDatasetIterator, DatasetIterator } from "./dataset-iterator.js";
import { toIter, toIterWithNulls } from "./iter/to-iter.js";
import {
  type BatchOptions,
  type CustomBatchOptions,
  IterDataset,
  type RandomMapOptions,
} from "./iter-dataset.js";
import { batchNode } from "./map/batch.js";
import { concatenateNode } from "./map/concatenate.js";
import { filterNode } from "./map/filter.js";
import { mapNode, mapWithIndexNode, type Result } from "./map/map.js";
import { mixNode } from "./map/mix.js";
import { randomMapNode } from "./map/random-map.js";
import { rangeNode } from "./map/range.js";
import { type RepeatMapOptions, repeatNode } from "./map/repeat.js";
import { seedNode } from "./map/seed.js";
import { type DatasetSelectionMap, selectFromNode } from "./map/selected.js";
import { shuffleNode } from "./map/shuffle.js";
import { type SliceBound, sliceNode } from "./map/slice.js";
import { type RandomAccessDataSource, sourceNode } from "./map/source.js";
import type { MaybePromise } from "./maybe-promise.js";
import type { MapNode } from "./node.js";
import type { ReadOptions } from "./read-options.js";
import { nodesOf } from "./structure-arguments.js";

/** Options of `MapDataset.toIterDataset`. */
export type ToIterOptions = {
  /** Whether elements that are absent are given as `null` rather than passed over. Default: false. */
  readonly allowNones?: boolean;
  /** How far ahead elements are asked for that come as promises. */
  readonly readOptions?: ReadOptions;
};

/**
 * A dataset with random access: Grain's `MapDataset`. Every transformation gives a new dataset.
 *
 * Sources and functions may answer with promises: then it has to be iterated with `for await`. `null` and
 * `undefined` of a source or function are Python's `None`: there is no element. Functions do not see such places,
 * iterations pass over them. Indices beyond the length lie in further epochs.
 *
 * @example
 * const ds = MapDataset.range(10).shuffle(42).repeat().batch(4);
 * const iterator = ds[Symbol.iterator]();
 * iterator.next();
 * iterator.getState() // { next_index: 1 }, also for Python
 */
export class MapDataset<T> {
  /** What the dataset is made of: for transformations of other modules. */
  readonly node: MapNode<T>;

  /** @internal Datasets come from {@link MapDataset.range}, {@link MapDataset.source} and transformations. */
  constructor(node: MapNode<T>) {
    this.node = node;
  }

  /**
   * The integers of Python's `range(start, stop, step)`, or `range(start)` without `stop`.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for fractions, unsafe integers and a step of 0.
   */
  static range(start: number, stop?: number, step?: number): MapDataset<number> {
    return new MapDataset(rangeNode(start, stop, step));
  }

  /**
   * The records of an array, or of an object with `length` and `get(index)`.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for something without a length.
   */
  static source<T>(source: RandomAccessDataSource<T> | ArrayLike<T | null | undefined>): MapDataset<T> {
    return new MapDataset(sourceNode(source));
  }

  /**
   * Elements of several datasets in proportion to weights, as many as there are before one of them would begin anew.
   *
   * @param weights One a dataset. Default: all the same.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for no datasets, an empty one or weights that are not positive.
   */
  static mix<T>(datasets: readonly MapDataset<T>[], weights?: readonly number[] | null): MapDataset<T> {
    return new MapDataset(mixNode(nodesOf(datasets), weights));
  }

  /**
   * Datasets one after another; their n-th epochs make its n-th epoch.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` if one of them is endless.
   */
  static concatenate<T>(datasets: readonly MapDataset<T>[]): MapDataset<T> {
    return new MapDataset(concatenateNode(nodesOf(datasets)));
  }

  /**
   * Elements of several datasets as a map says, which gives `[dataset, index]` for an index.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a map without a length.
   */
  static selectFromDatasets<T>(
    datasets: readonly MapDataset<T>[],
    selectionMap: DatasetSelectionMap,
  ): MapDataset<T> {
    return new MapDataset(selectFromNode(nodesOf(datasets), selectionMap));
  }

  /** Elements of one epoch, absent ones too; `Infinity` for an endless dataset. */
  get length(): number {
    return this.node.length;
  }

  /**
   * The element at an index, `null` if it is absent; a promise of it if the source or a function answers with one.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for an index that is no integer from 0 to 2^53−1, and for an empty
   * dataset.
   */
  get(index: number): MaybePromise<T | null> {
    if (Number.isSafeInteger(index) && index >= 0) return this.node.get(index);
    throw invalidArgument(`index ${index}, expected an integer from 0 to 2^53-1`, {
      found: index,
      pythonType: Number.isInteger(index) ? "IndexError" : "TypeError",
    });
  }

  /**
   * The same elements in another order in each epoch. Any position costs the same.
   *
   * @param seed 0 to 2^32−1. Default: drawn from the {@link seed} before it.
   * @throws {OrbaxError} `INVALID_ARGUMENT` without a seed, or for a bad one; `UNSUPPORTED` for an endless dataset.
   */
  shuffle(seed?: number | bigint | null): MapDataset<T> {
    return new MapDataset(shuffleNode(this.node, seed));
  }

  /**
   * Several epochs as one.
   *
   * @param numEpochs 1 or more. Default: `null`, without end.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a number of epochs below 1, and if the dataset is endless already.
   */
  repeat(numEpochs?: number | null, options: RepeatMapOptions = {}): MapDataset<T> {
    return new MapDataset(repeatNode(this.node, numEpochs ?? null, options));
  }

  /**
   * The elements of Python's `ds[start:stop:step]`; `null` or nothing is its `None`.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a step of 0 or a fraction; `UNSUPPORTED` for a slice that counts
   * from the end of an endless dataset.
   */
  slice(start?: SliceBound, stop?: SliceBound, step?: SliceBound): MapDataset<T> {
    return new MapDataset(sliceNode(this.node, start, stop, step));
  }

  /**
   * Groups of `batchSize` elements, stacked by {@link batchElements} or a function of one's own. Each epoch is
   * grouped for itself.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a size below 1, and behind transformations that take elements away.
   */
  batch(batchSize: number, options?: BatchOptions): MapDataset<Batched<T>>;
  batch<S>(batchSize: number, options: CustomBatchOptions<T | null, S>): MapDataset<S>;
  batch(
    batchSize: number,
    options: Partial<CustomBatchOptions<T | null, unknown>> = {},
  ): MapDataset<unknown> {
    const { dropRemainder = false, batchFn = batchElements } = options;
    return new MapDataset(batchNode(this.node, batchSize, dropRemainder, batchFn));
  }

  /** Elements as a function changes them. */
  map<S>(change: (element: T) => Result<S>): MapDataset<S> {
    return new MapDataset(mapNode(this.node, change));
  }

  /** {@link map} with a function that is given the element's index first. */
  mapWithIndex<S>(change: (index: number, element: T) => Result<S>): MapDataset<S> {
    return new MapDataset(mapWithIndexNode(this.node, change));
  }

  /**
   * {@link map} with a function that is also given random numbers, which follow from the seed and the element's
   * index: those of NumPy's `Generator` in Python.
   *
   * @param change Must not keep the generator: another element gets it next.
   * @throws {OrbaxError} `INVALID_ARGUMENT` without a seed, or for a negative or fractional one.
   */
  randomMap<S>(
    change: (element: T, rng: PhiloxGenerator) => Result<S>,
    options: RandomMapOptions = {},
  ): MapDataset<S> {
    return new MapDataset(randomMapNode(this.node, change, options.seed));
  }

  /** Elements for which the function answers with something truthy; the others are absent. The length stays. */
  filter(keep: (element: T) => MaybePromise<unknown>): MapDataset<T> {
    return new MapDataset(filterNode(this.node, keep));
  }

  /**
   * The same elements, with a seed from which random transformations behind it draw theirs, each another one
   * (docs/spec/datarax.md section 6.3).
   *
   * @param seed An integer of any size. A negative one fails where it is needed, as in Python.
   */
  seed(seed: number | bigint): MapDataset<T> {
    return new MapDataset(seedNode(this.node, seed));
  }

  /**
   * The elements of one epoch, to be iterated. State: `{ next_index }`, which counts absent elements.
   *
   * Where an iterator meets an element that comes as a promise, it asks for those behind it too, in their order,
   * `readOptions.numThreads` at a time: functions of this dataset are then called ahead, for up to
   * `readOptions.prefetchBufferSize` elements that perhaps nobody will want, and go on in the order in which promises
   * come. Functions of the dataset that comes out are called in the order of the elements, when those are wanted.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for read options that are negative or no integers.
   */
  toIterDataset(options: ToIterOptions & { readonly allowNones: true }): IterDataset<T | null>;
  toIterDataset(options?: ToIterOptions & { readonly allowNones?: false }): IterDataset<T>;
  toIterDataset(options?: ToIterOptions): IterDataset<T | null>;
  toIterDataset({ allowNones = false, readOptions }: ToIterOptions = {}): IterDataset<T | null> {
    return new IterDataset<T | null>(
      allowNones ? toIterWithNulls(this.node, readOptions) : toIter(this.node, readOptions),
    );
  }

  /** A new iterator at the first element of {@link toIterDataset}. */
  [Symbol.iterator](): DatasetIterator<T> {
    return new DatasetIterator(toIter(this.node));
  }

  /** A new iterator that waits for sources and functions that answer with promises, and reads ahead. */
  [Symbol.asyncIterator](): AsyncDatasetIterator<T> {
    return new AsyncDatasetIterator(toIter(this.node));
  }
}
