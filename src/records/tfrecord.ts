import { crc32c } from "../bytes/crc32c.js";
import { dataLoss, limitExceeded } from "../errors.js";

/** Bytes before the data of a record: u64 length, u32 masked checksum of it (docs/spec/orbax-layout-extra.md section 12). */
export const TFRECORD_HEADER_BYTES = 12;
/** Bytes after the data: its masked checksum. */
export const TFRECORD_FOOTER_BYTES = 4;
/** Bytes of a record around its data. */
export const TFRECORD_FRAME_BYTES = TFRECORD_HEADER_BYTES + TFRECORD_FOOTER_BYTES;

const LENGTH_BYTES = 8;
const MASK_DELTA = 0xa282ead8;
/** Of what Python's message repeats of a cut record, this much is kept. */
export const SHOWN_BYTES = 1024;

/** Where a record begins, for messages. */
export type TfRecordPlace = {
  /** Number of the record in its file, from 0; `undefined` for who did not count. */
  readonly index: number | undefined;
  /** Byte of the file at which it begins. */
  readonly offset: number;
};

/** What {@link dataLoss} calls a record. */
function recordName({ index }: TfRecordPlace): string {
  return index === undefined ? "TFRecord" : `TFRecord ${index}`;
}

/**
 * The length of a record's data; rounded above 2^53, where no file has as much.
 *
 * @param header The first 12 bytes of the record.
 * @param verify Whether the checksum of the length must be right.
 * @throws {OrbaxError} `DATA_LOSS` if it must be and is not.
 */
export function decodeTfRecordLength(header: Uint8Array, place: TfRecordPlace, verify: boolean): number {
  const view = new DataView(header.buffer, header.byteOffset, TFRECORD_HEADER_BYTES);
  if (verify) {
    const length = header.subarray(0, LENGTH_BYTES);
    checkMaskedCrc(length, view.getUint32(LENGTH_BYTES, true), "masked CRC-32C of the length", place);
  }
  return Number(view.getBigUint64(0, true));
}

/** @throws {OrbaxError} `LIMIT_EXCEEDED` for a record of more than `limit` bytes. */
export function checkTfRecordLimit(length: number, place: TfRecordPlace, limit: number): void {
  if (length <= limit) return;
  throw limitExceeded(recordName(place), {
    ...detailsOf(place),
    field: "length",
    found: length,
    expected: `at most ${limit} bytes`,
    limit: "recordBytes",
  });
}

/**
 * Checks the data of a record against the checksum behind it.
 *
 * @param data The data, and after it the 4 bytes that end the record.
 * @throws {OrbaxError} `DATA_LOSS` if they do not fit.
 */
export function checkTfRecordData(data: Uint8Array, place: TfRecordPlace): void {
  const end = data.length - TFRECORD_FOOTER_BYTES;
  const stored = new DataView(data.buffer, data.byteOffset + end, TFRECORD_FOOTER_BYTES).getUint32(0, true);
  checkMaskedCrc(data.subarray(0, end), stored, "masked CRC-32C of the data", place);
}

/** First bytes of files that are compressed as a whole. */
const COMPRESSED: readonly (readonly [string, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b, 8]],
  ["zlib", [0x78, 0x01]],
  ["zlib", [0x78, 0x9c]],
  ["zlib", [0x78, 0xda]],
];

/**
 * How a file is compressed whose first header's checksum is wrong; `undefined` if nothing says so. TensorFlow writes and
 * reads such files, Grain does not.
 */
export function compressionOf(header: Uint8Array): string | undefined {
  const found = COMPRESSED.find(([, start]) => start.every((byte, index) => header[index] === byte));
  return found?.[0];
}

/** The error for a record that the file ends in, worded as Grain words it. */
export function cutTfRecord(found: Uint8Array, wanted: number, place: TfRecordPlace) {
  const hex = [...found.subarray(0, SHOWN_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const shown = found.length > SHOWN_BYTES ? `${hex}…` : hex;
  const what = `Not a valid TFRecord. Fewer than ${wanted} bytes: b'${shown}'`;
  return dataLoss(what, { ...detailsOf(place), pythonType: "ValueError" });
}

/** A record as it stands in a file, with both its checksums: `length, crc, data, crc`. */
export function encodeTfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + TFRECORD_FRAME_BYTES);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(LENGTH_BYTES, maskedCrc32c(record.subarray(0, LENGTH_BYTES)), true);
  record.set(data, TFRECORD_HEADER_BYTES);
  view.setUint32(TFRECORD_HEADER_BYTES + data.length, maskedCrc32c(data), true);
  return record;
}

/** `rotr(crc32c(bytes), 15) + 0xa282ead8`: so that the checksum of bytes that hold checksums is a good one, too. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

function checkMaskedCrc(bytes: Uint8Array, found: number, field: string, place: TfRecordPlace): void {
  const expected = maskedCrc32c(bytes);
  if (found === expected) return;
  throw dataLoss(recordName(place), { ...detailsOf(place), field, found, expected: `${expected}` });
}

function detailsOf({ index, offset }: TfRecordPlace) {
  return index === undefined ? { offset } : { offset, key: `${index}` };
}
