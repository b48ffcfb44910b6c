import { invalidArgument } from "../errors.js";
import { TFRECORD_FRAME_BYTES } from "./tfrecord.js";

/** Where the records of a TFRecord file begin, so that each can be read by its number. */
export type TfRecordIndex = {
  /** Byte at which each record begins, and last where the file ends: one number more than there are records. */
  readonly offsets: Float64Array;
};

/** Collects offsets, of which nobody knows how many there will be. */
export class TfRecordIndexBuilder {
  #offsets = new Float64Array(1024);
  #count = 0;

  /** Adds where the next record begins; in the end, where the last one ends. */
  add(offset: number): void {
    if (this.#count === this.#offsets.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[this.#count++] = offset;
  }

  finish(): TfRecordIndex {
    return { offsets: this.#offsets.slice(0, this.#count) };
  }
}

/**
 * An index as text, a line `OFFSET BYTES` a record, as `tfrecord2idx` of the Python package `tfrecord` and of DALI
 * writes it beside a file.
 */
export function formatTfRecordIndex({ offsets }: TfRecordIndex): string {
  const lines: string[] = [];
  for (let record = 0; record + 1 < offsets.length; record++) {
    const offset = offsets[record] ?? 0;
    lines.push(`${offset} ${(offsets[record + 1] ?? 0) - offset}\n`);
  }
  return lines.join("");
}

/**
 * Reads what {@link formatTfRecordIndex} writes.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for other text, or for records that do not follow each other.
 */
export function parseTfRecordIndex(text: string): TfRecordIndex {
  const builder = new TfRecordIndexBuilder();
  let end = 0;
  let number = 0;
  for (const line of text.split("\n")) {
    number++;
    if (line.trim() === "") continue;
    const [, offset, bytes] = /^(\d+) (\d+)\r?$/.exec(line) ?? [];
    if (Number(offset) !== end || !(Number(bytes) >= TFRECORD_FRAME_BYTES)) {
      const shown = JSON.stringify(line.slice(0, 100));
      const message = `TFRecord index, line ${number}: ${shown}, expected "${end} BYTES" of a record that begins there`;
      throw invalidArgument(message, { field: "index", found: line.slice(0, 100) });
    }
    builder.add(end);
    end += Number(bytes);
  }
  builder.add(end);
  return checkTfRecordIndex(builder.finish());
}

/** `index` itself. @throws {OrbaxError} `INVALID_ARGUMENT` unless its offsets ascend from 0, a record apart at least. */
export function checkTfRecordIndex(index: TfRecordIndex): TfRecordIndex {
  const { offsets } = index;
  let ascends = offsets.length > 0 && offsets[0] === 0;
  for (let at = 1; at < offsets.length && ascends; at++) {
    const offset = offsets[at] ?? 0;
    ascends = Number.isSafeInteger(offset) && offset - (offsets[at - 1] ?? 0) >= TFRECORD_FRAME_BYTES;
  }
  if (ascends) return index;
  throw invalidArgument("TFRecord index: the offsets do not ascend from 0 by a record each", {
    field: "index",
  });
}
