import { decompressBrotli } from "../../bytes/brotli.js";
import { ByteReader } from "../../bytes/cursor.js";
import { allocateContent, contentCapacity, type DecompressOptions } from "../../bytes/decompressor.js";
import { decodeSnappy } from "../../bytes/snappy.js";
import { loadZstd } from "../../bytes/zstd.js";
import { dataLoss, unsupported } from "../../errors.js";

/** How the buffers of a chunk are compressed; the first byte of its data. */
export type RiegeliCompression = "none" | "brotli" | "zstd" | "snappy";

const COMPRESSIONS: ReadonlyMap<number, RiegeliCompression> = new Map([
  [0, "none"],
  [0x62, "brotli"], // b
  [0x7a, "zstd"], // z
  [0x73, "snappy"], // s
]);

/** A copy of 3 bytes gives up to 64 bytes of content, and nothing gives more. */
const MOST_SNAPPY_BYTES_A_BYTE = 64;
/** Place of the window in a zstd frame, the flag that there is none, and the descriptor of 128 MiB. */
const ZSTD_WINDOW_AT = 5;
const ZSTD_SINGLE_SEGMENT = 0x20;
const ZSTD_LARGEST_WINDOW = 0x88;

/** What is known about a buffer. */
export type BufferOptions = {
  readonly compression: RiegeliCompression;
  /** What the buffer holds, for messages. */
  readonly what: string;
  /** Most bytes of content. */
  readonly limit: number;
  /** Bytes that the content must have, where they are known from elsewhere. */
  readonly size?: number | undefined;
  /** Most bytes that such content can have: more is damage. */
  readonly most?: number | undefined;
};

/** @throws {OrbaxError} `UNSUPPORTED` for a compression that Riegeli has not had so far. */
export function decodeCompression(reader: ByteReader): RiegeliCompression {
  const { offset } = reader;
  const byte = reader.u8("compression_type");
  const compression = COMPRESSIONS.get(byte);
  if (compression !== undefined) return compression;
  throw unsupported(reader.what, { offset, field: "compression_type", found: byte });
}

/**
 * The content of a buffer; if it is compressed, it begins with the length of that. Uncompressed content is the buffer
 * itself.
 *
 * @throws {OrbaxError} As `Decompress` does.
 */
export async function decompressBuffer(
  stored: Uint8Array,
  { compression, what, limit, size, most = size }: BufferOptions,
): Promise<Uint8Array> {
  const reader = new ByteReader(stored, what);
  const found = compression === "none" ? stored.length : reader.varint53("decompressed size");
  if (found < (size ?? 0) || found > (most ?? found)) {
    const expected = size === undefined ? `at most ${most}` : `${size}`;
    throw dataLoss(what, { field: "decompressed size", found, expected });
  }
  if (compression === "none") return stored;
  const compressed = stored.subarray(reader.offset);
  const options = { what, limit, limitName: "recordBytes", size: found };
  if (compression === "snappy") return decompressSnappy(compressed, options);
  if (compression === "brotli") return decompressBrotli(compressed, options);
  return (await loadZstd())(withSmallWindow(compressed, found), options);
}

function decompressSnappy(compressed: Uint8Array, options: DecompressOptions): Uint8Array {
  const size = contentCapacity("Snappy", compressed.length * MOST_SNAPPY_BYTES_A_BYTE, options);
  const content = allocateContent("Snappy", size, options);
  if (decodeSnappy(compressed, content)) return content;
  throw dataLoss(`${options.what}: damaged Snappy block`);
}

/**
 * ArrayRecord's option `window_log` goes up to 31, and the frame then asks for a window of 2 GiB, whatever its content.
 * Of content that is smaller, no decoder needs more than 128 MiB, which all have.
 */
function withSmallWindow(frame: Uint8Array, size: number): Uint8Array {
  const hasWindow = ((frame[ZSTD_WINDOW_AT - 1] ?? 0) & ZSTD_SINGLE_SEGMENT) === 0;
  if (!hasWindow || (frame[ZSTD_WINDOW_AT] ?? 0) <= ZSTD_LARGEST_WINDOW || size > 2 ** 27) return frame;
  const changed = new Uint8Array(frame);
  changed[ZSTD_WINDOW_AT] = ZSTD_LARGEST_WINDOW;
  return changed;
}
