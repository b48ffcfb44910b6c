import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, flagOf, integerOf, requiredField } from "../../pytree/state-values.js";
import type { Dict } from "../../pytree/value.js";
import { epochOrder, type IndexPermutation } from "../../random/index-shuffle.js";
import type { State } from "../checkpointable-iterator.js";
import type { ModuleFields } from "../module-fields.js";
import type { RngsOption } from "../rngs-state.js";
import { initialSamplerFields, requireSamplerState, restoredSamplerFields } from "./sampler-fields.js";
import { validateDatasetSize, validateSeed } from "./validation.js";

/** Options of {@link ShuffleSampler}. */
export type ShuffleSamplerOptions = {
  /** Records of the data set. Default 0. */
  readonly datasetSize?: number;
  /** 0 to 2^32−1. Default 0. */
  readonly seed?: number | bigint;
  /** Streams that the Python side's sampler was built with, so that the states match. No element depends on them. */
  readonly rngs?: RngsOption;
};

/** What steers the order; replaced as a whole. */
type Order = { readonly datasetSize: number; readonly seed: number; readonly permute: IndexPermutation };

function orderOf(datasetSize: number, seed: number): Order {
  return { datasetSize, seed, permute: epochOrder(seed, datasetSize) };
}

/**
 * All records once, in the order of Grain's `IndexSampler` with the same seed. Resumes exactly; a restored state
 * also brings its own size and seed (docs/spec/datarax.md sections 4 and 5.3).
 *
 * Unlike Python's `iter()`, `[Symbol.iterator]` never starts over; {@link reset} does.
 */
export class ShuffleSampler implements Iterator<number, undefined>, Iterable<number> {
  #order: Order;
  #position = 0;
  /** Python's mark of a restored pass that has not come to its end yet. */
  #isResumed = false;
  #fields: ModuleFields;
  /** Fields beside size, seed and position that a restored `sampler_state` had. */
  #otherSamplerState: Dict = {};

  /** @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for a size or seed that cannot be. */
  constructor({ datasetSize = 0, seed = 0, rngs }: ShuffleSamplerOptions = {}) {
    this.#order = orderOf(validateDatasetSize(datasetSize), validateSeed(seed));
    this.#fields = initialSamplerFields(rngs);
  }

  /** Elements of the pass. */
  get length(): number {
    return this.#order.datasetSize;
  }

  next(): IteratorResult<number, undefined> {
    const { datasetSize, permute } = this.#order;
    if (this.#position >= datasetSize) {
      this.#isResumed = false;
      return { done: true, value: undefined };
    }
    return { done: false, value: permute(this.#position++) };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /**
   * Goes back to the first element.
   *
   * @param seed Changes the order. Default: the one it has.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a seed that cannot be.
   */
  reset(seed?: number | bigint): void {
    if (seed !== undefined) this.#order = orderOf(this.#order.datasetSize, validateSeed(seed));
    this.#position = 0;
    this.#isResumed = false;
  }

  getState(): State {
    const { datasetSize, seed } = this.#order;
    const samplerFields = dictOf([
      ...Object.entries(this.#otherSamplerState),
      ["dataset_size", datasetSize],
      ["position", this.#position],
      ["seed", seed],
    ]);
    return this.#fields.stateWith(
      dictOf([...Object.entries(this.#ownState()), ["sampler_state", samplerFields]]),
    );
  }

  #ownState(): Dict {
    return dictOf([
      ["_resume_next_iter", this.#isResumed],
      ["position", this.#position],
    ]);
  }

  /**
   * Continues where a saved sampler was. As in Python the state may be whole, or `sampler_state` alone, or all but
   * that; an empty one changes nothing.
   *
   * @throws {OrbaxError} `CONFLICT` for a state of another structure · `INVALID_ARGUMENT` for values that are no
   * positions or seeds; the sampler is then as before.
   */
  setState(state: State): void {
    const { sampler_state: samplerFields = null, ...base } = requireSamplerState(state);
    let fields = this.#fields;
    let position = this.#position;
    let isResumed = this.#isResumed;
    let order = this.#order;
    let otherSamplerState = this.#otherSamplerState;
    if (Object.keys(base).length > 0) {
      fields = restoredSamplerFields(fields, this.#ownState(), base, { whole: state });
      position = countOf(requiredField(base, "position"), "position");
      isResumed = flagOf(requiredField(base, "_resume_next_iter"), "_resume_next_iter");
    }
    if (samplerFields !== null) {
      const saved = dictFieldOf(samplerFields, "sampler_state");
      const datasetSize = countOf(requiredField(saved, "dataset_size"), "dataset_size");
      order = orderOf(datasetSize, validateSeed(integerOf(requiredField(saved, "seed"), "seed")));
      position = countOf(requiredField(saved, "position"), "position");
      isResumed = true;
      otherSamplerState = saved;
    }
    this.#fields = fields;
    this.#position = position;
    this.#isResumed = isResumed;
    this.#order = order;
    this.#otherSamplerState = otherSamplerState;
  }
}
