import { dataLoss, unsupported } from "../errors.js";
import { ByteReader } from "./cursor.js";

/** What the headers of a zstd frame say about its content (RFC 8878 section 3.1.1). */
export type ZstdFrame = {
  /** Content length as written in the header; undefined where the encoder did not know it. */
  readonly contentSize: number | undefined;
  /** Bytes that the blocks hold at least; equal to {@link maxContentBytes} when none is compressed. */
  readonly minContentBytes: number;
  /** Bytes that the blocks can hold at most. */
  readonly maxContentBytes: number;
  /** Stored checksum: the low half of the content's XXH64 with seed 0. */
  readonly checksum: number | undefined;
};

type FrameHeader = { contentSize: number | undefined; maxBlockBytes: number; hasChecksum: boolean };
type Block = { last: boolean; compressed: boolean; minContentBytes: number; maxContentBytes: number };

const MAGIC = 0xfd2fb528;
/** `184D2A50` to `184D2A5F`: data for others, which decoders skip (RFC 8878 section 3.1.2). */
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Bits of the frame header descriptor (RFC 8878 section 3.1.1.1.1); bit 4 has no meaning. */
const SINGLE_SEGMENT = 0x20;
const RESERVED = 0x08;
const CHECKSUM = 0x04;
/** What libzstd decodes without being asked for more; an encoder needs `--long=28` to exceed it. */
const MAX_WINDOW_BYTES = 2 ** 27;
const MAX_BLOCK_BYTES = 2 ** 17;
/** Block types (RFC 8878 section 3.1.1.2.2). */
const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;

/**
 * Walks over the headers of `bytes`, which must be exactly one zstd frame: cut frames, second frames, skippable
 * frames and other trailing bytes, which decoders treat in different ways, end here. Cost: 4 bytes a block.
 *
 * @param what Structure that the frame stands for, for messages.
 * @throws {OrbaxError} `DATA_LOSS` not one whole frame, or a content size that the blocks cannot have ·
 *   `UNSUPPORTED` a dictionary is needed, or a window over 128 MiB.
 */
export function walkZstdFrame(bytes: Uint8Array, what: string): ZstdFrame {
  const reader = new ByteReader(bytes, what);
  const { contentSize, maxBlockBytes, hasChecksum } = readFrameHeader(reader);
  let minContentBytes = 0;
  let maxContentBytes = 0;
  let compressedBlocks = 0;
  for (let last = false; !last; ) {
    const block = readBlock(reader, maxBlockBytes);
    last = block.last;
    minContentBytes += block.minContentBytes;
    maxContentBytes += block.maxContentBytes;
    compressedBlocks += block.compressed ? 1 : 0;
  }
  // A compressed block is smaller than its content (RFC 8878 section 3.1.1.2.3), so they are not all empty.
  if (compressedBlocks > 0) minContentBytes = Math.max(minContentBytes, 1);
  const checksum = hasChecksum ? reader.u32le("zstd checksum") : undefined;
  if (reader.remaining > 0) throw trailing(reader);
  if (contentSize !== undefined && (contentSize < minContentBytes || contentSize > maxContentBytes)) {
    throw dataLoss(what, {
      field: "zstd content size",
      found: contentSize,
      expected: `${minContentBytes} to ${maxContentBytes} bytes as in the blocks`,
    });
  }
  return { contentSize, minContentBytes, maxContentBytes, checksum };
}

function readFrameHeader(reader: ByteReader): FrameHeader {
  const { what } = reader;
  const magic = reader.u32le("zstd magic");
  if (magic !== MAGIC) {
    const found = isSkippable(magic) ? "that of a skippable frame" : hex(magic);
    throw dataLoss(what, { offset: 0, field: "zstd magic", found, expected: hex(MAGIC) });
  }
  const descriptor = reader.u8("zstd frame descriptor");
  if ((descriptor & RESERVED) !== 0) {
    throw dataLoss(what, { offset: 4, field: "zstd reserved bit", found: 1, expected: "0" });
  }
  const singleSegment = (descriptor & SINGLE_SEGMENT) !== 0;
  const describedWindow = singleSegment ? 0 : readWindowDescriptor(reader);
  readDictionaryId(reader, descriptor & 3);
  const contentSize = readContentSize(reader, descriptor >> 6, singleSegment);
  return {
    contentSize,
    maxBlockBytes: Math.min(singleSegment ? (contentSize ?? 0) : describedWindow, MAX_BLOCK_BYTES),
    hasChecksum: (descriptor & CHECKSUM) !== 0,
  };
}

function readWindowDescriptor(reader: ByteReader): number {
  const offset = reader.offset;
  const byte = reader.u8("zstd window");
  const base = 2 ** (10 + (byte >> 3));
  const window = base + (base / 8) * (byte & 7);
  if (window <= MAX_WINDOW_BYTES) return window;
  throw unsupported(reader.what, {
    offset,
    field: "zstd window",
    found: window,
    expected: `at most ${MAX_WINDOW_BYTES} bytes`,
  });
}

function readDictionaryId(reader: ByteReader, flag: number): void {
  const offset = reader.offset;
  const length = flag === 3 ? 4 : flag;
  let id = 0;
  for (let byte = 0; byte < length; byte++) id += reader.u8("zstd dictionary id") * 256 ** byte;
  if (id === 0) return; // written out or not, 0 says that there is none
  throw unsupported(reader.what, { offset, field: "zstd dictionary id", found: id, expected: "none" });
}

function readContentSize(reader: ByteReader, flag: number, singleSegment: boolean): number | undefined {
  const field = "zstd content size";
  if (flag === 0) return singleSegment ? reader.u8(field) : undefined;
  // The two-byte form starts where the one-byte form ends.
  if (flag === 1) return reader.u8(field) + reader.u8(field) * 256 + 256;
  if (flag === 2) return reader.u32le(field);
  return Number(reader.u64le(field)); // rounded above 2^53, where it exceeds what the blocks can hold anyway
}

/** Reads the header of a block and steps over what it holds. */
function readBlock(reader: ByteReader, maxBlockBytes: number): Block {
  const { offset, what } = reader;
  const field = "zstd block header";
  const header = reader.u8(field) + reader.u8(field) * 0x100 + reader.u8(field) * 0x10000;
  const type = (header >> 1) & 3;
  const size = header >> 3;
  if (type !== RAW && type !== RLE && type !== COMPRESSED) {
    throw dataLoss(what, { offset, field: "zstd block type", found: type, expected: "0, 1 or 2" });
  }
  // Streaming decoders refuse it, those that see the whole frame let some of it through.
  if (size > maxBlockBytes) {
    throw dataLoss(what, {
      offset,
      field: "zstd block size",
      found: size,
      expected: `at most ${maxBlockBytes}`,
    });
  }
  reader.take(type === RLE ? 1 : size, "zstd block");
  const compressed = type === COMPRESSED;
  return {
    last: (header & 1) === 1,
    compressed,
    minContentBytes: compressed ? 0 : size,
    maxContentBytes: compressed ? maxBlockBytes : size,
  };
}

/** The error for what follows the frame, named after what it is. */
function trailing(reader: ByteReader) {
  const { offset, remaining, what } = reader;
  const next = remaining < 4 ? undefined : reader.u32le("zstd magic");
  const found =
    next === MAGIC
      ? "a second zstd frame"
      : next !== undefined && isSkippable(next)
        ? "a skippable zstd frame"
        : `${remaining} bytes after the zstd frame`;
  return dataLoss(what, { offset, found, expected: "the end" });
}

function isSkippable(magic: number): boolean {
  return magic >= SKIPPABLE_MAGIC && magic <= SKIPPABLE_MAGIC + 15;
}

function hex(magic: number): string {
  return magic.toString(16).padStart(8, "0");
}

/**
 * A frame of the first blocks of `bytes`, which {@link walkZstdFrame} has accepted: all that end by the byte `kept`,
 * and after them as many as it takes for these to hold more than `room` bytes, or all. `addedBytes` is what the
 * latter hold at most. Without checksum, since that is about the whole.
 */
export function cutZstdFrame(
  bytes: Uint8Array,
  kept: number,
  room: number,
): { readonly frame: Uint8Array; readonly addedBytes: number } {
  const reader = new ByteReader(bytes, "zstd frame");
  const { maxBlockBytes } = readFrameHeader(reader);
  let lastBlock = 0;
  let addedBytes = 0;
  for (let last = false; !last && (reader.offset < kept || addedBytes <= room); ) {
    lastBlock = reader.offset;
    const block = readBlock(reader, maxBlockBytes);
    last = block.last;
    if (reader.offset > kept) addedBytes += block.maxContentBytes;
  }
  const frame = bytes.slice(0, reader.offset);
  const view = new DataView(frame.buffer);
  view.setUint8(4, view.getUint8(4) & ~CHECKSUM);
  view.setUint8(lastBlock, view.getUint8(lastBlock) | 1);
  return { frame, addedBytes };
}
