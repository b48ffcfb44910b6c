import { dictOf } from "../../pytree/container.js";
import { countOf, requiredField, safeIntegerOf } from "../../pytree/state-values.js";
import type { Dict } from "../../pytree/value.js";
import type { State } from "../checkpointable-iterator.js";
import type { ModuleFields } from "../module-fields.js";
import type { RngsOption } from "../rngs-state.js";
import { initialSamplerFields, requireSamplerState, restoredSamplerFields } from "./sampler-fields.js";
import { ENDLESS, validateWindow } from "./validation.js";

/** Options of {@link SlidingWindowSampler}. */
export type SlidingWindowSamplerOptions = {
  /** Records of the sequence, at least as many as a window has. */
  readonly numRecords: number;
  /** Records of a window, 1 or more. Default 1. */
  readonly windowSize?: number;
  /** From the start of a window to that of the next, 1 or more. Default 1. */
  readonly stride?: number;
  /** Only whole windows. Otherwise those at the end repeat the last record. Default true. */
  readonly dropIncomplete?: boolean;
  /** Passes over the windows; −1 is without end. As in Python, 0 and other negative numbers are one. Default 1. */
  readonly numEpochs?: number;
  /** Streams that the Python side's sampler was built with, so that the states match. No element depends on them. */
  readonly rngs?: RngsOption;
};

/**
 * Windows of consecutive records, each an array of `windowSize` indices. Resumes exactly; the state holds the
 * position only, so both sides must be built alike (docs/spec/datarax.md sections 4 and 5.3).
 *
 * Unlike Python's `iter()`, `[Symbol.iterator]` never starts over; {@link reset} does. On the Python side `next()`
 * continues a restored sampler, `iter()` starts again.
 */
export class SlidingWindowSampler implements Iterator<number[], undefined>, Iterable<number[]> {
  readonly #lastRecord: number;
  readonly #windowSize: number;
  readonly #stride: number;
  readonly #numEpochs: number;
  /** Windows of an epoch. */
  readonly length: number;
  /** Of the current epoch, the next window; `length` at its end. */
  #windowIndex = 0;
  #epoch = 0;
  #fields: ModuleFields;

  /**
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for numbers that cannot be, or windows of more than
   * 2^26 records.
   */
  constructor(options: SlidingWindowSamplerOptions) {
    const { windowSize = 1, stride = 1, dropIncomplete = true, numEpochs = 1, rngs } = options;
    const numRecords = validateWindow({ numRecords: options.numRecords, windowSize, stride, numEpochs });
    this.#lastRecord = numRecords - 1;
    this.#windowSize = windowSize;
    this.#stride = stride;
    this.#numEpochs = numEpochs;
    const lastStart = dropIncomplete ? numRecords - windowSize : this.#lastRecord;
    this.length = Math.floor(lastStart / stride) + 1;
    this.#fields = initialSamplerFields(rngs);
  }

  next(): IteratorResult<number[], undefined> {
    if (this.#windowIndex >= this.length) {
      const epoch = this.#epoch + 1;
      // Python leaves the position at the end of the last epoch.
      if (this.#numEpochs !== ENDLESS && epoch >= this.#numEpochs) return { done: true, value: undefined };
      this.#epoch = epoch;
      this.#windowIndex = 0;
    }
    return { done: false, value: this.#window(this.#windowIndex++) };
  }

  #window(index: number): number[] {
    const start = index * this.#stride;
    return Array.from({ length: this.#windowSize }, (_, offset) =>
      Math.min(start + offset, this.#lastRecord),
    );
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Goes back to the first window of the first epoch. */
  reset(): void {
    this.#windowIndex = 0;
    this.#epoch = 0;
  }

  getState(): State {
    return this.#fields.stateWith(this.#ownState());
  }

  #ownState(): Dict {
    return dictOf([
      ["current_epoch", this.#epoch],
      ["window_index", this.#windowIndex],
    ]);
  }

  /**
   * Continues where a saved sampler was.
   *
   * @throws {OrbaxError} `CONFLICT` for a state of another structure · `INVALID_ARGUMENT` for values that are no
   * positions; the sampler is then as before.
   */
  setState(state: State): void {
    const saved = requireSamplerState(state);
    const fields = restoredSamplerFields(this.#fields, this.#ownState(), saved);
    const epoch = safeIntegerOf(requiredField(saved, "current_epoch"), "current_epoch");
    const windowIndex = countOf(requiredField(saved, "window_index"), "window_index");
    this.#fields = fields;
    this.#epoch = epoch;
    this.#windowIndex = windowIndex;
  }
}
