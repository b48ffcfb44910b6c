import type { JsonValue } from "../../bytes/json.js";
import { dataLoss, invalidArgument, notFound } from "../../errors.js";
import type { Limits } from "../../limits.js";
import {
  formatKeyPath,
  type KeyPath,
  type KeyPathSelector,
  leafName,
  sameKeyPath,
} from "../../pytree/key-path.js";
import type { PytreeLeaf } from "../../pytree/leaf.js";
import { toPlain } from "../../pytree/plain.js";
import { leavesAt, selectLeaves, selectorText } from "../../pytree/select-leaves.js";
import { unflattenTree } from "../../pytree/unflatten.js";
import type { Tree } from "../../pytree/value.js";
import { wordsOf } from "../../pytree/words.js";
import { Shared } from "../../storage/shared.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import { loadCodecs } from "../../zarr/codecs.js";
import { type LazyArray, lazyArray } from "../../zarr/lazy.js";
import type { ArrayMetadata } from "../../zarr/metadata.js";
import type { ArrayStore } from "../arrays/array-store.js";
import { plainArray } from "../arrays/plain-array.js";
import type { RichTypes } from "../metadata/rich-types.js";
import type { Strings } from "../metadata/strings-file.js";
import { readLeafArrays } from "./leaf-arrays.js";
import { type LeafExtras, NO_EXTRAS } from "./leaf-extras.js";
import { exactValue } from "./leaf-value.js";
import type { DescribedLeaf, StoredLeaf } from "./stored-leaf.js";

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

/** What makes up a tree, whichever format it is stored in. */
export type PytreeItemParts = {
  /** The directory that holds it. */
  readonly storage: ReadableStorage;
  readonly limits: Limits;
  /** Leaves and empty containers in the file's order. */
  readonly leaves: readonly StoredLeaf[];
  /** What a chunk means that is not there, once the arrays are open (docs/spec/orbax-layout.md section 6). */
  readonly missingChunks?: (() => "fill" | "error") | undefined;
  /** The user's own data beside the tree. */
  readonly customMetadata?: JsonValue | undefined;
  /** Opens the arrays; only called if a leaf has one. */
  readonly openArrays?: ((options?: StorageOptions) => Promise<ArrayStore>) | undefined;
  /** Reads the strings; only called if a leaf is one. */
  readonly readStrings?: ((options?: StorageOptions) => Promise<Strings>) | undefined;
  /** Reads what files beside the arrays say about `jax.Array` leaves. */
  readonly readExtras?:
    | ((
        leaves: readonly DescribedLeaf[],
        read: { readonly sharding: boolean },
        options?: StorageOptions,
      ) => Promise<LeafExtras>)
    | undefined;
  /** Which containers are tuples, where that is known. */
  readonly richTypes?: (() => RichTypes) | undefined;
};

/** One tree of leaves, open for reading; the first question about arrays reads the metadata of the array store. */
export class PytreeItem {
  readonly storage: ReadableStorage;
  readonly limits: Limits;
  /** Leaves and empty containers in the file's order. */
  readonly leaves: readonly StoredLeaf[];
  /** The user's own data beside the tree, `null` if there is none. */
  readonly customMetadata: JsonValue;
  readonly #parts: PytreeItemParts;
  readonly #arrays = new Shared((options) => this.#openArrays(options));

  constructor(parts: PytreeItemParts) {
    this.#parts = parts;
    this.storage = parts.storage;
    this.limits = parts.limits;
    this.leaves = parts.leaves;
    this.customMetadata = parts.customMetadata ?? null;
  }

  /** The same values under other paths or types; names stay those under which they are stored. */
  withLeaves(leaves: readonly StoredLeaf[], readExtras = this.#parts.readExtras): PytreeItem {
    return new PytreeItem({ ...this.#parts, leaves, readExtras, richTypes: undefined });
  }

  /**
   * Whether a chunk that is not there is damage or stands for the fill value, once the arrays are open
   * (docs/spec/orbax-layout.md section 6).
   */
  get missingChunks(): "fill" | "error" {
    return this.#parts.missingChunks?.() ?? "fill";
  }

  /** Where the arrays lie; `undefined` if no leaf has one. */
  arrays(options?: StorageOptions): Promise<ArrayStore | undefined> {
    return this.#arrays.get(options);
  }

  async #openArrays(options?: StorageOptions): Promise<ArrayStore | undefined> {
    if (this.leaves.every(({ storage }) => storage.kind !== "array")) return undefined;
    if (this.#parts.openArrays === undefined) throw new Error("leaves with arrays have an array store");
    return this.#parts.openArrays(options);
  }

  /** What files beside the arrays say about `jax.Array` leaves. Errors as `readLeafExtras`. */
  async extras(
    leaves: readonly DescribedLeaf[],
    read: { readonly sharding: boolean },
    options?: StorageOptions,
  ): Promise<LeafExtras> {
    return (await this.#parts.readExtras?.(leaves, read, options)) ?? NO_EXTRAS;
  }

  /** The strings of the leaves that are stored in a file of their own. Errors as `StringsFile`. */
  async strings(options?: StorageOptions): Promise<Strings> {
    if (this.#parts.readStrings === undefined) throw new Error("string leaves have a strings file");
    return this.#parts.readStrings(options);
  }

  /**
   * The leaves with their arrays' metadata. In a database this reads nothing beyond its nodes, in a file layout one
   * document an array.
   *
   * @throws {OrbaxError} `DATA_LOSS` for an array that is missing or damaged.
   */
  async describe(leaves: readonly StoredLeaf[], options?: StorageOptions): Promise<DescribedLeaf[]> {
    const withArrays = leaves.filter(({ storage }) => storage.kind === "array");
    const store = withArrays.length === 0 ? undefined : await this.arrays(options);
    const described = (await store?.describe(withArrays, options)) ?? [];
    const arrays = new Map(withArrays.map((leaf, index) => [leaf, checkRank(leaf, described[index])]));
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
    const what = leaf === undefined ? "" : leafName(leaf.path);
    const raw = options?.raw ?? false;
    const known = leaf === undefined ? undefined : knownArray(leaf);
    if (known !== undefined) {
      const { store, metadata } = plainArray(known);
      return lazyArray(store, metadata, { missingChunks: "error", what, raw });
    }
    if (leaf?.storage.kind !== "array") {
      const key = selectorText(selector);
      throw notFound(`${key || "tree"}: no array at this key path`, { key });
    }
    const [described] = await this.describe([leaf], options);
    const store = await this.arrays(options);
    if (described?.array === undefined || store === undefined) throw new Error("an array leaf has an array");
    const { missingChunks } = this;
    return lazyArray(store.store(leaf.name), described.array, { missingChunks, what, raw });
  }

  #leafAt(selector: KeyPathSelector): StoredLeaf | undefined {
    if (typeof selector !== "string") return this.leaves.find(({ path }) => sameKeyPath(path, selector));
    const [leaf, ...others] = leavesAt(this.leaves, selector);
    if (others.length === 0) return leaf;
    throw invalidArgument(`${selector}: selects ${1 + others.length} leaves, expected one`, {
      key: selector,
    });
  }

  /** The leaves that `only` selects. @throws {OrbaxError} `NOT_FOUND` if a selector selects none. */
  select(only: LoadLeavesOptions["only"]): readonly StoredLeaf[] {
    if (only === undefined) return this.leaves;
    return selectLeaves(this.leaves, isSelectorList(only) ? only : [only], (key) =>
      notFound(`${key}: no leaf at this key path`, { key }),
    );
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
    const extras = await this.extras(described, { sharding }, options);
    const arrays = await this.#loadArrays(described, extras, onProgress, options);
    const hasStrings = described.some(({ storage }) => storage.kind === "string");
    const strings = hasStrings ? await this.strings(options) : undefined;
    return described.map((leaf, index) => ({
      path: leaf.path,
      valueType: leaf.valueType,
      leaf: valueOf(leaf, arrays[index], strings),
    }));
  }

  /**
   * The values as a tree of dicts (objects without prototype), lists and leaves; with `only` it has the selected
   * leaves alone. Errors as {@link load}.
   *
   * @param exact Keeps every leaf's exact type, and tuples where the checkpoint tells them from lists.
   */
  async loadTree({
    exact,
    ...options
  }: Omit<LoadLeavesOptions, "sharding"> & { readonly exact: boolean }): Promise<Tree> {
    const loaded = await this.load({ ...options, sharding: exact });
    const values = new Map<KeyPath, Tree>();
    for (const { path, leaf } of loaded) {
      const value = exactValue(leaf);
      values.set(path, exact ? value : toPlain(value));
    }
    const richTypes = exact ? this.#parts.richTypes?.() : undefined;
    return unflattenTree(
      this.leaves.map(({ path }) => ({ path, value: values.get(path) })),
      richTypes && ((path) => richTypes.typeAt(path)),
    );
  }

  async #loadArrays(
    leaves: readonly DescribedLeaf[],
    extras: LeafExtras,
    onProgress: LoadLeavesOptions["onProgress"],
    options: StorageOptions,
  ): Promise<readonly (PytreeLeaf | undefined)[]> {
    const described = leaves.flatMap(({ array }) => (array === undefined ? [] : [array]));
    if (described.length === 0) return [];
    const store = await this.arrays(options);
    if (store === undefined) throw new Error("leaves with arrays have an array store");
    const codecs = await loadCodecs(described);
    const { missingChunks } = this;
    const { arrayChunks } = this.limits;
    return readLeafArrays(store, leaves, { extras, codecs, missingChunks, arrayChunks, onProgress }, options);
  }
}

/** A key path holds strings and numbers; a list of strings is one, too. */
function isSelectorList(
  only: KeyPathSelector | readonly KeyPathSelector[],
): only is readonly KeyPathSelector[] {
  return typeof only !== "string" && only.some((part) => Array.isArray(part));
}

/** The array of a leaf whose value is known without its store, a key's words too. */
function knownArray({ storage }: StoredLeaf) {
  if (storage.kind !== "value") return undefined;
  const { leaf } = storage;
  if (leaf.kind === "prng-key") return wordsOf(leaf.key);
  return leaf.kind === "array" ? leaf.array : undefined;
}

function checkRank({ path, storage }: StoredLeaf, array: ArrayMetadata | undefined): ArrayMetadata {
  if (array === undefined) throw new Error("an array store describes every array that it is asked for");
  if (storage.kind === "array" && storage.holds === "scalar" && array.shape.length > 0) {
    throw dataLoss(leafName(path), {
      key: formatKeyPath(path),
      field: "rank of a scalar",
      found: array.shape.length,
      expected: "0",
    });
  }
  return array;
}

function valueOf(
  { name, path, storage }: DescribedLeaf,
  array: PytreeLeaf | undefined,
  strings: Strings | undefined,
): PytreeLeaf {
  if (storage.kind === "value") return storage.leaf;
  if (storage.kind === "string") {
    if (strings === undefined) throw new Error("string leaves have a strings file");
    return { kind: "string", text: strings.get(name) };
  }
  if (array === undefined) throw new Error(`${leafName(path)}: an array leaf has an array`);
  return array;
}
