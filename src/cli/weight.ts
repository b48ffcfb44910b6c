/** What leaves amount to together. */
export type Weight = {
  /** Elements of arrays. */
  readonly parameters: number;
  /** Bytes in memory of arrays and keys, and of scalars as the Python numbers that come back. */
  readonly bytes: number;
  readonly leaves: number;
};

/** Of nothing. */
export const NO_WEIGHT: Weight = { parameters: 0, bytes: 0, leaves: 0 };

/** Of both. */
export function addWeights(a: Weight, b: Weight): Weight {
  return { parameters: a.parameters + b.parameters, bytes: a.bytes + b.bytes, leaves: a.leaves + b.leaves };
}
