import { IterDataset } from "../iter-dataset.js";
import { multithreadPrefetchIter } from "./mp-prefetch.js";

/** Options of {@link multithreadPrefetch}. */
export type MultithreadPrefetchOptions = {
  /** Into how many parts the elements are divided; 0 changes nothing. */
  readonly numThreads: number;
  /** How many elements of a part may be asked for ahead of time, where it answers with promises; 1 or more. */
  readonly bufferSize: number;
};

/**
 * The elements in the order, and with the states, of Grain's `multithread_prefetch`: as `mpPrefetch`, without
 * processes in Python too.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for numbers that are no integers or negative, and a buffer of 0; if a source
 * cannot be read in parts, when it is iterated.
 */
export function multithreadPrefetch<T>(
  dataset: IterDataset<T>,
  { numThreads, bufferSize }: MultithreadPrefetchOptions,
): IterDataset<T> {
  const options = { numWorkers: numThreads, perWorkerBufferSize: bufferSize };
  return new IterDataset(multithreadPrefetchIter(dataset.node, options));
}
