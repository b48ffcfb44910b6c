import { addedLength, bytesOfLength, copyLiterals, copyMatch } from "./lz-match.js";

/** A nibble of this value is gone on with in the bytes that follow. */
const MORE = 15;
const MIN_MATCH = 4;

/**
 * Decodes an LZ4 block ("LZ4 Block Format Description", no frame around it), which must fill `source`, and whose content
 * must fill `target`: a sequence is a token, literals, and unless it is the last one a distance and a match. False if it
 * is damaged.
 */
export function decodeLz4Block(source: Uint8Array, target: Uint8Array): boolean {
  let from = 0;
  let to = 0;
  for (;;) {
    const token = source[from++];
    if (token === undefined) return false;
    let literals = token >> 4;
    if (literals === MORE) {
      const added = addedLength(source, from);
      if (added < 0) return false;
      from += bytesOfLength(added);
      literals += added;
    }
    if (literals > source.length - from || literals > target.length - to) return false;
    copyLiterals(source, from, target, to, literals);
    from += literals;
    to += literals;
    if (from === source.length) return to === target.length;

    const low = source[from++];
    const high = source[from++];
    if (low === undefined || high === undefined) return false;
    const distance = high * 256 + low;
    let length = token & 15;
    if (length === MORE) {
      const added = addedLength(source, from);
      if (added < 0) return false;
      from += bytesOfLength(added);
      length += added;
    }
    length += MIN_MATCH;
    if (distance === 0 || distance > to || length > target.length - to) return false;
    copyMatch(target, to, distance, length);
    to += length;
  }
}
