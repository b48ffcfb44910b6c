import { requireObject } from "../../grain/structure-arguments.js";
import type { RandomKey } from "../../random/jax-random.js";
import { openRngs, type RngsOption } from "../rngs-state.js";
import { recordKey, type StageObject } from "./stage.js";

/** A record that is still to be read, and the key of what happens to it at random. */
export type KeyedRecord<Record = number> = { readonly record: Record; readonly key: RandomKey };

/** Options of {@link keyRecords}. */
export type KeyRecordsOptions = {
  readonly rngs: RngsOption;
  /** Stream of the keys. Default: `default`. */
  readonly streamName?: string;
};

/**
 * A stage that gives each record of a batch the key with which Datarax's stochastic operators would transform it: a
 * function of its place in the stream, hence the same after any resume.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Flax's text if there is no such stream, nor a default.
 * @example
 * const stages = [keyRecords({ rngs: { default: 3 }, streamName: "augment" })] as const;
 * const pipeline = new Pipeline({ source: new MemorySource({ length: 200 }), batchSize: 6, rngs: { default: 1 }, stages });
 * const fetch = mapRecords({ fetch: (index) => readImage(index), transform: (image, key) => augment(image, key) });
 * for await (const images of prefetch(pipeline[Symbol.iterator](), { fetch })) train(images);
 */
export function keyRecords<Record = number>({
  rngs,
  streamName = "default",
}: KeyRecordsOptions): StageObject<readonly Record[], KeyedRecord<Record>[]> {
  const owned = openRngs(requireObject(rngs, "rngs"));
  const baseKey = owned.next(streamName);
  return {
    rngs: owned,
    apply: (batch, { position }) =>
      batch.map((record, offset) => ({ record, key: recordKey(baseKey, position + offset) })),
  };
}

/** Options of {@link mapRecords}. */
export type MapRecordsOptions<Record, Content, Result> = {
  /** Reads a record; all of a batch are read at a time. */
  readonly fetch: (
    record: Record,
    options: { readonly signal?: AbortSignal },
  ) => Content | PromiseLike<Content>;
  /** What becomes of it. Every random choice is to be made with the key. */
  readonly transform: (content: Content, key: RandomKey) => Result | PromiseLike<Result>;
};

/**
 * Reads and transforms the records of a batch of {@link keyRecords}: a function for `prefetch`, or to be awaited as it
 * is.
 */
export function mapRecords<Record, Content, Result>({
  fetch,
  transform,
}: MapRecordsOptions<Record, Content, Result>) {
  return (
    batch: readonly KeyedRecord<Record>[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Result[]> =>
    Promise.all(batch.map(async ({ record, key }) => transform(await fetch(record, options), key)));
}
