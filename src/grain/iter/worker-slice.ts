import { invalidArgument } from "../../errors.js";
import type { IterNode } from "../node.js";

/** One of several workers that share a dataset: each reads every `count`-th element of the sources. */
export type WorkerSlice = {
  /** From 0. */
  readonly index: number;
  readonly count: number;
};

/** A node that may be read in parts, as the workers of Grain's `mp_prefetch` do. */
export type SliceableIterNode<T> = IterNode<T> & {
  /**
   * The same pipeline over a worker's part of its sources: the slice is taken right before the dataset with random
   * access becomes one that is iterated. Absent where Grain cannot slice.
   */
  readonly sliced?: (worker: WorkerSlice) => IterNode<T>;
};

/**
 * The part of a pipeline that a worker reads.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` if a source cannot be read in parts, Python's ValueError.
 */
export function sliceIter<T>(node: SliceableIterNode<T>, worker: WorkerSlice): IterNode<T> {
  if (node.sliced !== undefined) return node.sliced(worker);
  throw invalidArgument("Cannot slice `IterDataset` source.", { pythonType: "ValueError" });
}
