import { crc32c } from "../bytes/crc32c.js";
import { dataLoss, isOrbaxError } from "../errors.js";
import type { BytesCodec, Codecs } from "./codecs.js";

/** How long what comes out at the end is: known exactly, or bounded. */
export type DecodedLength = { readonly exact: number } | { readonly most: number };

/** What {@link decompressAll} needs beside the bytes. */
export type DecompressAllOptions = {
  readonly length: DecodedLength;
  /** What `loadCodecs` gave. */
  readonly codecs: Codecs | undefined;
  /** How to call the bytes in messages. */
  readonly what: string;
};

/** Bytes of a CRC-32C behind what it is of. */
export const CRC32C_BYTES = 4;

/**
 * Undoes all compressors, the last one first. The result is memory of the caller's own, or a view of `stored` where
 * no compressor changed the bytes.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a wrong checksum, or a step with more bytes than could be meant, the stored
 * ones too; and whatever the decompressors throw. The last step's length is theirs to check where it is exact.
 */
export function decompressAll(
  stored: Uint8Array,
  compressors: readonly BytesCodec[],
  { length, codecs, what }: DecompressAllOptions,
): Uint8Array {
  if (compressors.length === 0) return stored;
  const lengths = encodedLengths(compressors, length);
  checkStoredLength(stored, lengths[compressors.length] ?? length, what);
  let bytes = stored;
  for (const [index, codec] of [...compressors.entries()].reverse()) {
    const wanted = lengths[index] ?? length;
    bytes =
      codec.kind === "crc32c"
        ? withoutChecksum(bytes, what)
        : decompress(bytes, codec.kind, wanted, codecs, what);
  }
  return bytes;
}

/**
 * Inner chunks of a shard can all be the same megabytes, of which a decompressor makes a byte: a name in a header, blocks
 * without content. Who decodes them must not read more than twice what comes out.
 */
function checkStoredLength(stored: Uint8Array, length: DecodedLength, what: string): void {
  const most = "exact" in length ? length.exact : length.most;
  if (stored.length <= most) return;
  throw dataLoss(what, { field: "stored length", found: stored.length, expected: `at most ${most} bytes` });
}

/** Headers, trailers and what cannot be made smaller; no compressor needs as much for so little. */
const SLACK_BYTES = 2 ** 12;

/** Most bytes that so many can become where they are compressed, or put together with an index. */
export function mostEncodedBytes(bytes: number): number {
  return 2 * bytes + SLACK_BYTES;
}

/** How many bytes go into each compressor, in the order of encoding, and how many come out of the last. */
export function encodedLengths(compressors: readonly BytesCodec[], length: DecodedLength): DecodedLength[] {
  const lengths = [length];
  let next = length;
  for (const { kind } of compressors) {
    const known = "exact" in next ? next.exact : next.most;
    if (kind !== "crc32c") next = { most: mostEncodedBytes(known) };
    else next = "exact" in next ? { exact: known + CRC32C_BYTES } : { most: known + CRC32C_BYTES };
    lengths.push(next);
  }
  return lengths;
}

function decompress(
  bytes: Uint8Array,
  kind: keyof Codecs,
  length: DecodedLength,
  codecs: Codecs | undefined,
  what: string,
): Uint8Array {
  const codec = codecs?.[kind];
  if (codec === undefined) throw new Error(`${what}: ${kind} was not loaded`);
  if ("exact" in length) {
    return codec(bytes, { what, limit: length.exact, limitName: "arrayBytes", size: length.exact });
  }
  try {
    return codec(bytes, { what, limit: length.most, limitName: "arrayBytes" });
  } catch (error) {
    // No limit of the caller's: no chunk of this shape becomes so long.
    if (!isOrbaxError(error, "LIMIT_EXCEEDED")) throw error;
    const details = { field: `content of ${kind}`, found: "more", expected: `at most ${length.most} bytes` };
    throw dataLoss(what, details, error);
  }
}

function withoutChecksum(bytes: Uint8Array, what: string): Uint8Array {
  const end = bytes.length - CRC32C_BYTES;
  if (end < 0) {
    throw dataLoss(what, { field: "length with CRC-32C", found: bytes.length, expected: "4 or more" });
  }
  const content = bytes.subarray(0, end);
  const found = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end, true);
  const expected = crc32c(content);
  if (found !== expected) throw dataLoss(what, { field: "CRC-32C", found, expected: `${expected}` });
  return content;
}
