import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../../pytree/state-values.js";
import { IterDataset } from "../iter-dataset.js";
import { andThen, type MaybePromise } from "../maybe-promise.js";
import { type ElementIterator, END, type IteratorState } from "../node.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Options of {@link LimitIterDataset}. */
export type LimitOptions = {
  /** Most elements, 1 or more. */
  readonly count: number;
};

/**
 * The first `count` elements: Grain's `LimitIterDataset`. The state is `{ parent, count_elements_read }`.
 */
export class LimitIterDataset<T> extends IterDataset<T> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a count below 1, or one that is no integer. */
  constructor(parent: IterDataset<T>, options: LimitOptions) {
    super(limitIter(parent.node, options));
  }
}

/** {@link LimitIterDataset} over nodes. */
export function limitIter<T>(parent: SliceableIterNode<T>, options: LimitOptions): SliceableIterNode<T> {
  const { count } = options;
  if (!Number.isSafeInteger(count) || count <= 0) {
    throw invalidArgument(`Count must be a non-negative integer. Got ${count}`, {
      found: count,
      pythonType: "ValueError",
    });
  }
  return {
    parents: [parent],
    open: () => new LimitIterator(parent.open(), count),
    sliced: (worker) => limitIter(sliceIter(parent, worker), options),
  };
}

class LimitIterator<T> implements ElementIterator<T> {
  readonly #parent: ElementIterator<T>;
  readonly #count: number;
  #read = 0;

  constructor(parent: ElementIterator<T>, count: number) {
    this.#parent = parent;
    this.#count = count;
  }

  next(): MaybePromise<IteratorResult<T, undefined>> {
    if (this.#read >= this.#count) return END;
    return andThen(this.#parent.next(), (result) => {
      if (result.done !== true) this.#read++;
      return result;
    });
  }

  getState(): IteratorState {
    return dictOf([
      ["parent", this.#parent.getState()],
      ["count_elements_read", this.#read],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const read = countOf(requiredField(state, "count_elements_read"), "count_elements_read");
    const parentState = dictFieldOf(requiredField(state, "parent"), "parent");
    return andThen(this.#parent.setState(parentState), () => {
      this.#read = read;
    });
  }
}
