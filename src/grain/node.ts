import type { Dict } from "../pytree/value.js";
import type { MaybePromise } from "./maybe-promise.js";

// What transformations are made of. The classes that users see wrap these nodes; a transformation is a function from
// nodes to a node.

/** A node of a pipeline, as far as default seeds need to know it. */
export type PipelineNode = {
  /** What it draws from, in Python's order: the distance to a seed counts (docs/spec/datarax.md section 6.3). */
  readonly parents: readonly PipelineNode[];
  /** The seed of `ds.seed(…)`, for the transformations behind it. */
  readonly seed?: number | bigint;
  /** Python's `str` of the dataset, for messages. */
  readonly name?: string;
  /** Set where elements of a dataset with random access may be absent, with the words of Grain's message about it. */
  readonly discards?: { readonly operation: string; readonly subject: string };
};

/** A dataset with random access: Grain's `MapDataset`. */
export type MapNode<T> = PipelineNode & {
  /** Elements of one epoch; `Infinity` where Python's length is `sys.maxsize`. */
  readonly length: number;
  /**
   * The element at an index, 0 or more, which may lie beyond the first epoch; `null` where a filter took it away.
   */
  get(index: number): MaybePromise<T | null>;
};

/** What an iterator saves: Grain's state, a dict. */
export type IteratorState = Dict;

/** One pass over the elements, at a position that can be saved. */
export type ElementIterator<T> = {
  next(): MaybePromise<IteratorResult<T, undefined>>;
  /** The state that Grain's iterator gives here, with all its fields. */
  getState(): IteratorState;
  /**
   * Goes where a state says. What it throws leaves the iterator in any state: whoever restores does it on a fresh one
   * and takes that only if nothing was thrown.
   */
  setState(state: IteratorState): MaybePromise<void>;
};

/** A dataset that can only be iterated: Grain's `IterDataset`. */
export type IterNode<T> = PipelineNode & {
  /** A new iterator at the first element. */
  open(): ElementIterator<T>;
};

/** The result that ends an iteration. */
export const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The result that carries an element. */
export function element<T>(value: T): IteratorYieldResult<T> {
  return { done: false, value };
}
