import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, flagOf, requiredField } from "../../pytree/state-values.js";
import { IterDataset } from "../iter-dataset.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, element, type IteratorState } from "../node.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/**
 * Keeps the elements in memory, so that a {@link RepeatIterDataset} over it reads them once: Grain's
 * `CacheIterDataset`. The state is `{ parent, position, cache_filled }`. An iterator that restores one reads the
 * elements before `position` again, with the first `next()`.
 */
export class CacheIterDataset<T> extends IterDataset<T> {
  constructor(parent: IterDataset<T>) {
    super(cacheIter(parent.node));
  }
}

/** {@link CacheIterDataset} over nodes. */
export function cacheIter<T>(parent: SliceableIterNode<T>): SliceableIterNode<T> {
  return {
    parents: [parent],
    open: () => new CacheIterator(parent.open()),
    sliced: (worker) => cacheIter(sliceIter(parent, worker)),
  };
}

class CacheIterator<T> implements ElementIterator<T> {
  readonly #parent: ElementIterator<T>;
  readonly #start: IteratorState;
  #cache: IteratorYieldResult<T>[] = [];
  #position = 0;
  #filled = false;
  #mustRebuild = false;

  constructor(parent: ElementIterator<T>) {
    this.#parent = parent;
    this.#start = parent.getState();
  }

  next(): MaybePromise<IteratorResult<T, undefined>> {
    if (this.#filled) return this.#cached();
    if (!this.#mustRebuild) return this.#read();
    return andThen(this.#rebuild(), (whole) => (whole ? this.#read() : END));
  }

  #cached(): IteratorResult<T, undefined> {
    const cached = this.#cache[this.#position];
    if (cached === undefined) return END;
    this.#position++;
    return element(cached.value);
  }

  #read(): MaybePromise<IteratorResult<T, undefined>> {
    return andThen(this.#parent.next(), (result) => {
      if (result.done === true) {
        this.#filled = true;
        return END;
      }
      if (this.#cache.length === this.#position) this.#cache.push(result);
      this.#position++;
      return result;
    });
  }

  /** Reads the elements before the position again; false if there are fewer. */
  #rebuild(): MaybePromise<boolean> {
    const cache: IteratorYieldResult<T>[] = [];
    return andThen(this.#parent.setState(this.#start), () =>
      untilDefined<boolean>(() => {
        if (cache.length >= this.#position) return this.#rebuilt(cache, true);
        return andThen(this.#parent.next(), (result) => {
          if (result.done === true) return this.#rebuilt(cache, false);
          cache.push(result);
          return undefined;
        });
      }),
    );
  }

  #rebuilt(cache: IteratorYieldResult<T>[], whole: boolean): boolean {
    this.#cache = cache;
    this.#mustRebuild = false;
    return whole;
  }

  getState(): IteratorState {
    return dictOf([
      ["parent", this.#parent.getState()],
      ["position", this.#position],
      ["cache_filled", this.#filled],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const position = countOf(requiredField(state, "position"), "position");
    const filled = flagOf(requiredField(state, "cache_filled"), "cache_filled");
    const parentState = dictFieldOf(requiredField(state, "parent"), "parent");
    return andThen(this.#parent.setState(parentState), () => {
      this.#position = position;
      // The state of a parent that was read to its end says nothing of the elements that the cache gave since.
      this.#mustRebuild = !this.#filled && (filled || position > this.#cache.length);
    });
  }
}
