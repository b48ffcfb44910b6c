import { dataLoss, unsupported } from "../errors.js";
import type { ByteReader } from "./cursor.js";

/** What packs the bytes of a Blosc chunk; `lz4` also stands for lz4hc, which makes the same. */
export type BloscCompressor = "blosclz" | "lz4" | "snappy" | "zlib" | "zstd";

/** Bytes `start` to `end` of a chunk, which stand for `length` bytes of content: for themselves if as many. */
export type BloscPart = { readonly start: number; readonly end: number; readonly length: number };

/** Bytes `start` to `end` of the content, shuffled as a whole and then packed in one or more parts. */
export type BloscBlock = {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly BloscPart[];
};

/** The 16 bytes that every chunk begins with (c-blosc, README_CHUNK_FORMAT). */
export type BloscHeader = {
  readonly compressor: BloscCompressor;
  readonly shuffle: "none" | "bytes" | "bits";
  /** The content follows as it is, neither packed nor shuffled. */
  readonly copied: boolean;
  /** Blocks may be packed in several parts, one a byte of an element. */
  readonly split: boolean;
  /** Bytes of an element. */
  readonly typesize: number;
  readonly contentBytes: number;
  /** Content of a block; the last one may be shorter. */
  readonly blockBytes: number;
};

/** Bytes of a {@link BloscHeader}. */
export const BLOSC_HEADER_BYTES = 16;
/** Of the container and of each packed format, as c-blosc 1 writes them. */
const VERSION = 2;
const PACKED_VERSION = 1;
/** Flags; the three highest bits are the compressor. */
const BYTE_SHUFFLE = 1;
const COPIED = 2;
const BIT_SHUFFLE = 4;
const RESERVED = 8;
const NOT_SPLIT = 16;
const COMPRESSORS: readonly BloscCompressor[] = ["blosclz", "lz4", "snappy", "zlib", "zstd"];
/** c-blosc's own: sizes are 32-bit integers with a sign, and a chunk may be longer than its content. */
const MAX_CONTENT_BYTES = 2 ** 31 - 1 - BLOSC_HEADER_BYTES;
/** Larger elements are not split, nor are blocks with fewer elements, which the second number is. */
const MAX_PARTS = 16;
const MIN_PART_BYTES = 128;
const WORD = 4;
/** Bytes of content that a packed byte can stand for at most. */
const MOST_BYTES_A_BYTE: Readonly<Record<BloscCompressor, number>> = {
  blosclz: 256, // a byte that makes a match longer by 255
  lz4: 255, // the same
  snappy: 22, // a match of 64 bytes in three
  zlib: 1032, // a match of 258 bytes in two bits
  zstd: 32768, // a block of 128 KiB in four bytes
};

/**
 * Reads the header of a chunk, which must fill the reader's bytes.
 *
 * @throws {OrbaxError} `DATA_LOSS` something in it cannot be · `UNSUPPORTED` another version, or a compressor that
 *   c-blosc 1 has not.
 */
export function readBloscHeader(reader: ByteReader): BloscHeader {
  const { bytes, what } = reader;
  const version = reader.u8("Blosc version");
  const packedVersion = reader.u8("Blosc compressor's version");
  const flags = reader.u8("Blosc flags");
  const typesize = reader.u8("Blosc typesize");
  const contentBytes = reader.u32le("Blosc content size");
  const blockBytes = reader.u32le("Blosc block size");
  const storedBytes = reader.u32le("Blosc chunk size");
  const wrong = (offset: number, field: string, found: number, expected: string) =>
    dataLoss(what, { offset, field: `Blosc ${field}`, found, expected });
  // First, since every version has it there: what is no chunk at all ends here.
  if (storedBytes !== bytes.length) throw wrong(12, "chunk size", storedBytes, `${bytes.length}`);
  if (version !== VERSION) {
    throw unsupported(what, { offset: 0, field: "Blosc version", found: version, expected: `${VERSION}` });
  }
  if ((flags & RESERVED) !== 0) throw wrong(2, "flags", flags, "none reserved");
  const compressor = COMPRESSORS[flags >> 5];
  if (compressor === undefined) {
    throw unsupported(what, { offset: 2, field: "Blosc compressor", found: flags >> 5 });
  }
  if (packedVersion !== PACKED_VERSION) {
    const details = { offset: 1, field: `version of ${compressor}`, found: packedVersion };
    throw unsupported(what, { ...details, expected: `${PACKED_VERSION}` });
  }
  if (typesize === 0) throw wrong(3, "typesize", typesize, "at least 1");
  if (contentBytes > MAX_CONTENT_BYTES) {
    throw wrong(4, "content size", contentBytes, `at most ${MAX_CONTENT_BYTES}`);
  }
  if (contentBytes > 0 && (blockBytes === 0 || blockBytes > contentBytes)) {
    throw wrong(8, "block size", blockBytes, `1 to ${contentBytes}`);
  }
  return {
    compressor,
    shuffle: (flags & BYTE_SHUFFLE) !== 0 ? "bytes" : (flags & BIT_SHUFFLE) !== 0 ? "bits" : "none",
    copied: (flags & COPIED) !== 0,
    split: (flags & NOT_SPLIT) === 0,
    typesize,
    contentBytes,
    blockBytes,
  };
}

/** Number of blocks of a chunk that is not copied. */
export function countBloscBlocks({ contentBytes, blockBytes }: BloscHeader): number {
  return Math.ceil(contentBytes / blockBytes);
}

/**
 * Looks at all blocks of a chunk that is not copied, before memory is taken for its content. Behind the header is a
 * table of where each block begins. They come in any order, but fill the chunk: bytes of two blocks would make more
 * content than the stored bytes can stand for, and bytes of none, which c-blosc lets through, are no writer's.
 *
 * @param reader Over the chunk, anywhere in it.
 * @throws {OrbaxError} `DATA_LOSS` a place outside of the chunk, or content that so few bytes cannot stand for.
 */
export function checkBloscBlocks(reader: ByteReader, header: BloscHeader): void {
  const { bytes, what } = reader;
  const count = countBloscBlocks(header);
  const most = Math.floor((bytes.length - BLOSC_HEADER_BYTES) / WORD);
  if (count > most) {
    throw dataLoss(what, { offset: 8, field: "Blosc blocks", found: count, expected: `at most ${most}` });
  }
  let left = bytes.length - BLOSC_HEADER_BYTES - count * WORD;
  for (let index = 0; index < count; index++) {
    for (const { start, end } of readBloscBlock(reader, header, index).parts) left -= WORD + end - start;
    if (left < 0) throw dataLoss(what, { found: "Blosc blocks that overlap", expected: "none" });
  }
  if (left > 0) throw dataLoss(what, { found: `${left} bytes of no Blosc block`, expected: "none" });
}

/**
 * Where a block of a chunk that is not copied, and its parts, lie.
 *
 * @param reader Over the chunk, anywhere in it.
 * @throws {OrbaxError} `DATA_LOSS`, as {@link checkBloscBlocks}.
 */
export function readBloscBlock(reader: ByteReader, header: BloscHeader, index: number): BloscBlock {
  const { bytes, what } = reader;
  const { contentBytes, blockBytes } = header;
  const entry = BLOSC_HEADER_BYTES + index * WORD;
  const tableEnd = BLOSC_HEADER_BYTES + countBloscBlocks(header) * WORD;
  reader.offset = entry;
  const offset = reader.u32le("Blosc block start");
  if (offset < tableEnd || offset > bytes.length) {
    const expected = `${tableEnd} to ${bytes.length}`;
    throw dataLoss(what, { offset: entry, field: "Blosc block start", found: offset, expected });
  }
  reader.offset = offset;
  const start = index * blockBytes;
  const end = Math.min(start + blockBytes, contentBytes);
  return { start, end, parts: readParts(reader, header, end - start) };
}

/** Reads the parts of a block: length and bytes of each. */
function readParts(reader: ByteReader, header: BloscHeader, length: number): BloscPart[] {
  const { compressor, typesize, blockBytes, split } = header;
  const splits =
    split &&
    typesize <= MAX_PARTS &&
    Math.floor(length / typesize) >= MIN_PART_BYTES &&
    length === blockBytes; // the last block, if it is shorter, is not split
  const count = splits ? typesize : 1;
  const partBytes = length / count;
  if (!Number.isInteger(partBytes)) {
    const details = { offset: 8, field: "Blosc block size", found: blockBytes };
    throw dataLoss(reader.what, { ...details, expected: `a multiple of ${typesize}` });
  }
  const parts: BloscPart[] = [];
  for (let index = 0; index < count; index++) {
    const { offset } = reader;
    const packedBytes = reader.u32le("Blosc part size");
    const start = reader.offset;
    reader.take(packedBytes, "Blosc part");
    if (partBytes > packedBytes * MOST_BYTES_A_BYTE[compressor]) {
      const expected = `enough for ${partBytes} bytes`;
      throw dataLoss(reader.what, { offset, field: "Blosc part size", found: packedBytes, expected });
    }
    parts.push({ start, end: reader.offset, length: partBytes });
  }
  return parts;
}
