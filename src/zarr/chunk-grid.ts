import { denseStrides, isDenseC } from "./block.js";
import { elementCount } from "./dtype.js";

/** The part of an array that a chunk covers: the chunk's own shape, less what stands out at the edges. */
export type ChunkRegion = { readonly start: readonly number[]; readonly shape: readonly number[] };

/** What a grid cuts up, and into what. An array's metadata is one. */
export type GridShape = { readonly shape: readonly number[]; readonly chunkShape: readonly number[] };

/** The regular grid of an array's chunks (zarr v3 calls it that; v2 knows no other), or of a shard's. */
export class ChunkGrid {
  /** Chunks along each axis. */
  readonly counts: readonly number[];
  /** All chunks; 0 where the array has no elements. May exceed 2^53: bound it before you count so far. */
  readonly size: number;
  readonly #grid: GridShape;
  readonly #strides: readonly number[];

  constructor(grid: GridShape) {
    const { shape, chunkShape } = grid;
    this.#grid = grid;
    this.counts = shape.map((size, axis) => Math.ceil(size / (chunkShape[axis] ?? 1)));
    this.#strides = denseStrides(this.counts, "C");
    this.size = elementCount(this.counts);
  }

  /** Where chunk `number` lies in the grid, numbered in C order. */
  indices(number: number): number[] {
    return this.counts.map((count, axis) => Math.floor(number / (this.#strides[axis] ?? 1)) % count);
  }

  /** What the chunk at these indices covers. */
  region(indices: readonly number[]): ChunkRegion {
    const { shape, chunkShape } = this.#grid;
    const start = indices.map((index, axis) => index * (chunkShape[axis] ?? 1));
    return {
      start,
      shape: chunkShape.map((size, axis) => Math.min(size, (shape[axis] ?? 1) - (start[axis] ?? 0))),
    };
  }

  /**
   * Whether the elements of a chunk lie in the array, in C order, as they lie in the chunk: without padding, in one
   * piece and in the same order.
   *
   * @param axisOrder Axes of the chunk as they lie, outermost first.
   */
  isOnePiece(region: ChunkRegion, axisOrder: readonly number[]): boolean {
    const { shape, chunkShape } = this.#grid;
    if (region.shape.some((extent, axis) => extent !== chunkShape[axis])) return false;
    if (!isDenseC(chunkShape, axisOrder)) return false;
    const outermost = chunkShape.findIndex((extent) => extent > 1);
    if (outermost < 0) return true;
    const inner = chunkShape.slice(outermost + 1);
    return inner.every((extent, axis) => extent === shape[outermost + 1 + axis]);
  }
}
