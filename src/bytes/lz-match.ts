/** From so many bytes on a call costs less than a loop. */
const LONG = 24;

/** A byte of this value is followed by another one that adds to the same length. */
const GOES_ON = 255;

/** What the bytes from `at` on add to a length: all that are 255, and the one behind them; −1 if they end before. */
export function addedLength(source: Uint8Array, at: number): number {
  let added = 0;
  for (let offset = at; ; offset++) {
    const byte = source[offset];
    if (byte === undefined) return -1;
    added += byte;
    if (byte !== GOES_ON) return added;
  }
}

/** How many bytes said what {@link addedLength} gave. */
export function bytesOfLength(added: number): number {
  return Math.floor(added / GOES_ON) + 1;
}

/**
 * Writes again, at `at`, the `length` bytes that begin `distance` before; where they overlap with what is written,
 * they repeat. The caller has checked that both lie in `target`.
 */
export function copyMatch(target: Uint8Array, at: number, distance: number, length: number): void {
  if (length >= LONG && distance >= length) {
    target.copyWithin(at, at - distance, at - distance + length);
  } else if (length >= LONG && distance === 1) {
    target.fill(target[at - 1] ?? 0, at, at + length);
  } else {
    for (let to = at; to < at + length; to++) target[to] = target[to - distance] ?? 0;
  }
}

/** Writes `length` bytes of `source` from `from` on at `at`. The caller has checked that there are as many. */
export function copyLiterals(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  at: number,
  length: number,
): void {
  if (length >= LONG) target.set(source.subarray(from, from + length), at);
  else for (let index = 0; index < length; index++) target[at + index] = source[from + index] ?? 0;
}
