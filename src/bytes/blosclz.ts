import { addedLength, bytesOfLength, copyLiterals, copyMatch } from "./lz-match.js";

/** Control bytes below are a number of literals, less one; above, the upper three bits are a match's length. */
const LITERALS = 32;
/** A length of this value is gone on with in the bytes that follow. */
const MORE = 7;
const MIN_MATCH = 2;
/** Largest distance of 13 bits; the longest ones are this, a byte of 255, and two bytes of what comes on top. */
const MAX_NEAR_DISTANCE = 8191;

/**
 * Decodes a blosclz block (c-blosc's own variant of FastLZ, `blosclz.c` in c-blosc 1), which must fill `source`, and
 * whose content must fill `target`. False if it is damaged.
 */
export function decodeBlosclz(source: Uint8Array, target: Uint8Array): boolean {
  let from = 0;
  let to = 0;
  // The upper bits of the first byte name the variant: it always begins with literals.
  let control = (source[from++] ?? 0) & (LITERALS - 1);
  for (;;) {
    if (control < LITERALS) {
      const literals = control + 1;
      if (literals > source.length - from || literals > target.length - to) return false;
      copyLiterals(source, from, target, to, literals);
      from += literals;
      to += literals;
    } else {
      let length = control >> 5;
      if (length === MORE) {
        const added = addedLength(source, from);
        if (added < 0) return false;
        from += bytesOfLength(added);
        length += added;
      }
      length += MIN_MATCH;
      const low = source[from++];
      if (low === undefined) return false;
      let distance = (control & 31) * 256 + low;
      if (distance === MAX_NEAR_DISTANCE) {
        const farHigh = source[from++];
        const farLow = source[from++];
        if (farHigh === undefined || farLow === undefined) return false;
        distance += farHigh * 256 + farLow;
      }
      distance++;
      if (distance > to || length > target.length - to) return false;
      copyMatch(target, to, distance, length);
      to += length;
    }
    if (from === source.length) return to === target.length;
    control = source[from++] ?? 0;
  }
}
