import type { KeyPath } from "../../pytree/key-path.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import type { ArrayMetadata } from "../../zarr/metadata.js";

/** An array that a leaf asks for. */
export type ArrayRequest = {
  /** The parameter name under which it is stored. */
  readonly name: string;
  /** Of the leaf, for messages. */
  readonly path: KeyPath;
};

/** One wanted chunk of an array. */
export type ChunkRequest = {
  readonly array: string;
  readonly chunk: string;
  /** Bytes that the value must have to be read straight into `into()`. */
  readonly storedBytes: number | undefined;
  /** Where the stored bytes shall lie, if they are wanted as they are. Asking takes the memory. */
  readonly into: () => Uint8Array | undefined;
  /** Takes the value, `undefined` if there is none; good until this returns, or for ever if it is `into()`. */
  readonly receive: (stored: Uint8Array | undefined) => void;
};

/** Where an item's arrays lie, by parameter name (docs/spec/orbax-layout.md section 7). */
export interface ArrayStore {
  readonly layout: "ocdbt" | "files" | "safetensors";
  /**
   * The metadata of each array.
   *
   * @throws {OrbaxError} `DATA_LOSS` with the leaf's key path for one that is missing or damaged.
   */
  describe(arrays: readonly ArrayRequest[], options?: StorageOptions): Promise<readonly ArrayMetadata[]>;
  /** Reads chunks, as many at once as is good. */
  readChunks(requests: Iterable<ChunkRequest>, options?: StorageOptions): Promise<void>;
  /**
   * Stored size of a file of an array, a chunk or its metadata, without reading it; `undefined` if it is missing or
   * only reading would tell.
   */
  storedBytes(array: string, file: string): number | undefined;
  /** A zarrita store rooted at the array. */
  store(array: string): ReadableStorage;
}
