import { ByteReader } from "../../bytes/cursor.js";
import { highwayHash64 } from "../../bytes/highway-hash.js";
import { dataLoss } from "../../errors.js";

// Riegeli/records files: chunks of records one after another, interrupted by a block header at every multiple of
// 64 KiB (https://github.com/google/riegeli, doc/riegeli_records_file_format.md).

/** Bytes between the beginnings of two block headers. */
export const BLOCK_BYTES = 2 ** 16;
const BLOCK_HEADER_BYTES = 24;
const USABLE_BLOCK_BYTES = BLOCK_BYTES - BLOCK_HEADER_BYTES;

/** "Riegeli/records\n", twice. */
const HASH_KEY = [
  0x2f696c6567656952n,
  0x0a7364726f636572n,
  0x2f696c6567656952n,
  0x0a7364726f636572n,
] as const;

/** The hash that Riegeli's headers hold of themselves and of the data of a chunk. */
export function riegeliHash(bytes: Uint8Array): bigint {
  return highwayHash64(HASH_KEY, bytes);
}

/** Whether a chunk may begin at `position`: neither inside a block header nor right behind one. */
export function isChunkBoundary(position: number): boolean {
  return remainingInBlock(position) < USABLE_BLOCK_BYTES;
}

/** Where `length` bytes of a chunk end that begins at `chunkBegin`, with the block headers between them. */
export function addWithOverhead(chunkBegin: number, length: number): number {
  const blocks = (length + ((chunkBegin + USABLE_BLOCK_BYTES - 1) % BLOCK_BYTES)) / USABLE_BLOCK_BYTES;
  return chunkBegin + length + Math.floor(blocks) * BLOCK_HEADER_BYTES;
}

/**
 * Where the chunk after the one at `chunkBegin` begins: its padding takes it to at least a byte a record, and to a
 * place where a chunk may begin.
 */
export function chunkEnd(chunkBegin: number, length: number, records: number): number {
  const atLeast = chunkBegin + records;
  const boundary = atLeast + Math.max(0, remainingInBlock(atLeast) - (USABLE_BLOCK_BYTES - 1));
  return Math.max(addWithOverhead(chunkBegin, length), boundary);
}

function remainingInBlock(position: number): number {
  return BLOCK_BYTES - 1 - ((position + BLOCK_BYTES - 1) % BLOCK_BYTES);
}

/** A part of a file in memory, which begins where a chunk does. */
export type ChunkRegion = {
  /** Position in the file of the chunk and of the first byte. */
  readonly begin: number;
  readonly bytes: Uint8Array;
};

/** Where a chunk ends, once its header has been read: block headers repeat it. */
type ExpectedEnd = number | undefined;

/**
 * The bytes `from` … `from + length` of a chunk, counted without block headers. A view of the region where none lies
 * between them. Block headers on the way are checked.
 *
 * @throws {OrbaxError} `DATA_LOSS` if the region has not as many bytes, or a block header is damaged.
 */
export function chunkBytes(region: ChunkRegion, from: number, length: number, end: ExpectedEnd): Uint8Array {
  const { begin, bytes } = region;
  const stop = addWithOverhead(begin, from + length) - begin;
  if (stop > bytes.length) {
    throw dataLoss("Riegeli chunk", {
      offset: begin,
      field: "chunk",
      found: `cut short after ${bytes.length} bytes`,
      expected: `at least ${stop}`,
    });
  }
  const parts: Uint8Array[] = [];
  let at = from === 0 ? 0 : addWithOverhead(begin, from) - begin;
  for (let missing = length; missing > 0; ) {
    const position = begin + at;
    if (position % BLOCK_BYTES === 0) {
      checkBlockHeader(region, position, end);
      at += BLOCK_HEADER_BYTES;
    }
    const count = Math.min(missing, BLOCK_BYTES - ((begin + at) % BLOCK_BYTES));
    parts.push(bytes.subarray(at, at + count));
    at += count;
    missing -= count;
  }
  return joinParts(parts, length);
}

function checkBlockHeader({ begin, bytes }: ChunkRegion, position: number, end: ExpectedEnd): void {
  const at = position - begin;
  const reader = new ByteReader(bytes.subarray(at, at + BLOCK_HEADER_BYTES), "Riegeli block header");
  const hash = reader.u64le("header_hash");
  const expected = riegeliHash(reader.bytes.subarray(reader.offset));
  const wrong = (field: string, found: bigint, wanted: number | bigint) =>
    dataLoss("Riegeli block header", { offset: position, field, found, expected: `${wanted}` });
  if (hash !== expected) throw wrong("header_hash", hash, expected);
  const previous = reader.u64le("previous_chunk");
  if (previous !== BigInt(position - begin)) throw wrong("previous_chunk", previous, position - begin);
  const next = reader.u64le("next_chunk");
  if (end !== undefined && next !== BigInt(end - position)) throw wrong("next_chunk", next, end - position);
}

function joinParts(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
