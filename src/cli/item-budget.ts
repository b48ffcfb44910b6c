import type { ArrayStore } from "../checkpoint/arrays/array-store.js";
import type { PytreeItem } from "../checkpoint/tree/pytree-item.js";
import type { DescribedLeaf } from "../checkpoint/tree/stored-leaf.js";
import { isOrbaxError } from "../errors.js";
import { formatKeyPath } from "../pytree/key-path.js";
import { ChunkGrid } from "../zarr/chunk-grid.js";
import type { ChunkCodec } from "../zarr/codecs.js";
import { checkArrayBytes } from "../zarr/document-fields.js";
import { ARRAY_DOCUMENT, chunkKey } from "../zarr/metadata.js";
import { chunksWithin, decodingCost } from "./decoding-cost.js";
import type { CliLimits } from "./limits.js";
import { Tally } from "./tally.js";

/** What an item's metadata is held against before anything is read because of it. */
export type ItemBudgetOptions = {
  readonly store: ArrayStore | undefined;
  readonly limits: CliLimits;
  /** Whether files of the item have several names, and may be read as often. */
  readonly hasLinks: boolean;
};

/** What parsing a byte of JSON costs, in bytes of a value that is read. */
const PARSING = 8;

/** Documents that describe an array, in zarr v2 and v3. */
const DOCUMENTS = Object.values(ARRAY_DOCUMENT);

/** Holds what a tree asks for to the limits of the command line. */
export class ItemBudget {
  readonly #item: PytreeItem;
  readonly #store: ArrayStore | undefined;
  readonly #limits: CliLimits;
  readonly #hasLinks: boolean;
  /** How many leaves are stored under a name. */
  readonly #uses = new Map<string, number>();

  constructor(item: PytreeItem, { store, limits, hasLinks }: ItemBudgetOptions) {
    this.#item = item;
    this.#store = store;
    this.#limits = limits;
    this.#hasLinks = hasLinks;
    for (const { name, storage } of item.leaves) {
      if (storage.kind === "array") this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    }
  }

  /**
   * Holds the metadata documents of all leaves to `readBytes`: leaves can share one, and would each parse it.
   *
   * @throws {OrbaxError} `LIMIT_EXCEEDED`.
   */
  async checkDocuments(): Promise<void> {
    if (this.#store === undefined) return;
    const tally = new Tally("metadata of arrays, each as often as it is used", "readBytes", this.#limits);
    for (const [name, count] of this.#uses) {
      for (const document of DOCUMENTS) {
        tally.add((await this.#storedBytes(name, document)) * count * PARSING, name);
      }
    }
  }

  /**
   * Holds what these arrays ask for to `decodedBytes`, `decodedChunks`, `chunkFiles` and `readBytes`, and each of them to
   * `arrayBytes`.
   *
   * @throws {OrbaxError} `LIMIT_EXCEEDED`.
   */
  async checkArrays(leaves: readonly DescribedLeaf[]): Promise<void> {
    const limits = this.#limits;
    const chunks = new Tally("chunks of all arrays", "decodedChunks", limits);
    const files = new Tally("files of all arrays' chunks", "chunkFiles", limits);
    const decoded = new Tally("decoded bytes of all arrays", "decodedBytes", limits);
    const read = new Tally("bytes to read for all arrays", "readBytes", limits);
    for (const { name, path, array } of leaves) {
      if (array === undefined) continue;
      const key = formatKeyPath(path);
      for (const shape of [array.shape, array.chunkShape]) {
        checkArrayBytes(shape, array.dtype, key, "the array", limits.arrayBytes);
      }
      const grid = new ChunkGrid(array);
      chunks.add(grid.size * chunksWithin(array), key);
      if (this.#store?.layout === "files") files.add(grid.size, key);
      decoded.add(grid.size * decodingCost(array), key);
      // An uncompressed chunk has as many bytes stored as decoded.
      if (isPlain(array.codec) || !this.#knowsSizes(name)) continue;
      for (let number = 0; number < grid.size; number++) {
        read.add(await this.#storedBytes(name, chunkKey(array, grid.indices(number))), key);
      }
    }
  }

  /** A file is read once, which costs hardly more than asking for its size, unless it has several names. */
  #knowsSizes(name: string): boolean {
    return this.#store?.layout !== "files" || this.#hasLinks || (this.#uses.get(name) ?? 0) > 1;
  }

  /** Stored bytes of a file of an array; 0 if it is missing, or not worth a question. */
  async #storedBytes(name: string, file: string): Promise<number> {
    if (this.#store?.layout !== "files") return this.#store?.storedBytes(name, file) ?? 0;
    return this.#knowsSizes(name) ? ((await this.#fileBytes(name, file)) ?? 0) : 0;
  }

  /** `undefined` for a name that no file can have, or that leads elsewhere, which reading will refuse. */
  async #fileBytes(name: string, file: string): Promise<number | undefined> {
    try {
      return await this.#item.storage.size?.(`/${name.replace(/\/+$/, "")}/${file}`);
    } catch (error) {
      if (isOrbaxError(error)) return undefined;
      throw error;
    }
  }
}

function isPlain({ serializer, compressors }: ChunkCodec): boolean {
  return serializer.kind === "bytes" && compressors.length === 0;
}
