import { invalidArgument } from "../../errors.js";
import { interleaveIter } from "./interleave-iter.js";
import { prefetchIter, type RestoredState } from "./prefetch.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Options of `mpPrefetch`: Grain's `MultiprocessingOptions`. */
export type MultiprocessingOptions = {
  /** Number of workers, 0 or more; 0 changes nothing. Default: 10. */
  readonly numWorkers?: number;
  /** How many elements of a worker may be asked for ahead of time, where it answers with promises. Default: 1. */
  readonly perWorkerBufferSize?: number;
};

/**
 * The elements in the order in which Grain's `mp_prefetch` gives them: each worker has a slice of the datasets with
 * random access and runs the whole pipeline over it, and the workers take turns. There are no processes here. The
 * state is that of an interleaved dataset over the workers' pipelines, each behind the element that it gave last.
 *
 * Before the first element Grain gives the workers' states as if nothing was divided, which they cannot restore where
 * datasets are interleaved before; these are the states of the parts.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for numbers that are no integers or negative, and a buffer of 0; if a
 * source cannot be read in parts, when it is iterated.
 */
export function mpPrefetchIter<T>(
  parent: SliceableIterNode<T>,
  options: MultiprocessingOptions = {},
): SliceableIterNode<T> {
  return inParts(parent, options, "given");
}

/**
 * {@link mpPrefetchIter} with the states of Grain's `multithread_prefetch`, which differ where a pipeline does not
 * give back the state that it was given.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` as {@link mpPrefetchIter}.
 */
export function multithreadPrefetchIter<T>(
  parent: SliceableIterNode<T>,
  options: MultiprocessingOptions,
): SliceableIterNode<T> {
  return inParts(parent, options, "parent");
}

function inParts<T>(
  parent: SliceableIterNode<T>,
  { numWorkers = 10, perWorkerBufferSize = 1 }: MultiprocessingOptions,
  restoredState: RestoredState,
): SliceableIterNode<T> {
  if (!Number.isSafeInteger(numWorkers) || numWorkers < 0) {
    throw invalidArgument(`num_workers must be a non-negative integer, got ${numWorkers}`, {
      found: numWorkers,
      pythonType: "ValueError",
    });
  }
  if (numWorkers === 0) return parent;
  if (!Number.isSafeInteger(perWorkerBufferSize) || perWorkerBufferSize <= 0) {
    throw invalidArgument(`\`buffer_size\` must be greater than 0, got ${perWorkerBufferSize}.`, {
      found: perWorkerBufferSize,
      pythonType: "ValueError",
    });
  }
  const partOf = (index: number) =>
    numWorkers === 1 ? parent : sliceIter(parent, { index, count: numWorkers });
  return interleaveIter(
    {
      length: numWorkers,
      get: (index) => prefetchIter(partOf(index), { prefetchBufferSize: perWorkerBufferSize }, restoredState),
    },
    numWorkers,
  );
}
