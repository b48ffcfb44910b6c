import type { ArrayStore } from "../checkpoint/array-store.js";
import { readLeafArrays } from "../checkpoint/leaf-arrays.js";
import type { LeafExtras } from "../checkpoint/leaf-extras.js";
import { openTree, type TreePlace } from "../checkpoint/open-tree.js";
import type { PytreeItem } from "../checkpoint/pytree-item.js";
import type { DescribedLeaf } from "../checkpoint/stored-leaf.js";
import type { Strings } from "../checkpoint/strings-file.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { loadCodecs } from "../zarr/codecs.js";
import { placeBytes } from "./disk-usage.js";
import { checkArrays, checkDocuments } from "./item-budget.js";
import { arrayBytesOf } from "./leaf-weight.js";
import { type CliLimits, ITEM_LIMITS, limitsForFiles } from "./limits.js";

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
  #strings: Promise<Strings> | undefined;

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
   * Opens a tree.
   *
   * @param given What `--limit` says.
   * @param onSalvage Called with a line for each thing that was put together from what is left; without it nothing is.
   * @throws {OrbaxError} as `openTree`, and for metadata that is damaged or asks for more than the limits.
   */
  static async open(
    place: TreePlace,
    given: Partial<CliLimits>,
    onSalvage?: (message: string) => void,
  ): Promise<ItemReader> {
    const storedBytes = placeBytes(place);
    const limits = limitsForFiles(ITEM_LIMITS, given, storedBytes);
    const item = await openTree(place, { limits, ...(onSalvage && { onSalvage }) });
    const store = await item.arrays();
    const budget = { store, limits };
    await checkDocuments(item, budget);
    const leaves = await item.describe(item.leaves);
    checkArrays(leaves, budget);
    const extras = await item.extras(leaves, { sharding: true });
    return new ItemReader({ item, store, leaves, extras, storedBytes, limits });
  }

  /** What a leaf is, by metadata alone. */
  kindOf(leaf: DescribedLeaf): PytreeLeaf["kind"] {
    const { storage } = leaf;
    if (storage.kind === "value") return storage.leaf.kind;
    if (storage.kind === "string") return "string";
    return this.implOf(leaf) === undefined ? storage.holds : "prng-key";
  }

  /** JAX's name of the generator of a typed random key; `undefined` for every other leaf. */
  implOf({ valueType, name, storage }: DescribedLeaf): string | undefined {
    if (storage.kind === "value") return storage.leaf.kind === "prng-key" ? storage.leaf.key.impl : undefined;
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
    const codecs = await loadCodecs(leaves.flatMap(({ array }) => array ?? []));
    const { missingChunks } = this.#item;
    const { arrayChunks } = this.limits;
    for (const batch of batchesOf(leaves)) {
      const options = { extras: this.#extras, codecs, missingChunks, arrayChunks };
      const arrays = this.#store ? await readLeafArrays(this.#store, batch, options, {}) : [];
      for (const [index, leaf] of batch.entries()) {
        yield { leaf, value: arrays[index] ?? (await this.#valueWithoutArray(leaf)) };
      }
    }
  }

  async #valueWithoutArray({ name, storage }: DescribedLeaf): Promise<PytreeLeaf> {
    if (storage.kind === "value") return storage.leaf;
    if (storage.kind === "array") throw new Error("an array leaf has an array");
    this.#strings ??= this.#item.strings();
    return { kind: "string", text: (await this.#strings).get(name) };
  }
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
