import { IterDataset } from "../iter-dataset.js";
import { MapDataset } from "../map-dataset.js";
import { andThen } from "../maybe-promise.js";
import type { IterNode } from "../node.js";
import { nodeOf, requireList } from "../structure-arguments.js";
import { type DatasetList, interleaveIter } from "./interleave-iter.js";
import { prefetchIter } from "./prefetch.js";
import { toIter } from "./to-iter.js";

/** A dataset that can be interleaved. */
export type InterleavedDataset<T> = IterDataset<T> | MapDataset<T>;

/** Options of {@link InterleaveIterDataset}. Only the length of a cycle decides about the order. */
export type InterleaveOptions = {
  /** How many datasets are read in turn; more than there are means all. */
  readonly cycleLength: number;
  /** Accepted for Grain's sake: datasets are opened when they are needed. */
  readonly numMakeIterThreads?: number;
  /** Accepted for Grain's sake, as `numMakeIterThreads`. */
  readonly makeIterBufferSize?: number;
  /** How many elements of a dataset may be asked for ahead of time, where it answers with promises. Default: 1. */
  readonly iterBufferSize?: number;
};

/**
 * The elements of several datasets in turn: Grain's `InterleaveIterDataset` (docs/spec/datarax.md section 6.3). With a
 * cycle of 1 the datasets follow one another. They may be a `MapDataset` whose elements are datasets, made when they are
 * needed; those that a filter takes away count as empty (Grain then ends too early).
 *
 * The state names the datasets of a whole cycle, so that asking for it opens them. Grain's iterator, once set back after
 * its end, gives states that call datasets exhausted which are not; restored from one, this one goes on with all
 * elements, and gives right states itself.
 */
export class InterleaveIterDataset<T> extends IterDataset<T> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` for numbers that are no integers, or a negative buffer. */
  constructor(
    datasets: readonly InterleavedDataset<T>[] | MapDataset<InterleavedDataset<T>>,
    options: InterleaveOptions,
  ) {
    const { cycleLength, iterBufferSize = 1 } = options;
    const list: DatasetList<T> =
      datasets instanceof MapDataset
        ? {
            length: datasets.length,
            get: (index) =>
              andThen(datasets.node.get(index), (dataset) =>
                dataset === null ? null : prefetched(dataset, iterBufferSize),
              ),
          }
        : {
            length: requireList(datasets, "datasets").length,
            get: (index) => {
              const dataset = datasets[index];
              return dataset === undefined ? null : prefetched(dataset, iterBufferSize);
            },
          };
    super(interleaveIter(list, cycleLength));
  }
}

function prefetched<T>(dataset: InterleavedDataset<T>, prefetchBufferSize: number): IterNode<T> {
  nodeOf<object>(dataset, "datasets");
  if (dataset instanceof MapDataset) return toIter(dataset.node);
  return prefetchIter(dataset.node, { prefetchBufferSize });
}
