import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../../pytree/state-values.js";
import { IterDataset } from "../iter-dataset.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, element, type IteratorState } from "../node.js";
import { requireMethod } from "../structure-arguments.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Makes several elements, or none, of one: Grain's `FlatMap` transformation. */
export type FlatMapTransform<T, S> = {
  flatMap(element: T): MaybePromise<readonly S[]>;
};

/**
 * The elements that a function makes of each element, one after another: Grain's `FlatMapIterDataset`. The state is
 * `{ parent, next_index_in_buffer }`; an iterator that restores one reads the element in hand again, at once.
 *
 * Grain's iterator repeats the elements of the last one when it is set back to its own end, and after a function that
 * threw; its state after a source that threw leaves out what the next element makes. This one does none of that.
 */
export class FlatMapIterDataset<T, S> extends IterDataset<S> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a transformation without its function. */
  constructor(parent: IterDataset<T>, transform: FlatMapTransform<T, S>) {
    super(flatMapIter(parent.node, transform));
  }
}

/** {@link FlatMapIterDataset} over nodes. */
export function flatMapIter<T, S>(
  parent: SliceableIterNode<T>,
  transform: FlatMapTransform<T, S>,
): SliceableIterNode<S> {
  requireMethod(transform, "flatMap");
  return {
    parents: [parent],
    open: () => new FlatMapIterator(parent.open(), transform),
    sliced: (worker) => flatMapIter(sliceIter(parent, worker), transform),
  };
}

class FlatMapIterator<T, S> implements ElementIterator<S> {
  readonly #parent: ElementIterator<T>;
  readonly #transform: FlatMapTransform<T, S>;
  /** The parent's state before the element whose results are given. */
  #parentState: IteratorState;
  #results: readonly S[] = [];
  #nextIndex = 0;

  constructor(parent: ElementIterator<T>, transform: FlatMapTransform<T, S>) {
    this.#parent = parent;
    this.#transform = transform;
    this.#parentState = parent.getState();
  }

  next(): MaybePromise<IteratorResult<S, undefined>> {
    return untilDefined<IteratorResult<S, undefined>>(() => {
      if (this.#nextIndex < this.#results.length) return this.#give();
      const before = this.#parent.getState();
      return andThen(this.#parent.next(), (result) => {
        this.#parentState = before;
        if (result.done === true) return result;
        this.#results = [];
        this.#nextIndex = 0;
        return this.#expand(result.value);
      });
    });
  }

  #give(): IteratorYieldResult<S> | undefined {
    const [result] = this.#results.slice(this.#nextIndex, this.#nextIndex + 1).map(element);
    this.#nextIndex++;
    return result;
  }

  #expand(value: T): MaybePromise<undefined> {
    return andThen(this.#transform.flatMap(value), (results) => {
      this.#results = results;
      return undefined;
    });
  }

  getState(): IteratorState {
    return dictOf([
      ["parent", this.#parentState],
      ["next_index_in_buffer", this.#nextIndex],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const nextIndex = countOf(requiredField(state, "next_index_in_buffer"), "next_index_in_buffer");
    this.#parentState = dictFieldOf(requiredField(state, "parent"), "parent");
    this.#results = [];
    return andThen(this.#parent.setState(this.#parentState), () =>
      andThen(this.#parent.next(), (result) => {
        this.#nextIndex = result.done === true ? 0 : nextIndex;
        return result.done === true ? undefined : this.#expand(result.value);
      }),
    );
  }
}
