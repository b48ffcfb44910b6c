import { requireObject } from "../../grain/structure-arguments.js";
import { integerNumber } from "../../random/integer-argument.js";
import { foldIn, type RandomKey } from "../../random/jax-random.js";
import type { Rngs } from "../../random/rngs.js";
import { openRngs, type RngsOption } from "../rngs-state.js";
import { listedCount } from "../sources/wrapped-indices.js";

/** Where a batch comes from, for stages that want to know. */
export type StageContext = {
  /** Position of the batch's first record in the stream, counted over all epochs' batches since position 0. */
  readonly position: number;
  /** Records of the batch. */
  readonly size: number;
};

/** A step between a source and whoever reads the batches: a function, or an object that may own random streams. */
export type Stage<Batch, Out> = StageFunction<Batch, Out> | StageObject<Batch, Out>;

/** Makes a batch of a batch. */
export type StageFunction<Batch, Out> = (batch: Batch, context: StageContext) => Out;

/** A stage whose streams count in the state of the pipeline, as those of a Python module do. */
export type StageObject<Batch, Out> = {
  apply(batch: Batch, context: StageContext): Out;
  readonly rngs?: Rngs | undefined;
};

/** A stage in a list: what it takes is known to the list's maker alone. */
export type AnyStage = Stage<never, unknown>;

/**
 * The key of the record at a place in the stream, made from an operator's base key.
 *
 * @param position An int32; it counts modulo 2^32.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what is no key.
 */
export function recordKey(baseKey: RandomKey, position: number): RandomKey {
  return foldIn(baseKey, position >>> 0);
}

/**
 * A key for each of `count` records from `position` on: Datarax's `per_record_keys`. A record's key depends on its
 * place in the stream alone, not on how it is batched or where the stream was resumed (docs/spec/datarax.md section 5.2).
 *
 * @param baseKey The operator's own key: the first one of its stream.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what is no key, and for numbers that cannot be.
 */
export function recordKeys(baseKey: RandomKey, position: number, count: number): RandomKey[] {
  const first = integerNumber(position, "position");
  const keys = listedCount("count", count);
  return Array.from({ length: keys }, (_, offset) => recordKey(baseKey, first + offset));
}

/** Options of {@link StochasticStage}. */
export type StochasticStageOptions<Batch, Out> = {
  /** Streams of the stage. */
  readonly rngs: RngsOption;
  /** Stream that the keys are made from; `default` where there is none of that name. */
  readonly streamName: string;
  /** Makes a batch of a batch and of one key a record. */
  readonly apply: (batch: Batch, keys: readonly RandomKey[]) => Out;
};

/**
 * A stage with the keys of Datarax's stochastic operators: it takes one key of its stream when it is made, and from that
 * makes one for each record. What the records are to be made of them is `apply`'s matter.
 */
export class StochasticStage<Batch, Out> implements StageObject<Batch, Out> {
  readonly rngs: Rngs;
  /** The key that the records' keys are made from. */
  readonly baseKey: RandomKey;
  readonly #apply: StochasticStageOptions<Batch, Out>["apply"];

  /** @throws {OrbaxError} `INVALID_ARGUMENT` with Flax's text if there is no such stream, nor a default. */
  constructor({ rngs, streamName, apply }: StochasticStageOptions<Batch, Out>) {
    this.rngs = openRngs(requireObject(rngs, "rngs"));
    this.baseKey = this.rngs.next(streamName);
    this.#apply = apply;
  }

  apply(batch: Batch, { position, size }: StageContext): Out {
    return this.#apply(batch, recordKeys(this.baseKey, position, size));
  }
}
