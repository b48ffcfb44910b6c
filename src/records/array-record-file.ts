import { dataLoss } from "../errors.js";
import type { StorageOptions } from "../storage/storage.js";
import { type ArrayRecordFooter, decodeFooter, decodePostscript } from "./array-record-footer.js";
import type { RecordFile } from "./record-file.js";
import { checkRecordIndex } from "./record-index.js";
import { type ChunkRecords, recordOf } from "./riegeli/chunk-records.js";
import { BLOCK_BYTES } from "./riegeli/riegeli-block.js";
import { decodeRiegeliChunk, readRiegeliChunk } from "./riegeli/riegeli-chunk.js";
import { decodeChunkRecords } from "./riegeli/riegeli-records.js";

type RecentChunk = { readonly chunk: number; readonly records: Promise<ChunkRecords> };

/** One ArrayRecord file: a footer that tells where its chunks are, and access to each record by number. */
export class ArrayRecordFile {
  readonly #file: RecordFile;
  readonly #footer: ArrayRecordFooter;
  readonly #verify: boolean;
  /** The chunk that was read last, where chunks hold several records: they are mostly asked for in a row. */
  #recent: RecentChunk | undefined;

  /** @internal Call {@link openArrayRecordFile}. */
  constructor(file: RecordFile, footer: ArrayRecordFooter, verify: boolean) {
    this.#file = file;
    this.#footer = footer;
    this.#verify = verify;
  }

  /** How many records there are. */
  get length(): number {
    return this.#footer.records;
  }

  /** Records of a chunk. */
  get groupSize(): number {
    return this.#footer.groupSize;
  }

  /** Python's `writer_options_string()`. */
  get writerOptions(): string | undefined {
    return this.#footer.writerOptions;
  }

  /** The data of a record, the caller's own. Throws as `ArrayRecords.get`. */
  async get(index: number, options: StorageOptions = {}): Promise<Uint8Array> {
    checkRecordIndex(index, this.length);
    const chunk = Math.floor(index / this.groupSize);
    const records = this.groupSize === 1 ? this.#read(chunk, options) : this.#shared(chunk, options);
    return recordOf(await records, index - chunk * this.groupSize);
  }

  async #shared(chunk: number, options: StorageOptions): Promise<ChunkRecords> {
    if (this.#recent?.chunk === chunk) {
      try {
        return await this.#recent.records;
      } catch {
        options.signal?.throwIfAborted();
        // It failed for another caller, perhaps because that one aborted it.
      }
    }
    const records = this.#read(chunk, options);
    this.#recent = { chunk, records };
    return records;
  }

  async #read(index: number, options: StorageOptions): Promise<ChunkRecords> {
    const { chunkOffsets, records, groupSize } = this.#footer;
    const begin = chunkOffsets[index] ?? 0;
    const end = chunkOffsets[index + 1];
    try {
      const chunk = await readRiegeliChunk(this.#file, begin, { ...options, end, verify: this.#verify });
      const expected = Math.min(groupSize, records - index * groupSize);
      if (chunk.records !== expected) {
        throw dataLoss("Riegeli chunk", {
          offset: begin,
          field: "num_records",
          found: chunk.records,
          expected: `${expected} as in the footer`,
        });
      }
      return await decodeChunkRecords(chunk, this.#file.limits.recordBytes);
    } catch (error) {
      throw this.#file.named(error);
    }
  }
}

/**
 * Reads the footer of an ArrayRecord file: two reads, one more if it is longer than 64 KiB.
 *
 * @throws {OrbaxError} `DATA_LOSS` for what is no ArrayRecord file, or a damaged one.
 */
export async function openArrayRecordFile(
  file: RecordFile,
  { verify, ...options }: StorageOptions & { readonly verify: boolean },
): Promise<ArrayRecordFile> {
  try {
    return new ArrayRecordFile(file, await readFooter(file, options), verify);
  } catch (error) {
    throw file.named(error);
  }
}

async function readFooter(file: RecordFile, options: StorageOptions): Promise<ArrayRecordFooter> {
  const limit = file.limits.recordBytes;
  const last = await file.readEnd(BLOCK_BYTES, options);
  if (last.length !== BLOCK_BYTES) {
    const expected = `at least ${BLOCK_BYTES} bytes`;
    throw dataLoss("ArrayRecord file", { field: "size", found: last.length, expected });
  }
  const postscript = await decodeChunkRecords(decodeRiegeliChunk(last, limit), limit);
  if (postscript.ends.length === 0) {
    throw dataLoss("ArrayRecord postscript", { field: "records", found: 0, expected: "3" });
  }
  const begin = decodePostscript(recordOf(postscript, 0));
  const end = file.size === undefined ? undefined : file.size - BLOCK_BYTES;
  if (begin >= (end ?? Number.MAX_SAFE_INTEGER)) {
    const expected = `less than ${end}`;
    throw dataLoss("ArrayRecord postscript", { field: "footer_offset", found: begin, expected });
  }
  const chunk = await readRiegeliChunk(file, begin, { ...options, end, verify: true });
  return decodeFooter(await decodeChunkRecords(chunk, limit), begin);
}
