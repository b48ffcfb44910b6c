import { ByteReader } from "../../bytes/cursor.js";
import { dataLoss, unsupported } from "../../errors.js";
import type { ChunkRecords } from "./chunk-records.js";
import { decodeCompression, decompressBuffer } from "./riegeli-buffer.js";
import type { RiegeliChunk } from "./riegeli-chunk.js";
import { decodeTransposedChunk } from "./transposed-chunk.js";

/** Types of chunks with records. */
const SIMPLE = 0x72; // r
const TRANSPOSED = 0x74; // t

const MOST_VARINT_BYTES = 10;

/**
 * Decodes the records of a chunk.
 *
 * @throws {OrbaxError} `DATA_LOSS` · `UNSUPPORTED` a chunk of another type, or compressed in a way that this platform
 * cannot read · `LIMIT_EXCEEDED` as for `limit` bytes of content.
 */
export async function decodeChunkRecords(chunk: RiegeliChunk, limit: number): Promise<ChunkRecords> {
  if (chunk.type === SIMPLE) return decodeSimpleChunk(chunk, limit);
  if (chunk.type === TRANSPOSED) return decodeTransposedChunk(chunk, limit);
  const found = String.fromCharCode(chunk.type);
  throw unsupported("Riegeli chunk", { offset: chunk.begin, field: "chunk_type", found });
}

/**
 * A simple chunk: compression, the length of the compressed sizes, these, and the compressed values (file format
 * specification, "Simple chunk with records").
 */
async function decodeSimpleChunk(chunk: RiegeliChunk, limit: number): Promise<ChunkRecords> {
  const { data, records, decodedBytes } = chunk;
  const what = "Riegeli chunk";
  const reader = new ByteReader(data, what);
  const compression = decodeCompression(reader);
  const stored = reader.take(reader.varint53("compressed_sizes_size"), "compressed_sizes");
  const sizes = await decompressBuffer(stored, {
    compression,
    what: `${what}: record sizes`,
    limit,
    most: records * MOST_VARINT_BYTES,
  });
  const ends = decodeSizes(sizes, records, decodedBytes);
  const values = await decompressBuffer(data.subarray(reader.offset), {
    compression,
    what: `${what}: record values`,
    limit,
    size: decodedBytes,
  });
  return { values, ends };
}

function decodeSizes(sizes: Uint8Array, records: number, decodedBytes: number): Float64Array {
  const reader = new ByteReader(sizes, "Riegeli chunk: record sizes");
  if (records > sizes.length) {
    throw dataLoss(reader.what, {
      field: "num_records",
      found: records,
      expected: `at most ${sizes.length}`,
    });
  }
  const ends = new Float64Array(records);
  let end = 0;
  for (let record = 0; record < records; record++) {
    end += reader.varint53("size");
    if (end > decodedBytes) break;
    ends[record] = end;
  }
  if (end !== decodedBytes) {
    throw dataLoss(reader.what, { field: "sum of sizes", found: end, expected: `${decodedBytes}` });
  }
  reader.end();
  return ends;
}
