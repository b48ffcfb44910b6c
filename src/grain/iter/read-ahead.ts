import { handled, isPromise, type MaybePromise } from "../maybe-promise.js";
import type { MapNode } from "../node.js";
import type { ReadOptions } from "../read-options.js";

/** An element that was asked for before somebody wanted it. */
type Entry<T> = {
  readonly index: number;
  value: MaybePromise<T | null>;
  hasFailed: boolean;
};

/**
 * The elements of a dataset with random access, asked for in the order of their indices: the next ones while one is
 * on its way. Elements come and fail in that order; one that failed is asked for again when it is wanted again, and as
 * long as a failure waits for its turn nothing further is asked for.
 */
export class ReadAhead<T> {
  readonly #parent: MapNode<T>;
  readonly #numThreads: number;
  readonly #bufferSize: number;
  /** What lies ready or is on its way, in order. */
  #entries: Entry<T>[] = [];
  #failures = 0;
  /** The first element that nobody asked for yet. */
  #end = 0;
  #onTheirWay = 0;
  #isClosed = false;

  constructor(parent: MapNode<T>, { numThreads, prefetchBufferSize }: Required<ReadOptions>) {
    this.#parent = parent;
    this.#numThreads = numThreads;
    this.#bufferSize = prefetchBufferSize;
  }

  /** The element at an index: the one behind that which was taken last, or the same again. Rejects, never throws. */
  take(index: number): MaybePromise<T | null> {
    const entry = this.#entries[0]?.index === index ? this.#entries.shift() : undefined;
    if (entry?.hasFailed === true) this.#failures--;
    const { value } = entry ?? this.#ask(index);
    this.#end = Math.max(this.#end, index + 1);
    if (entry !== undefined || isPromise(value)) this.#fill();
    return value;
  }

  /** Asks for nothing any more. What is on its way comes for nobody. */
  close(): void {
    this.#isClosed = true;
    this.#entries = [];
  }

  /** Each time few: of a source that answers some elements at once, those would be made all in one turn. */
  #fill(): void {
    for (let asked = 0; asked < this.#numThreads; asked++) {
      const isFull = this.#onTheirWay >= this.#numThreads || this.#entries.length >= this.#bufferSize;
      if (isFull || this.#failures > 0 || this.#isClosed || this.#end >= this.#parent.length) return;
      const entry = this.#ask(this.#end++);
      this.#entries.push(entry);
      if (entry.hasFailed) this.#failures++;
    }
  }

  #ask(index: number): Entry<T> {
    const entry: Entry<T> = { index, value: null, hasFailed: false };
    try {
      const value = this.#parent.get(index);
      if (isPromise(value)) this.#await(entry, value);
      else entry.value = value;
    } catch (error) {
      entry.value = handled(Promise.reject(error));
      entry.hasFailed = true;
    }
    return entry;
  }

  #await(entry: Entry<T>, value: PromiseLike<T | null>): void {
    this.#onTheirWay++;
    const reading = Promise.resolve(value).then(
      (element) => {
        this.#onTheirWay--;
        entry.value = element;
        this.#fill();
        return element;
      },
      (error: unknown) => {
        this.#onTheirWay--;
        entry.hasFailed = true;
        if (this.#entries.includes(entry)) this.#failures++;
        throw error;
      },
    );
    entry.value = handled(reading); // whoever takes the element sees what it throws
  }
}
