import type { Limits } from "../../limits.js";
import { type KeyPath, leafName } from "../../pytree/key-path.js";
import type { PytreeLeaf } from "../../pytree/leaf.js";
import type { StorageOptions } from "../../storage/storage.js";
import { planArray } from "../../zarr/array.js";
import type { Dtype } from "../../zarr/dtype.js";
import type { ArrayStore } from "../arrays/array-store.js";
import { type LeafExtras, leafImpl, leafKind, leafSharding } from "./leaf-extras.js";
import type { PytreeItem } from "./pytree-item.js";
import { arrayTypeOf, type DescribedLeaf } from "./stored-leaf.js";

/** What metadata says about a leaf. */
export type LeafInfo = {
  /** Keys and list indices from the root; `[]` for a bare leaf. */
  readonly path: KeyPath;
  readonly kind: PytreeLeaf["kind"];
  /** Orbax's `value_type`, e.g. `jax.Array`. */
  readonly valueType: string;
  /** Type of the stored elements; only of leaves with an array. */
  readonly dtype?: Dtype | undefined;
  readonly shape?: readonly number[] | undefined;
  readonly chunkShape?: readonly number[] | undefined;
  /** Text of the `_sharding` entry of a `jax.Array`. */
  readonly sharding?: string | undefined;
  /** JAX's name of a random key's generator. */
  readonly impl?: string | undefined;
  /** Bytes of the stored chunks, where they are known without reading them. */
  readonly storedBytes?: number | undefined;
};

/**
 * Describes all leaves of an item.
 *
 * @throws {OrbaxError} `DATA_LOSS` if metadata is damaged or an array is missing.
 */
export async function describeLeaves(item: PytreeItem, options?: StorageOptions): Promise<LeafInfo[]> {
  const leaves = await item.describe(item.leaves, options);
  const extras = await item.extras(leaves, { sharding: true }, options);
  const store = leaves.some(({ array }) => array !== undefined) ? await item.arrays(options) : undefined;
  return leaves.map((leaf) => describeLeaf(leaf, extras, store && storedBytesOf(store, leaf, item.limits)));
}

function describeLeaf(leaf: DescribedLeaf, extras: LeafExtras, storedBytes: number | undefined): LeafInfo {
  const type = arrayTypeOf(leaf);
  return {
    path: leaf.path,
    kind: leafKind(leaf, extras),
    valueType: leaf.valueType,
    dtype: type?.dtype,
    shape: type?.shape,
    chunkShape: leaf.array?.chunkShape,
    sharding: leafSharding(leaf, extras),
    impl: leafImpl(leaf, extras),
    storedBytes,
  };
}

function storedBytesOf(
  store: ArrayStore,
  { path, name, array }: DescribedLeaf,
  { arrayChunks }: Limits,
): number | undefined {
  if (store.layout === "files" || array === undefined) return undefined;
  const { chunks } = planArray(array, { missingChunks: "fill", what: leafName(path), arrayChunks });
  return chunks.reduce((sum, { key }) => sum + (store.storedBytes(name, key) ?? 0), 0);
}
