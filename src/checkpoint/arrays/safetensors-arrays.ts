import { dataLoss } from "../../errors.js";
import type { Limits } from "../../limits.js";
import { readValues, type ValueRequest } from "../../ocdbt/value-reader.js";
import { formatKeyPath, leafName } from "../../pytree/key-path.js";
import { clampRange } from "../../storage/byte-range.js";
import { readExact } from "../../storage/read.js";
import type { ByteRange, ReadableStorage, StorageKey, StorageOptions } from "../../storage/storage.js";
import { checkArrayBytes } from "../../zarr/document-fields.js";
import { byteCount, type Dtype } from "../../zarr/dtype.js";
import { ARRAY_DOCUMENT, type ArrayMetadata, plainMetadata } from "../../zarr/metadata.js";
import type { ArrayRequest, ArrayStore, ChunkRequest } from "./array-store.js";

/** A tensor and where its bytes lie. */
export type Tensor = {
  readonly file: StorageKey;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Of its first byte in the file. */
  readonly offset: number;
};

/** Arrays in safetensors files (docs/spec/orbax-layout-extra.md section 3): each is one chunk. */
export class SafetensorsArrays implements ArrayStore {
  readonly layout = "safetensors";
  readonly #storage: ReadableStorage;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #limits: Limits;

  constructor(storage: ReadableStorage, tensors: ReadonlyMap<string, Tensor>, limits: Limits) {
    this.#storage = storage;
    this.#tensors = tensors;
    this.#limits = limits;
  }

  async describe(arrays: readonly ArrayRequest[]): Promise<ArrayMetadata[]> {
    return arrays.map(({ name, path }) => {
      const tensor = this.#tensors.get(name);
      if (tensor === undefined) {
        throw dataLoss(leafName(path), { key: formatKeyPath(path), found: "no tensor of that name" });
      }
      const { dtype, shape } = tensor;
      checkArrayBytes(shape, dtype, leafName(path), "shape", this.#limits.arrayBytes);
      return plainMetadata(dtype, shape);
    });
  }

  /** Tensors lie one after the other, as the values in a data file of a database: neighbours are read together. */
  async readChunks(requests: Iterable<ChunkRequest>, options?: StorageOptions): Promise<void> {
    const ranges = Array.from(requests, ({ array, storedBytes, into, receive }): ValueRequest => {
      const { file, offset, dtype, shape } = this.#tensor(array);
      const length = byteCount(dtype, shape);
      const value = { kind: "range", file, offset, length } as const;
      return { value, into: length === storedBytes ? into() : undefined, receive };
    });
    await readValues(this.#storage, ranges, this.#limits, options);
  }

  storedBytes(array: string, file: string): number | undefined {
    const isDocument = Object.values<string>(ARRAY_DOCUMENT).includes(file); // they are all in the header
    return isDocument ? undefined : bytesOf(this.#tensor(array));
  }

  store(array: string): ReadableStorage {
    const tensor = this.#tensor(array);
    const read = (range: ByteRange, options?: StorageOptions) => {
      const { offset, length } = clampRange(range, bytesOf(tensor));
      return readExact(this.#storage, tensor.file, tensor.offset + offset, length, options);
    };
    return {
      get: (_key, options) => read({ offset: 0, length: bytesOf(tensor) }, options),
      getRange: (_key, range, options) => read(range, options),
    };
  }

  #tensor(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new Error(`${name}: every leaf is a tensor`);
    return tensor;
  }
}

function bytesOf({ dtype, shape }: Tensor): number {
  return byteCount(dtype, shape);
}
