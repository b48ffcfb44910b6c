import { invalidArgument } from "../../errors.js";
import { MapDataset } from "../map-dataset.js";
import { allOf } from "../maybe-promise.js";
import type { MapNode } from "../node.js";
import { nodesOf } from "../structure-arguments.js";

/**
 * Elements of several datasets of one length side by side: Grain's `ZipMapDataset`. An element is an array with one
 * element of each dataset, `null` where a dataset has none there.
 */
export class ZipMapDataset<T> extends MapDataset<(T | null)[]> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for no datasets or different lengths. */
  constructor(parents: readonly MapDataset<T>[]) {
    super(zipNode(nodesOf(parents)));
  }
}

/** {@link ZipMapDataset} over nodes. */
export function zipNode<T>(parents: readonly MapNode<T>[]): MapNode<(T | null)[]> {
  const [first] = parents;
  if (first === undefined) {
    throw invalidArgument("At least one parent must be provided.", { pythonType: "ValueError" });
  }
  const { length } = first;
  if (parents.some((parent) => parent.length !== length)) {
    throw invalidArgument("All parents must have the same length.", { pythonType: "ValueError" });
  }
  return {
    name: "ZipMapDataset",
    parents,
    length,
    get: (index) => allOf(elementsAt(parents, index)),
  };
}

function* elementsAt<T>(parents: readonly MapNode<T>[], index: number) {
  for (const parent of parents) yield parent.get(index);
}
