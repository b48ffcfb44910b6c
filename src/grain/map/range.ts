import { invalidArgument } from "../../errors.js";
import type { MapNode } from "../node.js";
import { positionOf } from "./epoch.js";

/**
 * The integers of Python's `range(start, stop, step)`, or `range(start)` without `stop`.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a number that is no safe integer, or a step of 0.
 */
export function rangeNode(start: number, stop?: number, step = 1): MapNode<number> {
  const [first, end] = stop === undefined ? [0, start] : [start, stop];
  for (const value of [first, end, step]) checkInteger(value);
  if (step === 0) throw invalidArgument("range() arg 3 must not be zero", { pythonType: "ValueError" });
  const length = rangeLength(first, end, step);
  return {
    name: `RangeMapDataset(start=${first}, stop=${end}, step=${step})`,
    parents: [],
    length,
    get: (index) => first + positionOf(index, length) * step,
  };
}

/** How many integers Python's `range` has. */
export function rangeLength(start: number, stop: number, step: number): number {
  return Math.max(0, Math.ceil((stop - start) / step));
}

function checkInteger(value: number): void {
  if (Number.isSafeInteger(value)) return;
  const message = Number.isInteger(value)
    ? `range: ${value} lies beyond 2^53-1`
    : `'${typeof value === "number" ? "float" : typeof value}' object cannot be interpreted as an integer`;
  throw invalidArgument(message, { found: value, pythonType: "TypeError" });
}
