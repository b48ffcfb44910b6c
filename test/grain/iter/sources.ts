import type { IterDataset } from "../../../src/grain/iter-dataset.js";
import { MapDataset } from "../../../src/grain/map-dataset.js";

/** The integers of a range, iterated. */
export function rangeIter(start: number, stop: number): IterDataset<number> {
  return MapDataset.range(start, stop).toIterDataset();
}

/** A range whose element `broken` cannot be read the first time that somebody asks for it. */
export function brokenOnce(length: number, broken: number): IterDataset<number> {
  let isBroken = true;
  return rangeIter(0, length).map((value) => {
    if (value === broken && isBroken) {
      isBroken = false;
      throw new Error(`cannot read ${value}`);
    }
    return value;
  });
}
