import { invalidArgument } from "../../errors.js";
import { endlessBeyondSafe } from "../dataset-length.js";
import { integerProportions, mixSelection } from "../mix-selection.js";
import type { MapNode } from "../node.js";
import { selectedNode } from "./selected.js";

/**
 * Elements of several datasets in proportion to weights, as many as there are before one of them would begin anew
 * (docs/spec/datarax.md section 6.3).
 *
 * @param weights One a dataset. Default: all the same.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for no datasets, an empty one or bad weights.
 */
export function mixNode<T>(parents: readonly MapNode<T>[], weights?: readonly number[] | null): MapNode<T> {
  const proportions =
    weights === undefined || weights === null ? parents.map(() => 1) : integerProportions(weights);
  if (proportions.length !== parents.length) {
    throw invalidArgument(`${parents.length} datasets to mix, but ${proportions.length} weights`, {
      pythonType: "AssertionError",
    });
  }
  if (parents.length === 0) {
    throw invalidArgument("min() arg is an empty sequence", { pythonType: "ValueError" });
  }
  return selectedNode(parents, mixedLength(parents, proportions), mixSelection(proportions));
}

/** Each element of a dataset occurs at most once. Computed as in Python, in doubles. */
function mixedLength(parents: readonly MapNode<unknown>[], proportions: readonly number[]): number {
  const sum = proportions.reduce((total, proportion) => total + proportion, 0);
  const lengths = parents.map(({ length }, index) => length / ((proportions[index] ?? 0) / sum));
  const empty = parents.flatMap(({ name }, index) =>
    lengths[index] === 0 ? [`index ${index} (${name ?? "MapDataset"})`] : [],
  );
  if (empty.length > 0) {
    throw invalidArgument(
      `All datasets must have positive length for mixing, but dataset(s) at ${empty.join(", ")} have length 0.`,
      { pythonType: "ValueError" },
    );
  }
  return endlessBeyondSafe(Math.trunc(lengths.reduce((least, length) => Math.min(least, length))));
}
