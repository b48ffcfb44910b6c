import { type JsonValue, parseJson } from "../../bytes/json.js";
import { dataLoss } from "../../errors.js";
import type { Limits } from "../../limits.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import { contentFiles, JSON_FILES } from "../metadata/item-files.js";
import { type ReadOptions, readMetadataFile } from "../metadata/metadata-file.js";
import { listFolder } from "../recognise/folder.js";

/**
 * The value of a JSON item: of `data.json`, else `metadata`, else `metrics`, else of the only file there is
 * (docs/spec/orbax-layout-extra.md section 8). Integers are exact, `NaN` and the infinities numbers, objects without
 * prototype.
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is no JSON, or there is no such file · `LIMIT_EXCEEDED` beyond
 * `limits.metadataBytes` or `limits.depth`.
 */
export async function readJsonItem(storage: ReadableStorage, options: ReadOptions = {}): Promise<JsonValue> {
  for (const file of await candidates(storage, { signal: options.signal })) {
    const value = await readMetadataFile(storage, file, decodeJson, options);
    if (value !== undefined) return value;
  }
  const { name = "the item" } = storage;
  throw dataLoss(name, { file: name, found: "no file with JSON", expected: JSON_FILES.join(" or ") });
}

function decodeJson(bytes: Uint8Array, limits: Limits): JsonValue {
  return parseJson(bytes, "JSON item", limits);
}

/** Names in the order in which they are looked for; all of them where nothing can list. */
async function candidates(storage: ReadableStorage, options: StorageOptions): Promise<readonly string[]> {
  const folder = await listFolder(storage, options);
  if (folder === undefined) return JSON_FILES;
  const usual = JSON_FILES.filter((name) => folder.files.has(name));
  const all = contentFiles(folder);
  return usual.length === 0 && all.length === 1 ? all : usual;
}
