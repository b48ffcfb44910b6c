import { decodeUtf8 } from "../../bytes/utf8.js";
import { dataLoss, invalidArgument, notFound } from "../../errors.js";
import { withDefaultLimits } from "../../limits.js";
import type { ReadableStorage, StorageOptions, WritableStorage } from "../../storage/storage.js";
import { pathOf } from "../commit/committed.js";
import { GRAIN_FILE, USUAL_GRAIN_FILE } from "../metadata/item-files.js";
import { type ReadOptions, readMetadataFile } from "../metadata/metadata-file.js";
import { listFolder } from "../recognise/folder.js";

/**
 * The texts of a Grain iterator's state, a file `process_<p>-of-<n>.json` a process, by file name in the order of
 * the processes. What a text means is Grain's matter (docs/spec/orbax-layout.md section 18).
 *
 * @throws {OrbaxError} `DATA_LOSS` if one is no UTF-8, or there is none · `LIMIT_EXCEEDED` if all together are beyond
 * `limits.metadataBytes`.
 */
export async function readGrainItem(
  storage: ReadableStorage,
  { limits, signal }: ReadOptions = {},
): Promise<ReadonlyMap<string, string>> {
  let { metadataBytes } = withDefaultLimits(limits);
  const decode = (bytes: Uint8Array): string => {
    metadataBytes -= bytes.length;
    return decodeState(bytes);
  };
  const texts = new Map<string, string>();
  for (const name of await grainFiles(storage, { signal })) {
    const text = await readMetadataFile(storage, name, decode, { limits: { metadataBytes }, signal });
    if (text !== undefined) texts.set(name, text);
  }
  if (texts.size > 0) return texts;
  const { name = "the item" } = storage;
  throw dataLoss(name, { file: name, found: "no state", expected: "process_<p>-of-<n>.json" });
}

async function grainFiles(storage: ReadableStorage, options: StorageOptions): Promise<string[]> {
  const folder = await listFolder(storage, options);
  if (folder === undefined) return [USUAL_GRAIN_FILE];
  const found = [...folder.files].flatMap((name) => {
    const match = GRAIN_FILE.exec(name);
    return match === null ? [] : [{ name, process: Number(match[1]), count: Number(match[2]) }];
  });
  found.sort((a, b) => a.count - b.count || a.process - b.process);
  return found.map(({ name }) => name);
}

function decodeState(bytes: Uint8Array): string {
  return decodeUtf8(bytes, "Grain state");
}

/** Which of a run's processes a state is of. */
export type GrainProcess = {
  /** From 0; JAX's `process_index()`. */
  readonly processIndex: number;
  /** JAX's `process_count()`. */
  readonly processCount: number;
};

/**
 * Name of the file that holds the state of one process.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a process that cannot be.
 */
export function grainFileName({ processIndex, processCount }: GrainProcess): string {
  const isProcess =
    Number.isSafeInteger(processCount) &&
    Number.isSafeInteger(processIndex) &&
    processIndex >= 0 &&
    processIndex < processCount;
  if (isProcess) return `process_${processIndex}-of-${processCount}.json`;
  throw invalidArgument(
    `process ${processIndex} of ${processCount}: expected an index from 0 to the count less 1`,
    { field: "processIndex", found: processIndex },
  );
}

/**
 * The text of one process's state.
 *
 * @throws {OrbaxError} `NOT_FOUND` without that file, in Grain's words · `DATA_LOSS` if it is no UTF-8 ·
 * `LIMIT_EXCEEDED` beyond `limits.metadataBytes` · `INVALID_ARGUMENT` as {@link grainFileName}.
 */
export async function readGrainText(
  storage: ReadableStorage,
  process: GrainProcess,
  options: ReadOptions = {},
): Promise<string> {
  const file = grainFileName(process);
  const text = await readMetadataFile(storage, file, decodeState, options);
  if (text !== undefined) return text;
  throw notFound(`File ${pathOf(storage, file)} does not exist.`, { file, pythonType: "ValueError" });
}

/** Writes the texts of an item by their files' names, not durable yet: whoever commits the directory makes it so. */
export async function writeGrainItem(
  directory: WritableStorage,
  texts: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [name, text] of texts) {
    await directory.set(`/${name}`, new TextEncoder().encode(text), { durable: false });
  }
}
