import { copyLiterals, copyMatch } from "./lz-match.js";

/** Lower two bits of a tag: literals, or a copy whose distance has 11, 16 or 32 bits. */
const LITERALS = 0;
const NEAR_COPY = 1;
/** Above so many literals, less one, the number is in the 1 to 4 bytes that follow. */
const MAX_SHORT_LITERALS = 59;

/**
 * Decodes a Snappy block ("Snappy compressed format description", no frames around it), which must fill `source`, and
 * whose content must fill `target`. False if it is damaged.
 */
export function decodeSnappy(source: Uint8Array, target: Uint8Array): boolean {
  let from = 0;
  let scale = 1;
  let size = 0;
  for (let more = true; more; scale *= 128) {
    const byte = source[from++];
    if (byte === undefined || from > 5) return false;
    size += (byte & 0x7f) * scale;
    more = byte >= 0x80;
  }
  if (size !== target.length) return false;

  let to = 0;
  while (from < source.length) {
    const tag = source[from++] ?? 0;
    const kind = tag & 3;
    const short = tag >> 2;
    const extraBytes =
      kind === LITERALS ? Math.max(0, short - MAX_SHORT_LITERALS) : kind === NEAR_COPY ? 1 : (kind - 1) * 2;
    if (extraBytes > source.length - from) return false;
    let extra = 0;
    for (let index = extraBytes - 1; index >= 0; index--) extra = extra * 256 + (source[from + index] ?? 0);
    from += extraBytes;
    if (kind === LITERALS) {
      const literals = (extraBytes === 0 ? short : extra) + 1;
      if (literals > source.length - from || literals > target.length - to) return false;
      copyLiterals(source, from, target, to, literals);
      from += literals;
      to += literals;
    } else {
      const distance = kind === NEAR_COPY ? (tag >> 5) * 256 + extra : extra;
      const length = kind === NEAR_COPY ? (short & 7) + 4 : short + 1;
      if (distance === 0 || distance > to || length > target.length - to) return false;
      copyMatch(target, to, distance, length);
      to += length;
    }
  }
  return to === target.length;
}
