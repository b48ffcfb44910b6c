import { invalidArgument } from "../errors.js";
import { isPromise } from "../grain/maybe-promise.js";
import type { CheckpointableIterator, State } from "./checkpointable-iterator.js";

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
  readonly stateBehind: State;
};

/** What the stream did when it was asked for an element: nothing while undefined. */
type Stopped = { readonly error: unknown } | "end" | "closed" | undefined;

/**
 * Reads a stream ahead, and saves where its reader is: what {@link prefetch} gives. Works in `IteratorCheckpoint` and
 * `PipelineCheckpoint` as the stream itself does, and its states are the stream's.
 *
 * Several calls at a time are carried out one after another, in their order.
 */
export class PrefetchIterator<T, R> implements AsyncIterator<R, undefined>, AsyncIterable<R> {
  readonly #stream: CheckpointableIterator<T>;
  readonly #fetch: PrefetchOptions<T, R>["fetch"];
  readonly #bufferSize: number;
  #pending: Pending<T, R>[] = [];
  /** An element of the stream whose state behind it is not known yet. */
  #taken: { readonly element: T } | undefined;
  /** Why nothing more is read ahead. */
  #stopped: Stopped;
  /** The state behind the last element that was handed out; undefined while the stream itself is there. */
  #stateBehind: State | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #abort = new AbortController();
  /** Lets go of what {@link next} waits for. */
  #release: (() => void) | undefined;

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
   * fetches the same element again. What the stream throws is thrown behind all elements that it gave before, and the
   * next call asks it again.
   */
  next(): Promise<IteratorResult<R, undefined>> {
    return this.#inTurn(async () => {
      const { signal } = this.#abort;
      await this.#fill(this.#bufferSize + 1, signal);
      const [head] = this.#pending;
      if (head === undefined) return this.#nothingThere();
      let fetched: { readonly value: R } | undefined;
      try {
        fetched = await this.#unlessClosed(head.result.then((value) => ({ value })));
      } catch (error) {
        if (!signal.aborted) head.result = this.#fetched(head.element, signal);
        throw error;
      }
      if (fetched === undefined || signal.aborted) return { done: true, value: undefined };
      this.#pending.shift();
      this.#stateBehind = head.stateBehind;
      return { done: false, value: fetched.value };
    });
  }

  #nothingThere(): IteratorReturnResult<undefined> {
    if (typeof this.#stopped === "object") {
      const { error } = this.#stopped;
      this.#stopped = undefined;
      throw error;
    }
    if (this.#stopped === "end") this.#stateBehind = undefined; // the stream may have changed when it saw its end
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The state of the stream behind the last element that was handed out, however far it was read ahead. */
  getState(): Promise<State> {
    return this.#inTurn(() => this.#stateBehind ?? this.#stream.getState());
  }

  /**
   * Continues where a state of the stream says. What was read ahead is dropped. A `next()` whose stream or `fetch` never
   * answers is waited for, unless {@link close} ends it.
   *
   * @throws what the stream's own `setState` throws; this is then as before.
   */
  setState(state: State): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stream.setState(state);
      this.close();
      this.#abort = new AbortController();
      this.#stopped = undefined;
      this.#stateBehind = undefined;
    });
  }

  /**
   * Aborts the fetches under way, ends a `next()` that waits and drops what was read ahead. The stream itself stays where
   * it was read to; {@link getState} still gives the state behind the last element that was handed out.
   */
  close(): void {
    this.#abort.abort();
    this.#pending = [];
    this.#taken = undefined;
    this.#stopped = "closed";
    this.#release?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #fill(count: number, signal: AbortSignal): Promise<void> {
    this.#stateBehind ??= await this.#unlessClosed(this.#stream.getState());
    while (this.#stopped === undefined && this.#pending.length < count) {
      try {
        await this.#readOne(signal);
      } catch (error) {
        if (!signal.aborted) this.#stopped = { error };
      }
    }
  }

  async #readOne(signal: AbortSignal): Promise<void> {
    if (this.#taken === undefined) {
      const next = this.#stream.next();
      const result = isPromise(next) ? await this.#unlessClosed(next) : next;
      if (signal.aborted || result === undefined) return;
      if (result.done === true) {
        this.#stopped = "end";
        return;
      }
      this.#taken = { element: result.value };
    }
    const { element } = this.#taken;
    const state = this.#stream.getState();
    const stateBehind = isPromise(state) ? await this.#unlessClosed(state) : state;
    if (signal.aborted || stateBehind === undefined) return;
    this.#taken = undefined;
    this.#pending.push({ element, result: this.#fetched(element, signal), stateBehind });
  }

  #fetched(element: T, signal: AbortSignal): Promise<R> {
    const result = (async () => this.#fetch(element, { signal }))();
    result.catch(() => {}); // whoever takes the element sees it
    return result;
  }

  /** What a promise gives, or undefined as soon as this is closed. */
  #unlessClosed<V>(value: V | PromiseLike<V>): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      this.#release = () => resolve(undefined);
      Promise.resolve(value).then(resolve, reject);
    });
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
