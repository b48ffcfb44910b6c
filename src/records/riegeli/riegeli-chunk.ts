import { ByteReader } from "../../bytes/cursor.js";
import { dataLoss, limitExceeded } from "../../errors.js";
import type { StorageOptions } from "../../storage/storage.js";
import type { RecordFile } from "../record-file.js";
import { type ChunkRegion, chunkBytes, chunkEnd, isChunkBoundary, riegeliHash } from "./riegeli-block.js";

const CHUNK_HEADER_BYTES = 40;
/** Up to so many bytes a chunk is read at once with what may follow it; of larger ones the header comes first. */
const ONE_READ_BYTES = 2 ** 22;
/** What is read first where the length of a chunk is not known. */
const FIRST_READ_BYTES = 2 ** 16;

const WHAT = "Riegeli chunk";

/** A chunk of a Riegeli file: its header's fields, and its data without block headers, whose hash is right. */
export type RiegeliChunk = {
  /** Position in the file. */
  readonly begin: number;
  /** How the data is encoded: a letter's code, `r` simple, `t` transposed. */
  readonly type: number;
  readonly records: number;
  /** Bytes of all records together. */
  readonly decodedBytes: number;
  readonly data: Uint8Array;
};

type ChunkHeader = Omit<RiegeliChunk, "data"> & { readonly dataBytes: number; readonly dataHash: bigint };

/** Where a chunk is read. */
export type ReadChunkOptions = StorageOptions & {
  /** Position of what follows; `undefined` if only that at least 64 KiB do. */
  readonly end?: number | undefined;
  /** Whether the hash of the data is compared. */
  readonly verify: boolean;
};

/**
 * Reads the chunk that begins at a position: one read, two for chunks of megabytes.
 *
 * @throws {OrbaxError} `DATA_LOSS` no chunk begins there, it reaches over `end`, a hash is wrong · `LIMIT_EXCEEDED`
 * more than `limits.recordBytes`, stored or decoded.
 */
export async function readRiegeliChunk(
  file: RecordFile,
  begin: number,
  { end = Number.MAX_SAFE_INTEGER, verify, ...options }: ReadChunkOptions,
): Promise<RiegeliChunk> {
  const room = end - begin;
  const first = room <= ONE_READ_BYTES ? room : FIRST_READ_BYTES;
  const bytes = await file.readExact(begin, first, options);
  const limit = file.limits.recordBytes;
  const header = decodeHeader({ begin, bytes }, limit);
  const length = chunkEnd(begin, CHUNK_HEADER_BYTES + header.dataBytes, header.records) - begin;
  if (length > room) throw wrong(begin, "data_size", header.dataBytes, `a chunk of at most ${room} bytes`);
  const all = length <= bytes.length ? bytes : await readRest(file, begin, bytes, length, options);
  return decodeData({ begin, bytes: all }, header, verify);
}

/** A chunk that is in memory, at a position that is a multiple of the block size and is taken for 0. */
export function decodeRiegeliChunk(bytes: Uint8Array, limit: number): RiegeliChunk {
  const region = { begin: 0, bytes };
  return decodeData(region, decodeHeader(region, limit), true);
}

async function readRest(
  file: RecordFile,
  begin: number,
  read: Uint8Array,
  length: number,
  options: StorageOptions,
): Promise<Uint8Array> {
  // Asked for before it is allocated: a storage that has fewer says so.
  const rest = await file.readExact(begin + read.length, length - read.length, options);
  const all = new Uint8Array(length);
  all.set(read);
  all.set(rest, read.length);
  return all;
}

function decodeHeader(region: ChunkRegion, limit: number): ChunkHeader {
  const { begin } = region;
  if (!isChunkBoundary(begin)) throw wrong(begin, "position", begin, "one where a chunk can begin");
  const reader = new ByteReader(chunkBytes(region, 0, CHUNK_HEADER_BYTES, undefined), WHAT);
  const hash = reader.u64le("header_hash");
  const expected = riegeliHash(reader.bytes.subarray(reader.offset));
  if (hash !== expected) throw wrong(begin, "header_hash", hash, `${expected}`);
  const dataSize = reader.u64le("data_size");
  const dataHash = reader.u64le("data_hash");
  const typeAndRecords = reader.u64le("num_records"); // a byte and 7
  const decodedSize = reader.u64le("decoded_data_size");
  return {
    begin,
    type: Number(typeAndRecords & 0xffn),
    records: bounded(typeAndRecords >> 8n, { begin, field: "num_records", limit }),
    dataBytes: bounded(dataSize, { begin, field: "data_size", limit }),
    decodedBytes: bounded(decodedSize, { begin, field: "decoded_data_size", limit }),
    dataHash,
  };
}

/** Reads once more what block headers say, now that it is known where the chunk ends. */
function decodeData(region: ChunkRegion, { dataBytes, dataHash, ...header }: ChunkHeader, verify: boolean) {
  const { begin, records } = header;
  const end = chunkEnd(begin, CHUNK_HEADER_BYTES + dataBytes, records);
  const data = chunkBytes(region, 0, CHUNK_HEADER_BYTES + dataBytes, end).subarray(CHUNK_HEADER_BYTES);
  if (verify) {
    const found = riegeliHash(data);
    if (found !== dataHash) throw wrong(begin, "data_hash", dataHash, `${found}`);
  }
  return { ...header, data };
}

type Bound = { readonly begin: number; readonly field: string; readonly limit: number };

function bounded(value: bigint, { begin, field, limit }: Bound): number {
  if (value <= BigInt(Math.min(limit, Number.MAX_SAFE_INTEGER))) return Number(value);
  const details = { offset: begin, field, found: value, expected: `at most ${limit}` };
  throw limitExceeded(WHAT, { ...details, limit: "recordBytes" });
}

function wrong(offset: number, field: string, found: number | bigint, expected: string) {
  return dataLoss(WHAT, { offset, field, found, expected });
}
