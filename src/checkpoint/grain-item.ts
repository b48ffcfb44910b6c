import { decodeUtf8 } from "../bytes/utf8.js";
import { dataLoss, inFile } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { listFolder } from "./folder.js";
import { GRAIN_FILE } from "./item-kind.js";

/** How an item of Grain is read. */
export type ReadGrainItemOptions = StorageOptions & { readonly limits?: Partial<Limits> | undefined };

/** The one file of a run with one process, for stores that cannot list. */
const ONLY_FILE = "process_0-of-1.json";

/**
 * The texts of a Grain iterator's state, a file `process_<p>-of-<n>.json` a process, by file name in the order of
 * the processes. What a text means is Grain's matter (docs/spec/orbax-layout.md section 18).
 *
 * @throws {OrbaxError} `DATA_LOSS` if one is no UTF-8, or there is none · `LIMIT_EXCEEDED` if all together are beyond
 * `limits.metadataBytes`.
 */
export async function readGrainItem(
  storage: ReadableStorage,
  { limits: changes, signal }: ReadGrainItemOptions = {},
): Promise<ReadonlyMap<string, string>> {
  let { metadataBytes } = withDefaultLimits(changes);
  const texts = new Map<string, string>();
  for (const name of await grainFiles(storage, { signal })) {
    const bytes = await readFile(storage, `/${name}`, {
      limit: metadataBytes,
      limitName: "metadataBytes",
      signal,
    });
    if (bytes === undefined) continue;
    metadataBytes -= bytes.length;
    try {
      texts.set(name, decodeUtf8(bytes, "Grain state"));
    } catch (error) {
      throw inFile(error, name);
    }
  }
  if (texts.size > 0) return texts;
  const { name = "the item" } = storage;
  throw dataLoss(name, { file: name, found: "no state", expected: "process_<p>-of-<n>.json" });
}

async function grainFiles(storage: ReadableStorage, options: StorageOptions): Promise<string[]> {
  const folder = await listFolder(storage, options);
  if (folder === undefined) return [ONLY_FILE];
  const found = [...folder.files].flatMap((name) => {
    const match = GRAIN_FILE.exec(name);
    return match === null ? [] : [{ name, process: Number(match[1]), count: Number(match[2]) }];
  });
  found.sort((a, b) => a.count - b.count || a.process - b.process);
  return found.map(({ name }) => name);
}
