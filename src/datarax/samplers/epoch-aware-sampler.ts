import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { countOf, flagOf, integerOf, requiredField, safeIntegerOf } from "../../pytree/state-values.js";
import type { Dict } from "../../pytree/value.js";
import { epochOrder, type IndexPermutation } from "../../random/index-shuffle.js";
import type { State } from "../checkpointable-iterator.js";
import type { ModuleFields } from "../module-fields.js";
import type { RngsOption } from "../rngs-state.js";
import { initialSamplerFields, requireSamplerState, restoredSamplerFields } from "./sampler-fields.js";
import {
  ENDLESS,
  requireInteger,
  totalEpochLength,
  validateSamplerBounds,
  validateSeed,
} from "./validation.js";

/** Options of {@link EpochAwareSamplerModule}. */
export type EpochAwareSamplerOptions = {
  /** Records of the data set, 1 or more. */
  readonly numRecords: number;
  /** Passes over them; −1 is without end. Default 1. */
  readonly numEpochs?: number;
  /** Another order in each epoch, instead of 0, 1, 2, …. Default true. */
  readonly shuffle?: boolean;
  /** 0 to 2^32−1; epoch e takes seed + e. Default 42. */
  readonly seed?: number | bigint;
  /** `{ default: 0 }` for `nnx.Rngs(0)`: Datarax wants streams for a shuffle, although no element depends on them. */
  readonly rngs?: RngsOption;
  /** Called with the number of each epoch that has ended, before the first element of the next one. */
  readonly onEpochComplete?: (epoch: number) => void;
};

/** Python's name of the stream that a shuffling sampler asks for. */
const STREAM = "sample";

/** What decides the orders; a restored state brings its own. */
type EpochConfig = {
  readonly numRecords: number;
  readonly numEpochs: number;
  readonly shuffle: boolean;
  readonly seed: number | bigint;
};

/**
 * The records of each epoch in an order of its own. Resumes exactly; a restored state also brings its own numbers
 * of records and epochs, shuffle and seed (docs/spec/datarax.md sections 4 and 5.3).
 *
 * Unlike Python's `iter()`, `[Symbol.iterator]` never starts over; {@link reset} does. On the Python side `next()`
 * continues a restored sampler, `iter()` starts again.
 */
export class EpochAwareSamplerModule implements Iterator<number, undefined>, Iterable<number> {
  #config: EpochConfig;
  #index = 0;
  #epoch = 0;
  /** Order of the current epoch, made with its first element. */
  #order: IndexPermutation | undefined;
  #fields: ModuleFields;
  readonly #onEpochComplete: (epoch: number) => void;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for numbers that cannot be, or missing streams. */
  constructor(options: EpochAwareSamplerOptions) {
    const { numRecords, numEpochs = 1, shuffle = true, seed: given = 42, rngs, onEpochComplete } = options;
    validateSamplerBounds(numRecords, numEpochs);
    const seed = requireInteger("seed", given);
    if (shuffle) validateSeed(seed);
    if (shuffle && rngs === undefined) {
      throw invalidArgument(
        `Stochastic structural modules require rngs parameter. Pass rngs=nnx.Rngs(..., ${STREAM}=...)`,
        { pythonType: "ValueError" },
      );
    }
    this.#config = { numRecords, numEpochs, shuffle, seed };
    // Python's list holds functions and can only be saved empty.
    this.#fields = initialSamplerFields(rngs, shuffle ? STREAM : null, { epoch_complete_callbacks: [] });
    this.#onEpochComplete = onEpochComplete ?? (() => {});
  }

  /** Elements of all epochs. @throws {OrbaxError} `INVALID_ARGUMENT` if they are endless. */
  get length(): number {
    return totalEpochLength(this.#config.numRecords, this.#config.numEpochs);
  }

  next(): IteratorResult<number, undefined> {
    if (this.#hasEnded()) return { done: true, value: undefined };
    if (this.#index >= this.#config.numRecords) {
      this.#onEpochComplete(this.#epoch);
      this.#moveTo(this.#epoch + 1, this.#index);
      if (this.#hasEnded()) return { done: true, value: undefined }; // Python leaves the index at the end
      this.#index = 0;
    }
    this.#order ??= this.#orderOfEpoch();
    return { done: false, value: this.#order(this.#index++) };
  }

  #hasEnded(): boolean {
    const { numEpochs } = this.#config;
    return numEpochs !== ENDLESS && this.#epoch >= numEpochs;
  }

  #moveTo(epoch: number, index: number): void {
    this.#epoch = epoch;
    this.#index = index;
    this.#order = undefined;
  }

  #orderOfEpoch(): IndexPermutation {
    const { numRecords, shuffle, seed } = this.#config;
    if (!shuffle) return (index) => index;
    return epochOrder(Number(BigInt.asUintN(32, BigInt(seed) + BigInt(this.#epoch))), numRecords);
  }

  [Symbol.iterator](): this {
    return this;
  }

  /**
   * Goes back to the first element of the first epoch.
   *
   * @param seed Changes the order. Default: the one it has.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a seed that is no integer.
   */
  reset(seed?: number | bigint): void {
    if (seed !== undefined) {
      this.#config = { ...this.#config, seed: requireInteger("seed", seed) };
    }
    this.#moveTo(0, 0);
  }

  getState(): State {
    return this.#fields.stateWith(this.#ownState());
  }

  #ownState(): Dict {
    const { numRecords, numEpochs, shuffle, seed } = this.#config;
    return dictOf([
      ["base_seed", seed],
      ["current_epoch", this.#epoch],
      ["current_index", this.#index],
      ["num_epochs", numEpochs],
      ["num_records", numRecords],
      ["shuffle", shuffle],
    ]);
  }

  /**
   * Continues where a saved sampler was.
   *
   * @throws {OrbaxError} `CONFLICT` for a state of another structure · `INVALID_ARGUMENT` for values that are no
   * positions or seeds; the sampler is then as before.
   */
  setState(state: State): void {
    const saved = requireSamplerState(state);
    const fields = restoredSamplerFields(this.#fields, this.#ownState(), saved);
    const epoch = safeIntegerOf(requiredField(saved, "current_epoch"), "current_epoch");
    const index = countOf(requiredField(saved, "current_index"), "current_index");
    const config = {
      numRecords: countOf(requiredField(saved, "num_records"), "num_records"),
      numEpochs: safeIntegerOf(requiredField(saved, "num_epochs"), "num_epochs"),
      shuffle: flagOf(requiredField(saved, "shuffle"), "shuffle"),
      seed: integerOf(requiredField(saved, "base_seed"), "base_seed"),
    };
    validateSamplerBounds(config.numRecords, ENDLESS);
    this.#fields = fields;
    this.#config = config;
    this.#moveTo(epoch, index);
  }
}
