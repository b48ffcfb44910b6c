import type { JsonValue } from "../bytes/json.js";

/** A step with what its manager was told about it. */
export type StepMetrics = { readonly step: number; readonly metrics: JsonValue };

/** Which end of the metric is best. */
export type BestMode = "min" | "max";

/**
 * The best of some steps, as Orbax's `best_step` finds it: it sorts them by the metric and takes the last, so of equal
 * ones the last step. `NaN` is neither less nor greater than anything, and where it lands is what the sort makes of
 * it; V8 sorts by the same algorithm as Python.
 *
 * @param steps Ascending.
 * @returns `undefined` if there are none.
 */
export function bestOf(
  steps: readonly StepMetrics[],
  metricOf: (step: StepMetrics) => number | bigint,
  mode: BestMode,
): number | undefined {
  const ranked = steps.map((step) => ({ step: step.step, metric: metricOf(step) }));
  // Python sorts in reverse by turning the list round before and after, which keeps the order of equal ones.
  if (mode === "min") ranked.reverse();
  ranked.sort((a, b) => (a.metric < b.metric ? -1 : Number(a.metric > b.metric)));
  return (mode === "min" ? ranked[0] : ranked.at(-1))?.step;
}
