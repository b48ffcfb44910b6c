import { dictOf } from "../../pytree/container.js";
import { countOf, requiredField, safeIntegerOf } from "../../pytree/state-values.js";
import type { Dict } from "../../pytree/value.js";
import type { State } from "../checkpointable-iterator.js";
import type { ModuleFields } from "../module-fields.js";
import type { RngsOption } from "../rngs-state.js";
import { initialSamplerFields, requireSamplerState, restoredSamplerFields } from "./sampler-fields.js";
import { ENDLESS, totalEpochLength, validateSamplerBounds } from "./validation.js";

/** Options of {@link SequentialSamplerModule}. */
export type SequentialSamplerOptions = {
  /** Records of the data set, 1 or more. */
  readonly numRecords: number;
  /** Passes over them; −1 is without end. Default 1. */
  readonly numEpochs?: number;
  /** Streams that the Python side's sampler was built with, so that the states match. No element depends on them. */
  readonly rngs?: RngsOption;
};

/**
 * The records 0, 1, 2, … of each epoch. Resumes exactly; a restored state also brings its own numbers of records
 * and epochs (docs/spec/datarax.md sections 4 and 5.3).
 *
 * Unlike Python's `iter()`, `[Symbol.iterator]` never starts over; {@link reset} does.
 */
export class SequentialSamplerModule implements Iterator<number, undefined>, Iterable<number> {
  #numRecords: number;
  #numEpochs: number;
  #index = 0;
  #epoch = 0;
  #fields: ModuleFields;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for numbers that cannot be. */
  constructor({ numRecords, numEpochs = 1, rngs }: SequentialSamplerOptions) {
    validateSamplerBounds(numRecords, numEpochs);
    this.#numRecords = numRecords;
    this.#numEpochs = numEpochs;
    this.#fields = initialSamplerFields(rngs);
  }

  /** Elements of all epochs. @throws {OrbaxError} `INVALID_ARGUMENT` if they are endless. */
  get length(): number {
    return totalEpochLength(this.#numRecords, this.#numEpochs);
  }

  next(): IteratorResult<number, undefined> {
    if (this.#hasEnded()) return { done: true, value: undefined };
    if (this.#index >= this.#numRecords) {
      this.#epoch += 1;
      this.#index = 0;
      if (this.#hasEnded()) return { done: true, value: undefined };
    }
    return { done: false, value: this.#index++ };
  }

  #hasEnded(): boolean {
    return this.#numEpochs !== ENDLESS && this.#epoch >= this.#numEpochs;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Goes back to the first record of the first epoch. */
  reset(): void {
    this.#index = 0;
    this.#epoch = 0;
  }

  getState(): State {
    return this.#fields.stateWith(this.#ownState());
  }

  #ownState(): Dict {
    return dictOf([
      ["current_epoch", this.#epoch],
      ["current_index", this.#index],
      ["num_epochs", this.#numEpochs],
      ["num_records", this.#numRecords],
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
    const index = countOf(requiredField(saved, "current_index"), "current_index");
    const numEpochs = safeIntegerOf(requiredField(saved, "num_epochs"), "num_epochs");
    const numRecords = countOf(requiredField(saved, "num_records"), "num_records");
    validateSamplerBounds(numRecords, ENDLESS);
    this.#fields = fields;
    this.#epoch = epoch;
    this.#index = index;
    this.#numEpochs = numEpochs;
    this.#numRecords = numRecords;
  }
}
