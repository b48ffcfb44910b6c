import { invalidArgument } from "../errors.js";
import { integerNumber } from "../random/integer-argument.js";
import { requireObject } from "./structure-arguments.js";

/**
 * Which part of the records this process reads: Grain's `ShardOptions`. A plain object will do where one is asked for;
 * `new ShardOptions(…)` checks at once what samplers and datasets check otherwise.
 */
export class ShardOptions {
  /** This process's part, from 0. */
  readonly shardIndex: number;
  /** Parts in all. */
  readonly shardCount: number;
  /** Whether all parts have the same number of records and the rest is left out. Default: false. */
  readonly dropRemainder?: boolean;
  /** Python's class where it is another one than `ShardOptions`: states hold its name. */
  readonly className?: string;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` as {@link checkShardOptions}. */
  constructor(options: ShardOptions) {
    checkShardOptions(requireObject(options, "shardOptions"));
    this.shardIndex = options.shardIndex;
    this.shardCount = options.shardCount;
    this.dropRemainder = options.dropRemainder ?? false;
    if (options.className !== undefined) this.className = options.className;
  }
}

/** All records in one part: Grain's `NoSharding()`. */
export function noSharding(): ShardOptions {
  return { shardIndex: 0, shardCount: 1, dropRemainder: false, className: "NoSharding" };
}

/**
 * A part for each process of a JAX program: Grain's `ShardByJaxProcess(drop_remainder=…)`, which asks JAX for the two
 * numbers.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` as {@link checkShardOptions}.
 */
export function shardByJaxProcess(options: {
  readonly processIndex: number;
  readonly processCount: number;
  readonly dropRemainder?: boolean;
}): ShardOptions {
  const { processIndex, processCount, dropRemainder = false } = options;
  return new ShardOptions({
    shardIndex: processIndex,
    shardCount: processCount,
    dropRemainder,
    className: "ShardByJaxProcess",
  });
}

/**
 * Python's checks of a `ShardOptions`, in its words.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a count below 1, an index outside the count and what is no safe integer.
 */
export function checkShardOptions({ shardIndex, shardCount }: ShardOptions): void {
  integerNumber(shardIndex, "shardIndex");
  integerNumber(shardCount, "shardCount");
  if (shardCount <= 0) {
    throw invalidArgument(`Number of shards must be a positive integer but got ${shardCount}.`, {
      field: "shardCount",
      found: shardCount,
      pythonType: "ValueError",
    });
  }
  if (shardIndex < 0 || shardIndex >= shardCount) {
    throw invalidArgument(
      `Shard shard_index must be in [0, shard_count - 1], shard_count was ${shardCount} and shard_index was ${shardIndex}.`,
      { field: "shardIndex", found: shardIndex, pythonType: "ValueError" },
    );
  }
}

/** Python's `repr` of the options, which states of a `DataLoader` hold. */
export function shardOptionsRepr(options: ShardOptions): string {
  const { shardIndex, shardCount, dropRemainder = false, className = "ShardOptions" } = options;
  const drop = dropRemainder ? "True" : "False";
  return `${className}(shard_index=${shardIndex}, shard_count=${shardCount}, drop_remainder=${drop})`;
}

/**
 * The half-open interval of records that is this process's part. Without `dropRemainder` the first parts have one
 * record more where the parts cannot be equal.
 *
 * @param numRecords A safe integer, 0 or more.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for other numbers and as {@link checkShardOptions}.
 */
export function evenSplit(numRecords: number, options: ShardOptions): [start: number, end: number] {
  checkShardOptions(options);
  if (!Number.isSafeInteger(numRecords) || numRecords < 0) {
    throw invalidArgument(`the number of records must be a non-negative integer, got ${numRecords}`, {
      field: "numRecords",
      found: numRecords,
      pythonType: "TypeError",
    });
  }
  const { shardIndex, shardCount, dropRemainder = false } = options;
  const rest = numRecords % shardCount;
  const perShard = (numRecords - rest) / shardCount;
  const before = (index: number) => perShard * index + (dropRemainder ? 0 : Math.min(index, rest));
  return [before(shardIndex), before(shardIndex + 1)];
}
