import { dataLoss } from "../errors.js";
import { BitReader } from "./bz2-bits.js";
import { decodeBz2Block } from "./bz2-block.js";
import { ContentBuffer } from "./content-buffer.js";
import {
  checkContentSize,
  contentCapacity,
  contentTooLarge,
  contentTooLong,
  type Decompress,
  type DecompressOptions,
} from "./decompressor.js";

/** `BZh`, and then the level as a digit. */
const MAGIC = 0x425a68;
/** The digits of π begin a block, those of its square root end the stream. */
const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
/** Bytes of a block before runs are written out, by level. */
const BLOCK_BYTES = 100_000;
/** Five bytes of a block, four equal ones and a number, stand for up to 259. */
const MOST_BYTES_A_BYTE = 52;
/** What a block takes at least with all its tables: 24 bytes. */
const MIN_BLOCK_BYTES = 20;
/** Room that is made at once: most content is not longer. */
const USUAL_BYTES_A_BYTE = 8;
/** The polynomial of IEEE 802.3. Here the highest bit of every byte comes first, other than in gzip. */
const CRC_POLYNOMIAL = 0x04c11db7;

const CRC_TABLE = /* @__PURE__ */ buildCrcTable();

/**
 * bzip2 streams, as the zarr v2 compressor `bz2` makes them (docs/spec/orbax-layout.md section 11). Decoded here:
 * libraries for browsers are a WebAssembly file of their own, or ignore what follows a stream.
 */
export function loadBz2(): Promise<Decompress> {
  return Promise.resolve(decompressBz2);
}

/**
 * The content of exactly one bzip2 stream. TensorStore refuses a second stream too, but takes streams that lack some
 * of their end; here they are cut.
 *
 * @throws {OrbaxError} As `Decompress` does; `UNSUPPORTED` for randomised blocks, made before 1999.
 */
export function decompressBz2(stored: Uint8Array, options: DecompressOptions): Uint8Array {
  const { what } = options;
  const reader = new BitReader(stored, 0, what);
  const magic = reader.bits(24);
  const level = reader.bits(8) - 0x30;
  if (magic !== MAGIC || level < 1 || level > 9) throw reader.damage("magic", magic, "BZh1 to BZh9");
  const blockBytes = level * BLOCK_BYTES;
  const possible = Math.ceil(stored.length / MIN_BLOCK_BYTES) * blockBytes * MOST_BYTES_A_BYTE;
  const capacity = contentCapacity("bz2", possible, options);
  try {
    const content = new ContentBuffer(capacity, stored.length * USUAL_BYTES_A_BYTE);
    const whole = readBlocks(reader, blockBytes, content);
    if (!whole) throw contentTooLong("bz2", options);
    if (reader.remainingBytes > 0) {
      throw dataLoss(what, {
        found: `${reader.remainingBytes} bytes after the bz2 stream`,
        expected: "none",
      });
    }
    const bytes = content.finish();
    checkContentSize("bz2", bytes, options);
    return bytes;
  } catch (error) {
    if (error instanceof RangeError) throw contentTooLarge("bz2", capacity, options, error);
    throw error;
  }
}

/** Adds the content of all blocks. False if there is more than there is room for. */
function readBlocks(reader: BitReader, blockBytes: number, content: ContentBuffer): boolean {
  let combined = 0;
  for (;;) {
    const magic = reader.uint48();
    const checksum = reader.uint32();
    if (magic === END_MAGIC) {
      if (checksum !== combined) throw reader.damage("checksum", checksum, `${combined}`);
      return true;
    }
    if (magic !== BLOCK_MAGIC) throw reader.damage("block magic", magic, `${BLOCK_MAGIC}`);
    const start = content.length;
    if (!decodeBz2Block(reader, blockBytes, content)) return false;
    const found = checksumOf(content.bytes.subarray(start, content.length));
    if (found !== checksum) throw reader.damage("block checksum", found, `${checksum}`);
    combined = (((combined << 1) | (combined >>> 31)) ^ checksum) >>> 0;
  }
}

function buildCrcTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? CRC_POLYNOMIAL : 0);
    table[byte] = crc;
  }
  return table;
}

function checksumOf(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ byte] ?? 0);
  return ~crc >>> 0;
}
