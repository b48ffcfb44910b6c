import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../../pytree/state-values.js";
import { andThen, type MaybePromise } from "../maybe-promise.js";
import { type ElementIterator, element, type IteratorState } from "../node.js";
import { type Changed, changed } from "./map.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

type IndexedChange<T, S> = (index: number, element: NonNullable<T>) => MaybePromise<S>;

/**
 * Elements as a function changes them that is given their number in the iteration first; `null` as for a map. The
 * state is `{ parent, counter }`.
 */
export function mapWithIndexIter<T, S>(
  parent: SliceableIterNode<T>,
  change: IndexedChange<T, S>,
): SliceableIterNode<Changed<T, S>> {
  return {
    parents: [parent],
    open: () => new MapWithIndexIterator(parent.open(), change),
    sliced: (worker) => mapWithIndexIter(sliceIter(parent, worker), change),
  };
}

class MapWithIndexIterator<T, S> implements ElementIterator<Changed<T, S>> {
  readonly #parent: ElementIterator<T>;
  readonly #change: IndexedChange<T, S>;
  #counter = 0;

  constructor(parent: ElementIterator<T>, change: IndexedChange<T, S>) {
    this.#parent = parent;
    this.#change = change;
  }

  next(): MaybePromise<IteratorResult<Changed<T, S>, undefined>> {
    return andThen(this.#parent.next(), (result) => {
      if (result.done === true) return result;
      const made = changed(result.value, (value) => this.#change(this.#counter, value));
      return andThen(made, (value) => {
        this.#counter++;
        return element(value);
      });
    });
  }

  getState(): IteratorState {
    return dictOf([
      ["parent", this.#parent.getState()],
      ["counter", this.#counter],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const parentState = dictFieldOf(requiredField(state, "parent"), "parent");
    const counter = countOf(requiredField(state, "counter"), "counter");
    return andThen(this.#parent.setState(parentState), () => {
      this.#counter = counter;
    });
  }
}
