import { invalidArgument, type OrbaxError } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { requiredField } from "../../pytree/state-values.js";
import { IterDataset } from "../iter-dataset.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, element, type IteratorState } from "../node.js";
import { nodesOf } from "../structure-arguments.js";
import { restoreEach, statesOf } from "./parent-states.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Options of {@link ZipIterDataset}. */
export type ZipOptions = {
  /** Whether datasets of different lengths are an error. Default: true. */
  readonly strict?: boolean;
};

/**
 * Combines datasets element by element: Grain's `ZipIterDataset`. Elements are arrays with one element of each dataset,
 * in the order of `parents`. The state is `{ parents: [state, …] }`.
 *
 * With `strict` a dataset that ends before or after the first one is an error of the iteration, in Python's words.
 * Without, the shortest dataset ends the iteration, and what the datasets before it gave in that round is lost.
 */
export class ZipIterDataset<T> extends IterDataset<T[]> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` without datasets. */
  constructor(parents: readonly IterDataset<T>[], options: ZipOptions = {}) {
    super(zipIter(nodesOf(parents), options));
  }
}

/** {@link ZipIterDataset} over nodes. */
export function zipIter<T>(
  parents: readonly SliceableIterNode<T>[],
  options: ZipOptions = {},
): SliceableIterNode<T[]> {
  if (parents.length === 0) {
    throw invalidArgument("At least one parent must be provided.", { pythonType: "ValueError" });
  }
  const { strict = true } = options;
  return {
    parents,
    open: () =>
      new ZipIterator(
        parents.map((parent) => parent.open()),
        strict,
      ),
    sliced: (worker) =>
      zipIter(
        parents.map((parent) => sliceIter(parent, worker)),
        options,
      ),
  };
}

class ZipIterator<T> implements ElementIterator<T[]> {
  readonly #parents: readonly ElementIterator<T>[];
  readonly #strict: boolean;

  constructor(parents: readonly ElementIterator<T>[], strict: boolean) {
    this.#parents = parents;
    this.#strict = strict;
  }

  next(): MaybePromise<IteratorResult<T[], undefined>> {
    const items: T[] = [];
    return untilDefined<IteratorResult<T[], undefined>>(() => {
      const parent = this.#parents[items.length];
      if (parent === undefined) return element(items);
      return andThen(parent.next(), (result) => {
        if (result.done !== true) {
          items.push(result.value);
          return undefined;
        }
        if (!this.#strict) return END;
        if (items.length > 0) throw lengthError(items.length, "shorter");
        return this.#endOfAll();
      });
    });
  }

  /** The end, if the other datasets end where the first one did. */
  #endOfAll(): MaybePromise<IteratorResult<T[], undefined>> {
    let index = 0;
    return untilDefined<IteratorResult<T[], undefined>>(() => {
      const parent = this.#parents[++index];
      if (parent === undefined) return END;
      return andThen(parent.next(), (result) => {
        if (result.done !== true) throw lengthError(index, "longer");
        return undefined;
      });
    });
  }

  getState(): IteratorState {
    return dictOf([["parents", statesOf(this.#parents)]]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    return restoreEach(this.#parents, requiredField(state, "parents"), "parents");
  }
}

function lengthError(index: number, why: "shorter" | "longer"): OrbaxError {
  const others = index === 1 ? " " : "s 1-";
  return invalidArgument(`ZipIterDataset argument ${index + 1} is ${why} than argument${others}${index}`, {
    pythonType: "ValueError",
  });
}
