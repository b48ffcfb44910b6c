import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../../pytree/state-values.js";
import { IterDataset } from "../iter-dataset.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, type IteratorState } from "../node.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Options of {@link RepeatIterDataset}. */
export type RepeatOptions = {
  /** How often, 1 or more; `null` for without end. Default: `null`. */
  readonly numEpochs?: number | null;
};

/**
 * The same elements again and again: Grain's `RepeatIterDataset`. Nothing is seeded anew for an epoch. The state is
 * `{ parent, epoch }`.
 *
 * Over an {@link InterleaveIterDataset} Grain's iterator keeps remains of the epoch before: it marks datasets as
 * exhausted that are not, and from the third epoch on it may take one dataset for another. Here each epoch is like the
 * first, and states say so. Endless repetition of an empty dataset, for which Python never returns, ends.
 */
export class RepeatIterDataset<T> extends IterDataset<T> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a number of epochs below 1, or one that is no integer. */
  constructor(parent: IterDataset<T>, options: RepeatOptions = {}) {
    super(repeatIter(parent.node, options));
  }
}

/** {@link RepeatIterDataset} over nodes. */
export function repeatIter<T>(
  parent: SliceableIterNode<T>,
  options: RepeatOptions = {},
): SliceableIterNode<T> {
  const { numEpochs = null } = options;
  if (numEpochs !== null && (!Number.isSafeInteger(numEpochs) || numEpochs <= 0)) {
    throw invalidArgument(`num_epochs must be positive, but got ${numEpochs}.`, {
      found: numEpochs,
      pythonType: "ValueError",
    });
  }
  return {
    parents: [parent],
    open: () => new RepeatIterator(parent.open(), numEpochs ?? Number.POSITIVE_INFINITY),
    sliced: (worker) => repeatIter(sliceIter(parent, worker), options),
  };
}

class RepeatIterator<T> implements ElementIterator<T> {
  readonly #parent: ElementIterator<T>;
  readonly #numEpochs: number;
  readonly #start: IteratorState;
  #epoch = 0;
  /** Whether the parent is still to go back to the start: doing so may read, and fail. */
  #mustGoBack = false;

  constructor(parent: ElementIterator<T>, numEpochs: number) {
    this.#parent = parent;
    this.#numEpochs = numEpochs;
    this.#start = parent.getState();
  }

  next(): MaybePromise<IteratorResult<T, undefined>> {
    let begun = false; // whether this call has gone back to the start
    return untilDefined<IteratorResult<T, undefined>>(() => {
      if (this.#mustGoBack) {
        begun = true;
        return this.#goBack();
      }
      if (this.#epoch >= this.#numEpochs) return END;
      return andThen(this.#parent.next(), (result) => {
        if (result.done !== true) return result;
        if (begun) return this.#nothingThere();
        this.#epoch++;
        if (this.#epoch >= this.#numEpochs) return END;
        this.#mustGoBack = true;
        return undefined;
      });
    });
  }

  #goBack(): MaybePromise<undefined> {
    return andThen(this.#parent.setState(this.#start), () => {
      this.#mustGoBack = false;
      return undefined;
    });
  }

  /** The end, for an epoch without elements: all others are like it. */
  #nothingThere(): IteratorReturnResult<undefined> {
    if (this.#numEpochs !== Number.POSITIVE_INFINITY) this.#epoch = this.#numEpochs;
    return END;
  }

  getState(): IteratorState {
    return dictOf([
      ["parent", this.#mustGoBack ? this.#start : this.#parent.getState()],
      ["epoch", this.#epoch],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const epoch = countOf(requiredField(state, "epoch"), "epoch");
    if (epoch > this.#numEpochs) {
      throw invalidArgument(`state: epoch is ${epoch}, expected at most num_epochs ${this.#numEpochs}`, {
        field: "epoch",
        found: epoch,
        pythonType: "ValueError",
      });
    }
    const parentState = dictFieldOf(requiredField(state, "parent"), "parent");
    return andThen(this.#parent.setState(parentState), () => {
      this.#mustGoBack = false;
      this.#epoch = epoch;
    });
  }
}
