import { type JsonValue, parseJson } from "../bytes/json.js";
import { dataLoss, inFile } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { listFolder } from "./folder.js";
import { contentFiles, JSON_FILES } from "./item-kind.js";

/** How a JSON item is read. */
export type ReadJsonItemOptions = StorageOptions & {
  readonly limits?: Partial<Limits> | undefined;
  /** Name of its file, where a handler was configured with one. Default: as {@link readJsonItem} finds it. */
  readonly file?: string | undefined;
};

/**
 * The value of a JSON item: of `data.json`, else `metadata`, else `metrics`, else of the only file there is
 * (docs/spec/orbax-layout-extra.md section 8). Integers are exact, `NaN` and the infinities numbers, objects without
 * prototype.
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is no JSON, or there is no such file · `LIMIT_EXCEEDED` beyond
 * `limits.metadataBytes` or `limits.depth`.
 */
export async function readJsonItem(
  storage: ReadableStorage,
  { limits: changes, file, signal }: ReadJsonItemOptions = {},
): Promise<JsonValue> {
  const limits = withDefaultLimits(changes);
  const limit = { limit: limits.metadataBytes, limitName: "metadataBytes" } as const;
  for (const name of file === undefined ? await candidates(storage, { signal }) : [file]) {
    const bytes = await readFile(storage, `/${name}`, { ...limit, signal });
    if (bytes === undefined) continue;
    try {
      return parseJson(bytes, "JSON item", limits);
    } catch (error) {
      throw inFile(error, name);
    }
  }
  const { name = "the item" } = storage;
  throw dataLoss(name, { file: name, found: "no file with JSON", expected: file ?? JSON_FILES.join(" or ") });
}

/** Names in the order in which they are looked for; all of them where nothing can list. */
async function candidates(storage: ReadableStorage, options: StorageOptions): Promise<readonly string[]> {
  const folder = await listFolder(storage, options);
  if (folder === undefined) return JSON_FILES;
  const usual = JSON_FILES.filter((name) => folder.files.has(name));
  const all = contentFiles(folder);
  return usual.length === 0 && all.length === 1 ? all : usual;
}
