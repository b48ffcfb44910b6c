import { invalidArgument } from "../errors.js";
import { dictOf } from "../pytree/container.js";
import { countOf, requiredField } from "../pytree/state-values.js";
import { integerNumber } from "../random/integer-argument.js";
import { type Batched, batchElements } from "./batch-elements.js";
import { AsyncDatasetIterator, DatasetIterator } from "./dataset-iterator.js";
import { toIterWithNulls } from "./iter/to-iter.js";
import { IterDataset } from "./iter-dataset.js";
import { Iteration } from "./iteration.js";
import { batchNode } from "./map/batch.js";
import { sliceNode } from "./map/slice.js";
import type { MapDataset } from "./map-dataset.js";
import { andThen, type MaybePromise, untilDefined } from "./maybe-promise.js";
import {
  type ElementIterator,
  END,
  element,
  type IteratorState,
  type IterNode,
  type MapNode,
  type PipelineNode,
} from "./node.js";
import { checkedReadOptions, type ReadOptions } from "./read-options.js";

import { ShardOptions } from "./shard-options.js";

/** Options of {@link ElasticIterator}. */
export type ElasticOptions = {
  /** Elements of a batch of all shards together: a multiple of their number. */
  readonly globalBatchSize: number;
  /** Which part of each batch this process reads. */
  readonly shardOptions: ShardOptions;
  /** How far ahead batches are asked for that come as promises. */
  readonly readOptions?: ReadOptions;
};

/**
 * Batches of a shard that can be resumed with another number of shards and another batch size: Grain's
 * `ElasticIterator` (docs/spec/orbax-layout-extra.md section 11). The state `{ global_next_index }` is the same in all
 * shards that have made as many steps, and each of them restores from any one's. Any position is reached at once.
 *
 * As in Python it is a dataset and an iterator in one: `next`, `getState`, `setState`, `for … of` and `for await … of`
 * all go on from the same position. Transformations over it have positions of their own.
 *
 * A batch that is `null` counts as given; Grain leaves it out of the position, so that it gives elements again after a
 * restore.
 *
 * @example
 * const ds = MapDataset.range(24).shuffle(5);
 * const shard = new ElasticIterator(ds, { globalBatchSize: 4, shardOptions: { shardIndex: 0, shardCount: 2 } });
 * shard.setState({ global_next_index: 8 }); // saved by one of four shards
 * shard.next().value // [15, 1]
 */
export class ElasticIterator<T> extends IterDataset<Batched<T>> implements Iterator<Batched<T>, undefined> {
  readonly #iterator: DatasetIterator<Batched<T>>;
  readonly #asyncIterator: AsyncDatasetIterator<Batched<T>>;

  /**
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a dataset with a filter and bad shard options, with Grain's texts. Of a
   * batch size that the number of shards does not divide `next` complains, as in Grain.
   */
  constructor(ds: MapDataset<T>, options: ElasticOptions) {
    const node = elasticIter(ds.node, options);
    super(node);
    const iteration = new Iteration(node); // one position for both
    this.#iterator = new DatasetIterator(node, iteration);
    this.#asyncIterator = new AsyncDatasetIterator(node, iteration);
  }

  /** The one iterator, at the position where the last step left it. */
  override [Symbol.iterator](): DatasetIterator<Batched<T>> {
    return this.#iterator;
  }

  /** The one iterator, for sources and functions that answer with promises. */
  override [Symbol.asyncIterator](): AsyncDatasetIterator<Batched<T>> {
    return this.#asyncIterator;
  }

  /**
   * The next batch.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` if the number of shards does not divide the batch size, and for a pipeline
   * that answers with a promise.
   */
  next(): IteratorResult<Batched<T>, undefined> {
    return this.#iterator.next();
  }

  /** The position, the same in all shards. */
  getState(): IteratorState {
    return this.#iterator.getState();
  }

  /**
   * Continues where a state says, of whatever number of shards.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a state of another kind; the iterator is then as before.
   */
  setState(state: IteratorState): void {
    this.#iterator.setState(state);
  }
}

/** {@link ElasticIterator} over a node. */
export function elasticIter<T>(ds: MapNode<T>, options: ElasticOptions): IterNode<Batched<T>> {
  checkUnfiltered(ds);
  const shardOptions = new ShardOptions(options.shardOptions);
  checkedReadOptions(options.readOptions);
  integerNumber(options.globalBatchSize, "globalBatchSize");
  return {
    parents: [], // as in Grain: seeds reach no further
    open: () => new ElasticElements(ds, options, shardOptions),
  };
}

function checkUnfiltered(ds: PipelineNode): void {
  const toCheck = [ds];
  for (let node = toCheck.pop(); node !== undefined; node = toCheck.pop()) {
    if (node.discards?.operation === "MapDataset.filter") {
      throw invalidArgument("ElasticIterator does not support `filter` transformation.", {
        pythonType: "ValueError",
      });
    }
    toCheck.push(...node.parents);
  }
}

class ElasticElements<T> implements ElementIterator<Batched<T>> {
  readonly #ds: MapNode<T>;
  readonly #globalBatchSize: number;
  readonly #shardOptions: ShardOptions;
  readonly #readOptions: ReadOptions | undefined;
  #globalNextIndex = 0;
  /** The shard's batches from `#globalNextIndex` on. */
  #batches: ElementIterator<Batched<T> | null> | undefined;
  /** How many of them were given. */
  #given = 0;

  constructor(ds: MapNode<T>, { globalBatchSize, readOptions }: ElasticOptions, shardOptions: ShardOptions) {
    this.#ds = ds;
    this.#globalBatchSize = globalBatchSize;
    this.#shardOptions = shardOptions;
    this.#readOptions = readOptions;
  }

  next(): MaybePromise<IteratorResult<Batched<T>, undefined>> {
    return untilDefined<IteratorResult<Batched<T>, undefined>>(() => {
      this.#batches ??= this.#batchesFrom(this.#globalNextIndex);
      return andThen(this.#batches.next(), (result) => {
        if (result.done === true) return END;
        this.#given++;
        return result.value === null ? undefined : element(result.value);
      });
    });
  }

  #batchesFrom(globalNextIndex: number): ElementIterator<Batched<T> | null> {
    const { shardIndex, shardCount } = this.#shardOptions;
    if (this.#globalBatchSize % shardCount !== 0) {
      throw invalidArgument(
        `Global batch size ${this.#globalBatchSize} is not divisible by shard count ${shardCount}.`,
        { found: this.#globalBatchSize, pythonType: "ValueError" },
      );
    }
    const own = sliceNode(this.#ds, globalNextIndex + shardIndex, undefined, shardCount);
    const batches = batchNode(own, this.#globalBatchSize / shardCount, true, batchOf<T>);
    return toIterWithNulls(batches, this.#readOptions).open();
  }

  getState(): IteratorState {
    return dictOf([["global_next_index", this.#globalNextIndex + this.#given * this.#globalBatchSize]]);
  }

  setState(state: IteratorState): void {
    this.#globalNextIndex = countOf(requiredField(state, "global_next_index"), "global_next_index");
    this.#batches = undefined;
    this.#given = 0;
  }
}

/** Elements that a function took away are `null` in a batch, as Python's `None`. */
function batchOf<T>(elements: readonly (T | null)[]): Batched<T>;
function batchOf(elements: readonly unknown[]): unknown {
  return batchElements(elements);
}
