import { invalidArgument, notFound } from "../../errors.js";
import type { ReadableStorage } from "../../storage/storage.js";
import type { StepEntry } from "./layout.js";

/**
 * The step of a number, or the last one: the largest, else Datarax's unversioned `checkpoint`.
 *
 * @param steps Ascending, as they are listed.
 * @throws {OrbaxError} `NOT_FOUND` if there is none · `INVALID_ARGUMENT` naming both directories that have the number
 * · what is wrong with the step, where the listing found that out.
 */
export function chooseStep(
  { name = "the storage" }: ReadableStorage,
  steps: readonly StepEntry[],
  step: number | null | undefined,
): StepEntry {
  const wanted = step === undefined ? steps.at(-1)?.step : step;
  const [first, second] = steps.filter((candidate) => candidate.step === wanted);
  if (first === undefined) {
    const message = step === undefined ? `${name}: no finished step` : `${name}: no step ${step}`;
    throw notFound(message, { file: name });
  }
  if (second !== undefined) {
    const message = `${name}: step ${wanted} is both ${first.name} and ${second.name}; open one of them`;
    throw invalidArgument(message, { file: name });
  }
  if (first.damage !== undefined) throw first.damage;
  return first;
}
