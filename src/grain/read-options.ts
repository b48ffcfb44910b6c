import { invalidArgument } from "../errors.js";

/**
 * How far ahead elements of a dataset with random access are asked for: Grain's `ReadOptions`. Only where a source or
 * a function answers with promises; what answers at once is asked when its element is wanted.
 */
export type ReadOptions = {
  /** How many elements may be on their way at a time; 0: one by one, nothing ahead. Default: 16. */
  readonly numThreads?: number;
  /** How many elements may lie ready or be on their way, besides the one that is wanted; 0: none. Default: 500. */
  readonly prefetchBufferSize?: number;
};

/**
 * The options with Grain's defaults.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for a negative number; also for one that is no integer.
 */
export function checkedReadOptions({
  numThreads = 16,
  prefetchBufferSize = 500,
}: ReadOptions = {}): Required<ReadOptions> {
  checkCount(numThreads, "num_threads");
  checkCount(prefetchBufferSize, "prefetch_buffer_size");
  return { numThreads, prefetchBufferSize };
}

function checkCount(count: number, name: string): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw invalidArgument(`${name} must be non-negative, got ${count}`, {
    field: name,
    found: count,
    pythonType: Number.isInteger(count) ? "ValueError" : "TypeError",
  });
}
