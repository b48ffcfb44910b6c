import { invalidArgument } from "../../errors.js";
import { endlessBeyondSafe } from "../dataset-length.js";
import type { MapNode } from "../node.js";
import { positionOf } from "./epoch.js";

/** Options of `MapDataset.repeat`. */
export type RepeatMapOptions = {
  /**
   * Whether random transformations before it take another seed in each epoch; without, each epoch is like the first.
   * Default: true.
   */
  readonly reseedEachEpoch?: boolean;
};

/**
 * Several epochs as one. A length beyond 2^53−1 counts as endless.
 *
 * @param numEpochs 1 or more; `null` for without end.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for a number of epochs below 1 and an endless dataset;
 * also for a fraction.
 */
export function repeatNode<T>(
  parent: MapNode<T>,
  numEpochs: number | null,
  { reseedEachEpoch = true }: RepeatMapOptions = {},
): MapNode<T> {
  if (numEpochs !== null) checkEpochs(numEpochs);
  if (parent.length === Number.POSITIVE_INFINITY) {
    throw invalidArgument(`Repeating already infinite dataset ${parent.name ?? "MapDataset"} does nothing.`, {
      pythonType: "ValueError",
    });
  }
  const epochLength = parent.length;
  return {
    name: `RepeatMapDataset(num_epochs=${numEpochs ?? "None"})`,
    parents: [parent],
    length: epochLength === 0 ? 0 : endlessBeyondSafe(epochLength * (numEpochs ?? Number.POSITIVE_INFINITY)),
    get: reseedEachEpoch
      ? (index) => parent.get(index)
      : (index) => parent.get(positionOf(index, epochLength)),
  };
}

function checkEpochs(numEpochs: number): void {
  if (Number.isSafeInteger(numEpochs) && numEpochs > 0) return;
  throw invalidArgument(`num_epochs must be positive, but got ${numEpochs}.`, {
    found: numEpochs,
    pythonType: "ValueError",
  });
}
