import { invalidArgument } from "../errors.js";
import { dictFieldOf } from "../pytree/state-values.js";
import { andThen, isPromise, type MaybePromise } from "./maybe-promise.js";
import type { ElementIterator, IteratorState, IterNode } from "./node.js";

/**
 * The iterator over a dataset whose elements are there at once: Grain's `DatasetIterator`.
 *
 * `[Symbol.iterator]` gives the object itself, and leaving a `for … of` early does not end it.
 */
export class DatasetIterator<T> implements Iterator<T, undefined>, Iterable<T> {
  readonly #node: IterNode<T>;
  #elements: ElementIterator<T>;

  /** @internal Iterate over a dataset instead. */
  constructor(node: IterNode<T>) {
    this.#node = node;
    this.#elements = node.open();
  }

  /**
   * The next element.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` if a source or a function of the pipeline answers with a promise: then it
   * has to be iterated with `for await`. Also what sources and functions throw.
   */
  next(): IteratorResult<T, undefined> {
    return atOnce(this.#elements.next());
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** The position, with the fields of Grain's `get_state`; JSON and Orbax can hold it. */
  getState(): IteratorState {
    return this.#elements.getState();
  }

  /**
   * Continues where a state says, which this library or Grain gave. Elements that the format does not hold are read
   * again.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a state of another kind of iterator or a position outside the
   * dataset; the iterator is then as before.
   */
  setState(state: IteratorState): void {
    const restored = this.#node.open();
    atOnce(restored.setState(dictFieldOf(state, "state")));
    this.#elements = restored;
  }
}

function atOnce<T>(value: MaybePromise<T>): T {
  if (!isPromise(value)) return value;
  Promise.resolve(value).catch(() => {}); // nobody will ask for what it throws
  throw invalidArgument(
    "the pipeline answers with promises: iterate with `for await`, or with dataset[Symbol.asyncIterator]()",
  );
}

/**
 * {@link DatasetIterator} over a pipeline whose sources or functions may answer with promises. Calls are carried out
 * one after another, in the order in which they were made.
 */
export class AsyncDatasetIterator<T> implements AsyncIterator<T, undefined>, AsyncIterable<T> {
  readonly #node: IterNode<T>;
  #elements: ElementIterator<T>;
  #queue: Promise<unknown> = Promise.resolve();

  /** @internal Iterate over a dataset instead. */
  constructor(node: IterNode<T>) {
    this.#node = node;
    this.#elements = node.open();
  }

  /** The next element. Rejects with what sources and functions throw. */
  next(): Promise<IteratorResult<T, undefined>> {
    return this.#inTurn(() => this.#elements.next());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The position behind the last element that was asked for, when that has come. */
  getState(): Promise<IteratorState> {
    return this.#inTurn(() => this.#elements.getState());
  }

  /**
   * Continues where a state says.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` as {@link DatasetIterator.setState}; the iterator is then as before.
   */
  setState(state: IteratorState): Promise<void> {
    return this.#inTurn(() => {
      const restored = this.#node.open();
      return andThen(restored.setState(dictFieldOf(state, "state")), () => {
        this.#elements = restored;
      });
    });
  }

  #inTurn<R>(act: () => MaybePromise<R>): Promise<R> {
    const result = this.#queue.then(act);
    this.#queue = result.catch(() => {});
    return result;
  }
}
