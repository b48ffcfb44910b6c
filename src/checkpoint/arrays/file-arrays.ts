import { OrbaxError } from "../../errors.js";
import type { Limits } from "../../limits.js";
import { inParallel } from "../../storage/in-parallel.js";
import { readExactInto, readFile } from "../../storage/read.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../../storage/storage.js";
import { within } from "../../storage/within.js";
import type { ArrayMetadata } from "../../zarr/metadata.js";
import type { ArrayDocuments } from "./array-documents.js";
import { arrayKey } from "./array-key.js";
import type { ArrayRequest, ArrayStore, ChunkRequest } from "./array-store.js";

/** Arrays in one directory each. */
export class FileArrays implements ArrayStore {
  readonly layout = "files";
  readonly #storage: ReadableStorage;
  readonly #documents: ArrayDocuments;
  readonly #limits: Limits;
  /** The document that told the layout, so that it is read once. */
  #known: { readonly array: string; readonly document: Uint8Array | undefined } | undefined;

  constructor(storage: ReadableStorage, documents: ArrayDocuments, limits: Limits) {
    this.#storage = storage;
    this.#documents = documents;
    this.#limits = limits;
  }

  async describe(arrays: readonly ArrayRequest[], options?: StorageOptions): Promise<ArrayMetadata[]> {
    const documents: (Uint8Array | undefined)[] = arrays.map(() => undefined);
    await inParallel(arrays.entries(), async ([index, { name }]) => {
      documents[index] = await this.#document(name, options);
    });
    return arrays.map((array, index) => this.#documents.decode(documents[index], array));
  }

  /** Whether there is such an array. @throws {OrbaxError} `DATA_LOSS` for a name that no directory can have. */
  async has(array: string, options?: StorageOptions): Promise<boolean> {
    this.#known = { array, document: await this.#document(array, options) };
    return this.#known.document !== undefined;
  }

  async #document(array: string, options?: StorageOptions): Promise<Uint8Array | undefined> {
    if (this.#known?.array === array) return this.#known.document;
    const limit = { limit: this.#limits.metadataBytes, limitName: "metadataBytes" } as const;
    return readFile(this.#storage, fileKey(array, this.#documents.file), { ...limit, ...options });
  }

  async readChunks(requests: Iterable<ChunkRequest>, options?: StorageOptions): Promise<void> {
    await inParallel(requests, async (request) => {
      request.receive(await this.#readChunk(request, options));
    });
  }

  async #readChunk({ array, chunk, storedBytes, into }: ChunkRequest, options?: StorageOptions) {
    const key = fileKey(array, chunk);
    if (storedBytes !== undefined && this.#storage.readInto !== undefined) {
      // A file of another size must not end up in the array before the decoder has refused it.
      const size = await this.#storage.size?.(key, options);
      const target = size === storedBytes ? into() : undefined;
      if (target !== undefined) {
        await readExactInto(this.#storage, key, 0, target, options);
        return target;
      }
    }
    const limit = { limit: this.#limits.valueBytes, limitName: "valueBytes" } as const;
    return readFile(this.#storage, key, { ...limit, ...options });
  }

  storedBytes(): undefined {
    return undefined;
  }

  store(array: string): ReadableStorage {
    return within(this.#storage, fileKey(array, ""));
  }
}

/**
 * Where a file of an array lies below the item's directory. Empty parts and `.` in a name change nothing, as in a file
 * system: TensorStore handed such names to it up to Orbax 0.6.4, and refuses them since.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a name that Orbax cannot have written, above all one that leads elsewhere.
 */
function fileKey(array: string, file: string): StorageKey {
  const key = arrayKey(array, file);
  const parts = key.split("/").filter((part) => part !== "" && part !== ".");
  const leadsElsewhere = key.startsWith("/") || parts.some((part) => part === ".." || part.includes("\0"));
  if (!leadsElsewhere) return `/${parts.join("/")}`;
  throw new OrbaxError("DATA_LOSS", `${JSON.stringify(array)}: no name of an array's directory`, {
    key: array,
  });
}
