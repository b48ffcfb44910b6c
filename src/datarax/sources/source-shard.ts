import { invalidArgument } from "../../errors.js";
import { integerNumber } from "../../random/integer-argument.js";

/** Which of several workers a source serves. */
export type ShardConfig = {
  /** This worker's number, from 0. Counts only with more than one worker. */
  readonly shardId?: number;
  /** Workers that share the records: worker k has those at positions k, k + numWorkers, … Default 1. */
  readonly numWorkers?: number;
};

/** A worker's part of the positions of a pass. */
export type Shard = {
  /** The position of the worker's element number `index`. */
  positionOf(index: number): number;
  /** How many of `length` positions are the worker's. */
  count(length: number): number;
};

/** The part of a worker. @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for numbers that cannot be. */
export function openShard({ shardId, numWorkers = 1 }: ShardConfig): Shard {
  integerNumber(numWorkers, "num_workers");
  if (shardId !== undefined) integerNumber(shardId, "shard_id");
  if (numWorkers < 1) throw invalid(`num_workers must be >= 1, got ${numWorkers}`);
  if (numWorkers === 1) return { positionOf: (index) => index, count: (length) => length };
  if (shardId === undefined) throw invalid("shard_id is required when num_workers > 1");
  if (shardId < 0) throw invalid(`shard_id must be non-negative, got ${shardId}`);
  if (shardId >= numWorkers) throw invalid(`shard_id (${shardId}) must be < num_workers (${numWorkers})`);
  return {
    positionOf: (index) => shardId + index * numWorkers,
    count: (length) => Math.max(0, Math.ceil((length - shardId) / numWorkers)),
  };
}

function invalid(message: string) {
  return invalidArgument(message, { pythonType: "ValueError" });
}
