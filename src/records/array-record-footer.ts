import { decodeUtf8 } from "../bytes/utf8.js";
import { dataLoss, unsupported } from "../errors.js";
import { decodeFields } from "./proto-fields.js";
import { type ChunkRecords, recordOf } from "./riegeli/chunk-records.js";

/** First 8 bytes of the MD5 of "ArrayRecord\n". */
const MAGIC = 0x71930e704fdae05en;
const VERSION = 1n;
const SIGNATURE_BYTES = 64; // the block header and the signature chunk with which a file begins

/** What the footer of an ArrayRecord file says (https://github.com/google/array_record, cpp/layout.proto). */
export type ArrayRecordFooter = {
  readonly records: number;
  /** Records of each chunk but the last, which may have fewer. */
  readonly groupSize: number;
  /** Position of each chunk in the file, and last that of the footer, ascending. */
  readonly chunkOffsets: Float64Array;
  /** The options that the writer had, with its defaults; `undefined` in files from before October 2022. */
  readonly writerOptions: string | undefined;
};

/**
 * Where the footer of an ArrayRecord file begins.
 *
 * @param record The first record of the last block: a `RiegeliPostscript`.
 * @throws {OrbaxError} `DATA_LOSS` for what is no postscript.
 */
export function decodePostscript(record: Uint8Array): number {
  const what = "ArrayRecord postscript";
  let footerOffset: bigint | undefined;
  let magic: bigint | undefined;
  decodeFields(record, what, (field, value) => {
    if (field === 1 && typeof value === "bigint") footerOffset = value;
    if (field === 2 && typeof value === "bigint") magic = value;
  });
  if (magic !== MAGIC)
    throw dataLoss(what, { field: "magic", found: magic ?? "missing", expected: `${MAGIC}` });
  const offset = Number(footerOffset ?? 0n);
  if (offset >= SIGNATURE_BYTES && Number.isSafeInteger(offset)) return offset;
  const found = footerOffset ?? "missing";
  throw dataLoss(what, { field: "footer_offset", found, expected: `at least ${SIGNATURE_BYTES}` });
}

/**
 * Decodes the records of the footer chunk: the metadata, and one entry for each chunk.
 *
 * @param footerOffset Where the footer chunk begins.
 * @throws {OrbaxError} `DATA_LOSS` if they contradict each other · `UNSUPPORTED` for another version of the format.
 */
export function decodeFooter(footer: ChunkRecords, footerOffset: number): ArrayRecordFooter {
  const what = "ArrayRecord footer";
  const chunks = footer.ends.length - 1;
  if (chunks < 0) throw dataLoss(what, { field: "metadata", found: "missing", expected: "one record" });
  const metadata = decodeMetadata(recordOf(footer, 0));
  if (metadata.chunks !== BigInt(chunks)) {
    throw dataLoss(what, { field: "num_chunks", found: metadata.chunks, expected: `${chunks}` });
  }
  const chunkOffsets = new Float64Array(chunks + 1); // as many as there are records in memory
  chunkOffsets[chunks] = footerOffset;
  let groupSize = 0;
  let records = 0;
  let least = SIGNATURE_BYTES;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const entry = decodeEntry(footer, chunk);
    const offset = Number(entry.offset);
    if (!(offset >= least && offset < footerOffset)) {
      const expected = `${least} to ${footerOffset - 1}`;
      throw dataLoss(what, { key: `chunk ${chunk}`, field: "chunk_offset", found: entry.offset, expected });
    }
    // Readers find the chunk of a record by division.
    if (chunk === 0) groupSize = Number(entry.records);
    const isFull = Number(entry.records) === groupSize || (chunk === chunks - 1 && entry.records < groupSize);
    if (!isFull || entry.records === 0n || !Number.isSafeInteger(groupSize)) {
      const expected = chunk === 0 ? "at least 1" : `${groupSize}`;
      throw dataLoss(what, { key: `chunk ${chunk}`, field: "num_records", found: entry.records, expected });
    }
    chunkOffsets[chunk] = offset;
    least = offset + 1;
    records += Number(entry.records);
  }
  if (metadata.records !== BigInt(records)) {
    throw dataLoss(what, { field: "num_records", found: metadata.records, expected: `${records}` });
  }
  return { records, groupSize, chunkOffsets, writerOptions: metadata.writerOptions };
}

type Metadata = {
  readonly chunks: bigint;
  readonly records: bigint;
  readonly writerOptions: string | undefined;
};

/** A `RiegeliFooterMetadata`. */
function decodeMetadata(record: Uint8Array): Metadata {
  const what = "ArrayRecord footer metadata";
  let inner: Uint8Array | undefined;
  decodeFields(record, what, (field, value) => {
    if (field === 1 && value instanceof Uint8Array) inner = value;
  });
  if (inner === undefined) {
    throw dataLoss(what, { field: "array_record_metadata", found: "missing", expected: "a message" });
  }
  let version = 0n;
  let chunks = 0n;
  let records = 0n;
  let writerOptions: string | undefined;
  decodeFields(inner, what, (field, value) => {
    if (typeof value === "bigint") {
      if (field === 1) version = value;
      if (field === 2) chunks = value;
      if (field === 3) records = value;
    } else if (field === 4) {
      writerOptions = decodeUtf8(value, `${what}: writer_options`);
    }
  });
  if (version !== VERSION)
    throw unsupported(what, { field: "version", found: version, expected: `${VERSION}` });
  return { chunks, records, writerOptions };
}

/** The `ArrayRecordFooter` of a chunk. */
function decodeEntry({ values, ends }: ChunkRecords, chunk: number): { offset: bigint; records: bigint } {
  let offset = -1n;
  let records = 0n;
  const record = values.subarray(ends[chunk], ends[chunk + 1]); // that of the metadata comes first
  decodeFields(record, "ArrayRecord footer", (field, value) => {
    if (typeof value !== "bigint") return;
    if (field === 1) offset = value;
    if (field === 3) records = value;
  });
  return { offset, records };
}
