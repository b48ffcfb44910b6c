import { Iteration } from "./iteration.js";
import type { MaybePromise } from "./maybe-promise.js";
import type { IteratorState, IterNode } from "./node.js";

/**
 * The iterator over a dataset whose elements are there at once: Grain's `DatasetIterator`.
 *
 * `[Symbol.iterator]` gives the object itself, and leaving a `for … of` early does not end it.
 */
export class DatasetIterator<T> implements Iterator<T, undefined>, Iterable<T> {
  readonly #iteration: Iteration<T>;

  /** @internal Iterate over a dataset instead. */
  constructor(node: IterNode<T>, iteration: Iteration<T> = new Iteration(node)) {
    this.#iteration = iteration;
  }

  /**
   * The next element.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` if a source or a function of the pipeline answers with a promise: then it
   * has to be iterated with `for await`. The iterator stays before that element, so that an asynchronous one can go on
   * from its state; for that the elements since the last `setState` are made again. Also what sources and functions
   * throw.
   */
  next(): IteratorResult<T, undefined> {
    return this.#iteration.nextAtOnce();
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** The position, with the fields of Grain's `get_state`; JSON and Orbax can hold it. */
  getState(): IteratorState {
    return this.#iteration.getState();
  }

  /**
   * Continues where a state says, which this library or Grain gave. Elements that the format does not hold are read
   * again.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a state of another kind of iterator or a position outside the
   * dataset; the iterator is then as before.
   */
  setState(state: IteratorState): void {
    this.#iteration.setStateAtOnce(state);
  }
}

/**
 * {@link DatasetIterator} over a pipeline whose sources or functions may answer with promises. Calls are carried out
 * one after another, in the order in which they were made: a source that never answers holds up all of them.
 *
 * Elements of a `MapDataset` that come as promises are read ahead (`ReadOptions`). States count what was given, and an
 * error is thrown where its element would have come; the next call asks for that element again.
 */
export class AsyncDatasetIterator<T> implements AsyncIterator<T, undefined>, AsyncIterable<T> {
  readonly #iteration: Iteration<T>;
  #queue: Promise<unknown> = Promise.resolve();

  /** @internal Iterate over a dataset instead. */
  constructor(node: IterNode<T>, iteration: Iteration<T> = new Iteration(node)) {
    this.#iteration = iteration;
  }

  /** The next element. Rejects with what sources and functions throw. */
  next(): Promise<IteratorResult<T, undefined>> {
    return this.#inTurn(() => this.#iteration.next());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The position behind the last element that was asked for, when that has come. */
  getState(): Promise<IteratorState> {
    return this.#inTurn(() => this.#iteration.getState());
  }

  /**
   * Continues where a state says.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` as {@link DatasetIterator.setState}; the iterator is then as before.
   */
  setState(state: IteratorState): Promise<void> {
    return this.#inTurn(() => this.#iteration.setState(state));
  }

  #inTurn<R>(act: () => MaybePromise<R>): Promise<R> {
    const result = this.#queue.then(act);
    this.#queue = result.then(nothing, nothing);
    return result;
  }
}

function nothing(): void {}
