import { loadZstd } from "../bytes/zstd.js";
import { dataLoss, inFile, invalidArgument, notFound, OrbaxError } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import {
  compileSelector,
  formatKeyPath,
  type KeyPath,
  type KeyPathSelector,
  leafName,
  sameKeyPath,
} from "../pytree/key-path.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { type LazyArray, lazyArray } from "../zarr/lazy.js";
import type { ArrayMetadata } from "../zarr/metadata.js";
import { ZARRAY } from "./array-key.js";
import { type ArrayStore, openArrayStore } from "./array-store.js";
import { atLeaf } from "./at-leaf.js";
import { readLeafArrays } from "./leaf-arrays.js";
import { type LeafExtras, readLeafExtras } from "./leaf-extras.js";
import { Shared } from "./shared.js";
import { type DescribedLeaf, type StoredLeaf, storedLeaves } from "./stored-leaf.js";
import { STRINGS_FILE, StringsFile } from "./strings-file.js";
import { decodeTreeMetadata, TREE_METADATA_FILE, type TreeMetadata } from "./tree-metadata.js";
import { ZarrayDocuments } from "./zarray-documents.js";

/** A leaf with its value. `path` is the very array of its {@link StoredLeaf}. */
export type LoadedLeaf = { readonly path: KeyPath; readonly valueType: string; readonly leaf: PytreeLeaf };

/** What to read, and how. */
export type LoadLeavesOptions = StorageOptions & {
  /** Only leaves that this selects; a list with key paths in it selects what any of its members does. */
  readonly only?: KeyPathSelector | readonly KeyPathSelector[] | undefined;
  /** Reads `_sharding` too, so that a save could write a `jax.Array` back. */
  readonly sharding?: boolean | undefined;
  /** Called after each array with the number of arrays that are there and of all. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
};

/**
 * One PyTree item: a directory with `_METADATA` (docs/spec/orbax-layout.md sections 6 to 15). Opening it reads
 * that file alone; the first question about arrays reads the database's nodes.
 */
export class PytreeItem {
  readonly storage: ReadableStorage;
  readonly metadata: TreeMetadata;
  readonly limits: Limits;
  /** Leaves and empty containers in the file's order. */
  readonly leaves: readonly StoredLeaf[];
  readonly #arrays = new Shared((options) => this.#openArrays(options));

  private constructor(storage: ReadableStorage, metadata: TreeMetadata, limits: Limits) {
    this.storage = storage;
    this.metadata = metadata;
    this.limits = limits;
    this.leaves = storedLeaves(metadata.entries);
  }

  /**
   * @throws {OrbaxError} `NOT_FOUND` without `_METADATA` · `DATA_LOSS` if it is damaged · `UNSUPPORTED` for arrays
   * in zarr v3 or legacy leaves.
   */
  static async open(
    storage: ReadableStorage,
    { limits: changes, ...options }: StorageOptions & { readonly limits?: Partial<Limits> | undefined } = {},
  ): Promise<PytreeItem> {
    const limits = withDefaultLimits(changes);
    const limit = { limit: limits.metadataBytes, limitName: "metadataBytes" } as const;
    const bytes = await readFile(storage, `/${TREE_METADATA_FILE}`, { ...limit, ...options });
    if (bytes === undefined) {
      // Orbax's own words, which Datarax passes on.
      throw notFound(
        `Metadata file (named ${TREE_METADATA_FILE}) does not exist at ${storage.name ?? "the checkpoint"}.`,
        { file: TREE_METADATA_FILE, pythonType: "FileNotFoundError" },
      );
    }
    try {
      const metadata = decodeTreeMetadata(bytes, limits);
      if (metadata.useZarr3) throw zarr3Arrays();
      return new PytreeItem(storage, metadata, limits);
    } catch (error) {
      throw inFile(error, TREE_METADATA_FILE);
    }
  }

  /** Where the arrays lie; `undefined` if no leaf has one. */
  arrays(options?: StorageOptions): Promise<ArrayStore | undefined> {
    return this.#arrays.get(options);
  }

  async #openArrays(options?: StorageOptions): Promise<ArrayStore | undefined> {
    const first = this.leaves.find(({ storage }) => storage.kind === "array");
    if (first === undefined) return undefined;
    const { useOcdbt } = this.metadata;
    const place = { useOcdbt, firstArray: first.name, document: ZARRAY };
    return openArrayStore(this.storage, place, this.limits, options);
  }

  /**
   * The leaves with their arrays' metadata. In a database this reads nothing beyond its nodes, in a file layout one
   * document an array.
   *
   * @throws {OrbaxError} `DATA_LOSS` for an array that is missing or damaged.
   */
  async describe(leaves: readonly StoredLeaf[], options?: StorageOptions): Promise<DescribedLeaf[]> {
    const withArrays = leaves.filter(({ storage }) => storage.kind === "array");
    const names = withArrays.map(({ name }) => name);
    const store = names.length === 0 ? undefined : await this.arrays(options);
    const documents = (await store?.documents(names, ZARRAY, options)) ?? [];
    const decoder = new ZarrayDocuments(this.limits);
    const arrays = new Map(
      withArrays.map((leaf, index) => [leaf, decodeArray(leaf, documents[index], decoder)]),
    );
    return leaves.map((leaf) => ({ ...leaf, array: arrays.get(leaf) }));
  }

  /**
   * A lazy zarrita array over the one leaf that is selected.
   *
   * @throws {OrbaxError} `NOT_FOUND` if there is no array at that key path · `INVALID_ARGUMENT` if a glob selects
   * several leaves.
   */
  async array(
    selector: KeyPathSelector,
    options?: StorageOptions & { readonly raw?: boolean },
  ): Promise<LazyArray> {
    const leaf = this.#leafAt(selector);
    if (leaf?.storage.kind !== "array") {
      const key = textOf(selector);
      throw notFound(`${key || "tree"}: no array at this key path`, { key });
    }
    const [described] = await this.describe([leaf], options);
    const store = await this.arrays(options);
    if (described?.array === undefined || store === undefined) throw new Error("an array leaf has an array");
    return lazyArray(store.store(leaf.name), described.array, {
      missingChunks: this.missingChunks,
      what: leafName(leaf.path),
      raw: options?.raw ?? false,
    });
  }

  #leafAt(selector: KeyPathSelector): StoredLeaf | undefined {
    if (typeof selector !== "string") return this.leaves.find(({ path }) => sameKeyPath(path, selector));
    const [leaf, ...others] = this.#selectedBy(selector);
    if (others.length === 0) return leaf;
    throw invalidArgument(`${selector}: selects ${1 + others.length} leaves, expected one`, {
      key: selector,
    });
  }

  /** What a chunk means that is not there (section 6). */
  get missingChunks(): "fill" | "error" {
    return this.metadata.storesAllChunks ? "error" : "fill";
  }

  #selectedBy(selector: KeyPathSelector): StoredLeaf[] {
    const selects = compileSelector(selector);
    return this.leaves.filter(({ path }) => selects(path));
  }

  /** The leaves that `only` selects. @throws {OrbaxError} `NOT_FOUND` if a selector selects none. */
  select(only: LoadLeavesOptions["only"]): readonly StoredLeaf[] {
    if (only === undefined) return this.leaves;
    const selected = new Set<StoredLeaf>();
    for (const selector of isSelectorList(only) ? only : [only]) {
      const leaves = this.#selectedBy(selector);
      if (leaves.length === 0) {
        const key = textOf(selector);
        throw notFound(`${key}: no leaf at this key path`, { key });
      }
      for (const leaf of leaves) selected.add(leaf);
    }
    return this.leaves.filter((leaf) => selected.has(leaf));
  }

  /**
   * Reads the values of leaves, as few and large reads as there can be.
   *
   * @throws {OrbaxError} `NOT_FOUND` if `only` selects nothing · `DATA_LOSS` for damage.
   */
  async load({
    only,
    sharding = false,
    onProgress,
    ...options
  }: LoadLeavesOptions = {}): Promise<LoadedLeaf[]> {
    const described = await this.describe(this.select(only), options);
    const extras = await readLeafExtras(this.storage, described, { sharding, limits: this.limits }, options);
    const arrays = await this.#loadArrays(described, extras, onProgress, options);
    const strings = await this.#readStrings(described, options);
    return described.map((leaf, index) => ({
      path: leaf.path,
      valueType: leaf.valueType,
      leaf: valueOf(leaf, arrays[index], strings),
    }));
  }

  async #loadArrays(
    leaves: readonly DescribedLeaf[],
    extras: LeafExtras,
    onProgress: LoadLeavesOptions["onProgress"],
    options: StorageOptions,
  ): Promise<readonly (PytreeLeaf | undefined)[]> {
    if (leaves.every(({ array }) => array === undefined)) return [];
    const store = await this.arrays(options);
    if (store === undefined) throw new Error("leaves with arrays have an array store");
    const compressed = leaves.some(({ array }) => array?.compressor.kind === "zstd");
    const zstd = compressed ? await loadZstd() : undefined;
    const { missingChunks } = this;
    const { arrayChunks } = this.limits;
    return readLeafArrays(store, leaves, { extras, zstd, missingChunks, arrayChunks, onProgress }, options);
  }

  async #readStrings(
    leaves: readonly DescribedLeaf[],
    options: StorageOptions,
  ): Promise<StringsFile | undefined> {
    if (leaves.every(({ storage }) => storage.kind !== "string")) return undefined;
    const limit = { limit: this.limits.metadataBytes, limitName: "metadataBytes" } as const;
    const bytes = await readFile(this.storage, `/${STRINGS_FILE}`, { ...limit, ...options });
    if (bytes === undefined) {
      const message = `${STRINGS_FILE}: not found, expected the string leaves`;
      throw new OrbaxError("DATA_LOSS", message, { file: STRINGS_FILE });
    }
    return new StringsFile(bytes, this.limits);
  }
}

function zarr3Arrays(): OrbaxError {
  return new OrbaxError("UNSUPPORTED", "arrays in zarr v3, which this version does not read", {
    field: "use_zarr3",
    found: true,
  });
}

/** A key path holds strings and numbers; a list of strings is one, too. */
function isSelectorList(
  only: KeyPathSelector | readonly KeyPathSelector[],
): only is readonly KeyPathSelector[] {
  return typeof only !== "string" && only.some((part) => Array.isArray(part));
}

function textOf(selector: KeyPathSelector): string {
  return typeof selector === "string" ? selector : formatKeyPath(selector);
}

function decodeArray(
  { path, storage }: StoredLeaf,
  document: Uint8Array | undefined,
  decoder: ZarrayDocuments,
): ArrayMetadata {
  const what = () => `${leafName(path)}: ${ZARRAY}`;
  if (document === undefined) {
    const key = formatKeyPath(path);
    throw dataLoss(what(), { key, found: "nothing", expected: "the array's metadata" });
  }
  const array = decodeZarray(document, what, path, decoder);
  if (storage.kind === "array" && storage.holds === "scalar" && array.shape.length > 0) {
    const key = formatKeyPath(path);
    throw dataLoss(what(), { key, field: "rank of a scalar", found: array.shape.length, expected: "0" });
  }
  return array;
}

function decodeZarray(document: Uint8Array, what: () => string, path: KeyPath, decoder: ZarrayDocuments) {
  try {
    return decoder.decode(document, what);
  } catch (error) {
    throw atLeaf(error, path);
  }
}

function valueOf(
  { name, path, storage }: DescribedLeaf,
  array: PytreeLeaf | undefined,
  strings: StringsFile | undefined,
): PytreeLeaf {
  if (storage.kind === "value") return storage.leaf;
  if (storage.kind === "string") {
    if (strings === undefined) throw new Error("string leaves have a strings file");
    return { kind: "string", text: strings.get(name) };
  }
  if (array === undefined) throw new Error(`${leafName(path)}: an array leaf has an array`);
  return array;
}
