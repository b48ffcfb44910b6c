import { dataLoss, type OrbaxError } from "../../errors.js";
import { plainElement } from "../../pytree/element.js";
import { formatKeyPath, type KeyPath, leafName } from "../../pytree/key-path.js";
import type { PytreeLeaf } from "../../pytree/leaf.js";
import { type PrngKey, Scalar } from "../../pytree/value.js";
import { keyOfWords } from "../../pytree/words.js";
import type { StorageOptions } from "../../storage/storage.js";
import { type ArrayPlan, type ArrayPlanOptions, planArray } from "../../zarr/array.js";
import type { Codecs } from "../../zarr/codecs.js";
import type { ArrayMetadata } from "../../zarr/metadata.js";
import { NdArray } from "../../zarr/nd-array.js";
import type { ArrayStore, ChunkRequest } from "../arrays/array-store.js";
import { atLeaf } from "../arrays/at-leaf.js";
import { type LeafExtras, leafImpl, leafSharding } from "./leaf-extras.js";
import type { DescribedLeaf } from "./stored-leaf.js";

/** What {@link readLeafArrays} needs beside the leaves. */
export type ReadLeafArraysOptions = {
  readonly extras: LeafExtras;
  readonly codecs: Codecs;
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
  { extras, codecs, missingChunks, arrayChunks, onProgress }: ReadLeafArraysOptions,
  options: StorageOptions,
): Promise<(PytreeLeaf | undefined)[]> {
  const values: (PytreeLeaf | undefined)[] = leaves.map(() => undefined);
  const all = leaves.filter(({ array }) => array !== undefined).length;
  let done = 0;
  const requests: ChunkRequest[] = [];
  for (const [index, leaf] of leaves.entries()) {
    if (leaf.array === undefined) continue;
    const plan = planLeaf(leaf.path, leaf.array, { missingChunks, arrayChunks, codecs });
    const chunks = new ChunkArrivals(leaf, plan, missingChunks, () => {
      values[index] = leafOf(leaf, plan.finish(), extras);
      done++;
      onProgress?.(done, all);
    });
    // One by one: a call takes no million arguments.
    for (const request of chunks.requests()) requests.push(request);
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

/** How many missing chunks a message names. */
const NAMED_CHUNKS = 4;

/**
 * The chunks of one array as they come. Those that are missing are counted to the end and named together: a checkpoint
 * of one host lacks those of the others (docs/spec/orbax-layout-extra.md section 10), which is no damage of one chunk.
 */
class ChunkArrivals {
  readonly #leaf: DescribedLeaf;
  readonly #plan: ArrayPlan;
  readonly #missingChunks: "fill" | "error";
  readonly #finish: () => void;
  readonly #missing: number[] = [];
  #awaited: number;

  /** @param finish Called when the last chunk has come. */
  constructor(leaf: DescribedLeaf, plan: ArrayPlan, missingChunks: "fill" | "error", finish: () => void) {
    this.#leaf = leaf;
    this.#plan = plan;
    this.#missingChunks = missingChunks;
    this.#finish = finish;
    this.#awaited = plan.chunks.length;
  }

  requests(): ChunkRequest[] {
    if (this.#awaited === 0) this.#finish();
    return this.#plan.chunks.map((chunk, index) => ({
      array: this.#leaf.name,
      chunk: chunk.key,
      storedBytes: chunk.storedBytes,
      into: () => chunk.into,
      receive: (stored) => this.#receive(index, stored),
    }));
  }

  #receive(index: number, stored: Uint8Array | undefined): void {
    try {
      if (stored === undefined && this.#missingChunks === "error") this.#missing.push(index);
      else this.#plan.accept(index, stored);
      this.#awaited--;
      if (this.#awaited > 0) return;
      if (this.#missing.length > 0) throw this.#incomplete();
      this.#finish();
    } catch (error) {
      throw atLeaf(error, this.#leaf.path);
    }
  }

  #incomplete(): OrbaxError {
    const { length } = this.#missing;
    const named = this.#missing.sort((a, b) => a - b).slice(0, NAMED_CHUNKS);
    const keys = named.map((index) => this.#plan.chunks[index]?.key).join(", ");
    const verb = length === 1 ? "is" : "are";
    const what = `${leafName(this.#leaf.path)}: ${length} of ${this.#plan.chunks.length} chunks ${verb} missing`;
    return dataLoss(`${what}: ${keys}${length > named.length ? ", …" : ""}`);
  }
}

function leafOf(leaf: DescribedLeaf, array: NdArray, extras: LeafExtras): PytreeLeaf {
  if (leaf.storage.kind === "array" && leaf.storage.holds === "scalar") {
    return { kind: "scalar", scalar: new Scalar(array.dtype, plainElement(array, 0)) };
  }
  const text = leafSharding(leaf, extras);
  const impl = leafImpl(leaf, extras);
  if (impl !== undefined) return { kind: "prng-key", key: keyOf(leaf, array, impl, text) };
  return { kind: "array", array: text === undefined ? array : withSharding(array, text) };
}

function withSharding(array: NdArray, sharding: string): NdArray {
  return new NdArray(array.dtype, array.shape, array.data, sharding);
}

/** A typed key is an array of words; its last axis counts the words of one key. */
function keyOf(leaf: DescribedLeaf, array: NdArray, impl: string, sharding: string | undefined): PrngKey {
  const key = keyOfWords(array, impl, sharding);
  if (key !== undefined) return key;
  throw dataLoss(leafName(leaf.path), {
    key: formatKeyPath(leaf.path),
    field: "random key",
    found: `${array.dtype} [${array.shape.join(", ")}]`,
    expected: "uint32 words",
  });
}
