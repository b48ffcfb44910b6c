import { invalidArgument } from "../errors.js";
import { dictFieldOf } from "../pytree/state-values.js";
import { andThen, handled, isPromise, type MaybePromise } from "./maybe-promise.js";
import type { ElementIterator, IteratorState, IterNode } from "./node.js";

/** Stands for a state that has to be asked for. */
const TO_BE_ASKED = Symbol("to be asked");

/**
 * One pass over a dataset, for callers that need answers at once and for those that wait.
 *
 * A step that answers with a promise to somebody who cannot wait does not take place: the pass is then made again as
 * it was before, of the last state that is known and by repeating the steps since.
 */
export class Iteration<T> {
  readonly #node: IterNode<T>;
  #elements: ElementIterator<T> | undefined;
  /** A state from which `#steps` steps that answered at once led to here; undefined for the start. */
  #known: IteratorState | typeof TO_BE_ASKED | undefined;
  #steps = 0;
  #isAwaited = false;

  constructor(node: IterNode<T>) {
    this.#node = node;
    this.#elements = node.open();
  }

  /**
   * The next element.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for one that comes later, and while somebody waits for another.
   */
  nextAtOnce(): IteratorResult<T, undefined> {
    if (this.#isAwaited)
      throw invalidArgument("a step of the same iterator is being awaited: wait for it first");
    const elements = this.#current();
    if (this.#known === TO_BE_ASKED) {
      this.#known = elements.getState();
      this.#steps = 0;
    }
    const result = this.#step(elements);
    if (isPromise(result)) {
      this.#elements = undefined;
      throw answersLater(result);
    }
    this.#steps++;
    return result;
  }

  /** The next element. The caller waits for it before the next call. */
  next(): MaybePromise<IteratorResult<T, undefined>> {
    const result = this.#step(this.#current());
    this.#known = TO_BE_ASKED;
    if (!isPromise(result)) return result;
    this.#isAwaited = true;
    return this.#awaited(result);
  }

  async #awaited(result: PromiseLike<IteratorResult<T, undefined>>): Promise<IteratorResult<T, undefined>> {
    try {
      return await result;
    } finally {
      this.#isAwaited = false;
    }
  }

  #step(elements: ElementIterator<T>): MaybePromise<IteratorResult<T, undefined>> {
    try {
      return elements.next();
    } catch (error) {
      this.#known = TO_BE_ASKED; // another call need not throw
      throw error;
    }
  }

  getState(): IteratorState {
    return this.#current().getState();
  }

  /** @throws {OrbaxError} `INVALID_ARGUMENT` as {@link setState}, and if elements that it reads again come later. */
  setStateAtOnce(state: IteratorState): void {
    const elements = this.#node.open();
    const done = elements.setState(dictFieldOf(state, "state"));
    if (isPromise(done)) throw answersLater(done);
    this.#goOnWith(elements);
  }

  /** Goes where a state says; where it throws or rejects, everything is as before. */
  setState(state: IteratorState): MaybePromise<void> {
    const elements = this.#node.open();
    return andThen(elements.setState(dictFieldOf(state, "state")), () => this.#goOnWith(elements));
  }

  #goOnWith(elements: ElementIterator<T>): void {
    this.#elements = elements;
    this.#known = TO_BE_ASKED;
  }

  #current(): ElementIterator<T> {
    this.#elements ??= this.#again();
    return this.#elements;
  }

  #again(): ElementIterator<T> {
    const elements = this.#node.open();
    if (this.#known !== undefined && this.#known !== TO_BE_ASKED) {
      const restored = elements.setState(this.#known);
      if (isPromise(restored)) throw answersLater(restored);
    }
    for (let step = 0; step < this.#steps; step++) {
      const result = elements.next();
      if (isPromise(result)) throw answersLater(result);
    }
    return elements;
  }
}

function answersLater(answer: PromiseLike<unknown>) {
  void handled(answer); // nobody will ask for what it throws
  return invalidArgument(
    "the pipeline answers with promises: iterate with `for await`, or with dataset[Symbol.asyncIterator]()",
  );
}
