import type { Zstd } from "../bytes/zstd.js";
import { dataLoss } from "../errors.js";
import { plainElement } from "../pytree/element.js";
import { formatKeyPath, type KeyPath, leafName } from "../pytree/key-path.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { PrngKey, Scalar } from "../pytree/value.js";
import type { StorageOptions } from "../storage/storage.js";
import { type ArrayPlan, type ArrayPlanOptions, planArray } from "../zarr/array.js";
import { elementCount } from "../zarr/dtype.js";
import type { ArrayMetadata } from "../zarr/metadata.js";
import { NdArray } from "../zarr/nd-array.js";
import type { ArrayStore, ChunkRequest } from "./array-store.js";
import { atLeaf } from "./at-leaf.js";
import type { LeafExtras } from "./leaf-extras.js";
import type { DescribedLeaf } from "./stored-leaf.js";

/** What {@link readLeafArrays} needs beside the leaves. */
export type ReadLeafArraysOptions = {
  readonly extras: LeafExtras;
  readonly zstd: Zstd | undefined;
  readonly missingChunks: "fill" | "error";
  /** Most chunks of one array. */
  readonly arrayChunks: number;
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
};

/**
 * Reads the arrays of all leaves at once, so that chunks that lie side by side are read together. Leaves without an
 * array stay `undefined`.
 *
 * @throws {OrbaxError} with the leaf's key path in `details.key`.
 */
export async function readLeafArrays(
  store: ArrayStore,
  leaves: readonly DescribedLeaf[],
  { extras, zstd, missingChunks, arrayChunks, onProgress }: ReadLeafArraysOptions,
  options: StorageOptions,
): Promise<(PytreeLeaf | undefined)[]> {
  const values: (PytreeLeaf | undefined)[] = leaves.map(() => undefined);
  const all = leaves.filter(({ array }) => array !== undefined).length;
  let done = 0;
  const requests: ChunkRequest[] = [];
  for (const [index, leaf] of leaves.entries()) {
    if (leaf.array === undefined) continue;
    const plan = planLeaf(leaf.path, leaf.array, { missingChunks, arrayChunks, zstd });
    const finish = () => {
      values[index] = leafOf(leaf, plan.finish(), extras);
      done++;
      onProgress?.(done, all);
    };
    // One by one: a call takes no million arguments.
    for (const request of chunkRequests(leaf, plan, finish)) requests.push(request);
  }
  await store.readChunks(requests, options);
  return values;
}

function planLeaf(path: KeyPath, array: ArrayMetadata, options: Omit<ArrayPlanOptions, "what">): ArrayPlan {
  try {
    return planArray(array, { ...options, what: leafName(path) });
  } catch (error) {
    throw atLeaf(error, path);
  }
}

/** The requests of one array; `finish` is called when the last chunk has come. */
function chunkRequests(leaf: DescribedLeaf, plan: ArrayPlan, finish: () => void): ChunkRequest[] {
  let missing = plan.chunks.length;
  if (missing === 0) finish();
  return plan.chunks.map((chunk, index) => ({
    array: leaf.name,
    chunk: chunk.key,
    storedBytes: chunk.storedBytes,
    into: () => chunk.into,
    receive: (stored) => {
      try {
        plan.accept(index, stored);
        missing--;
        if (missing === 0) finish();
      } catch (error) {
        throw atLeaf(error, leaf.path);
      }
    },
  }));
}

function leafOf(leaf: DescribedLeaf, array: NdArray, { sharding, keyImpl }: LeafExtras): PytreeLeaf {
  if (leaf.storage.kind === "array" && leaf.storage.holds === "scalar") {
    return { kind: "scalar", scalar: new Scalar(array.dtype, plainElement(array, 0)) };
  }
  if (leaf.valueType !== "jax.Array") return { kind: "array", array };
  const text = sharding.get(leaf.name);
  const impl = keyImpl.get(leaf.name);
  if (impl !== undefined) return { kind: "prng-key", key: keyOf(leaf, array, impl, text) };
  return { kind: "array", array: text === undefined ? array : withSharding(array, text) };
}

function withSharding(array: NdArray, sharding: string): NdArray {
  return new NdArray(array.dtype, array.shape, array.data, sharding);
}

/** A typed key is an array of words; its last axis counts the words of one key. */
function keyOf(leaf: DescribedLeaf, array: NdArray, impl: string, sharding: string | undefined): PrngKey {
  const { shape, data } = array;
  if (!(data instanceof Uint32Array) || shape.length === 0 || elementCount(shape) === 0) {
    throw dataLoss(leafName(leaf.path), {
      key: formatKeyPath(leaf.path),
      field: "random key",
      found: `${array.dtype} [${shape.join(", ")}]`,
      expected: "uint32 words",
    });
  }
  return new PrngKey(shape.slice(0, -1), data, impl, sharding);
}
