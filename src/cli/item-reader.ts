import { loadZstd } from "../bytes/zstd.js";
import type { ArrayStore } from "../checkpoint/array-store.js";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { readLeafArrays } from "../checkpoint/leaf-arrays.js";
import { type LeafExtras, readLeafExtras } from "../checkpoint/leaf-extras.js";
import { PytreeItem } from "../checkpoint/pytree-item.js";
import type { DescribedLeaf } from "../checkpoint/stored-leaf.js";
import { STRINGS_FILE, StringsFile } from "../checkpoint/strings-file.js";
import { dataLoss, unsupported } from "../errors.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage } from "../storage/storage.js";
import { dtypeRow, elementCount } from "../zarr/dtype.js";
import { diskUsage } from "./disk-usage.js";
import { checkArrays, checkDocuments } from "./item-budget.js";
import { type CliLimits, ITEM_LIMITS, limitsForFiles } from "./limits.js";
import { openingPath } from "./open-path.js";

/** A leaf with its value. */
export type ReadLeaf = { readonly leaf: DescribedLeaf; readonly value: PytreeLeaf };

/** Arrays that are in memory together have so many bytes, or are one. */
const BATCH_BYTES = 2 ** 25;
const BATCH_LEAVES = 4096;

/** A tree, open for reading leaf by leaf, so that never more than the largest leaf must be in memory. */
export class ItemReader {
  /** All leaves in the file's order, with the metadata of their arrays. */
  readonly leaves: readonly DescribedLeaf[];
  /** Bytes of all files of the item. */
  readonly storedBytes: number;
  readonly #item: PytreeItem;
  readonly #store: ArrayStore | undefined;
  readonly #extras: LeafExtras;
  /** The limits, grown to the size of the files. */
  readonly limits: CliLimits;
  #strings: Promise<StringsFile> | undefined;

  private constructor(parts: {
    readonly item: PytreeItem;
    readonly store: ArrayStore | undefined;
    readonly leaves: readonly DescribedLeaf[];
    readonly extras: LeafExtras;
    readonly storedBytes: number;
    readonly limits: CliLimits;
  }) {
    this.#item = parts.item;
    this.#store = parts.store;
    this.leaves = parts.leaves;
    this.#extras = parts.extras;
    this.storedBytes = parts.storedBytes;
    this.limits = parts.limits;
  }

  /**
   * Opens the tree of the item that a path, a step and an item's name choose.
   *
   * @param given What `--limit` says.
   * @throws {OrbaxError} as `openCheckpoint`, and for metadata that is damaged or asks for more than the limits.
   */
  static async openPath(
    path: string,
    options: { readonly step: number | undefined; readonly item: string | undefined },
    given: Partial<CliLimits>,
  ): Promise<ItemReader> {
    const limits = { ...ITEM_LIMITS, ...given };
    const checkpoint = await openingPath(path, async () => openCheckpoint(path, { ...options, limits }));
    const { storage, kind = "unknown" } = await checkpoint.item();
    if (kind !== "pytree") {
      const place = storage.name ?? path;
      throw unsupported(`${place}: an item of kind ${kind}; this version reads trees only`, { file: place });
    }
    return ItemReader.open(storage, given);
  }

  /** Opens the tree that a storage holds. Errors as {@link openPath}. */
  static async open(storage: ReadableStorage, given: Partial<CliLimits>): Promise<ItemReader> {
    const storedBytes = storage.name === undefined ? 0 : diskUsage(storage.name);
    const limits = limitsForFiles(ITEM_LIMITS, given, storedBytes);
    const item = await PytreeItem.open(storage, { limits });
    const store = await item.arrays();
    const budget = { store, limits };
    await checkDocuments(item, budget);
    const leaves = await item.describe(item.leaves);
    checkArrays(leaves, budget);
    const extras = await readLeafExtras(storage, leaves, { sharding: true, limits });
    return new ItemReader({ item, store, leaves, extras, storedBytes, limits });
  }

  /** Path of the item's directory. */
  get place(): string {
    return this.#item.storage.name ?? ".";
  }

  /** What a leaf is, by metadata alone. */
  kindOf(leaf: DescribedLeaf): PytreeLeaf["kind"] {
    const { storage } = leaf;
    if (storage.kind === "value") return storage.leaf.kind;
    if (storage.kind === "string") return "string";
    return this.implOf(leaf) === undefined ? storage.holds : "prng-key";
  }

  /** JAX's name of the generator of a typed random key; `undefined` for every other leaf. */
  implOf({ valueType, name }: DescribedLeaf): string | undefined {
    return valueType === "jax.Array" ? this.#extras.keyImpl.get(name) : undefined;
  }

  /** The `_sharding` text of a `jax.Array`. */
  shardingOf({ valueType, name }: DescribedLeaf): string | undefined {
    return valueType === "jax.Array" ? this.#extras.sharding.get(name) : undefined;
  }

  /**
   * Reads the values of some leaves, in their order.
   *
   * @throws {OrbaxError} `DATA_LOSS` with the leaf's key path for damage.
   */
  async *read(leaves: readonly DescribedLeaf[] = this.leaves): AsyncGenerator<ReadLeaf> {
    const isCompressed = leaves.some(({ array }) => array?.compressor.kind === "zstd");
    const zstd = isCompressed ? await loadZstd() : undefined;
    const { missingChunks } = this.#item;
    const { arrayChunks } = this.limits;
    for (const batch of batchesOf(leaves)) {
      const options = { extras: this.#extras, zstd, missingChunks, arrayChunks };
      const arrays = this.#store ? await readLeafArrays(this.#store, batch, options, {}) : [];
      for (const [index, leaf] of batch.entries()) {
        yield { leaf, value: arrays[index] ?? (await this.#valueWithoutArray(leaf)) };
      }
    }
  }

  async #valueWithoutArray({ name, storage }: DescribedLeaf): Promise<PytreeLeaf> {
    if (storage.kind === "value") return storage.leaf;
    if (storage.kind === "array") throw new Error("an array leaf has an array");
    this.#strings ??= this.#readStrings();
    return { kind: "string", text: (await this.#strings).get(name) };
  }

  async #readStrings(): Promise<StringsFile> {
    const limit = { limit: this.limits.metadataBytes, limitName: "metadataBytes" } as const;
    const bytes = await readFile(this.#item.storage, `/${STRINGS_FILE}`, limit);
    if (bytes !== undefined) return new StringsFile(bytes);
    const details = { file: STRINGS_FILE, found: "no such file", expected: "the string leaves" };
    throw dataLoss(STRINGS_FILE, details);
  }
}

/** Bytes of a leaf's array in memory, 0 where it has none. */
export function arrayBytesOf({ array }: DescribedLeaf): number {
  return array === undefined ? 0 : elementCount(array.shape) * dtypeRow(array.dtype).itemBytes;
}

function* batchesOf(leaves: readonly DescribedLeaf[]): Generator<readonly DescribedLeaf[]> {
  let batch: DescribedLeaf[] = [];
  let bytes = 0;
  for (const leaf of leaves) {
    const more = arrayBytesOf(leaf);
    if (batch.length > 0 && (bytes + more > BATCH_BYTES || batch.length >= BATCH_LEAVES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(leaf);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}
