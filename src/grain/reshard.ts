import { invalidArgument, OrbaxError } from "../errors.js";
import { dictOf } from "../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../pytree/state-values.js";
import type { IteratorState } from "./node.js";
import { type Dealing, globalPosition, shardCountAt, shareOf } from "./shard-positions.js";
import { requireList, requireObject } from "./structure-arguments.js";

/** How the slices `ds[i::n]` of a dataset are iterated. */
export type SliceLayout = {
  /** Number of shards, 1 or more. */
  readonly shardCount: number;
  /** Elements of an index of a slice: its batch size, if slices are batched before `toIterDataset`. Default: 1. */
  readonly batchSize?: number;
};

/** Options of {@link reshardSlices}. */
export type ReshardSlicesOptions = {
  /** The layout whose states are given, one a shard. */
  readonly from: SliceLayout;
  /** The layout that is to go on. */
  readonly to: SliceLayout;
  /** Elements of an epoch of the dataset that is sliced. Default: `Infinity`, if it is repeated before it is sliced. */
  readonly length?: number;
  /** Whether slices are shuffled, hence each in an order of its own. Default: false; a shuffle before slicing is none. */
  readonly shuffledSlices?: boolean;
};

/**
 * The states of all shards of another layout, of iterators over the slices `ds[i::n]` of one dataset: the elastic resume
 * that Grain has for `ElasticIterator` only, wherever the arithmetic allows it. Together the new shards give exactly the
 * elements that the old ones did not give, in the same global order.
 *
 * It is possible when the old shards have given a beginning of the global order: all as many elements, or the first
 * shards one more; with shuffled slices, when all have completed the same number of epochs. New shards may then differ by
 * one element too. Positions are computed, nothing is read.
 *
 * @param states The states `{ next_index }` of all old shards, in order: of `ds[i::n].toIterDataset()` with whatever
 * `map`, `filter` and `batch` over it. A filter before it counts what it takes away.
 * @throws {OrbaxError} `CONFLICT` for shards that do not stand at one place; `UNSUPPORTED` within an epoch of shuffled
 * slices, and where a new shard would stand within a batch; `INVALID_ARGUMENT` for other states and numbers.
 * @example
 * // 2 shards have given 3 elements each of MapDataset.range(10); 3 shards go on with 6, 7, 8 and 9
 * const options = { from: { shardCount: 2 }, to: { shardCount: 3 }, length: 10 };
 * reshardSlices([{ next_index: 3 }, { next_index: 3 }], options) // 3 × { next_index: 2 }
 */
export function reshardSlices(
  states: readonly IteratorState[],
  { from, to, length = Number.POSITIVE_INFINITY, shuffledSlices = false }: ReshardSlicesOptions,
): IteratorState[] {
  checkCount("length", length === Number.POSITIVE_INFINITY ? 1 : length);
  for (const { shardCount, batchSize = 1 } of [requireObject(from, "from"), requireObject(to, "to")]) {
    checkCount("shardCount", shardCount);
    checkCount("batchSize", batchSize);
  }
  requireList(states, "states");
  if (states.length !== from.shardCount) {
    throw invalidArgument(`${states.length} states, expected one for each of ${from.shardCount} shards`, {
      found: states.length,
    });
  }
  const counts = states.map((state, index) => {
    const nextIndex = countOf(
      requiredField(dictFieldOf(state, `states[${index}]`), "next_index"),
      "next_index",
    );
    return elementsBefore(nextIndex, shareOf(length, index, from.shardCount), from.batchSize);
  });
  const position = globalPosition(counts, dealingOf(length, from.shardCount, shuffledSlices));
  const dealing = dealingOf(length, to.shardCount, shuffledSlices);
  return Array.from({ length: to.shardCount }, (_, index) => {
    const count = shardCountAt(position, dealing, index, to.shardCount);
    const nextIndex = indexAfter(count, shareOf(length, index, to.shardCount), to.batchSize);
    if (nextIndex !== undefined) return dictOf([["next_index", nextIndex]]);
    throw withinBatch(index, count, to.batchSize);
  });
}

function dealingOf(length: number, count: number, shuffledSlices: boolean): Dealing {
  if (!shuffledSlices) return { kind: "strided", length };
  return {
    kind: "own order",
    sizes: Array.from({ length: count }, (_, index) => shareOf(length, index, count)),
  };
}

/** Elements of a slice before an index; the last batch of an epoch may be short. */
function elementsBefore(nextIndex: number, sliceLength: number, batchSize = 1): number {
  if (sliceLength === Number.POSITIVE_INFINITY) return nextIndex * batchSize;
  const perEpoch = Math.ceil(sliceLength / batchSize);
  const index = perEpoch === 0 ? 0 : nextIndex % perEpoch;
  const epochs = perEpoch === 0 ? 0 : (nextIndex - index) / perEpoch;
  return epochs * sliceLength + index * batchSize;
}

/** The index before which lie that many elements; `undefined` within a batch. */
function indexAfter(count: number, sliceLength: number, batchSize = 1): number | undefined {
  const isEndless = sliceLength === Number.POSITIVE_INFINITY || sliceLength === 0;
  const elements = isEndless ? count : count % sliceLength;
  const epochs = isEndless ? 0 : (count - elements) / sliceLength;
  if (elements % batchSize !== 0) return undefined;
  return (epochs === 0 ? 0 : epochs * Math.ceil(sliceLength / batchSize)) + elements / batchSize;
}

function withinBatch(index: number, count: number, batchSize = 1): OrbaxError {
  return new OrbaxError(
    "UNSUPPORTED",
    `shard ${index} would begin behind ${count} elements, within a batch of ${batchSize}: save at a place that the ` +
      "new batches divide, or batch after toIterDataset",
    { field: `shard ${index}`, found: count, expected: `a multiple of ${batchSize}` },
  );
}

const MOST = 2 ** 20;

function checkCount(field: string, value: number): void {
  const most = field === "shardCount" ? MOST : Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(value) && value > 0 && value <= most) return;
  throw invalidArgument(`${field} is ${value}, expected an integer from 1 to ${most}`, {
    field,
    found: value,
  });
}
