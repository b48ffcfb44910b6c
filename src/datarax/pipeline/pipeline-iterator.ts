import type { State } from "../checkpointable-iterator.js";
import { requireDictState } from "../module-fields.js";
import { decodePipelineState, encodePipelineState } from "./pipeline-state.js";
import type { StreamFinder } from "./pipeline-streams.js";

/** What an iterator needs of its pipeline. */
export type SteppedPipeline<Out> = {
  readonly source: { readonly length?: number };
  readonly batchSize: number;
  position: number;
  streams(): readonly StreamFinder[];
  step(): Out;
};

/**
 * The batches of a `Pipeline`: what its `[Symbol.iterator]()` gives. Its states are those of Python's
 * `PipelineIterator`, and each language goes on from the other's (docs/spec/datarax.md sections 4 and 5.5).
 *
 * Leaving a loop early does not end it; `[Symbol.iterator]()` is the object itself.
 */
export class PipelineIterator<Out> implements Iterator<Out, undefined>, Iterable<Out> {
  readonly #pipeline: SteppedPipeline<Out>;
  readonly #streams: readonly StreamFinder[];
  /** As in Python an iterator has a position of its own; that of the pipeline follows it. */
  #position: number;
  #rngCounts: readonly number[];
  #isClosed = false;

  /** @internal Iterate over a pipeline instead. */
  constructor(pipeline: SteppedPipeline<Out>) {
    this.#pipeline = pipeline;
    this.#streams = pipeline.streams();
    this.#position = pipeline.position;
    this.#rngCounts = this.#liveCounts();
  }

  #liveCounts(): number[] {
    return this.#streams.map((find) => find().count);
  }

  /** Brings the pipeline to where the iterator is. */
  #moveHere(): void {
    this.#pipeline.position = this.#position;
    for (const [index, find] of this.#streams.entries()) find().count = this.#rngCounts[index] ?? 0;
  }

  /** The next batch. Throws what source and stages throw, and then stays where it was. */
  next(): IteratorResult<Out, undefined> {
    const { length } = this.#pipeline.source;
    if (this.#isClosed || (length !== undefined && this.#position >= length)) {
      return { done: true, value: undefined };
    }
    this.#moveHere();
    const value = this.#pipeline.step();
    this.#position += this.#pipeline.batchSize;
    this.#rngCounts = this.#liveCounts();
    return { done: false, value };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Position, and the number of keys that each random stream gave. */
  getState(): State {
    return encodePipelineState({ position: this.#position, rngCounts: this.#rngCounts });
  }

  /**
   * Continues where a saved iterator was, also if this one has come to its end. The seeds must be the same: they are in no
   * state, so that others are not noticed.
   *
   * @throws {OrbaxError} `CONFLICT` with Datarax's text for another number of random streams · `INVALID_ARGUMENT` for a
   * missing field, a position outside int32 or a count outside uint32; the iterator is then as before.
   */
  setState(state: State): void {
    const { position, rngCounts } = decodePipelineState(requireDictState(state), this.#streams.length);
    this.#position = position;
    this.#rngCounts = rngCounts;
    this.#moveHere();
  }

  /** Ends the iterator for good. */
  close(): void {
    this.#isClosed = true;
  }
}
