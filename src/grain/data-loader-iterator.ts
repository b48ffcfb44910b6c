import {
  datasetStateOf,
  formatLoaderState,
  type LoaderIdentity,
  loaderStateOf,
  parseLoaderState,
} from "./data-loader-state.js";
import { AsyncDatasetIterator, DatasetIterator } from "./dataset-iterator.js";
import type { IteratorState, IterNode } from "./node.js";

/**
 * The iterator over a `DataLoader` whose elements are there at once: Grain's `DataLoaderIterator`.
 *
 * `[Symbol.iterator]` gives the object itself, and leaving a `for … of` early does not end it.
 */
export class DataLoaderIterator<T> implements Iterator<T, undefined>, Iterable<T> {
  readonly #elements: DatasetIterator<T>;
  readonly #identity: LoaderIdentity | undefined;

  /** @internal Iterate over a `DataLoader` instead. */
  constructor(node: IterNode<T>, identity: LoaderIdentity | undefined) {
    this.#elements = new DatasetIterator(node);
    this.#identity = identity;
  }

  /**
   * The next element.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` if the source or an operation answers with a promise: then use
   * `for await`. Also what they throw; the record of a failed source is then read again, that of a failed operation is
   * passed over.
   */
  next(): IteratorResult<T, undefined> {
    return this.#elements.next();
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** The position, as the text whose bytes Python's `get_state()` gives. */
  getState(): string {
    return textOf(this.#elements.getState(), this.#identity);
  }

  /**
   * Continues where a state says, which Python or this library gave.
   *
   * @param state Its text, or the text's bytes.
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's texts for the state of another loader, and for what is no
   * state; the iterator is then as before.
   */
  setState(state: string | Uint8Array): void {
    this.#elements.setState(stateOf(state, this.#identity));
  }
}

/**
 * {@link DataLoaderIterator} over a loader whose source or operations may answer with promises. Calls are carried out
 * one after another, in the order in which they were made.
 */
export class AsyncDataLoaderIterator<T> implements AsyncIterator<T, undefined>, AsyncIterable<T> {
  readonly #elements: AsyncDatasetIterator<T>;
  readonly #identity: LoaderIdentity | undefined;

  /** @internal Iterate over a `DataLoader` instead. */
  constructor(node: IterNode<T>, identity: LoaderIdentity | undefined) {
    this.#elements = new AsyncDatasetIterator(node);
    this.#identity = identity;
  }

  /** The next element. Rejects with what the source and the operations throw. */
  next(): Promise<IteratorResult<T, undefined>> {
    return this.#elements.next();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The position behind the last element that was asked for, when that has come. */
  async getState(): Promise<string> {
    return textOf(await this.#elements.getState(), this.#identity);
  }

  /**
   * Continues where a state says.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` as {@link DataLoaderIterator.setState}; the iterator is then as before.
   */
  async setState(state: string | Uint8Array): Promise<void> {
    await this.#elements.setState(stateOf(state, this.#identity));
  }
}

function textOf(dataset: IteratorState, identity: LoaderIdentity | undefined): string {
  return formatLoaderState(identity === undefined ? dataset : loaderStateOf(dataset, identity));
}

function stateOf(state: string | Uint8Array, identity: LoaderIdentity | undefined): IteratorState {
  const parsed = parseLoaderState(state);
  return identity === undefined ? parsed : datasetStateOf(parsed, identity);
}
