import { dataLoss, notFound } from "../errors.js";
import type { Limits } from "../limits.js";
import { formatEntryName } from "../pytree/key-path.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";
import { within } from "../storage/within.js";
import { ArrayDocuments } from "./array-documents.js";
import type { ArrayStore } from "./array-store.js";
import { FileArrays } from "./file-arrays.js";
import { firstOf } from "./first-of.js";
import { inFolder } from "./in-folder.js";
import { readLeafExtras } from "./leaf-extras.js";
import { type DatabaseInFolder, OcdbtArrays } from "./ocdbt-arrays.js";
import { openProcessDatabases, processDatabases } from "./open-array-store.js";
import { readTreeMetadata } from "./orbax-tree.js";
import { PytreeItem } from "./pytree-item.js";
import { storedLeaves } from "./stored-leaf.js";
import { STRINGS_FILE, type Strings, StringsFile } from "./strings-file.js";
import { TREE_METADATA_FILE, type TreeEntry, type TreeMetadata } from "./tree-metadata.js";

/** How a partial save is read. */
export type OpenPartialSaveOptions = StorageOptions & {
  readonly limits: Limits;
  /** Called with what was joined. */
  readonly onSalvage: (message: string) => void;
};

/** A pending call of `partial.save`; behind it the time and a random number. */
const PENDING = /\.partial_save\.pending_\d+_[0-9a-f]+$/;
/** Names of the item in a v1 checkpoint, today's and that of 0.11. */
const ITEMS = ["state", "pytree"];

/**
 * Opens a series of partial saves that was never finalized, or only half (docs/spec/orbax-layout-extra.md section 4):
 * the trees of all calls joined, their arrays from the databases of their processes. None of them may be missing.
 *
 * @param storage The folder `<name>.partial_save`.
 * @throws {OrbaxError} `NOT_FOUND` if it holds no call · `DATA_LOSS` if two calls hold different values of one leaf.
 */
export async function openPartialSave(
  storage: ReadableStorage,
  { limits, onSalvage, ...options }: OpenPartialSaveOptions,
): Promise<PytreeItem> {
  const folders = await findParts(storage, options);
  const parts = folders.map((folder) => within(storage, `/${folder}`));
  const described: TreeMetadata[] = [];
  let isMerged = false;
  for (const [index, part] of parts.entries()) {
    const folder = folders[index] ?? "";
    const isItem = ITEMS.includes(folder);
    const metadata = await readPartMetadata(part, folder, limits, options);
    isMerged ||= isItem && metadata !== undefined;
    if (metadata !== undefined) described.push(metadata);
    else if (!isItem && !isMerged) throw lostMetadata(folder);
  }
  const [first] = described;
  if (first === undefined) {
    const name = storage.name ?? "the folder";
    throw notFound(`${name}: no pending call of a partial save with a tree`, { file: name });
  }
  const entries = joinEntries(described);
  const leaves = storedLeaves(entries);
  onSalvage(
    `${storage.name ?? "the folder"}: a partial save that was never finalized; ${parts.length} parts joined`,
  );
  return new PytreeItem({
    storage,
    limits,
    leaves,
    missingChunks: () => "error",
    customMetadata: first.customMetadata,
    openArrays: (reading) => openJoinedArrays(storage, folders, { ...first, limits }, reading ?? {}),
    readStrings: (reading) => readJoinedStrings(parts, limits, reading ?? {}),
    readExtras: async (stored, { sharding }, reading) => {
      const joined = { sharding: new Map<string, string>(), keyImpl: new Map<string, string>() };
      for (const part of parts) {
        const extras = await readLeafExtras(part, stored, { sharding, limits }, reading);
        for (const [name, text] of extras.sharding) joined.sharding.set(name, text);
        for (const [name, impl] of extras.keyImpl) joined.keyImpl.set(name, impl);
      }
      return joined;
    },
  });
}

/** The item directories: what is merged already, then the pending calls in the order of their names. */
async function findParts(storage: ReadableStorage, options: StorageOptions): Promise<string[]> {
  const directories = await directoriesIn(storage, "/", options);
  const parts = ITEMS.filter((name) => directories.includes(name));
  for (const name of directories.filter((candidate) => PENDING.test(candidate)).sort()) {
    const inside = await directoriesIn(storage, `/${name}`, options);
    parts.push(...ITEMS.filter((item) => inside.includes(item)).map((item) => `${name}/${item}`));
  }
  return parts;
}

async function directoriesIn(
  storage: ReadableStorage,
  directory: StorageKey,
  options: StorageOptions,
): Promise<string[]> {
  const entries = (await storage.list?.(directory, options)) ?? [];
  return entries.filter(({ kind }) => kind === "directory").map(({ name }) => name);
}

/** The file of a pending call is moved to the merged item, and nowhere else. */
function lostMetadata(folder: string) {
  const file = `${folder}/${TREE_METADATA_FILE}`;
  return dataLoss(file, { file, found: "no such file", expected: "the tree of a partial save" });
}

async function readPartMetadata(
  part: ReadableStorage,
  folder: string,
  limits: Limits,
  options: StorageOptions,
): Promise<TreeMetadata | undefined> {
  try {
    return await readTreeMetadata(part, limits, options);
  } catch (error) {
    throw inFolder(error, folder);
  }
}

/** Entries in the order of the calls. A merge that died may have left one in two places, with the same value. */
function joinEntries(described: readonly TreeMetadata[]): TreeEntry[] {
  const entries = new Map<string, TreeEntry>();
  for (const entry of described.flatMap((metadata) => metadata.entries)) {
    const name = formatEntryName(entry.path);
    const other = entries.get(name);
    if (other !== undefined && other.valueType !== entry.valueType) {
      const found = `${other.valueType} and ${entry.valueType}`;
      throw dataLoss("partial save", { key: name, field: name, found, expected: "one value" });
    }
    if (other === undefined) entries.set(name, entry);
  }
  return [...entries.values()];
}

async function openJoinedArrays(
  storage: ReadableStorage,
  folders: readonly string[],
  { useOcdbt, useZarr3, limits }: Pick<TreeMetadata, "useOcdbt" | "useZarr3"> & { readonly limits: Limits },
  options: StorageOptions,
): Promise<ArrayStore> {
  const documents = new ArrayDocuments(useZarr3 ? 3 : 2, limits);
  const parts = folders.map((folder) => within(storage, `/${folder}`));
  if (useOcdbt === false) return new FileArrays(firstOf(parts), documents, limits);
  const databases: DatabaseInFolder[] = [];
  for (const [index, part] of parts.entries()) {
    const names = await processDatabases(part, options);
    const places = names.map((name) => `${folders[index] ?? ""}/${name}`);
    databases.push(...(await openProcessDatabases(storage, places, limits, options)));
  }
  return OcdbtArrays.open(databases, { documents, limits }, options);
}

/** The objects of all calls in one: `finalize` fails where two of them have strings. */
async function readJoinedStrings(
  parts: readonly ReadableStorage[],
  limits: Limits,
  options: StorageOptions,
): Promise<Strings> {
  const limit = { limit: limits.metadataBytes, limitName: "metadataBytes" } as const;
  const files: StringsFile[] = [];
  for (const part of parts) {
    const bytes = await readFile(part, `/${STRINGS_FILE}`, { ...limit, ...options });
    if (bytes !== undefined) files.push(new StringsFile(bytes, limits));
  }
  const [first] = files;
  if (first === undefined) {
    const details = { file: STRINGS_FILE, found: "no such file", expected: "the string leaves" };
    throw dataLoss(STRINGS_FILE, details);
  }
  return {
    get: (name) => {
      const holders = files.filter((file) => file.has(name));
      const texts = new Set((holders.length === 0 ? [first] : holders).map((file) => file.get(name)));
      const [text = "", ...others] = texts;
      if (others.length === 0) return text;
      throw dataLoss(STRINGS_FILE, { key: name, found: "two different strings", expected: "one" });
    },
  };
}
