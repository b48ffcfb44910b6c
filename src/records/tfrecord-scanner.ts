import { unsupported } from "../errors.js";
import type { StorageOptions } from "../storage/storage.js";
import type { RecordFile } from "./record-file.js";
import {
  checkTfRecordData,
  checkTfRecordLimit,
  compressionOf,
  cutTfRecord,
  decodeTfRecordLength,
  SHOWN_BYTES,
  TFRECORD_FOOTER_BYTES,
  TFRECORD_FRAME_BYTES,
  TFRECORD_HEADER_BYTES,
  type TfRecordPlace,
} from "./tfrecord.js";

/** Bytes that one read asks for: where records are small, many of them; where they are large, little but headers. */
const READ = { least: 2 ** 12, most: 2 ** 18 };

const NOTHING = new Uint8Array(0);

/** Reads the records of a TFRecord file one after another, holding one block or one record of it at a time. */
export class TfRecordScanner {
  /** Where the next record begins. */
  offset: number;
  readonly #file: RecordFile;
  readonly #verify: boolean;
  /** Number of the next record; `undefined` where the first was not the file's first. */
  #index: number | undefined;
  /** A part of the file, and where it lies. */
  #block: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: NOTHING };
  #readBytes = READ.least;

  constructor(file: RecordFile, { offset, verify }: { readonly offset: number; readonly verify: boolean }) {
    this.#file = file;
    this.offset = offset;
    this.#verify = verify;
    this.#index = offset === 0 ? 0 : undefined;
  }

  /**
   * The data of the next record, a copy; `undefined` where the file ends. What it throws leaves it where it was.
   *
   * @throws {OrbaxError} `DATA_LOSS` a cut record, a wrong checksum · `LIMIT_EXCEEDED` a record over
   * `limits.recordBytes`.
   */
  async next(options: StorageOptions = {}): Promise<Uint8Array | undefined> {
    const length = await this.#length(options);
    if (length === undefined) return undefined;
    const place = this.#place();
    const wanted = length + TFRECORD_FOOTER_BYTES;
    const data = await this.#read(this.offset + TFRECORD_HEADER_BYTES, wanted, options);
    if (data.length < wanted) throw await this.#cut(length, options);
    if (this.#verify) this.#naming(() => checkTfRecordData(data, place));
    this.#stepOver(length);
    return new Uint8Array(data.subarray(0, length));
  }

  /**
   * Goes to the next record without reading the data; its length, `undefined` where the file ends. Throws as
   * {@link next}.
   */
  async skip(options: StorageOptions = {}): Promise<number | undefined> {
    const length = await this.#length(options);
    if (length === undefined) return undefined;
    const last = this.offset + length + TFRECORD_FRAME_BYTES - 1;
    if (this.#file.size === undefined && (await this.#file.readUpTo(last, 1, options)).length === 0) {
      throw await this.#cut(length, options);
    }
    this.#stepOver(length);
    return length;
  }

  async #length(options: StorageOptions): Promise<number | undefined> {
    const place = this.#place();
    const header = await this.#read(this.offset, TFRECORD_HEADER_BYTES, options);
    if (header.length === 0) return undefined;
    if (header.length < TFRECORD_HEADER_BYTES) {
      throw this.#file.named(cutTfRecord(header, TFRECORD_HEADER_BYTES, place));
    }
    const length = this.#naming(() => this.#decodeLength(header));
    const { size, limits } = this.#file;
    if (size !== undefined && this.offset + length + TFRECORD_FRAME_BYTES > size) {
      throw await this.#cut(length, options);
    }
    this.#naming(() => checkTfRecordLimit(length, place, limits.recordBytes));
    return length;
  }

  #decodeLength(header: Uint8Array): number {
    try {
      return decodeTfRecordLength(header, this.#place(), this.#verify);
    } catch (error) {
      const compression = this.offset === 0 ? compressionOf(header) : undefined;
      if (compression === undefined) throw error;
      throw unsupported("TFRecord file", { field: "compression of the file", found: compression });
    }
  }

  async #cut(length: number, options: StorageOptions): Promise<unknown> {
    const start = this.offset + TFRECORD_HEADER_BYTES;
    const found = await this.#file.readUpTo(start, SHOWN_BYTES + 1, options);
    return this.#file.named(cutTfRecord(found, length + TFRECORD_FOOTER_BYTES, this.#place()));
  }

  #place(): TfRecordPlace {
    return { index: this.#index, offset: this.offset };
  }

  #stepOver(length: number): void {
    this.offset += length + TFRECORD_FRAME_BYTES;
    if (this.#index !== undefined) this.#index++;
  }

  /** Bytes of the file, fewer than `length` only where it ends. */
  async #read(offset: number, length: number, options: StorageOptions): Promise<Uint8Array> {
    const { start, bytes } = this.#block;
    const end = start + bytes.length;
    if (offset >= start && offset + length <= end)
      return bytes.subarray(offset - start, offset - start + length);
    const rest = offset >= start && offset < end ? bytes.subarray(offset - start) : NOTHING;
    // Who leaps over less than a read gets more at once, who leaps over more gets less.
    const goesOn = offset - end < this.#readBytes;
    this.#readBytes = goesOn ? Math.min(this.#readBytes * 2, READ.most) : READ.least;
    const missing = Math.max(length - rest.length, this.#readBytes);
    const more = await this.#file.readUpTo(offset + rest.length, missing, options);
    const joined = rest.length === 0 ? more : join(rest, more);
    this.#block = { start: offset, bytes: joined };
    return joined.subarray(0, length);
  }

  #naming<T>(decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      throw this.#file.named(error);
    }
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
