import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../../pytree/state-values.js";
import { PhiloxGenerator } from "../../random/philox.js";
import { andThen, type MaybePromise } from "../maybe-promise.js";
import { type ElementIterator, element, type IteratorState } from "../node.js";
import { randomMapSeed } from "../random-map-seed.js";
import { type Changed, changed } from "./map.js";
import { type SliceableIterNode, sliceIter, type WorkerSlice } from "./worker-slice.js";

type RandomChange<T, S> = (element: NonNullable<T>, rng: PhiloxGenerator) => MaybePromise<S>;

const ONLY_WORKER: WorkerSlice = { index: 0, count: 1 };

/**
 * Elements as a function changes them that is also given random numbers, which follow from the seed and the element's
 * number in the iteration; `null` as for a map. The state is `{ parent, index_for_rng }`.
 *
 * @param change Must not keep the generator: the next element gets it.
 * @param seed An integer of any size, not negative. Default: from the `ds.seed(…)` before it.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text without a seed; with NumPy's, when it is iterated, for
 * a bad one.
 */
export function randomMapIter<T, S>(
  parent: SliceableIterNode<T>,
  change: RandomChange<T, S>,
  seed?: number | bigint | null,
): SliceableIterNode<Changed<T, S>> {
  return randomMapPart(parent, change, randomMapSeed(seed, parent), ONLY_WORKER);
}

function randomMapPart<T, S>(
  parent: SliceableIterNode<T>,
  change: RandomChange<T, S>,
  seed: number | bigint,
  worker: WorkerSlice,
): SliceableIterNode<Changed<T, S>> {
  return {
    parents: [parent],
    open: () => new RandomMapIterator(parent.open(), change, new PhiloxGenerator(seed), worker),
    sliced: (part) => randomMapPart(sliceIter(parent, part), change, seed, part),
  };
}

class RandomMapIterator<T, S> implements ElementIterator<Changed<T, S>> {
  readonly #parent: ElementIterator<T>;
  readonly #change: RandomChange<T, S>;
  readonly #rng: PhiloxGenerator;
  readonly #worker: WorkerSlice;
  #indexForRng = 0;

  constructor(
    parent: ElementIterator<T>,
    change: RandomChange<T, S>,
    rng: PhiloxGenerator,
    worker: WorkerSlice,
  ) {
    this.#parent = parent;
    this.#change = change;
    this.#rng = rng;
    this.#worker = worker;
  }

  next(): MaybePromise<IteratorResult<Changed<T, S>, undefined>> {
    return andThen(this.#parent.next(), (result) => {
      if (result.done === true) return result;
      const made = changed(result.value, (value) => {
        const { index, count } = this.#worker; // each worker has random numbers of its own
        this.#rng.resetForElement(index + this.#indexForRng * count);
        return this.#change(value, this.#rng);
      });
      return andThen(made, (value) => {
        this.#indexForRng++;
        return element(value);
      });
    });
  }

  getState(): IteratorState {
    return dictOf([
      ["parent", this.#parent.getState()],
      ["index_for_rng", this.#indexForRng],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const parentState = dictFieldOf(requiredField(state, "parent"), "parent");
    const index = countOf(requiredField(state, "index_for_rng"), "index_for_rng");
    return andThen(this.#parent.setState(parentState), () => {
      this.#indexForRng = index;
    });
  }
}
