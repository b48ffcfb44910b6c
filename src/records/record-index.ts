import { invalidArgument } from "../errors.js";

/**
 * Refuses what is no index of a record.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT`, Python's ValueError, unless `index` is an integer from 0 to `length` − 1.
 */
export function checkRecordIndex(index: number, length: number): void {
  if (Number.isSafeInteger(index) && index >= 0 && index < length) return;
  throw invalidArgument("Record key should be in [0, num_records)", {
    field: "index",
    found: index,
    expected: `an integer from 0 to ${length - 1}`,
    pythonType: "ValueError",
  });
}
