import { invalidArgument } from "../../errors.js";

// Datarax's checks of sampler options, with its texts (docs/spec/datarax.md section 5.3).

const SEEDS = 2 ** 32;

/** The number of epochs that means: without end. */
export const ENDLESS = -1;

/** @throws {OrbaxError} `INVALID_ARGUMENT` unless there are records and epochs, or {@link ENDLESS} ones. */
export function validateSamplerBounds(numRecords: number | undefined, numEpochs: number): void {
  if (numRecords === undefined || numRecords === null) throw invalid("num_records is required");
  requireInteger("num_records", numRecords);
  requireInteger("num_epochs", numEpochs);
  if (numRecords <= 0) throw invalid(`num_records must be positive, got ${numRecords}`);
  if (numEpochs < ENDLESS || numEpochs === 0) {
    throw invalid(`num_epochs must be positive or -1 (infinite), got ${numEpochs}`);
  }
}

/** @throws {OrbaxError} `INVALID_ARGUMENT` for a negative size. */
export function validateDatasetSize(datasetSize: number): void {
  requireInteger("dataset_size", datasetSize);
  if (datasetSize < 0) throw invalid(`dataset_size must be non-negative, got ${datasetSize}`);
}

/** A seed that Grain takes, 0 to 2^32−1. @throws {OrbaxError} `INVALID_ARGUMENT` for others. */
export function validateSeed(seed: number | bigint): number {
  requireInteger("seed", seed);
  if (seed < 0 || seed >= SEEDS) throw invalid(`seed must be in [0, 2**32), got ${seed}`);
  return Number(seed);
}

/** @throws {OrbaxError} `INVALID_ARGUMENT` for a fraction or a number that is not exact. */
export function requireInteger(field: string, value: number | bigint): void {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return;
  throw invalidArgument(`${field} must be an integer, got ${String(value)}`, {
    field,
    pythonType: "TypeError",
  });
}

/** Elements of all epochs. @throws {OrbaxError} `INVALID_ARGUMENT` for endless ones. */
export function totalEpochLength(numRecords: number, numEpochs: number): number {
  if (numEpochs === ENDLESS) throw invalid("Cannot determine length for infinite epochs");
  return numRecords * numEpochs;
}

function invalid(message: string) {
  return invalidArgument(message, { pythonType: "ValueError" });
}
