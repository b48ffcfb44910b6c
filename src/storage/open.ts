import { invalidArgument, unsupported } from "../errors.js";
import type { LocalStorageOptions } from "./local.js";
import { MemoryStorage } from "./memory.js";
import type { ByteRange, ReadableStorage, StorageKey, StorageOptions, WritableStorage } from "./storage.js";
import { keyParts } from "./storage-key.js";

type Value = Uint8Array | undefined;

/** zarrita's options of a read; `fetch` takes a signal or none, but not `undefined` for one. */
type StoreOptions = { readonly signal?: AbortSignal };

/** What zarrita takes as a store, synchronous ones and `Map` included. Every {@link ReadableStorage} is one. */
export type StoreLike = {
  get(key: StorageKey, options?: StoreOptions): Promise<Value> | Value;
  getRange?(key: StorageKey, range: ByteRange, options?: StoreOptions): Promise<Value> | Value;
};

const OPTIONAL_METHODS = ["getRange", "readInto", "size", "has", "list", "within"] as const;
const NEEDED_TO_KNOW = ["get", "size", "has", "list", "within"] as const;
const NEEDED_TO_WRITE = ["set", "create", "makeDirectory", "delete", "rename", "sync"] as const;

/** What {@link openStorage} opens. */
export type StorageSource = string | URL | StoreLike;

/** What {@link openWritableStorage} opens. */
export type WritableStorageSource = string | URL | WritableStorage;

/** An address with a scheme of two letters or more: one letter is a drive of Windows. */
const ADDRESS = /^[a-z][a-z0-9+.-]+:\/\//i;

/**
 * The storage that `source` stands for: a string or a `file:` URL a local folder, which need not exist; a `Map` its
 * values as they are now, by keys with a leading slash; everything else itself.
 *
 * @throws {OrbaxError} `UNSUPPORTED` for other URLs, and for local folders in a browser · `INVALID_ARGUMENT` for
 * what is no storage.
 * @example const storage = await openStorage(new FetchStore("https://example.org/run-7/1200"));
 */
export async function openStorage(source: StorageSource): Promise<ReadableStorage> {
  if (typeof source === "string" || source instanceof URL) return openFolder(source);
  if (source instanceof Map) return new MemoryStorage(source);
  if (isReadableStorage(source)) return source;
  if (hasMethod(source, "get")) return zarritaPartOf(source);
  throw invalidArgument("no storage: expected a path, a URL, or an object with a method get");
}

/**
 * As {@link openStorage}, for writing.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a storage that cannot be written, naming what it lacks.
 */
export async function openWritableStorage(destination: WritableStorageSource): Promise<WritableStorage> {
  if (typeof destination === "string" || destination instanceof URL) return openFolder(destination);
  const missing = missingForWriting(destination);
  if (missing.length === 0) return destination;
  throw invalidArgument(`the storage cannot be written: it lacks ${missing.join(", ")}`);
}

const loadLocal = () => import("#local-storage");
/** Kept, since to ask for a module that is there takes longer than to open a file. */
let local: ReturnType<typeof loadLocal> | undefined;

async function openFolder(address: string | URL, options?: LocalStorageOptions) {
  const url = typeof address === "string" && ADDRESS.test(address) ? parseUrl(address) : address;
  if (url instanceof URL && url.protocol !== "file:") {
    throw unsupported(
      `${url.href}: addresses cannot be opened; give a store over it, such as zarrita's FetchStore for https`,
    );
  }
  local ??= loadLocal();
  const { LocalStorage } = await local;
  return new LocalStorage(url, options);
}

/**
 * The directory that holds a path, to read the file there, and its name in it. The path was chosen by the caller, so
 * it may be a link that leads anywhere, as those of model caches are.
 *
 * @throws {OrbaxError} as {@link openStorage}.
 */
export async function openFileParent(path: string | URL) {
  return (await openFolder(path, { followLinks: true })).parent();
}

/**
 * Finds where a new directory shall stand: the storage that holds it, and its name there.
 *
 * @param path Place below `destination`; needed where that is a storage, since nothing can be renamed to a root.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a storage without `path` or a `path` that is none; and as
 * {@link openWritableStorage}.
 */
export async function openParent(
  destination: WritableStorageSource,
  path?: string,
): Promise<{ readonly storage: WritableStorage; readonly name: string }> {
  if (path === undefined) {
    if (typeof destination === "string" || destination instanceof URL) {
      return (await openFolder(destination)).parent();
    }
    throw invalidArgument(
      "a destination that is a storage needs `path`, the name of the new directory in it",
    );
  }
  const parts = keyParts(`/${path}`);
  const name = parts.pop();
  if (name === undefined) throw invalidArgument(`path ${JSON.stringify(path)}: expected a name`);
  const root = await openWritableStorage(destination);
  return { storage: parts.length === 0 ? root : root.within(`/${parts.join("/")}`), name };
}

function parseUrl(address: string): URL {
  if (URL.canParse(address)) return new URL(address);
  throw invalidArgument(`${address}: is no URL`);
}

/**
 * Whether the optional members of a store are those of {@link ReadableStorage}. zarrita's own `has` is not, it knows
 * no directories; whoever knows them has `list`, too.
 */
function isReadableStorage(store: StoreLike): store is ReadableStorage {
  return (
    hasMethod(store, "get") &&
    OPTIONAL_METHODS.every((name) => hasMethod(store, name) || memberOf(store, name) === undefined) &&
    (hasMethod(store, "list") || !hasMethod(store, "has")) &&
    ["string", "undefined"].includes(typeof memberOf(store, "name"))
  );
}

/** Only what is zarrita's of a store. */
function zarritaPartOf(store: StoreLike): ReadableStorage {
  return {
    get: async (key, options) => orNoFile(() => store.get(key, storeOptions(options))),
    ...(store.getRange === undefined
      ? {}
      : {
          getRange: async (key: StorageKey, range: ByteRange, options?: StorageOptions) =>
            orNoFile(() => store.getRange?.(key, range, storeOptions(options))),
        }),
  };
}

/** How the system refuses to read a directory, and what would lie below a file: there is no file of that name. */
const NO_FILE = new Set(["EISDIR", "ENOTDIR"]);

/** What `read` gives, `undefined` where it fails since no file can be there: FileSystemStore passes that on. */
async function orNoFile(read: () => Promise<Value> | Value): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    const code = memberOf(error, "code");
    if (typeof code === "string" && NO_FILE.has(code)) return undefined;
    throw error;
  }
}

function storeOptions({ signal }: StorageOptions = {}): StoreOptions {
  return signal === undefined ? {} : { signal };
}

function missingForWriting(storage: unknown): string[] {
  const methods: string[] = [...NEEDED_TO_KNOW, ...NEEDED_TO_WRITE].filter(
    (name) => !hasMethod(storage, name),
  );
  return typeof memberOf(storage, "atomic") === "object" ? methods : [...methods, "atomic"];
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof memberOf(value, name) === "function";
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
