import { OrbaxError } from "../errors.js";
import { openParent, type WritableStorageSource } from "../storage/open.js";
import type { FileSink, StorageOptions } from "../storage/storage.js";
import { encodeTfRecord } from "./tfrecord.js";
import { type TfRecordIndex, TfRecordIndexBuilder } from "./tfrecord-index.js";

/** Options of {@link writeTfRecords}. */
export type WriteTfRecordsOptions = StorageOptions & {
  /** Where the path leads from. Default: it is a path, or `file:` URL, of this machine. */
  readonly storage?: WritableStorageSource | undefined;
  /** Replaces a file that is there. Default: false. */
  readonly overwrite?: boolean | undefined;
};

/** Bytes that are collected before they are written. */
const WRITE_BYTES = 2 ** 20;

/**
 * Writes a TFRecord file, which Grain, TensorFlow and {@link openTfRecords} read. It grows under its name: who reads it
 * before this is done finds a part of it.
 *
 * @returns Where the records begin, to open the file with or to be kept beside it.
 * @throws {OrbaxError} `ALREADY_EXISTS` unless `overwrite`; and what `records` throws: then no file is left.
 */
export async function writeTfRecords(
  path: string | URL,
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { storage: destination, overwrite = false, signal }: WriteTfRecordsOptions = {},
): Promise<TfRecordIndex> {
  const { storage, name } =
    destination === undefined ? await openParent(path) : await openParent(destination, textOf(path));
  const key = `/${name}` as const;
  if (await storage.has(key, { signal })) {
    if (!overwrite) throw new OrbaxError("ALREADY_EXISTS", `${name}: is there already`, { file: name });
    await storage.delete(key);
  }
  const sink = await storage.create(key, { signal });
  try {
    const index = await writeAll(sink, records, signal);
    await sink.close();
    return index;
  } catch (error) {
    await sink.abort();
    await storage.delete(key);
    throw error;
  }
}

async function writeAll(
  sink: FileSink,
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<TfRecordIndex> {
  const builder = new TfRecordIndexBuilder();
  let parts: Uint8Array[] = [];
  let waiting = 0;
  let end = 0;
  const flush = async () => {
    await sink.write(parts);
    parts = [];
    waiting = 0;
  };
  for await (const data of records) {
    signal?.throwIfAborted();
    const record = encodeTfRecord(data);
    builder.add(end);
    end += record.length;
    parts.push(record);
    waiting += record.length;
    if (waiting >= WRITE_BYTES) await flush();
  }
  await flush();
  builder.add(end);
  return builder.finish();
}

function textOf(path: string | URL): string {
  return (typeof path === "string" ? path : path.pathname).replace(/^\//, "");
}
