import { dataLoss, invalidArgument } from "../errors.js";
import type { StorageOptions } from "../storage/storage.js";
import { openRecordFile, type RecordFile, type RecordFileOptions } from "./record-file.js";
import { checkRecordIndex } from "./record-index.js";
import {
  checkTfRecordData,
  checkTfRecordLimit,
  decodeTfRecordLength,
  TFRECORD_FRAME_BYTES,
  TFRECORD_HEADER_BYTES,
} from "./tfrecord.js";
import { checkTfRecordIndex, type TfRecordIndex, TfRecordIndexBuilder } from "./tfrecord-index.js";
import { TfRecordScanner } from "./tfrecord-scanner.js";

/** Options of {@link scanTfRecords}. */
export type ScanTfRecordsOptions = RecordFileOptions & {
  /** Whether both checksums of every record are compared. Without, a damaged file gives wrong bytes. Default: true. */
  readonly verify?: boolean | undefined;
  /** Byte at which the first record begins. Default: 0. */
  readonly offset?: number | undefined;
};

/** Options of {@link openTfRecords}. */
export type OpenTfRecordsOptions = Omit<ScanTfRecordsOptions, "offset"> & {
  /** Where the records begin, as {@link TfRecords.index} gave it before. Default: the file is gone through. */
  readonly index?: TfRecordIndex | undefined;
};

/** A record of a TFRecord file. */
export type TfRecord = {
  readonly data: Uint8Array;
  /** Byte at which the record begins. */
  readonly offset: number;
  /** Byte at which the next record begins. */
  readonly end: number;
};

/** The records of a TFRecord file, by number. Grain's `MapDataset.source` takes it as it is. */
export class TfRecords implements AsyncIterable<Uint8Array> {
  /** Where the records begin: what {@link openTfRecords} takes to open the file without going through it. */
  readonly index: TfRecordIndex;
  readonly #file: RecordFile;
  readonly #verify: boolean;

  /** @internal Call {@link openTfRecords}. */
  constructor(file: RecordFile, index: TfRecordIndex, verify: boolean) {
    this.#file = file;
    this.index = index;
    this.#verify = verify;
  }

  /** How many records there are. */
  get length(): number {
    return this.index.offsets.length - 1;
  }

  /**
   * The data of a record, the caller's own. One read.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for an index outside 0 … length − 1 · `DATA_LOSS` for a wrong checksum, or
   * a record of another length than the index says · `LIMIT_EXCEEDED` over `limits.recordBytes`.
   */
  async get(index: number, options: StorageOptions = {}): Promise<Uint8Array> {
    checkRecordIndex(index, this.length);
    const offset = this.index.offsets[index] ?? 0;
    const bytes = (this.index.offsets[index + 1] ?? 0) - offset;
    const place = { index, offset };
    const { recordBytes } = this.#file.limits;
    this.#naming(() => checkTfRecordLimit(bytes - TFRECORD_FRAME_BYTES, place, recordBytes));
    const record = await this.#file.readExact(offset, bytes, options);
    return this.#naming(() => {
      const length = decodeTfRecordLength(record, place, this.#verify);
      if (length !== bytes - TFRECORD_FRAME_BYTES) {
        const expected = `${bytes - TFRECORD_FRAME_BYTES} as in the index`;
        throw dataLoss(`TFRecord ${index}`, {
          key: `${index}`,
          offset,
          field: "length",
          found: length,
          expected,
        });
      }
      const data = record.subarray(TFRECORD_HEADER_BYTES);
      if (this.#verify) checkTfRecordData(data, place);
      return new Uint8Array(data.subarray(0, length));
    });
  }

  /** The data of all records in order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const scanner = new TfRecordScanner(this.#file, { offset: 0, verify: this.#verify });
    for (;;) {
      const data = await scanner.next();
      if (data === undefined) return;
      yield data;
    }
  }

  #naming<T>(decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      throw this.#file.named(error);
    }
  }
}

/**
 * Opens a TFRecord file for reading by number. Without an index the file is gone through once, header by header, in
 * blocks of at most 256 KiB; the index takes 8 bytes a record.
 *
 * @param path A path or `file:` URL, or with `storage` the path in that.
 * @throws {OrbaxError} `NOT_FOUND` · `DATA_LOSS` the file ends inside a record, or the checksum of a length is wrong ·
 * `LIMIT_EXCEEDED` a record over `limits.recordBytes` · `INVALID_ARGUMENT` an index that is none.
 * @example const records = await openTfRecords("train.tfrecord"); console.log(records.length, await records.get(7));
 * @see docs/spec/orbax-layout-extra.md section 12
 */
export async function openTfRecords(
  path: string | URL,
  { verify = true, index, ...options }: OpenTfRecordsOptions = {},
): Promise<TfRecords> {
  const known = index === undefined ? undefined : checkTfRecordIndex(index);
  const file = await openRecordFile(path, options);
  return new TfRecords(file, known ?? (await buildIndex(file, verify, options)), verify);
}

async function buildIndex(
  file: RecordFile,
  verify: boolean,
  options: StorageOptions,
): Promise<TfRecordIndex> {
  const scanner = new TfRecordScanner(file, { offset: 0, verify });
  const builder = new TfRecordIndexBuilder();
  do builder.add(scanner.offset);
  while ((await scanner.skip(options)) !== undefined);
  return builder.finish();
}

/**
 * The records of a TFRecord file from a byte offset on, read front to back in blocks of 256 KiB, without an index.
 *
 * @throws {OrbaxError} as {@link openTfRecords}; `INVALID_ARGUMENT` for an offset that is none.
 * @example for await (const { data, end } of scanTfRecords("train.tfrecord", { offset: 4096 })) console.log(data, end);
 */
export async function* scanTfRecords(
  path: string | URL,
  { verify = true, offset = 0, ...options }: ScanTfRecordsOptions = {},
): AsyncGenerator<TfRecord, void, undefined> {
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw invalidArgument(`offset is ${String(offset)}, expected an integer from 0 to 2^53 - 1`, {
      field: "offset",
      found: offset,
    });
  }
  const scanner = new TfRecordScanner(await openRecordFile(path, options), { offset, verify });
  for (;;) {
    const start = scanner.offset;
    const data = await scanner.next(options);
    if (data === undefined) return;
    yield { data, offset: start, end: scanner.offset };
  }
}
