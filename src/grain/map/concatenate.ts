import { invalidArgument } from "../../errors.js";
import { endlessBeyondSafe } from "../dataset-length.js";
import type { MapNode } from "../node.js";
import { epochOf } from "./epoch.js";
import { selectedNode } from "./selected.js";

/**
 * Datasets one after another; their n-th epochs make its n-th epoch.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text if one of them is endless.
 */
export function concatenateNode<T>(parents: readonly MapNode<T>[]): MapNode<T> {
  const endless = parents.find(({ length }) => length === Number.POSITIVE_INFINITY);
  if (endless !== undefined) {
    throw invalidArgument(
      `Cannot concatenate infinite datasets. ${endless.name ?? "MapDataset"} is infinite.`,
      { pythonType: "ValueError" },
    );
  }
  const starts: number[] = [];
  let total = 0;
  for (const { length } of parents) {
    starts.push(total);
    total += length;
  }
  const sizes = parents.map(({ length }) => length);
  const length = endlessBeyondSafe(total);
  return selectedNode(parents, length, (index) => {
    const { epoch, position } = epochOf(index, length);
    const parent = lastAtMost(starts, position);
    return { parent, index: position - (starts[parent] ?? 0) + epoch * (sizes[parent] ?? 0) };
  });
}

/** The last place of ascending numbers at which one of at most `value` stands: empty datasets are passed over. */
function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((ascending[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return low;
}
