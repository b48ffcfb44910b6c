import type { ArrayStore } from "../checkpoint/arrays/array-store.js";
import type { Strings } from "../checkpoint/metadata/strings-file.js";
import { readLeafArrays } from "../checkpoint/tree/leaf-arrays.js";
import { type LeafExtras, leafImpl, leafKind, leafSharding } from "../checkpoint/tree/leaf-extras.js";
import { openTree, type TreePlace } from "../checkpoint/tree/open-tree.js";
import type { PytreeItem } from "../checkpoint/tree/pytree-item.js";
import type { DescribedLeaf } from "../checkpoint/tree/stored-leaf.js";
import { DEFAULT_LIMITS } from "../limits.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { loadCodecs } from "../zarr/codecs.js";
import { placeUsage } from "./disk-usage.js";
import { growHeapSlowly } from "./heap-growth.js";
import { ItemBudget } from "./item-budget.js";
import { arrayBytesOf } from "./leaf-weight.js";
import { type CliLimits, ITEM_LIMITS, limitsForFiles } from "./limits.js";
import { Tally } from "./tally.js";

/** A leaf with its value. */
export type ReadLeaf = { readonly leaf: DescribedLeaf; readonly value: PytreeLeaf };

/** Arrays that are in memory together have so many bytes, or are one. */
const BATCH_BYTES = 2 ** 25;
const BATCH_LEAVES = 4096;
/** What printing a character of a string costs, in bytes of a value that is read. */
const PRINTING = 4;

/** A tree, open for reading leaf by leaf, so that never more than the largest leaf must be in memory. */
export class ItemReader {
  /** All leaves in the file's order, with the metadata of their arrays. */
  readonly leaves: readonly DescribedLeaf[];
  /** Bytes of all files of the item. */
  readonly storedBytes: number;
  readonly #item: PytreeItem;
  readonly #store: ArrayStore | undefined;
  readonly #budget: ItemBudget;
  readonly #extras: LeafExtras;
  /** The limits, grown to the size of the files. */
  readonly limits: CliLimits;
  #strings: Promise<Strings> | undefined;
  /** Leaves can share one string as they can share an array. */
  readonly #texts: Tally;

  private constructor(parts: {
    readonly item: PytreeItem;
    readonly store: ArrayStore | undefined;
    readonly budget: ItemBudget;
    readonly leaves: readonly DescribedLeaf[];
    readonly extras: LeafExtras;
    readonly storedBytes: number;
    readonly limits: CliLimits;
  }) {
    this.#item = parts.item;
    this.#store = parts.store;
    this.#budget = parts.budget;
    this.leaves = parts.leaves;
    this.#extras = parts.extras;
    this.storedBytes = parts.storedBytes;
    this.limits = parts.limits;
    this.#texts = new Tally("strings, each as often as it is used", "readBytes", parts.limits);
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
    const { bytes: storedBytes, distinctBytes, hasLinks } = placeUsage(place);
    const limits = limitsForFiles(ITEM_LIMITS, given, distinctBytes);
    await growHeapSlowly(distinctBytes);
    // What an array stands for counts when it is read, and not where only its metadata is shown.
    const describing = { ...limits, arrayBytes: given.arrayBytes ?? DEFAULT_LIMITS.arrayBytes };
    const item = await openTree(place, { limits: describing, ...(onSalvage && { onSalvage }) });
    const store = await item.arrays();
    const budget = new ItemBudget(item, { store, limits, hasLinks });
    await budget.checkDocuments();
    const leaves = await item.describe(item.leaves);
    const extras = await item.extras(leaves, { sharding: true });
    return new ItemReader({ item, store, budget, leaves, extras, storedBytes, limits });
  }

  /** What a leaf is, by metadata alone. */
  kindOf(leaf: DescribedLeaf): PytreeLeaf["kind"] {
    return leafKind(leaf, this.#extras);
  }

  /** JAX's name of the generator of a typed random key; `undefined` for every other leaf. */
  implOf(leaf: DescribedLeaf): string | undefined {
    return leafImpl(leaf, this.#extras);
  }

  /** The `_sharding` text of a `jax.Array`. */
  shardingOf(leaf: DescribedLeaf): string | undefined {
    return leafSharding(leaf, this.#extras);
  }

  /**
   * Reads the values of some leaves, in their order.
   *
   * @throws {OrbaxError} `LIMIT_EXCEEDED` before anything is read, if their arrays stand for more than the limits ·
   * `DATA_LOSS` with the leaf's key path for damage.
   */
  async *read(leaves: readonly DescribedLeaf[] = this.leaves): AsyncGenerator<ReadLeaf> {
    await this.#budget.checkArrays(leaves);
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
    const text = (await this.#strings).get(name);
    this.#texts.add(text.length * PRINTING, name);
    return { kind: "string", text };
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
