import { invalidArgument } from "../errors.js";

/** The processes of a `DataLoader`, which share its records. */
export type Workers = {
  /** 0: there is none, the loader reads by itself. */
  readonly workerCount: number;
  /** Elements that each worker may ask for ahead of time, where sources answer with promises. */
  readonly workerBufferSize: number;
};

/** Each is an iterator of its own, with a state: more would be a mistake. */
const MOST_WORKERS = 65_536;

/** @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's texts for numbers below 0, and a buffer of 0 for workers. */
export function checkWorkers({ workerCount, workerBufferSize }: Workers): void {
  checkNumber(
    workerCount,
    "workerCount",
    "Worker count should be greater than or equal zero.",
    "worker_count",
  );
  checkNumber(
    workerBufferSize,
    "workerBufferSize",
    "Worker buffer size must be greater than or equal zero.",
    "worker_buffer_size",
  );
  if (workerCount > MOST_WORKERS) {
    throw invalidArgument(`workerCount is ${workerCount}, expected at most ${MOST_WORKERS}`, {
      field: "workerCount",
      found: workerCount,
    });
  }
  if (workerCount > 0 && workerBufferSize === 0) {
    throw invalidArgument("`buffer_size` must be greater than 0, got 0.", {
      field: "workerBufferSize",
      found: workerBufferSize,
      pythonType: "ValueError",
    });
  }
}

function checkNumber(value: number, field: string, rule: string, pythonName: string): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw invalidArgument(`${rule}Current ${pythonName} is ${value}.`, {
    field,
    found: value,
    pythonType: "ValueError",
  });
}
