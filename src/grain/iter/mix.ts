import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { compareCodePoints } from "../../pytree/key-path.js";
import { countOf, dictFieldOf, flagOf, requiredField } from "../../pytree/state-values.js";
import type { Tree } from "../../pytree/value.js";
import { andThen, type MaybePromise } from "../maybe-promise.js";
import { integerProportions, mixSelection, type Selection } from "../mix-selection.js";
import { type ElementIterator, END, type IteratorState } from "../node.js";
import { eachInTurn, restoreEach, statesOf } from "./parent-states.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** One value a dataset: in order, or by name. */
export type PerDataset<V> = readonly V[] | { readonly [name: string]: V };

/**
 * Elements of several datasets in proportion to weights, until the dataset whose turn it is has ended or thrown: Grain's
 * `IterDataset.mix` (docs/spec/datarax.md section 6.3). Datasets with names are taken in the order of their names.
 *
 * The state is `{ parents, index, stop }`, `parents` a list, or a dict by name. Datasets that a state does not name start
 * at their beginning.
 *
 * @param weights Default: all alike. Weights by name count in the order of their names too.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Python's text for no datasets, a zero among the weights, or another
 * number of weights.
 */
export function mixIter<T>(
  parents: PerDataset<SliceableIterNode<T>>,
  weights?: PerDataset<number> | null,
): SliceableIterNode<T> {
  const { names, values: nodes } = inOrder(parents);
  const given = weights === undefined || weights === null ? nodes.map(() => 1) : inOrder(weights).values;
  const proportions = integerProportions(given);
  if (proportions.length !== nodes.length) {
    throw invalidArgument(`${nodes.length} datasets to mix, but ${proportions.length} weights`, {
      pythonType: "AssertionError",
    });
  }
  const select = mixSelection(proportions);
  return {
    parents: nodes,
    open() {
      const iterators = nodes.map((node) => node.open());
      return new MixIterator(iterators, names, select);
    },
    sliced: (worker) =>
      mixIter(
        mapDatasets(parents, (node) => sliceIter(node, worker)),
        weights,
      ),
  };
}

type InOrder<V> = { readonly names: readonly string[] | undefined; readonly values: readonly V[] };

function inOrder<V>(perDataset: PerDataset<V>): InOrder<V> {
  if (isInList(perDataset)) return { names: undefined, values: perDataset };
  const entries = Object.entries(perDataset).sort(([a], [b]) => compareCodePoints(a, b));
  return { names: entries.map(([name]) => name), values: entries.map(([, value]) => value) };
}

function isInList<V>(perDataset: PerDataset<V>): perDataset is readonly V[] {
  return Array.isArray(perDataset);
}

/** The same list, or the same names, with other values. */
export function mapDatasets<V, R>(perDataset: PerDataset<V>, change: (value: V) => R): PerDataset<R> {
  if (isInList(perDataset)) return perDataset.map(change);
  const changed: { [name: string]: R } = Object.create(null);
  for (const [name, value] of Object.entries(perDataset)) changed[name] = change(value);
  return changed;
}

class MixIterator<T> implements ElementIterator<T> {
  readonly #parents: readonly ElementIterator<T>[];
  readonly #names: readonly string[] | undefined;
  readonly #select: (k: number) => Selection;
  #index = 0;
  #stopped = false;

  constructor(
    parents: readonly ElementIterator<T>[],
    names: readonly string[] | undefined,
    select: (k: number) => Selection,
  ) {
    this.#parents = parents;
    this.#names = names;
    this.#select = select;
  }

  next(): MaybePromise<IteratorResult<T, undefined>> {
    if (this.#stopped) return END;
    const parent = this.#parents[this.#select(this.#index).parent];
    if (parent === undefined) throw new Error("a mixture selects a dataset that it does not have");
    this.#index++;
    this.#stopped = true; // stays so if the dataset has ended or throws
    return andThen(parent.next(), (result) => {
      this.#stopped = result.done === true;
      return result;
    });
  }

  getState(): IteratorState {
    const states = statesOf(this.#parents);
    const named = this.#names?.flatMap((name, index): [string, Tree][] => {
      const state = states[index];
      return state === undefined ? [] : [[name, state]];
    });
    return dictOf([
      ["parents", named === undefined ? states : dictOf(named)],
      ["index", this.#index],
      ["stop", this.#stopped],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const index = countOf(requiredField(state, "index"), "index");
    const stopped = flagOf(requiredField(state, "stop"), "stop");
    return andThen(this.#restoreParents(requiredField(state, "parents")), () => {
      this.#index = index;
      this.#stopped = stopped;
    });
  }

  #restoreParents(states: Tree): MaybePromise<void> {
    const names = this.#names;
    if (names === undefined) return restoreEach(this.#parents, states, "parents");
    const byName = dictFieldOf(states, "parents");
    return eachInTurn(this.#parents, (parent, index) => {
      const name = names[index] ?? "";
      const state = Object.hasOwn(byName, name) ? byName[name] : undefined;
      if (state !== undefined && state !== null)
        return parent.setState(dictFieldOf(state, `parents.${name}`));
    });
  }
}
