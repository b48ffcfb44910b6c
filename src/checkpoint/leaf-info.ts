import type { Limits } from "../limits.js";
import { type KeyPath, leafName } from "../pytree/key-path.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import type { StorageOptions } from "../storage/storage.js";
import { planArray } from "../zarr/array.js";
import type { Dtype } from "../zarr/dtype.js";
import type { ArrayStore } from "./array-store.js";
import { readLeafExtras } from "./leaf-extras.js";
import type { PytreeItem } from "./pytree-item.js";
import type { DescribedLeaf } from "./stored-leaf.js";

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
  const extras = await readLeafExtras(item.storage, leaves, { sharding: true, limits: item.limits }, options);
  const store = leaves.some(({ array }) => array !== undefined) ? await item.arrays(options) : undefined;
  return leaves.map((leaf) => {
    const { path, name, valueType, storage, array } = leaf;
    const impl = valueType === "jax.Array" ? extras.keyImpl.get(name) : undefined;
    if (array === undefined || storage.kind !== "array") {
      return { path, kind: storage.kind === "value" ? storage.leaf.kind : "string", valueType };
    }
    return {
      path,
      kind: impl === undefined ? storage.holds : "prng-key",
      valueType,
      dtype: array.dtype,
      shape: array.shape,
      chunkShape: array.chunkShape,
      sharding: extras.sharding.get(name),
      impl,
      storedBytes: store && storedBytesOf(store, leaf, item.limits),
    };
  });
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
