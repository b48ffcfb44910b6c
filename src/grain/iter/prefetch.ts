import { invalidArgument } from "../../errors.js";
import { andThen, isPromise, type MaybePromise } from "../maybe-promise.js";
import type { ElementIterator, IteratorState } from "../node.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Options of {@link prefetchIter}. */
export type ThreadPrefetchOptions = {
  /** How many elements may be asked for ahead of time, where a source answers with promises. 0: none. */
  readonly prefetchBufferSize: number;
};

/** What becomes of a state that is restored, until the next element. */
export type RestoredState =
  /** It is the parent's, as that gives it. */
  | "parent"
  /** It stays as it was given: Grain's workers get it later. */
  | "given";

/**
 * The parent's elements, the next ones asked for while one is used. The state is the parent's **after the element that
 * was given last**: an end that the parent has met is not in it.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a negative size, or one that is no integer.
 */
export function prefetchIter<T>(
  parent: SliceableIterNode<T>,
  options: ThreadPrefetchOptions,
  restoredState: RestoredState = "parent",
): SliceableIterNode<T> {
  const { prefetchBufferSize } = options;
  if (!Number.isSafeInteger(prefetchBufferSize) || prefetchBufferSize < 0) {
    throw invalidArgument(
      `\`prefetch_buffer_size\` must be greater than or equal to 0, got ${prefetchBufferSize}.`,
      { found: prefetchBufferSize, pythonType: "ValueError" },
    );
  }
  return {
    parents: [parent],
    open: () => new PrefetchIterator(parent.open(), prefetchBufferSize, restoredState),
    sliced: (worker) => prefetchIter(sliceIter(parent, worker), options, restoredState),
  };
}

/** A result with the parent's state behind it. */
type Fetched<T> = { readonly result: IteratorResult<T, undefined>; readonly state: IteratorState };

class PrefetchIterator<T> implements ElementIterator<T> {
  readonly #parent: ElementIterator<T>;
  readonly #bufferSize: number;
  readonly #restoredState: RestoredState;
  #state: IteratorState;
  /** What was asked for and not given yet, in order; each begins when the one before it is there. */
  #ahead: PromiseLike<Fetched<T>>[] = [];
  #latest: PromiseLike<unknown> | undefined;

  constructor(parent: ElementIterator<T>, bufferSize: number, restoredState: RestoredState) {
    this.#parent = parent;
    this.#bufferSize = bufferSize;
    this.#restoredState = restoredState;
    this.#state = parent.getState();
  }

  next(): MaybePromise<IteratorResult<T, undefined>> {
    const first = this.#ahead.shift() ?? this.#fetch();
    if (!isPromise(first)) return this.#give(first);
    this.#fetchAhead(first);
    return first.then(
      (fetched) => {
        if (fetched.result.done === true) this.#ahead = [];
        return this.#give(fetched);
      },
      (error: unknown) => {
        this.#ahead = [];
        throw error;
      },
    );
  }

  #fetch(): MaybePromise<Fetched<T>> {
    return andThen(this.#parent.next(), (result) => ({ result, state: this.#parent.getState() }));
  }

  #give({ result, state }: Fetched<T>): IteratorResult<T, undefined> {
    if (result.done !== true) this.#state = state;
    return result;
  }

  #fetchAhead(first: PromiseLike<Fetched<T>>): void {
    let latest = this.#ahead.at(-1) ?? first;
    while (this.#ahead.length < this.#bufferSize) {
      // Behind an end or an error nothing is asked for before somebody wants it.
      latest = latest.then((before) => (before.result.done === true ? before : this.#fetch()));
      Promise.resolve(latest).catch(() => {}); // whoever takes it sees what it throws
      this.#ahead.push(latest);
    }
    this.#latest = latest;
  }

  getState(): IteratorState {
    return this.#state;
  }

  setState(state: IteratorState): MaybePromise<void> {
    this.#ahead = [];
    const idle = this.#latest?.then(
      () => undefined,
      () => undefined,
    );
    this.#latest = undefined;
    return andThen(idle, () =>
      andThen(this.#parent.setState(state), () => {
        this.#state = this.#restoredState === "given" ? state : this.#parent.getState();
      }),
    );
  }
}
