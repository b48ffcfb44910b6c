import { IterDataset } from "../../../src/grain/iter-dataset.js";
import type { MaybePromise } from "../../../src/grain/maybe-promise.js";
import { END, element, type IterNode } from "../../../src/grain/node.js";
import { countOf, requiredField } from "../../../src/pytree/state-values.js";

/** The elements of a list, with the state that Grain's `MapDataset.source(list).to_iter_dataset()` has. */
export function listDataset<T>(
  elements: readonly T[],
  answer: (value: T) => MaybePromise<T> = (value) => value,
): IterDataset<T> {
  const node: IterNode<T> = {
    parents: [],
    open() {
      let index = 0;
      return {
        next() {
          if (index >= elements.length) return END;
          const [value] = elements.slice(index, index + 1).map(answer);
          index++;
          if (value === undefined) throw new Error("a list without holes");
          return isThenable(value) ? value.then(element) : element(value);
        },
        getState: () => ({ next_index: index }),
        setState(state) {
          index = countOf(requiredField(state, "next_index"), "next_index");
        },
      };
    },
  };
  return new IterDataset(node);
}

function isThenable<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
