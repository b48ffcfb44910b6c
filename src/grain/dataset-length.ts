/** The length as far as it can be counted: indices end at 2^53−1, so the end of anything longer is never reached. */
export function endlessBeyondSafe(length: number): number {
  return Number.isSafeInteger(length) ? length : Number.POSITIVE_INFINITY;
}

/** A length as Python prints it: `sys.maxsize` for an endless dataset. */
export function pythonLength(length: number): string {
  return length === Number.POSITIVE_INFINITY ? "9223372036854775807" : String(length);
}
