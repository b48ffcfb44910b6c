import type { JsonObject, JsonValue } from "../bytes/json.js";
import { readFilesItem } from "../checkpoint/items/files-item.js";
import { readGrainItem } from "../checkpoint/items/grain-item.js";
import { readJsonItem } from "../checkpoint/items/json-item.js";
import { readProtoItem } from "../checkpoint/items/proto-item.js";
import type { ReadableStorage } from "../storage/storage.js";
import type { FileHashes } from "./file-hashes.js";
import type { CliLimits } from "./limits.js";
import type { PlainKind } from "./open-item.js";

/**
 * The fields of an item that is no tree, as `dump` prints them behind its kind.
 *
 * @param hashes Hashes files; without it they have their sizes alone.
 * @throws {OrbaxError} as the reader of its kind.
 */
export async function itemContent(
  kind: PlainKind,
  storage: ReadableStorage,
  { limits, hashes }: { readonly limits: CliLimits; readonly hashes: FileHashes | undefined },
): Promise<JsonObject> {
  switch (kind) {
    case "json":
      return { json: await readJsonItem(storage, { limits }) };
    case "proto-text":
      return { text: await readProtoItem(storage, { limits }) };
    case "grain":
      return { files: objectOf(await readGrainItem(storage, { limits })) };
    case "files":
      return { files: await describeFiles(storage, limits, hashes) };
  }
}

async function describeFiles(
  storage: ReadableStorage,
  limits: CliLimits,
  hashes: FileHashes | undefined,
): Promise<JsonObject> {
  const files = new Map<string, JsonValue>();
  for (const [path, size] of await readFilesItem(storage, { limits })) {
    files.set(
      path,
      hashes === undefined ? { size } : { size, sha256: await hashes.hash(storage, path, size) },
    );
  }
  return objectOf(files);
}

/** A file can be called `__proto__`. */
function objectOf(entries: ReadonlyMap<string, JsonValue>): JsonObject {
  const object: { [name: string]: JsonValue } = Object.create(null);
  for (const [name, value] of entries) object[name] = value;
  return object;
}
