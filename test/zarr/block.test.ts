import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copyBlock, denseStrides, isDenseC } from "../../src/zarr/block.js";

describe("denseStrides", () => {
  it("gives distances in elements, the last index fastest in C", () => {
    expect(denseStrides([4, 3, 2], "C")).toEqual([6, 2, 1]);
    expect(denseStrides([], "C")).toEqual([]);
  });

  it("follows an order of axes, the last of them fastest", () => {
    expect(denseStrides([4, 3, 2], [2, 1, 0])).toEqual([1, 4, 12]);
    expect(denseStrides([4, 3, 2], [1, 2, 0])).toEqual([1, 8, 4]);
  });
});

describe("isDenseC", () => {
  it.each([
    [[4, 3], [0, 1], true],
    [[4, 3], [1, 0], false],
    [[1, 3], [1, 0], true],
    [[4, 1, 3], [1, 0, 2], true],
    [[4, 0], [1, 0], true],
    [[], [], true],
  ])("tells whether %j in order %j lies as in C order: %s", (shape, axisOrder, expected) => {
    expect(isDenseC(shape, axisOrder)).toBe(expected);
  });
});

/** All indices of a shape, the last fastest. */
function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (outer, size) => outer.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

function offsetOf(index: readonly number[], strides: readonly number[], offset: number): number {
  return index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), offset);
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

describe("copyBlock", () => {
  it("moves exactly the elements of the block, whatever shape, order, element size and alignment", () => {
    const scene = fc.record({
      // Larger than a tile along one axis, sometimes.
      shape: fc
        .array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant(37)), { maxLength: 4 })
        .filter((shape) => count(shape) < 3000),
      margins: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
      itemBytes: fc.constantFrom(1, 2, 4, 8, 16),
      isReversed: fc.boolean(),
      misaligned: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(scene, ({ shape, margins, itemBytes, isReversed, misaligned }) => {
        // The target is larger by a margin at both ends of each axis, the source at the far end.
        const targetShape = shape.map((size, axis) => size + 2 * (margins[axis] ?? 0));
        const sourceShape = shape.map((size, axis) => size + (margins[axis] ?? 0));
        const target = new Uint8Array(count(targetShape) * itemBytes).fill(0xee);
        const sourceBytes = count(sourceShape) * itemBytes;
        const source = new Uint8Array(sourceBytes + misaligned).subarray(misaligned);
        source.forEach((_, byte) => (source[byte] = (byte * 7 + 1) % 251));
        const toStrides = denseStrides(targetShape, "C");
        const to = { offset: offsetOf(margins.slice(0, shape.length), toStrides, 0), strides: toStrides };
        const fromOrder = isReversed ? [...shape.keys()].reverse() : "C";
        const from = { offset: 0, strides: denseStrides(sourceShape, fromOrder) };

        const expected = target.slice();
        for (const index of indicesOf(shape)) {
          const write = offsetOf(index, to.strides, to.offset) * itemBytes;
          const read = offsetOf(index, from.strides, from.offset) * itemBytes;
          expected.set(source.subarray(read, read + itemBytes), write);
        }
        copyBlock(shape, itemBytes, target, to, source, from);
        expect(target.findIndex((byte, at) => byte !== expected[at])).toBe(-1);
      }),
      { numRuns: 200 },
    );
  });

  it("repeats one element where the source stands still", () => {
    const target = new Uint8Array(12);
    const source = Uint8Array.of(7, 8);
    copyBlock([2, 2], 2, target, { offset: 1, strides: [3, 1] }, source, { offset: 0, strides: [0, 0] });
    expect([...target]).toEqual([0, 0, 7, 8, 7, 8, 0, 0, 7, 8, 7, 8]);
  });

  it("does nothing for a block without elements", () => {
    const target = Uint8Array.of(1, 2);
    copyBlock([0, 5], 1, target, { offset: 0, strides: [5, 1] }, new Uint8Array(0), {
      offset: 0,
      strides: [5, 1],
    });
    expect([...target]).toEqual([1, 2]);
  });
});
