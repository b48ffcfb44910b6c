import { invalidArgument } from "../errors.js";
import { integerNumber } from "../random/integer-argument.js";
import { PhiloxGenerator, philoxKey } from "../random/philox.js";
import type { RecordMetadata, RngSource } from "./record.js";
import type { ShardOptions } from "./shard-options.js";

/** Says which record comes at each position: Grain's `Sampler`. A user may write one. */
export type Sampler = {
  /**
   * @throws Something with `details.pythonType` "IndexError", or a RangeError, behind the last position, where the
   * sampler has no `length`.
   */
  get(index: number): RecordMetadata;
  /** Positions of all shards together; `Infinity` where Python's length is `sys.maxsize`. */
  readonly length?: number;
  /** The sharding of a loader that was given none. */
  readonly shardOptions?: ShardOptions;
  /** Python's `repr`, by which states are compared. */
  toString(): string;
};

/**
 * Python's check of `num_records`.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a number below 1, in Grain's words, and for what is no safe integer.
 */
export function checkNumRecords(numRecords: number): void {
  integerNumber(numRecords, "numRecords");
  if (numRecords > 0) return;
  throw invalidArgument(
    `Invalid number of records in Sampler. Got ${numRecords} records, but number of records must be greater than 0.`,
    { field: "numRecords", found: numRecords, pythonType: "ValueError" },
  );
}

/**
 * Refuses a position that a sampler does not have.
 *
 * @param maxIndex Positions that there are; `null` for an endless sampler.
 * @throws {OrbaxError} `INVALID_ARGUMENT`, Python's IndexError, in Grain's words.
 */
export function checkIndex(index: number, maxIndex: number | null): void {
  integerNumber(index, "index");
  if (index >= 0 && (maxIndex === null || index < maxIndex)) return;
  throw invalidArgument(
    `RecordMetadata object index is out of bounds; Got index ${index}, allowed indices should be in [0, ${maxIndex ?? "None"}]`,
    { field: "index", found: index, pythonType: "IndexError" },
  );
}

/**
 * `Generator(Philox(key=seed + index))`, which a record's random operations draw from; none without a seed.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a key outside 0 to 2^128−1.
 */
export function recordRng(seed: number | bigint | null, index: number): RngSource | undefined {
  if (seed === null) return undefined;
  const key = BigInt(seed) + BigInt(index);
  philoxKey(key);
  return () => new PhiloxGenerator({ key });
}
