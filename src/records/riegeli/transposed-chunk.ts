import { ByteReader } from "../../bytes/cursor.js";
import { dataLoss } from "../../errors.js";
import type { ChunkRecords } from "./chunk-records.js";
import { decodeCompression, decompressBuffer, type RiegeliCompression } from "./riegeli-buffer.js";
import type { RiegeliChunk } from "./riegeli-chunk.js";
import { decodeTransposedMachine, type TransposedMachine } from "./transposed-nodes.js";
import { type RecordsTarget, TransposedRecords } from "./transposed-records.js";

// A transposed chunk keeps the values of each protobuf field of all its records together. A state machine says in which
// order they came, from the last field of the last record to the first of the first, and a byte or less of transitions
// per field drives it. The format has no specification but its decoder
// (https://github.com/google/riegeli, riegeli/chunk_encoding/transpose_decoder.cc).

const WHAT = "Riegeli transposed chunk";

/** Nodes without effect that one transition can lead over: the encoder makes trees of them, of 63 branches each. */
const MOST_IDLE_NODES = 64;
const MOST_VARINT32_BYTES = 5;
/** Transitions per field: one, and one for each node without effect on the way, of which trees have few levels. */
const MOST_TRANSITIONS = 16;

/**
 * Decodes the records of a transposed chunk.
 *
 * @throws {OrbaxError} As `decodeChunkRecords`.
 */
export async function decodeTransposedChunk(chunk: RiegeliChunk, limit: number): Promise<ChunkRecords> {
  const { data, records, decodedBytes } = chunk;
  const reader = new ByteReader(data, WHAT);
  const compression = decodeCompression(reader);
  const decompress = (stored: Uint8Array, part: string, most?: number) =>
    decompressBuffer(stored, { compression, what: `${WHAT}: ${part}`, limit, most });
  const storedHeader = reader.take(reader.varint53("header size"), "header");
  const header = new ByteReader(await decompress(storedHeader, "header"), `${WHAT}: header`);
  // Every byte of a buffer goes into a record, but for the lengths of records that are no messages.
  const bufferBytes = decodedBytes + records * MOST_VARINT32_BYTES;
  const buffers = await decodeBuffers(header, reader, { compression, limit, most: bufferBytes });
  const machine = decodeTransposedMachine(header, buffers);
  const mostTransitions = (decodedBytes + records + 1) * MOST_TRANSITIONS;
  const transitions = await decompress(data.subarray(reader.offset), "transitions", mostTransitions);
  return runMachine(machine, transitions, { buffers, records, decodedBytes });
}

type BufferLimits = {
  readonly compression: RiegeliCompression;
  readonly limit: number;
  /** Most bytes that all buffers can have. */
  readonly most: number;
};

/** Buffers are cut out of buckets, one after another; the header tells the stored lengths of buckets, then of buffers. */
async function decodeBuffers(
  header: ByteReader,
  data: ByteReader,
  { compression, limit, most }: BufferLimits,
): Promise<ByteReader[]> {
  const bucketCount = countOf(header, "number of buckets");
  const bufferCount = countOf(header, "number of buffers");
  const buckets: ByteReader[] = [];
  let room = most;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const stored = data.take(header.varint53("bucket length"), "bucket");
    const what = `${WHAT}: bucket ${bucket}`;
    const content = await decompressBuffer(stored, { compression, what, limit, most: room });
    room -= content.length;
    buckets.push(new ByteReader(content, what));
  }
  const buffers: ByteReader[] = [];
  let at = 0;
  for (let buffer = 0; buffer < bufferCount; buffer++) {
    const bucket = buckets[at];
    if (bucket === undefined)
      throw dataLoss(WHAT, { field: "number of buckets", found: 0, expected: "more" });
    const bytes = bucket.take(header.varint53("buffer length"), "buffer");
    buffers.push(new ByteReader(bytes, `${WHAT}: buffer ${buffer}`));
    while (buckets[at]?.remaining === 0 && at + 1 < buckets.length) at++;
  }
  if (at + 1 < buckets.length) {
    throw dataLoss(WHAT, { field: "number of buckets", found: buckets.length, expected: `${at + 1}` });
  }
  buckets[at]?.end();
  return buffers;
}

/** A count of things that take a byte of the header each. */
function countOf(header: ByteReader, field: string): number {
  const count = header.varint32(field);
  if (count <= header.remaining) return count;
  throw dataLoss(header.what, { field, found: count, expected: `at most ${header.remaining}` });
}

function runMachine(
  { nodes, first, hasBytesRecords }: TransposedMachine,
  transitions: Uint8Array,
  target: RecordsTarget,
) {
  const output = new TransposedRecords(target, hasBytesRecords ? target.buffers.at(-1) : undefined);
  let node = nodes[first];
  let repeats = node?.isImplicit === true ? 1 : 0; // nodes that follow without a transition
  let idle = 0;
  for (let read = 0; ; ) {
    if (node === undefined)
      throw dataLoss(WHAT, { field: "transition", found: "no node", expected: "a node" });
    idle = node.action.kind === "nothing" ? idle + 1 : 0;
    if (idle > MOST_IDLE_NODES) throw dataLoss(WHAT, { field: "transition", found: "a walk over nothing" });
    output.add(node.action);
    let next = node.next;
    if (repeats === 0) {
      const transition = transitions[read++];
      if (transition === undefined) return output.finish();
      next += transition >> 2;
      node = nodes[next];
      repeats = (transition & 3) + (node?.isImplicit === true ? 1 : 0);
    } else {
      node = nodes[next];
      if (node?.isImplicit !== true) repeats--;
    }
  }
}
