/**
 * Record files that training streams read: TFRecord and ArrayRecord, by number or front to back, from folders and from
 * any zarrita store.
 *
 * @example
 * import { openArrayRecords, scanTfRecords } from "orbax-ts/records";
 *
 * const records = await openArrayRecords(["train-0.array_record", "train-1.array_record[0:500]"]);
 * console.log(records.length, await records.get(42));
 * for await (const { data, end } of scanTfRecords("train.tfrecord")) console.log(data.length, end);
 * @module
 */

export {
  type ArrayRecordPath,
  arrayRecordDataSourceRepr,
  type FileInstruction,
} from "./records/array-record-paths.js";
export {
  type ArrayRecords,
  type OpenArrayRecordsOptions,
  openArrayRecords,
} from "./records/array-records.js";
export type { RecordFileOptions } from "./records/record-file.js";
export { encodeTfRecord, maskedCrc32c } from "./records/tfrecord.js";
export {
  type OpenTfRecordsOptions,
  openTfRecords,
  type ScanTfRecordsOptions,
  scanTfRecords,
  type TfRecord,
  type TfRecords,
} from "./records/tfrecord-file.js";
export { formatTfRecordIndex, parseTfRecordIndex, type TfRecordIndex } from "./records/tfrecord-index.js";
export { type WriteTfRecordsOptions, writeTfRecords } from "./records/tfrecord-writer.js";
