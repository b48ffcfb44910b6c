import { invalidArgument, limitExceeded, notFound, unsupported } from "../../errors.js";
import { withDefaultLimits } from "../../limits.js";
import { fileSize, readFile } from "../../storage/read.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../../storage/storage.js";
import { fileParts } from "../../storage/storage-key.js";
import { COMMIT_FILE } from "../metadata/item-files.js";
import type { ReadOptions } from "../metadata/metadata-file.js";
import { readStepMetadata, STEP_METADATA_FILE } from "../metadata/step-metadata.js";

/** Directories inside each other. Real ones are a dozen; more is a link that leads back. */
const DEEPEST = 256;
/** What listing a directory costs, in files: a few links that lead back make millions of them. */
const DIRECTORY_COST = 32;

/**
 * All files of an item, at any depth, with their sizes in bytes, by their paths in it, sorted; without what Orbax
 * itself puts at its top (docs/spec/orbax-layout-extra.md section 8).
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a link that leads outside · `DATA_LOSS` for what is no regular file ·
 * `LIMIT_EXCEEDED` for more than `limits.listedNodes` files, of which a directory counts as 32 · `UNSUPPORTED` for a
 * store that cannot list.
 */
export async function readFilesItem(
  storage: ReadableStorage,
  { limits, signal }: ReadOptions = {},
): Promise<ReadonlyMap<string, number>> {
  const { listedNodes } = withDefaultLimits(limits);
  const { name = "the item" } = storage;
  const paths = new Set<string>();
  const rest: { readonly path: string; readonly depth: number }[] = [{ path: "", depth: 0 }];
  let found = 0;
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { path, depth } = next;
    if (depth > DEEPEST) throw tooMany(name, "depth", depth, DEEPEST);
    for (const entry of await listOrRefuse(storage, `/${path}`, { signal })) {
      found += entry.kind === "file" ? 1 : DIRECTORY_COST;
      if (found > listedNodes) throw tooMany(name, "files", found, listedNodes);
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.kind === "file") paths.add(below);
      else rest.push({ path: below, depth: depth + 1 });
    }
  }
  paths.delete(COMMIT_FILE);
  if (paths.has(STEP_METADATA_FILE) && (await isAlone(storage, { limits, signal }))) {
    paths.delete(STEP_METADATA_FILE);
  }
  const sizes = new Map<string, number>();
  for (const path of [...paths].sort()) {
    sizes.set(path, (await fileSize(storage, `/${path}`, { signal })) ?? 0);
  }
  return sizes;
}

/** A directory that is gone meanwhile is empty. */
async function listOrRefuse(storage: ReadableStorage, directory: StorageKey, options: StorageOptions) {
  const { name = "the item" } = storage;
  if (storage.list === undefined) {
    throw unsupported(`${name}: the files of a store that cannot list are unknown`, { file: name });
  }
  return (await storage.list(directory, options)) ?? [];
}

/** Whether Orbax's metadata in it is its own: it is no item of a step then. */
async function isAlone(storage: ReadableStorage, options: ReadOptions): Promise<boolean> {
  return typeof (await readStepMetadata(storage, options)).itemHandlers === "string";
}

function tooMany(file: string, field: "depth" | "files", found: number, most: number) {
  const limit = field === "files" ? "listedNodes" : field;
  return limitExceeded(file, { file, field, found, expected: `at most ${most}`, limit });
}

/**
 * The bytes of one file of an item, by its path in it.
 *
 * @throws {OrbaxError} `NOT_FOUND` if there is none · `INVALID_ARGUMENT` for a path that leads out of the item ·
 * `LIMIT_EXCEEDED` beyond `limits.valueBytes`.
 */
export async function readItemFile(
  storage: ReadableStorage,
  path: string,
  { limits, signal }: ReadOptions = {},
): Promise<Uint8Array> {
  const { valueBytes } = withDefaultLimits(limits);
  const { name = "the item" } = storage;
  if (path === "") throw invalidArgument(`${name}: a file's path is empty`, { file: name });
  const key: StorageKey = `/${fileParts(`/${path}`).join("/")}`;
  const bytes = await readFile(storage, key, { limit: valueBytes, limitName: "valueBytes", signal });
  if (bytes === undefined) throw notFound(`${name}: no file ${JSON.stringify(path)}`, { file: path });
  return bytes;
}
