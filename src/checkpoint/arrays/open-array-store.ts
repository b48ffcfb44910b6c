import { inFolder, isOrbaxError, OrbaxError } from "../../errors.js";
import type { Limits } from "../../limits.js";
import { MANIFEST_FILE } from "../../ocdbt/manifest-file.js";
import { openOcdbt } from "../../ocdbt/reader.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import { within } from "../../storage/within.js";
import { ArrayDocuments } from "./array-documents.js";
import { arrayKey } from "./array-key.js";
import type { ArrayStore } from "./array-store.js";
import { FileArrays } from "./file-arrays.js";
import { type DatabaseInFolder, OcdbtArrays } from "./ocdbt-arrays.js";

/** What `_METADATA` says about the arrays of an item, and how they are read. */
export type ArrayStoreOptions = {
  /** `undefined` where an older Orbax left it out. */
  readonly useOcdbt: boolean | undefined;
  readonly zarr: 2 | 3;
  /** Name of some array of the item, to tell the layouts apart. */
  readonly firstArray: string;
  readonly limits: Limits;
  /** Called with what was lost where the databases of the processes stand in for the top one. Without it: an error. */
  readonly onSalvage?: ((message: string) => void) | undefined;
};

/**
 * Opens an item's arrays. The files decide where they disagree with `use_ocdbt`, as in older releases
 * (docs/spec/orbax-layout.md section 15).
 *
 * @throws {OrbaxError} `DATA_LOSS` if there is neither a database nor that array's directory, or if the database
 * is damaged.
 */
export async function openArrayStore(
  storage: ReadableStorage,
  store: ArrayStoreOptions,
  options: StorageOptions = {},
): Promise<ArrayStore> {
  const { useOcdbt, zarr, firstArray, limits } = store;
  const documents = new ArrayDocuments(zarr, limits);
  const files = new FileArrays(storage, documents, limits);
  // In a database an array may have a name that no directory can have.
  const mayHaveFiles = () =>
    files.has(firstArray, options).catch((error: unknown) => {
      if (isOrbaxError(error, "DATA_LOSS")) return false;
      throw error;
    });
  if (useOcdbt === false && (await files.has(firstArray, options))) return files;
  try {
    const database = await openOcdbt(storage, { limits, ...options });
    return await OcdbtArrays.open([{ folder: "", database }], { documents, limits }, options);
  } catch (error) {
    if (isOrbaxError(error, "NOT_FOUND") && useOcdbt !== false && (await mayHaveFiles())) return files;
    const processes = isLoss(error) ? await processDatabases(storage, options) : [];
    if (processes.length > 0) {
      return joinProcesses(storage, processes, error, { ...store, documents }, options);
    }
    if (!isOrbaxError(error, "NOT_FOUND")) throw error;
    const file = useOcdbt === false ? arrayKey(firstArray, documents.file) : MANIFEST_FILE;
    const expected = useOcdbt === false ? "the metadata of an array" : "the database of the item's arrays";
    throw new OrbaxError("DATA_LOSS", `${file}: not found, expected ${expected}`, { file, expected });
  }
}

/** What a lost manifest or a lost data file looks like. */
function isLoss(error: unknown): boolean {
  return isOrbaxError(error, "NOT_FOUND") || isOrbaxError(error, "DATA_LOSS");
}

/** Folders of the databases that processes wrote (docs/spec/orbax-layout-extra.md section 6). */
const PROCESS_FOLDER = /^ocdbt\.process_(?:replica_)?[A-Za-z0-9]+$/;

/** Names of the process folders that have a manifest, sorted; none in a storage that cannot list. */
export async function processDatabases(
  storage: ReadableStorage,
  options: StorageOptions = {},
): Promise<string[]> {
  const entries = (await storage.list?.("/", options)) ?? [];
  const found: string[] = [];
  for (const { name, kind } of entries) {
    if (kind !== "directory" || !PROCESS_FOLDER.test(name)) continue;
    const inside = (await storage.list?.(`/${name}`, options)) ?? [];
    if (inside.some((entry) => entry.name === MANIFEST_FILE)) found.push(name);
  }
  return found.sort();
}

/**
 * Opens databases of processes.
 *
 * @param folders Where they lie below `storage`.
 * @throws {OrbaxError} as `openOcdbt`, with the folder in front of the file's name.
 */
export async function openProcessDatabases(
  storage: ReadableStorage,
  folders: readonly string[],
  limits: Limits,
  options: StorageOptions = {},
): Promise<DatabaseInFolder[]> {
  const databases: DatabaseInFolder[] = [];
  for (const folder of folders) {
    try {
      databases.push({
        folder,
        database: await openOcdbt(within(storage, `/${folder}`), { limits, ...options }),
      });
    } catch (error) {
      throw inFolder(error, folder);
    }
  }
  return databases;
}

/** Each process folder is a complete database of its own, and their union is what the top one held. */
async function joinProcesses(
  storage: ReadableStorage,
  processes: readonly string[],
  cause: unknown,
  { limits, onSalvage, documents }: ArrayStoreOptions & { readonly documents: ArrayDocuments },
  options: StorageOptions,
): Promise<ArrayStore> {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (onSalvage === undefined) {
    const message =
      `${reason}; the databases of the processes (${processes.join(", ")}) are there: ` +
      "salvage (--salvage) joins them";
    const details = isOrbaxError(cause) ? cause.details : {};
    throw new OrbaxError("DATA_LOSS", message, { file: MANIFEST_FILE, ...details }, { cause });
  }
  const databases = await openProcessDatabases(storage, processes, limits, options);
  const arrays = await OcdbtArrays.open(databases, { documents, limits }, options);
  onSalvage(`${reason}; read from ${processes.join(", ")} instead`);
  return arrays;
}
