import { invalidArgument, unsupported } from "../../errors.js";
import { pythonLength } from "../dataset-length.js";
import type { MapNode } from "../node.js";
import { epochOf, epochOffset } from "./epoch.js";
import { rangeLength } from "./range.js";

/** A bound of a slice; `null` or `undefined` is Python's `None`. */
export type SliceBound = number | null | undefined;

/**
 * The elements of Python's `ds[start:stop:step]`, negative bounds and steps as there.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Python's text for a step of 0 or a fraction; `UNSUPPORTED` for a slice
 * that counts from the end of an endless dataset, and, when an element is asked for, for further epochs of a slice
 * of one: they lie near index 2^63 in Python.
 */
export function sliceNode<T>(
  parent: MapNode<T>,
  start: SliceBound,
  stop: SliceBound,
  step: SliceBound,
): MapNode<T> {
  const parentLength = parent.length;
  const slice = sliceIndices(parentLength, start, stop, step);
  const length = rangeLength(slice.start, slice.stop, slice.step);
  if (!Number.isSafeInteger(slice.start)) {
    throw unsupported("slice: counts from the end of an endless dataset", { field: "start" });
  }
  return {
    name: `SliceMapDataset[${slice.start}:${pythonLength(slice.stop)}:${slice.step}]`,
    parents: [parent],
    length,
    get(index) {
      const { epoch, position } = epochOf(index, length);
      return parent.get(slice.start + position * slice.step + epochOffset(epoch, parentLength));
    },
  };
}

/** Python's `slice(start, stop, step).indices(length)`. */
function sliceIndices(length: number, start: SliceBound, stop: SliceBound, step: SliceBound) {
  const stride = checkedBound(step) ?? 1;
  if (stride === 0) throw invalidArgument("slice step cannot be zero", { pythonType: "ValueError" });
  const [lowest, highest] = stride > 0 ? [0, length] : [-1, length - 1];
  const clip = (bound: number) => Math.min(highest, Math.max(lowest, bound < 0 ? bound + length : bound));
  const from = checkedBound(start);
  const to = checkedBound(stop);
  return {
    start: from === undefined ? (stride > 0 ? lowest : highest) : clip(from),
    stop: to === undefined ? (stride > 0 ? highest : lowest) : clip(to),
    step: stride,
  };
}

function checkedBound(bound: SliceBound): number | undefined {
  if (bound === null || bound === undefined) return undefined;
  if (Number.isSafeInteger(bound)) return bound + 0;
  throw invalidArgument("slice indices must be integers or None or have an __index__ method", {
    found: bound,
    pythonType: "TypeError",
  });
}
