import { invalidArgument } from "../errors.js";
import { PassThrough } from "./iter/pass-through.js";
import { type SliceableIterNode, sliceIter } from "./iter/worker-slice.js";
import { type RandomAccessDataSource, sourceNode } from "./map/source.js";
import { andThen, type MaybePromise } from "./maybe-promise.js";
import { type ElementIterator, element, type MapNode } from "./node.js";
import type { DataRecord } from "./record.js";
import type { Sampler } from "./sampler.js";
import type { ShardOptions } from "./shard-options.js";

/**
 * The records that a sampler chooses for one shard: position k of the shard is position k × count + index of the
 * sampler. A record that is `null` in the source is one like any other.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a source or sampler without a length that can be.
 */
export function sampledRecords(
  dataSource: RandomAccessDataSource<unknown> | ArrayLike<unknown>,
  sampler: Sampler,
  { shardIndex, shardCount }: ShardOptions,
): MapNode<DataRecord<unknown>> {
  const source = sourceNode<unknown>(dataSource);
  return {
    parents: [source],
    length: Math.floor(samplerLength(sampler) / shardCount),
    get(index) {
      const metadata = sampler.get(index * shardCount + shardIndex);
      const { recordKey } = metadata;
      if (recordKey === null) {
        throw invalidArgument("the sampler gave no record key", {
          field: "recordKey",
          pythonType: "TypeError",
        });
      }
      return andThen(source.get(recordKey), (data) => ({ metadata, data }));
    },
  };
}

/** As Python finds it for a sampler without a length: by bisection, with the first position that it refuses. */
function samplerLength(sampler: Sampler): number {
  const { length } = sampler;
  if (length !== undefined) {
    if (length >= 0 && (Number.isInteger(length) || length === Number.POSITIVE_INFINITY)) return length;
    throw invalidArgument(`sampler: its length is ${length}, expected an integer of 0 or more`, {
      field: "length",
      found: length,
      pythonType: "ValueError",
    });
  }
  let low = 0;
  let high = Number.MAX_SAFE_INTEGER;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (isRefused(sampler, middle)) high = middle;
    else low = middle + 1;
  }
  return low === Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : low;
}

function isRefused(sampler: Sampler, index: number): boolean {
  try {
    sampler.get(index);
    return false;
  } catch (error) {
    if (isIndexError(error)) return true;
    throw error;
  }
}

function isIndexError(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  const details: unknown = error instanceof Error && "details" in error ? error.details : undefined;
  return (
    typeof details === "object" &&
    details !== null &&
    "pythonType" in details &&
    details.pythonType === "IndexError"
  );
}

/** Records whose data a function makes of each record; their metadata stays. */
export function mapRecords(
  parent: SliceableIterNode<DataRecord<unknown>>,
  change: (record: DataRecord<unknown>) => MaybePromise<unknown>,
): SliceableIterNode<DataRecord<unknown>> {
  return mapEach(parent, (record) =>
    andThen(change(record), (data) => ({ metadata: record.metadata, data })),
  );
}

/** The records' data, without what is known about them. */
export function dataOf(parent: SliceableIterNode<DataRecord<unknown>>): SliceableIterNode<unknown> {
  return mapEach(parent, ({ data }) => data);
}

function mapEach<T, S>(
  parent: SliceableIterNode<T>,
  change: (value: T) => MaybePromise<S>,
): SliceableIterNode<S> {
  return {
    parents: [parent],
    open: () => new EachIterator(parent.open(), change),
    sliced: (worker) => mapEach(sliceIter(parent, worker), change),
  };
}

class EachIterator<T, S> extends PassThrough<T, S> {
  readonly #change: (value: T) => MaybePromise<S>;

  constructor(parent: ElementIterator<T>, change: (value: T) => MaybePromise<S>) {
    super(parent);
    this.#change = change;
  }

  next(): MaybePromise<IteratorResult<S, undefined>> {
    return andThen(this.parent.next(), (result) =>
      result.done === true ? result : andThen(this.#change(result.value), element),
    );
  }
}
