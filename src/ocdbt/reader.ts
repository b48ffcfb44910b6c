import { invalidArgument, notFound } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { openStorage, type StorageSource } from "../storage/open.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { within } from "../storage/within.js";
import { toKeyBytes } from "./database-key.js";
import { OcdbtStore } from "./database-store.js";
import type { OcdbtEntry, OcdbtValue } from "./entry.js";
import { findValue } from "./find-value.js";
import type { Config } from "./format/config.js";
import type { Version } from "./format/versions.js";
import { Listing } from "./listing.js";
import { readManifestFiles } from "./manifest-file.js";
import { NodeSource } from "./node-source.js";
import { readValue, readValues, type ValueRequest } from "./value-reader.js";
import { VersionReader, type VersionRoot } from "./version-reader.js";

/** Options of {@link openOcdbt}. */
export type OpenOcdbtOptions = StorageOptions & {
  /** Directory of the database below the storage's root. */
  readonly path?: string | undefined;
  /** A version by its generation number. Default: the newest. */
  readonly generation?: number | bigint | undefined;
  /** Changes to the library's limits, for a file that is trusted or one that is not. */
  readonly limits?: Partial<Limits> | undefined;
};

/**
 * Opens an OCDBT database (TensorStore's key-value store): one read of `manifest.ocdbt`, more only for numbered
 * manifests or an old generation.
 *
 * @param source A folder's path or file URL, a storage, or any zarrita store.
 * @throws {OrbaxError} `NOT_FOUND` without a manifest or without that generation · `DATA_LOSS` if the manifest is
 * damaged · `LIMIT_EXCEEDED` if it is larger than the limits allow · `INVALID_ARGUMENT` for a generation that is no
 * integer.
 * @example
 * const database = await openOcdbt("checkpoints/7");
 * for await (const { key, value } of database.list({ prefix: "params/" })) console.log(key, value);
 * @see docs/spec/ocdbt.md
 */
export async function openOcdbt(
  source: StorageSource,
  { path, generation, limits: changedLimits, signal }: OpenOcdbtOptions = {},
): Promise<OcdbtDatabase> {
  const limits = withDefaultLimits(changedLimits);
  const options = signal === undefined ? {} : { signal };
  const opened = await openStorage(source);
  const storage = path === undefined ? opened : within(opened, `/${path}`);
  const wanted = generation === undefined ? undefined : toGeneration(generation);
  const manifests = await readManifestFiles(storage, limits, options);
  const { config, versionTree } = manifests;
  const nodes = new NodeSource(storage, limits);
  if (versionTree === undefined) {
    if (wanted !== undefined) throw notFound(`OCDBT generation ${wanted} is not there: no commit yet`);
    return new OcdbtDatabase({ nodes, config, root: undefined, history: undefined });
  }
  const history = new VersionReader(versionTree, manifests, nodes);
  const root = wanted === undefined ? history.current() : await history.find(wanted, options);
  return new OcdbtDatabase({ nodes, config, root, history });
}

function toGeneration(generation: number | bigint): bigint {
  if (typeof generation === "bigint" || Number.isSafeInteger(generation)) return BigInt(generation);
  throw invalidArgument(`OCDBT generation ${generation}: expected a safe integer or a bigint`);
}

type DatabaseParts = {
  readonly nodes: NodeSource;
  readonly config: Config;
  readonly root: VersionRoot | undefined;
  readonly history: VersionReader | undefined;
};

/** What {@link OcdbtDatabase.list} hands out. */
type ListOptions = StorageOptions & {
  /** Only keys that begin with these bytes; a string stands for its UTF-8. Default: all. */
  readonly prefix?: string | Uint8Array;
};

/** One version of an OCDBT database, open for reading. Made by {@link openOcdbt}. */
export class OcdbtDatabase {
  /** What the manifest tells later writers. */
  readonly config: Config;
  readonly #nodes: NodeSource;
  readonly #root: VersionRoot | undefined;
  readonly #history: VersionReader | undefined;

  /** @internal Use {@link openOcdbt}. */
  constructor({ nodes, config, root, history }: DatabaseParts) {
    this.config = config;
    this.#nodes = nodes;
    this.#root = root;
    this.#history = history;
  }

  /** The version that is open; `undefined` for a database without a commit. */
  get version(): Version | undefined {
    return this.#root?.version;
  }

  /** Where the database's files lie. */
  get storage(): ReadableStorage {
    return this.#nodes.storage;
  }

  /**
   * The value of a key, `undefined` if there is none. Reads one node a level, and the value if it is not inline.
   * A string stands for its UTF-8 bytes; nothing is added or cut off.
   *
   * @returns The value's bytes, perhaps a view of a larger buffer: copy before you change them.
   * @throws {OrbaxError} `DATA_LOSS` if a node or the value's data file is damaged or missing.
   */
  async get(key: string | Uint8Array, options?: StorageOptions): Promise<Uint8Array | undefined> {
    const value = await this.find(key, options);
    return value && readValue(this.storage, value, this.#nodes.limits, options);
  }

  /** Where the value of a key lies, without reading one that is out of line. Errors as {@link get}. */
  async find(key: string | Uint8Array, options?: StorageOptions): Promise<OcdbtValue | undefined> {
    if (this.#root?.address === undefined) return undefined;
    const { address, version } = this.#root;
    return findValue(this.#nodes, address, version.rootHeight, toKeyBytes(key), options);
  }

  /**
   * All keys that begin with `prefix`, in byte order, each with its value's place. Reads only nodes that can hold
   * such keys, and no values.
   *
   * @throws {OrbaxError} `DATA_LOSS` for a damaged node · `LIMIT_EXCEEDED` beyond `listedNodes`, `listedKeys` or
   * `listedBytes`.
   */
  async *list(options?: ListOptions): AsyncGenerator<OcdbtEntry> {
    for await (const batch of this.listBatches(options)) for (const entry of batch) yield entry;
  }

  /** {@link list}, many entries at once: half of a checkpoint's listing would be spent on a promise for each. */
  async *listBatches({ prefix = "", signal }: ListOptions = {}): AsyncGenerator<readonly OcdbtEntry[]> {
    if (this.#root?.address === undefined) return;
    const { address, version } = this.#root;
    const options = signal === undefined ? {} : { signal };
    const listing = new Listing(this.#nodes, address, version.rootHeight, toKeyBytes(prefix));
    let batch = await listing.nextBatch(options);
    while (batch !== undefined) {
      yield batch;
      batch = await listing.nextBatch(options);
    }
  }

  /**
   * Reads values that {@link list} or {@link find} gave, merging neighbours: about one read per 64 MiB of a data
   * file.
   *
   * @throws {OrbaxError} `DATA_LOSS` if a data file is missing or too short · `LIMIT_EXCEEDED` over `valueBytes`.
   */
  readValues(requests: Iterable<ValueRequest>, options?: StorageOptions): Promise<void> {
    return readValues(this.storage, requests, this.#nodes.limits, options);
  }

  /** All versions that are still there, oldest first; reads the version tree's nodes. */
  async *versions(options?: StorageOptions): AsyncGenerator<Version> {
    if (this.#history !== undefined) yield* this.#history.list(options);
  }

  /** A zarrita store over the keys below `prefix`, which is put before each name as it is. */
  store(prefix = ""): OcdbtStore {
    return new OcdbtStore(this, prefix, this.#nodes.limits);
  }
}
