import { dataLoss, limitExceeded } from "../errors.js";

/**
 * UTF-8 as text. A byte order mark stays as U+FEFF.
 *
 * @throws {OrbaxError} `DATA_LOSS` with the first byte that is no UTF-8 · `LIMIT_EXCEEDED` for more than the
 * platform's strings hold (2^29 characters in V8).
 */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const offset = invalidUtf8Offset(bytes);
    if (offset !== undefined) throw dataLoss(what, { offset, expected: "UTF-8" }, error);
    throw limitExceeded(what, {
      field: "length",
      found: bytes.length,
      expected: "what a string can hold",
      limit: "metadataBytes",
    });
  }
}

/** Where the first sequence starts that is no UTF-8; `undefined` if all are. */
function invalidUtf8Offset(bytes: Uint8Array): number | undefined {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    // No overlong form, no surrogate, nothing beyond U+10FFFF: all decided by the second byte.
    const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4) return at;
    for (let part = 1; part < length; part++) {
      const byte = bytes[at + part] ?? 0;
      if (byte < (part === 1 ? least : 0x80) || byte > (part === 1 ? most : 0xbf)) return at;
    }
    at += length;
  }
  return undefined;
}
