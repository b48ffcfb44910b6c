/**
 * Undoes the byte shuffle: `source` holds the first byte of every element, then the second of every one, and so on;
 * bytes that make no whole element lie behind as they are.
 *
 * @param typesize Bytes of an element.
 */
export function unshuffleBytes(source: Uint8Array, target: Uint8Array, typesize: number): void {
  const elements = Math.floor(source.length / typesize);
  for (let byte = 0; byte < typesize; byte++) {
    let from = byte * elements;
    for (let to = byte; to < elements * typesize; to += typesize) target[to] = source[from++] ?? 0;
  }
  target.set(source.subarray(elements * typesize), elements * typesize);
}

/**
 * Undoes the bit shuffle: `source` holds the lowest bit of the first byte of every element, eight elements a byte,
 * the first one lowest, then the next bit of every one, and so on. c-blosc leaves elements as they are where their
 * number is no multiple of eight, and bytes that make no whole element.
 */
export function unshuffleBits(source: Uint8Array, target: Uint8Array, typesize: number): void {
  const elements = Math.floor(source.length / typesize);
  if (elements % 8 !== 0) {
    target.set(source);
    return;
  }
  const row = elements / 8;
  for (let byte = 0; byte < typesize; byte++) {
    const first = byte * 8 * row;
    let to = byte;
    for (let from = first; from < first + row; from++) {
      const low = transposeHalf(source, from, row);
      const high = transposeHalf(source, from + 4 * row, row);
      const swapped = (low ^ (high << 4)) & 0xf0f0f0f0;
      scatter(low ^ swapped, target, to, typesize);
      scatter(high ^ (swapped >>> 4), target, to + 4 * typesize, typesize);
      to += 8 * typesize;
    }
  }
  target.set(source.subarray(elements * typesize), elements * typesize);
}

/**
 * Four of the eight bytes of an 8 × 8 square of bits, a row a byte, after the first two of the three exchanges that
 * transpose it: of bits between neighbours, and of pairs of bits between neighbouring pairs.
 */
function transposeHalf(source: Uint8Array, from: number, row: number): number {
  let bits =
    (source[from] ?? 0) |
    ((source[from + row] ?? 0) << 8) |
    ((source[from + 2 * row] ?? 0) << 16) |
    ((source[from + 3 * row] ?? 0) << 24);
  let swapped = (bits ^ (bits >>> 7)) & 0x00aa00aa;
  bits ^= swapped ^ (swapped << 7);
  swapped = (bits ^ (bits >>> 14)) & 0x0000cccc;
  return bits ^ swapped ^ (swapped << 14);
}

/** Writes the four bytes of `four`, the lowest first, `step` bytes from each other. */
function scatter(four: number, target: Uint8Array, to: number, step: number): void {
  target[to] = four;
  target[to + step] = four >>> 8;
  target[to + 2 * step] = four >>> 16;
  target[to + 3 * step] = four >>> 24;
}
