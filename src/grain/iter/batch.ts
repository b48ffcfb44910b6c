import { checkBatchSize } from "../batch-size.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, element } from "../node.js";
import { PassThrough } from "./pass-through.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Makes a batch of elements. */
type BatchFunction<T, S> = (elements: readonly T[]) => MaybePromise<S>;

/**
 * Groups of `batchSize` elements, the last one short or left out. The state is the parent's.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for a size below 1.
 */
export function batchIter<T, S>(
  parent: SliceableIterNode<T>,
  batchSize: number,
  dropRemainder: boolean,
  batchFn: BatchFunction<T, S>,
): SliceableIterNode<S> {
  checkBatchSize(batchSize);
  return {
    parents: [parent],
    open: () => new BatchIterator(parent.open(), batchSize, dropRemainder, batchFn),
    sliced: (worker) => batchIter(sliceIter(parent, worker), batchSize, dropRemainder, batchFn),
  };
}

class BatchIterator<T, S> extends PassThrough<T, S> {
  readonly #batchSize: number;
  readonly #dropRemainder: boolean;
  readonly #batchFn: BatchFunction<T, S>;

  constructor(
    parent: ElementIterator<T>,
    batchSize: number,
    dropRemainder: boolean,
    batchFn: BatchFunction<T, S>,
  ) {
    super(parent);
    this.#batchSize = batchSize;
    this.#dropRemainder = dropRemainder;
    this.#batchFn = batchFn;
  }

  next(): MaybePromise<IteratorResult<S, undefined>> {
    return andThen(this.#gather(), (elements) => {
      const isShort = elements.length < this.#batchSize;
      if (elements.length === 0 || (isShort && this.#dropRemainder)) return END;
      return andThen(this.#batchFn(elements), element);
    });
  }

  #gather(): MaybePromise<T[]> {
    const elements: T[] = [];
    return untilDefined<T[]>(() =>
      andThen(this.parent.next(), (result) => {
        if (result.done === true) return elements;
        elements.push(result.value);
        return elements.length === this.#batchSize ? elements : undefined;
      }),
    );
  }
}
