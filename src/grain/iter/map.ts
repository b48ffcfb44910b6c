import { andThen, type MaybePromise } from "../maybe-promise.js";
import { type ElementIterator, element } from "../node.js";
import { PassThrough } from "./pass-through.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Elements of type `S` made of elements of type `T`, where `null` and `undefined`, Python's `None`, stay. */
export type Changed<T, S> = S | (T & (null | undefined));

/**
 * Elements as a function changes them. `null` and `undefined` (Python's `None`) are not shown to the function, and
 * stay elements if the function gives them. The state is the parent's.
 */
export function mapIter<T, S>(
  parent: SliceableIterNode<T>,
  change: (element: NonNullable<T>) => MaybePromise<S>,
): SliceableIterNode<Changed<T, S>> {
  return {
    parents: [parent],
    open: () => new MapIterator(parent.open(), change),
    sliced: (worker) => mapIter(sliceIter(parent, worker), change),
  };
}

class MapIterator<T, S> extends PassThrough<T, Changed<T, S>> {
  readonly #change: (element: NonNullable<T>) => MaybePromise<S>;

  constructor(parent: ElementIterator<T>, change: (element: NonNullable<T>) => MaybePromise<S>) {
    super(parent);
    this.#change = change;
  }

  next(): MaybePromise<IteratorResult<Changed<T, S>, undefined>> {
    return andThen(this.parent.next(), (result) => {
      if (result.done === true) return result;
      return andThen(changed(result.value, this.#change), element);
    });
  }
}

/** What a function makes of an element; of `null` itself, without asking it. */
export function changed<T, S>(
  value: T,
  change: (element: NonNullable<T>) => MaybePromise<S>,
): MaybePromise<Changed<T, S>> {
  if (value !== null && value !== undefined) return change(value);
  if (isNone(value)) return value;
  throw new Error("an element that is neither there nor null");
}

function isNone<T>(value: T): value is T & (null | undefined) {
  return value === null || value === undefined;
}
