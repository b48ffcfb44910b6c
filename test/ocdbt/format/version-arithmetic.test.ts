import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  generationBlockStart,
  highestNodeHeight,
  largestGeneration,
  referenceSlots,
} from "../../../src/ocdbt/format/version-arithmetic.js";

const arities = fc.integer({ min: 1, max: 16 });
const generations = fc.oneof(fc.bigInt(1n, 1000n), fc.bigInt(1n, 2n ** 60n));

describe("largestGeneration", () => {
  it.each([
    [1, 2n ** 63n + 2n],
    [4, 2n ** 60n + 16n],
    [5, 2n ** 60n + 32n],
    [16, 2n ** 48n + 65536n],
  ])("of arity 2^%d is %d", (arityLog2, largest) => {
    expect(largestGeneration(arityLog2)).toBe(largest);
  });
});

describe("highestNodeHeight", () => {
  it.each([
    [1, 62],
    [4, 14],
    [16, 2],
  ])("of arity 2^%d is %d", (arityLog2, height) => {
    expect(highestNodeHeight(arityLog2)).toBe(height);
  });
});

describe("generationBlockStart", () => {
  it.each([
    [1n, 1n],
    [16n, 1n],
    [17n, 17n],
    [32n, 17n],
    [33n, 33n],
  ])("puts generation %d into the block of 16 from %d on", (generation, start) => {
    expect(generationBlockStart(generation, 4)).toBe(start);
  });

  it("is at most a block before, and one more than a multiple of it", () => {
    fc.assert(
      fc.property(generations, fc.integer({ min: 1, max: 64 }), (generation, blockLog2) => {
        const start = generationBlockStart(generation, blockLog2);
        expect(start).toBeGreaterThanOrEqual(1n);
        expect((start - 1n) % (1n << BigInt(blockLog2))).toBe(0n);
        expect(generation - start).toBeGreaterThanOrEqual(0n);
        expect(generation - start).toBeLessThan(1n << BigInt(blockLog2));
      }),
    );
  });
});

function slotsOf(last: bigint, arityLog2: number) {
  return [...referenceSlots(last, arityLog2)];
}

describe("referenceSlots", () => {
  it("has none in the first block", () => {
    expect(slotsOf(16n, 4)).toEqual([]);
  });

  it("has one for the blocks before in the same node", () => {
    expect(slotsOf(17n, 4)).toEqual([{ height: 1, least: 1n, most: 16n }]);
    expect(slotsOf(250n, 4)).toEqual([{ height: 1, least: 1n, most: 240n }]);
  });

  it("has one a height (21 commits, arity 2: fixtures/ocdbt/many-versions)", () => {
    expect(slotsOf(21n, 1)).toEqual([
      { height: 1, least: 17n, most: 20n },
      { height: 2, least: 9n, most: 16n },
      { height: 3, least: 1n, most: 8n },
    ]);
  });

  it("covers all generations before the block of the newest, without overlap", () => {
    fc.assert(
      fc.property(generations, arities, (last, arityLog2) => {
        let above = generationBlockStart(last, arityLog2);
        let height = 1;
        for (const slot of referenceSlots(last, arityLog2)) {
          expect(slot.height).toBe(height++);
          expect(slot.most).toBe(above - 1n);
          expect(slot.least).toBeLessThanOrEqual(slot.most);
          above = slot.least;
        }
        expect(above).toBe(1n);
      }),
    );
  });
});
