import { invalidArgument } from "../errors.js";
import { type CheckpointableIterator, isPromise, type State } from "./checkpointable-iterator.js";

/** Options of {@link prefetch}. */
export type PrefetchOptions<T, R> = {
  /**
   * Makes of an element what is handed out: reads the records of its indices, say. Called for the elements in their
   * order, without waiting for the call before. Aborted when the iterator is closed or goes elsewhere.
   */
  readonly fetch: (element: T, options: { readonly signal: AbortSignal }) => R | PromiseLike<R>;
  /** Elements that are fetched ahead of the one that is asked for, 0 or more. Default 2. */
  readonly bufferSize?: number;
};

/** An element on its way. */
type Pending<T, R> = {
  readonly element: T;
  result: Promise<R>;
  /** The state of the stream behind this element. */
  readonly stateBehind: State | Promise<State>;
};

/**
 * Reads a stream ahead, and saves where its reader is: what {@link prefetch} gives. Works in `IteratorCheckpoint` and
 * `PipelineCheckpoint` as the stream itself does, and its states are the stream's.
 *
 * Several calls of `next()` at a time are answered in their order.
 */
export class PrefetchIterator<T, R> implements AsyncIterator<R, undefined>, AsyncIterable<R> {
  readonly #stream: CheckpointableIterator<T>;
  readonly #fetch: PrefetchOptions<T, R>["fetch"];
  readonly #bufferSize: number;
  #pending: Pending<T, R>[] = [];
  #hasEnded = false;
  /** The state behind the last element that was handed out; undefined while the stream itself is there. */
  #stateBehind: State | Promise<State> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #abort = new AbortController();

  /** @internal Use {@link prefetch}. */
  constructor(stream: CheckpointableIterator<T>, { fetch, bufferSize = 2 }: PrefetchOptions<T, R>) {
    if (!Number.isSafeInteger(bufferSize) || bufferSize < 0) {
      throw invalidArgument(`prefetch: bufferSize must be an integer, 0 or more, got ${bufferSize}`);
    }
    this.#stream = stream;
    this.#fetch = fetch;
    this.#bufferSize = bufferSize;
  }

  /**
   * The next element, fetched. Where `fetch` fails this rejects with its error, nothing is lost, and the next call
   * fetches the same element again.
   */
  next(): Promise<IteratorResult<R, undefined>> {
    return this.#inTurn(async () => {
      await this.#fill(this.#bufferSize + 1);
      const [head] = this.#pending;
      if (head === undefined) {
        this.#stateBehind = undefined; // the stream may have changed when it saw its end
        return { done: true, value: undefined };
      }
      let value: R;
      try {
        value = await head.result;
      } catch (error) {
        head.result = this.#fetched(head.element);
        throw error;
      }
      this.#pending.shift();
      this.#stateBehind = head.stateBehind;
      return { done: false, value };
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The state of the stream behind the last element that was handed out, however far it was read ahead. */
  getState(): Promise<State> {
    return this.#inTurn(() => this.#stateBehind ?? this.#stream.getState());
  }

  /**
   * Continues where a state of the stream says. What was read ahead is dropped.
   *
   * @throws what the stream's own `setState` throws; this is then as before.
   */
  setState(state: State): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stream.setState(state);
      this.close();
      this.#abort = new AbortController();
      this.#hasEnded = false;
      this.#stateBehind = undefined;
    });
  }

  /** Aborts the fetches under way and drops what was read ahead. The stream itself stays where it was read to. */
  close(): void {
    this.#abort.abort();
    this.#pending = [];
    this.#hasEnded = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #fill(count: number): Promise<void> {
    this.#stateBehind ??= await this.#stream.getState();
    while (!this.#hasEnded && this.#pending.length < count) {
      const next = this.#stream.next();
      const result = isPromise(next) ? await next : next;
      if (result.done === true) {
        this.#hasEnded = true;
        return;
      }
      const element: T = result.value;
      const stateBehind = await this.#stream.getState();
      this.#pending.push({ element, result: this.#fetched(element), stateBehind });
    }
  }

  #fetched(element: T): Promise<R> {
    const { signal } = this.#abort;
    const result = (async () => this.#fetch(element, { signal }))();
    result.catch(() => {}); // whoever takes the element sees it
    return result;
  }

  #inTurn<V>(act: () => V | PromiseLike<V>): Promise<V> {
    const result = this.#queue.then(act);
    this.#queue = result.catch(() => {});
    return result;
  }
}

/**
 * A stream of indices (or of anything) as a stream of records that are read ahead.
 *
 * The state that is saved is that of the last element handed out, so that a job that is killed and restored sees every
 * element again that it had not received.
 *
 * @param stream Any iterator whose `getState` gives a value of its own each time; nothing else may take its elements
 * from now on.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a buffer size that cannot be.
 * @example
 * const batches = prefetch(iter(pipeline), { fetch: (indices) => Promise.all(indices.map(readRecord)), bufferSize: 4 });
 * for await (const batch of batches) await train(batch);
 */
export function prefetch<T, R>(
  stream: CheckpointableIterator<T>,
  options: PrefetchOptions<T, R>,
): PrefetchIterator<T, R> {
  return new PrefetchIterator(stream, options);
}
