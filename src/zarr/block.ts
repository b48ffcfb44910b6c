/** A block of elements within a larger one: where its first element lies and the distance along each axis. */
export type BlockLayout = { readonly offset: number; readonly strides: readonly number[] };

/**
 * Distances in elements between neighbours along each axis of a dense block.
 *
 * @param order `C`, or the axes as they lie, outermost first.
 */
export function denseStrides(shape: readonly number[], order: "C" | readonly number[]): number[] {
  const strides = shape.map(() => 0);
  let distance = 1;
  for (let place = shape.length - 1; place >= 0; place--) {
    const axis = order === "C" ? place : (order[place] ?? place);
    strides[axis] = distance;
    distance *= shape[axis] ?? 1;
  }
  return strides;
}

/** How far an element lies from the first one of its block. */
export function offsetOf(indices: readonly number[], strides: readonly number[]): number {
  return indices.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 0), 0);
}

/** Whether the elements of a block whose axes lie in some order lie as in C order: axes of one element do not count. */
export function isDenseC(shape: readonly number[], axisOrder: readonly number[]): boolean {
  let last = -1;
  for (const axis of axisOrder) {
    if ((shape[axis] ?? 1) <= 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

type Axis = { extent: number; to: number; from: number };

type WordArray = Uint8Array | Uint16Array | Uint32Array;

const TILE = 32; // elements a side: two tiles of 16-byte elements fit into the first-level cache

/** From here on one native copy beats a loop over words. */
const NATIVE_COPY_BYTES = 96;

/**
 * Copies a block of `shape` elements of `itemBytes` from one layout to another. Bytes are never interpreted. Rows
 * that are dense on both sides go in one piece each, everything else in tiles.
 *
 * @param target,source Bytes of both sides; the block must lie within them.
 */
export function copyBlock(
  shape: readonly number[],
  itemBytes: number,
  target: Uint8Array,
  to: BlockLayout,
  source: Uint8Array,
  from: BlockLayout,
): void {
  if (shape.includes(0)) return;
  const axes = joinedAxes(shape, to.strides, from.strides);
  const last = axes.pop() ?? { extent: 1, to: 1, from: 1 };
  const isRun = last.to === 1 && last.from === 1;
  if (isRun && last.extent * itemBytes >= NATIVE_COPY_BYTES) {
    const length = last.extent * itemBytes;
    const copyRun: CopyAt = (write, read) => {
      target.set(source.subarray(read * itemBytes, read * itemBytes + length), write * itemBytes);
    };
    forEachOffset(axes, to.offset, from.offset, copyRun);
    return;
  }
  // In words as large as element and alignment allow.
  const wordBytes = largestWord(itemBytes | target.byteOffset);
  const aligned = source.byteOffset % wordBytes === 0 ? source : source.slice();
  const plane = { words: itemBytes / wordBytes, rows: takeDensest(axes), columns: last };
  const targetWords = wordsOf(target, wordBytes);
  const sourceWords = wordsOf(aligned, wordBytes);
  forEachOffset(axes, to.offset, from.offset, (write, read) =>
    copyTiles(plane, targetWords, write, sourceWords, read),
  );
}

/** The largest word that divides all sizes and offsets whose bits are set in `bits`. */
function largestWord(bits: number): 1 | 2 | 4 {
  return bits % 4 === 0 ? 4 : bits % 2 === 0 ? 2 : 1;
}

function wordsOf(bytes: Uint8Array, wordBytes: 1 | 2 | 4): WordArray {
  const { buffer, byteOffset, length } = bytes;
  if (wordBytes === 4) return new Uint32Array(buffer, byteOffset, Math.floor(length / 4));
  if (wordBytes === 2) return new Uint16Array(buffer, byteOffset, Math.floor(length / 2));
  return bytes;
}

/** Without axes of one element, and with neighbours joined that lie behind each other on both sides. */
function joinedAxes(shape: readonly number[], to: readonly number[], from: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (const [index, extent] of shape.entries()) {
    const axis = { extent, to: to[index] ?? 0, from: from[index] ?? 0 };
    const outer = axes.at(-1);
    if (extent === 1) continue;
    if (outer !== undefined && outer.to === extent * axis.to && outer.from === extent * axis.from) {
      axes[axes.length - 1] = { ...axis, extent: outer.extent * extent };
    } else {
      axes.push(axis);
    }
  }
  return axes;
}

type CopyAt = (to: number, from: number) => void;

/** Takes the axis along which the source is densest out of `axes`; the last one is where the target is. */
function takeDensest(axes: Axis[]): Axis {
  const densest = axes.reduce((best, axis, index) => (axis.from < (axes[best]?.from ?? 0) ? index : best), 0);
  return axes.splice(densest, 1)[0] ?? { extent: 1, to: 0, from: 0 };
}

type Plane = { readonly words: number; readonly rows: Axis; readonly columns: Axis };

/** Copies the plane of two axes in squares, so that both sides' lines stay in the cache. */
function copyTiles(
  { words, rows, columns }: Plane,
  target: WordArray,
  to: number,
  source: WordArray,
  from: number,
): void {
  const writeStep = columns.to * words;
  const readStep = columns.from * words;
  for (let top = 0; top < rows.extent; top += TILE) {
    const bottom = Math.min(top + TILE, rows.extent);
    for (let left = 0; left < columns.extent; left += TILE) {
      const width = Math.min(TILE, columns.extent - left);
      for (let row = top; row < bottom; row++) {
        let write = (to + row * rows.to + left * columns.to) * words;
        let read = (from + row * rows.from + left * columns.from) * words;
        for (let column = 0; column < width; column++) {
          for (let word = 0; word < words; word++) target[write + word] = source[read + word] ?? 0;
          write += writeStep;
          read += readStep;
        }
      }
    }
  }
}

/** Calls `visit` with both sides' offsets at every index of the axes from `first` on, the last index fastest. */
function forEachOffset(axes: readonly Axis[], to: number, from: number, visit: CopyAt, first = 0): void {
  const axis = axes[first];
  if (axis === undefined) {
    visit(to, from);
    return;
  }
  const innermost = first === axes.length - 1;
  for (let index = 0; index < axis.extent; index++) {
    const innerTo = to + index * axis.to;
    const innerFrom = from + index * axis.from;
    if (innermost) visit(innerTo, innerFrom);
    else forEachOffset(axes, innerTo, innerFrom, visit, first + 1);
  }
}
