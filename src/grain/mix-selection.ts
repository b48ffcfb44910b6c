import { invalidArgument } from "../errors.js";
import { requireList } from "./structure-arguments.js";

/** Where an element of a mixture comes from: which dataset, and which of its elements. */
export type Selection = { readonly parent: number; readonly index: number };

const LEAST_PROPORTION = 100;

/**
 * Weights as Grain counts with them: scaled so that the least becomes 100, in double arithmetic, and cut to integers
 * (docs/spec/datarax.md section 6.3).
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for no weights, a zero, a negative or a number that is not finite.
 */
export function integerProportions(weights: readonly number[]): number[] {
  requireList(weights, "weights");
  if (weights.length === 0) throw invalidArgument("min() arg is an empty sequence", VALUE_ERROR);
  if (weights.includes(0)) {
    throw invalidArgument("Must specify all non-zero proportions for mixing.", VALUE_ERROR);
  }
  for (const weight of weights) checkWeight(weight);
  const scale = LEAST_PROPORTION / weights.reduce((least, weight) => Math.min(least, weight));
  return weights.map((weight) => Math.trunc(weight * scale));
}

const VALUE_ERROR = { pythonType: "ValueError" };

function checkWeight(weight: number): void {
  if (Number.isNaN(weight)) throw invalidArgument("cannot convert float NaN to integer", VALUE_ERROR);
  if (weight === Number.POSITIVE_INFINITY) {
    throw invalidArgument("cannot convert float infinity to integer", { pythonType: "OverflowError" });
  }
  if (!(weight > 0)) throw invalidArgument(`weights for mixing must be positive, got ${weight}`, VALUE_ERROR);
}

/**
 * The order of a mixture: for position `k`, the dataset whose count grows there, and how many of its elements came
 * before (docs/spec/datarax.md section 6.3). Costs a few operations a dataset, wherever `k` is.
 *
 * @param proportions Positive integers, one a dataset.
 */
export function mixSelection(proportions: readonly number[]): (k: number) => Selection {
  const sum = proportions.reduce((total, proportion) => total + proportion, 0);
  const exact = exactSelection(proportions.map(BigInt));
  return (k) => ((k + 1) * sum <= Number.MAX_SAFE_INTEGER ? quickSelection(proportions, sum, k) : exact(k));
}

function quickSelection(proportions: readonly number[], sum: number, k: number): Selection {
  let remaining = sum;
  let before = k;
  let after = k + 1;
  for (const [parent, proportion] of proportions.entries()) {
    const others = remaining - proportion;
    const nextBefore = quotient(before * others, remaining);
    const nextAfter = quotient(after * others, remaining);
    const count = after - nextAfter;
    if (before - nextBefore !== count) return { parent, index: count - 1 };
    remaining = others;
    before = nextBefore;
    after = nextAfter;
  }
  throw new Error(`no dataset grows at position ${k} of a mixture`);
}

/** Rounded down; exact for safe integers, where the quotient as a double may be the next integer. */
function quotient(dividend: number, divisor: number): number {
  return (dividend - (dividend % divisor)) / divisor;
}

function exactSelection(proportions: readonly bigint[]): (k: number) => Selection {
  const sum = proportions.reduce((total, proportion) => total + proportion, 0n);
  return (k) => {
    let remaining = sum;
    let before = BigInt(k);
    let after = before + 1n;
    for (const [parent, proportion] of proportions.entries()) {
      const others = remaining - proportion;
      const nextBefore = (before * others) / remaining;
      const nextAfter = (after * others) / remaining;
      const count = after - nextAfter;
      if (before - nextBefore !== count) return { parent, index: Number(count - 1n) };
      remaining = others;
      before = nextBefore;
      after = nextAfter;
    }
    throw new Error(`no dataset grows at position ${k} of a mixture`);
  };
}
