import { IterDataset } from "../iter-dataset.js";
import { prefetchIter, type ThreadPrefetchOptions } from "./prefetch.js";

/**
 * Reads ahead: Grain's `ThreadPrefetchIterDataset`. Where the parent's sources answer with promises, the next
 * `prefetchBufferSize` elements are asked for while one is used; else elements are made when they are wanted. Order and
 * state are the parent's, the state always that behind the element which was given last.
 */
export class ThreadPrefetchIterDataset<T> extends IterDataset<T> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a negative size, or one that is no integer. */
  constructor(parent: IterDataset<T>, options: ThreadPrefetchOptions) {
    super(prefetchIter(parent.node, options));
  }
}
