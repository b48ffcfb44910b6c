import { invalidArgument } from "../errors.js";

/** @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for a size below 1; also for a fraction. */
export function checkBatchSize(batchSize: number): void {
  if (Number.isSafeInteger(batchSize) && batchSize > 0) return;
  throw invalidArgument("batch_size must be positive.", { found: batchSize, pythonType: "ValueError" });
}
