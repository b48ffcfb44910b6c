import { decodeUtf8 } from "../../bytes/utf8.js";
import { dataLoss } from "../../errors.js";
import { withDefaultLimits } from "../../limits.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
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
    return decodeUtf8(bytes, "Grain state");
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
