import { dataLoss, limitExceeded } from "../errors.js";
import { DEFAULT_LIMITS } from "../limits.js";
import { type BlockLayout, denseStrides, offsetOf } from "./block.js";
import { isNativeOrder } from "./byte-order.js";
import { decodeChunkData, decodeChunkInto } from "./chunk.js";
import { ChunkGrid, type ChunkRegion } from "./chunk-grid.js";
import type { Codecs } from "./codecs.js";
import { bytesOf, type DataOf, type Dtype, dtypeRow } from "./dtype.js";
import { fillBlock } from "./fill-value.js";
import { type ArrayMetadata, chunkBytes, chunkKey } from "./metadata.js";
import { type NdArray, ndarray } from "./nd-array.js";
import { allocateArray, finishElements } from "./stored-elements.js";

/** One chunk to read. */
export type PlannedChunk = {
  /** Its key below the array, e.g. `0.1`. */
  readonly key: string;
  /** Bytes that its value must have, where that is known: it is not compressed. */
  readonly storedBytes: number | undefined;
  /**
   * Where the stored bytes are the final bytes: the part of the result that they fill, for a reader that can read
   * straight into it. Looking at it takes the array's memory, so compare the value's size with `storedBytes` before.
   */
  readonly into: Uint8Array | undefined;
};

/** How one array is put together. Chunks may be accepted in any order, each once. */
export type ArrayPlan = {
  readonly chunks: readonly PlannedChunk[];
  /**
   * Takes the value of `chunks[index]`, `undefined` if there is none; a value that was read straight into
   * `chunks[index].into` is handed over as that array.
   *
   * @throws {OrbaxError} `DATA_LOSS` damaged, or missing where that is an error · `UNSUPPORTED` more memory than there is.
   */
  accept(index: number, stored: Uint8Array | undefined): void;
  /** The array, when all chunks have been accepted. @throws {Error} if one has not: a bug of the caller. */
  finish(): NdArray;
};

/** How to read an array. */
export type ArrayPlanOptions = {
  /**
   * `error`: a missing chunk is damage, as where `store_array_data_equal_to_fill_value` is true
   * (docs/spec/orbax-layout.md section 6); inner chunks of shards are held to that, too. `fill`: it stands for the
   * fill value.
   */
  readonly missingChunks: "fill" | "error";
  /** How to call the array in messages. */
  readonly what: string;
  /** What `loadCodecs` gave; may be missing for arrays without compressors. */
  readonly codecs?: Codecs | undefined;
  /** Most chunks that are listed. Default: `arrayChunks` of `limits.ts`. */
  readonly arrayChunks?: number;
};

/**
 * Plans how to read a whole array with as few copies as its layout allows: an uncompressed chunk that is one piece
 * of the result can be read into it, a compressed one that is all of it becomes the result, the rest is copied once.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` for more chunks than `options.arrayChunks`.
 */
export function planArray(metadata: ArrayMetadata, options: ArrayPlanOptions): ArrayPlan {
  const grid = new ChunkGrid(metadata);
  const most = options.arrayChunks ?? DEFAULT_LIMITS.arrayChunks;
  if (grid.size > most) {
    throw limitExceeded(options.what, {
      field: "number of chunks",
      found: grid.size,
      expected: `at most ${most}`,
      limit: "arrayChunks",
    });
  }
  return new Assembly(metadata, grid, options);
}

/** Computes what it is asked for, so that a million of them are a few megabytes. */
class ChunkOfAssembly implements PlannedChunk {
  readonly #assembly: Assembly;
  readonly #number: number;

  constructor(assembly: Assembly, number: number) {
    this.#assembly = assembly;
    this.#number = number;
  }

  get key(): string {
    return this.#assembly.key(this.#number);
  }

  get storedBytes(): number | undefined {
    return this.#assembly.storedBytes;
  }

  get into(): Uint8Array | undefined {
    return this.#assembly.into(this.#number);
  }
}

class Assembly implements ArrayPlan {
  readonly chunks: readonly PlannedChunk[];
  readonly storedBytes: number | undefined;
  readonly #metadata: ArrayMetadata;
  readonly #grid: ChunkGrid;
  readonly #options: ArrayPlanOptions;
  readonly #strides: readonly number[];
  readonly #accepted: Uint8Array;
  #data: DataOf<Dtype> | undefined;

  constructor(metadata: ArrayMetadata, grid: ChunkGrid, options: ArrayPlanOptions) {
    this.#metadata = metadata;
    this.#grid = grid;
    this.#options = options;
    this.#strides = denseStrides(metadata.shape, "C");
    this.#accepted = new Uint8Array(grid.size);
    const { serializer, compressors } = metadata.codec;
    const isPlain = serializer.kind === "bytes" && compressors.length === 0;
    this.storedBytes = isPlain ? chunkBytes(metadata) : undefined;
    this.chunks = Array.from({ length: grid.size }, (_, number) => new ChunkOfAssembly(this, number));
  }

  key(number: number): string {
    return chunkKey(this.#metadata, this.#grid.indices(number));
  }

  into(number: number): Uint8Array | undefined {
    const { dtype, codec } = this.#metadata;
    const { serializer, axisOrder } = codec;
    if (serializer.kind !== "bytes" || this.storedBytes === undefined) return undefined;
    if (!isNativeOrder(serializer.byteOrder, dtypeRow(dtype).wordBytes)) return undefined;
    const region = this.#grid.region(this.#grid.indices(number));
    return this.#grid.isOnePiece(region, axisOrder) ? this.#part(region, this.storedBytes) : undefined;
  }

  /** `length` bytes of the result from a region's first element on. */
  #part(region: ChunkRegion, length: number): Uint8Array {
    const start = this.#layoutOf(region).offset * dtypeRow(this.#metadata.dtype).itemBytes;
    return bytesOf(this.#memory()).subarray(start, start + length);
  }

  #layoutOf({ start }: ChunkRegion): BlockLayout {
    const strides = this.#strides;
    return { offset: offsetOf(start, strides), strides };
  }

  /** The result's memory, taken at the first need. */
  #memory(): DataOf<Dtype> {
    this.#data ??= allocateArray(this.#metadata.dtype, this.#metadata.shape, this.#options.what);
    return this.#data;
  }

  accept(number: number, stored: Uint8Array | undefined): void {
    if (this.#accepted[number] !== 0) {
      throw new Error(`array plan: chunk ${number} is none of it, or was accepted before`);
    }
    const region = this.#grid.region(this.#grid.indices(number));
    if (stored === undefined) this.#fill(region, number);
    else if (this.#isThere(stored, region)) finishElements(stored, this.#metadata.dtype, this.#what(number));
    else this.#place(stored, region, number);
    this.#accepted[number] = 1;
  }

  #what(number: number): string {
    return `${this.#options.what}: chunk ${this.key(number)}`;
  }

  #fill(region: ChunkRegion, number: number): void {
    if (this.#options.missingChunks === "error") {
      throw dataLoss(`${this.#what(number)} is missing`, { key: this.key(number) });
    }
    const { dtype, fillValue } = this.#metadata;
    fillBlock(fillValue, dtype, region.shape, bytesOf(this.#memory()), this.#layoutOf(region));
  }

  /** Whether `stored` is what `into` gave for this region, and whole. */
  #isThere(stored: Uint8Array, region: ChunkRegion): boolean {
    if (this.#data?.buffer !== stored.buffer || stored.length !== this.storedBytes) return false;
    return this.#part(region, stored.length).byteOffset === stored.byteOffset;
  }

  #place(stored: Uint8Array, region: ChunkRegion, number: number): void {
    const { codecs, missingChunks } = this.#options;
    const options = { codecs, missingChunks, what: this.#what(number) };
    const { shape, chunkShape } = this.#metadata;
    if (this.#data === undefined && chunkShape.every((size, axis) => size === shape[axis])) {
      this.#data = decodeChunkData(stored, this.#metadata, options); // the chunk is the array
      return;
    }
    const target = () => ({
      bytes: bytesOf(this.#memory()),
      layout: this.#layoutOf(region),
      extents: region.shape,
    });
    decodeChunkInto(stored, this.#metadata, target, options);
  }

  finish(): NdArray {
    const rest = this.#accepted.indexOf(0);
    if (rest >= 0) throw new Error(`array plan: chunk ${rest} was not accepted`);
    const { dtype, shape } = this.#metadata;
    return ndarray(dtype, shape, this.#memory());
  }
}
