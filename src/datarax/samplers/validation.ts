import { invalidArgument, type OrbaxError } from "../../errors.js";
import { pythonRepr } from "../../pytree/python-repr.js";
import { tuple } from "../../pytree/value.js";
import { integerNumber } from "../../random/integer-argument.js";

// Datarax's checks of sampler options, with its texts and in its order (docs/spec/datarax.md section 5.3).

const SEEDS = 2 ** 32;

/** Entries of one JavaScript array: V8 ends the process where one grows to a GiB. */
const MOST_LIST_LENGTH = 2 ** 26;

/** The number of epochs that means: without end. */
export const ENDLESS = -1;

/** @throws {OrbaxError} `INVALID_ARGUMENT` unless there are records and epochs, or {@link ENDLESS} ones. */
export function validateSamplerBounds(numRecords: number | undefined, numEpochs: number): void {
  if (numRecords === undefined || numRecords === null) throw invalid("num_records is required");
  integerNumber(numRecords, "num_records");
  if (numRecords <= 0) throw invalid(`num_records must be positive, got ${numRecords}`);
  integerNumber(numEpochs, "num_epochs");
  if (numEpochs < ENDLESS || numEpochs === 0) {
    throw invalid(`num_epochs must be positive or -1 (infinite), got ${numEpochs}`);
  }
}

/** What decides which windows there are. */
type WindowNumbers = {
  readonly numRecords: number | undefined;
  readonly windowSize: number;
  readonly stride: number;
  readonly numEpochs: number;
};

/**
 * The number of records. Python sets no bounds to that of epochs here.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` unless there is a window, and a way to the next one.
 */
export function validateWindow({ numRecords, windowSize, stride, numEpochs }: WindowNumbers): number {
  integerNumber(windowSize, "window_size");
  if (windowSize <= 0) throw invalid(`window_size must be positive, got ${windowSize}.`);
  integerNumber(stride, "stride");
  if (stride <= 0) throw invalid(`stride must be positive, got ${stride}.`);
  if (numRecords === undefined || numRecords === null) {
    throw invalid("SlidingWindowSamplerConfig requires num_records.");
  }
  integerNumber(numRecords, "num_records");
  if (numRecords < windowSize) {
    throw invalid(`num_records (${numRecords}) must be >= window_size (${windowSize}).`);
  }
  integerNumber(numEpochs, "num_epochs");
  requireAtMost("window_size", windowSize, MOST_LIST_LENGTH);
  return numRecords;
}

/** What decides which records a buffer keeps and gives. */
export type BufferConfig = {
  readonly capacity: number;
  readonly prefill: number;
  readonly sampleSize: number;
  readonly readMode: "sequential" | "shuffled";
  readonly writeMode: "fifo" | "reservoir";
};

const MOST_CAPACITY = 2 ** 31 - 1; // Python counts the records in an int32
const READ_MODES: readonly string[] = ["sequential", "shuffled"];
const WRITE_MODES: readonly string[] = ["fifo", "reservoir"];

/** @throws {OrbaxError} `INVALID_ARGUMENT` for a configuration that cannot be. */
export function validateBuffer({ capacity, prefill, sampleSize, readMode, writeMode }: BufferConfig): void {
  integerNumber(capacity, "capacity");
  if (capacity <= 0) throw invalid(`capacity must be positive, got ${capacity}.`);
  integerNumber(prefill, "prefill");
  if (prefill <= 0) throw invalid(`prefill must be positive, got ${prefill}.`);
  if (prefill > capacity) throw invalid("prefill cannot exceed capacity.");
  integerNumber(sampleSize, "sample_size");
  if (sampleSize <= 0) throw invalid(`sample_size must be positive, got ${sampleSize}.`);
  if (sampleSize > capacity) throw invalid("sample_size cannot exceed capacity.");
  if (prefill < sampleSize) throw invalid("prefill must be at least sample_size.");
  requireMode("write_mode", writeMode, WRITE_MODES);
  requireMode("read_mode", readMode, READ_MODES);
  requireAtMost("capacity", capacity, MOST_CAPACITY);
  requireAtMost("sample_size", sampleSize, MOST_LIST_LENGTH);
}

function requireMode(field: string, mode: string, modes: readonly string[]): void {
  if (modes.includes(mode)) return;
  throw invalid(`${field} must be one of ${pythonRepr(tuple(modes))}, got ${pythonRepr(mode)}.`);
}

function requireAtMost(field: string, value: number, most: number): void {
  if (value > most) throw invalid(`${field} must be at most ${most}, got ${value}.`);
}

/** A size. @throws {OrbaxError} `INVALID_ARGUMENT` for a negative one. */
export function validateDatasetSize(datasetSize: number): number {
  integerNumber(datasetSize, "dataset_size");
  if (datasetSize < 0) throw invalid(`dataset_size must be non-negative, got ${datasetSize}`);
  return datasetSize + 0; // −0 becomes 0
}

/** A seed that Grain takes, 0 to 2^32−1. @throws {OrbaxError} `INVALID_ARGUMENT` for others. */
export function validateSeed(seed: number | bigint): number {
  const integer = requireInteger("seed", seed);
  if (integer < 0 || integer >= SEEDS) throw invalid(`seed must be in [0, 2**32), got ${integer}`);
  return Number(integer);
}

/** The integer, −0 as 0. @throws {OrbaxError} `INVALID_ARGUMENT` for a fraction or a number that is not exact. */
export function requireInteger(field: string, value: number | bigint): number | bigint {
  return typeof value === "bigint" ? value : integerNumber(value, field);
}

/** Elements of all epochs. @throws {OrbaxError} `INVALID_ARGUMENT` for endless ones. */
export function totalEpochLength(numRecords: number, numEpochs: number): number {
  if (numEpochs === ENDLESS) throw invalid("Cannot determine length for infinite epochs");
  return numRecords * numEpochs;
}

/** A value that Python refuses with ValueError and this text. */
export function invalid(message: string): OrbaxError {
  return invalidArgument(message, { pythonType: "ValueError" });
}
