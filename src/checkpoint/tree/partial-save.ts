import { dataLoss, inFolder, notFound, type OrbaxError } from "../../errors.js";
import type { Limits } from "../../limits.js";
import { formatEntryName } from "../../pytree/key-path.js";
import { firstOf } from "../../storage/first-of.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../../storage/storage.js";
import { within } from "../../storage/within.js";
import { ArrayDocuments } from "../arrays/array-documents.js";
import type { ArrayStore } from "../arrays/array-store.js";
import { FileArrays } from "../arrays/file-arrays.js";
import { type DatabaseInFolder, OcdbtArrays } from "../arrays/ocdbt-arrays.js";
import { openProcessDatabases, processDatabases } from "../arrays/open-array-store.js";
import type { ReadOptions } from "../metadata/metadata-file.js";
import {
  missingStrings,
  readStringsFile,
  STRINGS_FILE,
  type Strings,
  type StringsFile,
} from "../metadata/strings-file.js";
import {
  readTreeMetadata,
  TREE_METADATA_FILE,
  type TreeEntry,
  type TreeMetadata,
} from "../metadata/tree-metadata.js";
import { type LeafExtras, readLeafExtras } from "./leaf-extras.js";
import { PytreeItem } from "./pytree-item.js";
import { type StoredLeaf, storedLeaves } from "./stored-leaf.js";

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

/** A directory with a part of the tree: what is merged already, or what one pending call saved. */
type Part = {
  /** Its path below the folder of all parts. */
  readonly folder: string;
  readonly storage: ReadableStorage;
  readonly isMerged: boolean;
};

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
  const { name = "the folder" } = storage;
  const parts = await findParts(storage, options);
  const described = await describeParts(parts, { limits, ...options });
  const [first] = described;
  if (first === undefined) {
    throw notFound(`${name}: no pending call of a partial save with a tree`, { file: name });
  }
  const leaves = storedLeaves(joinEntries(described));
  onSalvage(`${name}: a partial save that was never finalized; ${parts.length} parts joined`);
  return new PytreeItem({
    storage,
    limits,
    leaves,
    missingChunks: () => "error",
    customMetadata: first.customMetadata,
    openArrays: (reading) => openJoinedArrays(storage, parts, { ...first, limits }, reading ?? {}),
    readStrings: (reading) => readJoinedStrings(parts, { limits, ...reading }),
    readExtras: (stored, { sharding }, reading) =>
      readJoinedExtras(parts, stored, { sharding, limits }, reading),
  });
}

/** What is merged already, then the pending calls in the order of their names. */
async function findParts(storage: ReadableStorage, options: StorageOptions): Promise<Part[]> {
  const part = (folder: string, isMerged: boolean): Part => {
    return { folder, storage: within(storage, `/${folder}`), isMerged };
  };
  const directories = await directoriesIn(storage, "/", options);
  const parts = ITEMS.filter((name) => directories.includes(name)).map((name) => part(name, true));
  for (const name of directories.filter((candidate) => PENDING.test(candidate)).sort()) {
    const inside = await directoriesIn(storage, `/${name}`, options);
    parts.push(
      ...ITEMS.filter((item) => inside.includes(item)).map((item) => part(`${name}/${item}`, false)),
    );
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

/**
 * What `_METADATA` of each part says. A merge moves that of the first call, so where a merged one is there, a pending
 * call may lack its own.
 *
 * @throws {OrbaxError} `DATA_LOSS` for one that is damaged, or lost.
 */
async function describeParts(parts: readonly Part[], options: ReadOptions): Promise<TreeMetadata[]> {
  const described: TreeMetadata[] = [];
  let isMerged = false;
  for (const part of parts) {
    const metadata = await readPartMetadata(part, options);
    isMerged ||= part.isMerged && metadata !== undefined;
    if (metadata !== undefined) described.push(metadata);
    else if (!part.isMerged && !isMerged) throw lostMetadata(part);
  }
  return described;
}

async function readPartMetadata(
  { folder, storage }: Part,
  options: ReadOptions,
): Promise<TreeMetadata | undefined> {
  try {
    return await readTreeMetadata(storage, options);
  } catch (error) {
    throw inFolder(error, folder);
  }
}

function lostMetadata({ folder }: Part): OrbaxError {
  const file = `${folder}/${TREE_METADATA_FILE}`;
  return dataLoss(file, { file, found: "no such file", expected: "the tree of a partial save" });
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
  parts: readonly Part[],
  { useOcdbt, useZarr3, limits }: Pick<TreeMetadata, "useOcdbt" | "useZarr3"> & { readonly limits: Limits },
  options: StorageOptions,
): Promise<ArrayStore> {
  const documents = new ArrayDocuments(useZarr3 ? 3 : 2, limits);
  if (useOcdbt === false) {
    return new FileArrays(firstOf(parts.map((part) => part.storage)), documents, limits);
  }
  const databases: DatabaseInFolder[] = [];
  for (const part of parts) {
    const names = await processDatabases(part.storage, options);
    const places = names.map((name) => `${part.folder}/${name}`);
    databases.push(...(await openProcessDatabases(storage, places, limits, options)));
  }
  return OcdbtArrays.open(databases, { documents, limits }, options);
}

/** Of each leaf what the last part says that knows it. */
async function readJoinedExtras(
  parts: readonly Part[],
  leaves: readonly StoredLeaf[],
  read: { readonly sharding: boolean; readonly limits: Limits },
  options?: StorageOptions,
): Promise<LeafExtras> {
  const sharding = new Map<string, string>();
  const keyImpl = new Map<string, string>();
  for (const { storage } of parts) {
    const extras = await readLeafExtras(storage, leaves, read, options);
    for (const [name, text] of extras.sharding) sharding.set(name, text);
    for (const [name, impl] of extras.keyImpl) keyImpl.set(name, impl);
  }
  return { sharding, keyImpl };
}

/** The objects of all calls in one: `finalize` fails where two of them have strings. */
async function readJoinedStrings(parts: readonly Part[], options: ReadOptions): Promise<Strings> {
  const files: StringsFile[] = [];
  for (const { storage } of parts) {
    const file = await readStringsFile(storage, options);
    if (file !== undefined) files.push(file);
  }
  const [first] = files;
  if (first === undefined) throw missingStrings();
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
