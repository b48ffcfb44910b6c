import { limitExceeded, type OrbaxError } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";

const DEEPEST = 1500; // with one call a level, what small stacks hold

/** How many containers inside each other a recursive walk goes into: `limits.depth`, and what the stack bears. */
export function walkDepth(limits?: Partial<Limits>): number {
  return Math.min(withDefaultLimits(limits).depth, DEEPEST);
}

/** The refusal of a tree that is deeper. `what` names it in the message. */
export function tooDeep(what: string, most: number): OrbaxError {
  return limitExceeded(what, { expected: `at most ${most} containers inside each other`, limit: "depth" });
}
