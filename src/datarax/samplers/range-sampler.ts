import { dictOf } from "../../pytree/container.js";
import { dictFieldOf, requiredField, safeIntegerOf } from "../../pytree/state-values.js";
import type { Dict, Tree } from "../../pytree/value.js";
import { integerNumber } from "../../random/integer-argument.js";
import type { State } from "../checkpointable-iterator.js";
import type { ModuleFields } from "../module-fields.js";
import type { RngsOption } from "../rngs-state.js";
import { initialSamplerFields, requireSamplerState, restoredSamplerFields } from "./sampler-fields.js";
import { invalid } from "./validation.js";

/** Options of {@link RangeSampler}. */
export type RangeSamplerOptions = {
  /** The first element; without `stop`, the end, and the first element is 0. Default 0. */
  readonly start?: number;
  /** Where the range ends, itself not an element. */
  readonly stop?: number | null;
  /** From an element to the next; not 0. Default 1. */
  readonly step?: number;
  /** Streams that the Python side's sampler was built with, so that the states match. No element depends on them. */
  readonly rngs?: RngsOption;
};

/** A range of integers; replaced as a whole. */
type Range = {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  /** Number of elements. */
  readonly length: number;
};

/**
 * The integers from `start` to `stop`, `step` apart. As many as Python's Datarax counts, which is `(stop - start) /
 * step` without its fraction: 3, 7, 11, 15 for (3, 20, 4), where Python's own `range` has 19 too
 * (docs/spec/datarax.md section 5.3).
 *
 * `current_position` in a state is the next element, from which this class continues exactly. Python writes the
 * field but never moves it: a state that Python saved says `start`, however many elements were taken, so a restored
 * stream begins anew there, in both languages. Who counted the elements can say where it was, by
 * {@link setCurrentPosition}; the same method of Python's keeps it in Python's states.
 *
 * `[Symbol.iterator]` never starts over; {@link reset} does.
 */
export class RangeSampler implements Iterator<number, undefined>, Iterable<number> {
  #range: Range;
  /** The next element, also behind the last one. */
  #position: number;
  #fields: ModuleFields;
  /** Fields beside the range and the position that a restored `sampler_state` had. */
  #otherSamplerState: Dict = {};

  /** @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for a step of 0 or an empty range. */
  constructor({ start = 0, stop = null, step = 1, rngs }: RangeSamplerOptions = {}) {
    const bounds = stop === null ? { start: 0, stop: start } : { start, stop };
    const range = rangeOf(bounds.start, bounds.stop, step);
    if (range.length === 0 && range.start !== range.stop) {
      throw invalid(`Range with start=${range.start}, stop=${range.stop}, step=${step} would be empty`);
    }
    this.#range = range;
    this.#position = range.start;
    this.#fields = initialSamplerFields(rngs);
  }

  /** Elements of the range. */
  get length(): number {
    return this.#range.length;
  }

  next(): IteratorResult<number, undefined> {
    const value = this.#position;
    if (hasEnded(this.#range, value)) return { done: true, value: undefined };
    this.#position += this.#range.step;
    return { done: false, value };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Goes back to the first element. */
  reset(): void {
    this.#position = this.#range.start;
  }

  /** The next element; behind the last one, what would follow. */
  getCurrentPosition(): number {
    return this.#position;
  }

  /**
   * Goes to an element: after n elements of a fresh sampler the next one is `start + n * step`.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a number that is no element and not behind the last one.
   */
  setCurrentPosition(position: number): void {
    const wanted = integerNumber(position, "position");
    requirePosition(this.#range, wanted);
    this.#position = wanted;
  }

  getState(): State {
    const { start, stop, step } = this.#range;
    const samplerFields = dictOf([
      ...Object.entries(this.#otherSamplerState),
      ["current_position", this.#position],
      ["start", start],
      ["step", step],
      ["stop", stop],
    ]);
    return this.#fields.stateWith(
      dictOf([...Object.entries(this.#ownState()), ["sampler_state", samplerFields]]),
    );
  }

  #ownState(): Dict {
    return dictOf([["_current_position", this.#position]]);
  }

  /**
   * Continues where a saved sampler was; a state of Python's says the start (see the class). As in Python the state
   * may be whole, or `sampler_state` alone, of which any field may be missing, or all but that; an empty one changes
   * nothing.
   *
   * @throws {OrbaxError} `CONFLICT` for a state of another structure · `INVALID_ARGUMENT` for values that are no
   * range or no element of it; the sampler is then as before.
   */
  setState(state: State): void {
    const { sampler_state: samplerFields, ...base } = requireSamplerState(state);
    let fields = this.#fields;
    let range = this.#range;
    let position = this.#position;
    let otherSamplerState = this.#otherSamplerState;
    if (Object.keys(base).length > 0) {
      fields = restoredSamplerFields(fields, this.#ownState(), base, { whole: state });
      position = safeIntegerOf(requiredField(base, "_current_position"), "_current_position");
    }
    if (samplerFields !== undefined) {
      const saved = dictFieldOf(samplerFields, "sampler_state");
      const { start = range.start, stop = range.stop, step = range.step } = saved;
      range = rangeOf(
        safeIntegerOf(start, "start"),
        safeIntegerOf(stop, "stop"),
        safeIntegerOf(step, "step"),
      );
      position = positionOf(saved["current_position"], position);
      otherSamplerState = saved;
    }
    requirePosition(range, position);
    this.#fields = fields;
    this.#range = range;
    this.#position = position;
    this.#otherSamplerState = otherSamplerState;
  }
}

function positionOf(saved: Tree | undefined, otherwise: number): number {
  return saved === undefined ? otherwise : safeIntegerOf(saved, "current_position");
}

/** @throws {OrbaxError} `INVALID_ARGUMENT` for a step of 0, and for a range that is wider than 2^53. */
function rangeOf(start: number, stop: number, step: number): Range {
  const bounds = { start: integerNumber(start, "start"), stop: integerNumber(stop, "stop") };
  if (integerNumber(step, "step") === 0) throw invalid("Step cannot be zero");
  const width = integerNumber(bounds.stop - bounds.start, "stop - start");
  return { ...bounds, step, length: Math.max(0, Math.trunc(width / step)) };
}

function hasEnded(range: Range, position: number): boolean {
  return stepsTo(range, position) >= range.length;
}

function requirePosition(range: Range, position: number): void {
  const { start, stop, step } = range;
  const steps = stepsTo(range, position);
  if (steps >= range.length || (steps >= 0 && (position - start) % step === 0)) return;
  throw invalid(
    `position ${position} is no element of the range with start=${start}, stop=${stop}, step=${step}`,
  );
}

function stepsTo({ start, step }: Range, position: number): number {
  return (position - start) / step;
}
