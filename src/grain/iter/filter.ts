import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import type { ElementIterator } from "../node.js";
import { PassThrough } from "./pass-through.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Elements for which the function answers with something truthy. The state is the parent's. */
export function filterIter<T>(
  parent: SliceableIterNode<T>,
  keep: (element: T) => MaybePromise<unknown>,
): SliceableIterNode<T> {
  return {
    parents: [parent],
    open: () => new FilterIterator(parent.open(), keep),
    sliced: (worker) => filterIter(sliceIter(parent, worker), keep),
  };
}

class FilterIterator<T> extends PassThrough<T, T> {
  readonly #keep: (element: T) => MaybePromise<unknown>;

  constructor(parent: ElementIterator<T>, keep: (element: T) => MaybePromise<unknown>) {
    super(parent);
    this.#keep = keep;
  }

  next(): MaybePromise<IteratorResult<T, undefined>> {
    return untilDefined<IteratorResult<T, undefined>>(() =>
      andThen(this.parent.next(), (result) => {
        if (result.done === true) return result;
        return andThen(this.#keep(result.value), (kept) => (kept ? result : undefined));
      }),
    );
  }
}
