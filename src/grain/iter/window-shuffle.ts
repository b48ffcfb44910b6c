import { invalidArgument, type OrbaxError } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../../pytree/state-values.js";
import { feistelPermutation } from "../../random/index-shuffle.js";
import { IterDataset } from "../iter-dataset.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, type IteratorState } from "../node.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Options of {@link WindowShuffleIterDataset}. */
export type WindowShuffleOptions = {
  /** Elements of a window, 1 or more. */
  readonly windowSize: number;
  /** 0 to 2^32−1; window w takes `seed + w`, which is not wrapped. */
  readonly seed: number | bigint;
};

/**
 * Shuffles within windows of `windowSize` elements: Grain's `WindowShuffleIterDataset`
 * (docs/spec/datarax.md section 6.3). The state is `{ parent_window_start_state, window_index, pos_in_window }`; an
 * iterator that restores one reads the elements of the window again, at once.
 *
 * An iteration that reaches `seed + w` = 2^32 fails, as Grain's does.
 *
 * When a source throws within a window, the elements at hand are kept, the next call reads on and the state stays where
 * the window begins; Grain gives them unshuffled, with states that do not lead back there.
 */
export class WindowShuffleIterDataset<T> extends IterDataset<T> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a window below 1, or numbers that are no integers. */
  constructor(parent: IterDataset<T>, options: WindowShuffleOptions) {
    super(windowShuffleIter(parent.node, options));
  }
}

/** {@link WindowShuffleIterDataset} over nodes. */
export function windowShuffleIter<T>(
  parent: SliceableIterNode<T>,
  options: WindowShuffleOptions,
): SliceableIterNode<T> {
  const { windowSize } = options;
  const seed = Number(options.seed);
  if (!Number.isSafeInteger(windowSize) || windowSize <= 0) {
    throw invalidArgument(`window_size must be positive, got ${windowSize}`, {
      found: windowSize,
      pythonType: "ValueError",
    });
  }
  if (!Number.isInteger(seed)) {
    throw invalidArgument(`seed must be an integer, got ${seed}`, { found: seed, pythonType: "TypeError" });
  }
  return {
    parents: [parent],
    open: () => new WindowShuffleIterator(parent.open(), windowSize, seed),
    sliced: (worker) => windowShuffleIter(sliceIter(parent, worker), options),
  };
}

class WindowShuffleIterator<T> implements ElementIterator<T> {
  readonly #parent: ElementIterator<T>;
  readonly #windowSize: number;
  readonly #seed: number;
  #windowStart: IteratorState;
  #windowIndex = 0;
  #positionInWindow = 0;
  /** What is left of the window, in reversed order of giving. */
  #window: IteratorYieldResult<T>[] = [];
  /** What was read of the next window, when its source or the shuffle threw. */
  #begun: IteratorYieldResult<T>[] | undefined;
  #parentEnded = false;

  constructor(parent: ElementIterator<T>, windowSize: number, seed: number) {
    this.#parent = parent;
    this.#windowSize = windowSize;
    this.#seed = seed;
    this.#windowStart = parent.getState();
  }

  next(): MaybePromise<IteratorResult<T, undefined>> {
    if (this.#window.length > 0) return this.#give();
    if (this.#begun === undefined) {
      if (this.#parentEnded) return END;
      this.#windowStart = this.#parent.getState();
      this.#positionInWindow = 0;
    }
    return andThen(this.#readWindow(), (read) => {
      this.#window = this.#shuffled(read);
      this.#begun = undefined;
      return this.#give();
    });
  }

  #give(): IteratorResult<T, undefined> {
    const result = this.#window.pop();
    if (result === undefined) return END;
    this.#positionInWindow++;
    if (this.#window.length === 0) this.#windowIndex++;
    return result;
  }

  #readWindow(): MaybePromise<IteratorYieldResult<T>[]> {
    const window = (this.#begun ??= []);
    const whole = untilDefined<true>(() => {
      if (window.length >= this.#windowSize || this.#parentEnded) return true;
      return andThen(this.#parent.next(), (result) => {
        if (result.done === true) {
          this.#parentEnded = true;
          return true;
        }
        window.push(result);
        return undefined;
      });
    });
    return andThen(whole, () => window);
  }

  #shuffled(read: readonly IteratorYieldResult<T>[]): IteratorYieldResult<T>[] {
    if (read.length === 0) return [];
    const seed = this.#seed + this.#windowIndex;
    if (!(seed >= 0 && seed < SEEDS)) throw seedError(read.length - 1, seed);
    const permute = feistelPermutation(read.length - 1, seed, 4);
    return read.flatMap((_, position) => read[permute(position)] ?? []);
  }

  getState(): IteratorState {
    return dictOf([
      ["parent_window_start_state", this.#windowStart],
      ["window_index", this.#windowIndex],
      ["pos_in_window", this.#positionInWindow],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const start = requiredField(state, "parent_window_start_state");
    const windowStart = dictFieldOf(start, "parent_window_start_state");
    this.#windowIndex = countOf(requiredField(state, "window_index"), "window_index");
    this.#positionInWindow = countOf(requiredField(state, "pos_in_window"), "pos_in_window");
    this.#windowStart = windowStart;
    this.#parentEnded = false;
    this.#begun = undefined;
    return andThen(this.#parent.setState(windowStart), () =>
      andThen(this.#readWindow(), (read) => {
        const left = read.length - this.#positionInWindow;
        // Behind the last element of a window `window_index` is that of the next: nothing to shuffle then.
        this.#window = left > 0 ? this.#shuffled(read).slice(0, left) : [];
        this.#begun = undefined;
      }),
    );
  }
}

const SEEDS = 2 ** 32;

/** Python's refusal of a seed that is no uint32, in its words. */
function seedError(maxIndex: number, seed: number): OrbaxError {
  return invalidArgument(
    "index_shuffle(): incompatible function arguments. The following argument types are supported:\n" +
      "    1. (index: int, max_index: int, seed: int, rounds: int) -> int\n\n" +
      `Invoked with: 0; kwargs: max_index=${maxIndex}, seed=${seed}, rounds=4`,
    { found: seed, pythonType: "TypeError" },
  );
}
