import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FileRange, planReads } from "../../src/ocdbt/plan.js";
import type { StorageKey } from "../../src/storage/storage.js";

function range(file: StorageKey, offset: number, length: number): FileRange {
  return { file, offset, length };
}

/** Reads without the ranges that they serve. */
function planned(ranges: FileRange[], options?: { gapBytes?: number; readBytes?: number }): FileRange[] {
  return planReads(ranges, options).map(({ file, offset, length }) => ({ file, offset, length }));
}

describe("planReads", () => {
  it("plans nothing for nothing", () => {
    expect(planReads([])).toEqual([]);
  });

  it("reads neighbours at once", () => {
    const first = range("/d/a", 0, 10);
    const second = range("/d/a", 10, 5);
    expect(planReads([first, second])).toEqual([
      { file: "/d/a", offset: 0, length: 15, ranges: [first, second] },
    ]);
  });

  it("reads across a small gap", () => {
    expect(planned([range("/d/a", 0, 10), range("/d/a", 14, 1)], { gapBytes: 4 })).toEqual([
      range("/d/a", 0, 15),
    ]);
  });

  it("reads on both sides of a large gap", () => {
    const ranges = [range("/d/a", 0, 10), range("/d/a", 15, 1)];
    expect(planned(ranges, { gapBytes: 4 })).toEqual(ranges);
  });

  it("reads each file for itself, in order of files and offsets", () => {
    expect(planned([range("/d/b", 5, 5), range("/d/a", 0, 5), range("/d/b", 0, 5)])).toEqual([
      range("/d/a", 0, 5),
      range("/d/b", 0, 10),
    ]);
  });

  it("reads no more at once than it may", () => {
    const ranges = [range("/d/a", 0, 10), range("/d/a", 10, 10), range("/d/a", 20, 10)];
    expect(planned(ranges, { readBytes: 20 })).toEqual([range("/d/a", 0, 20), range("/d/a", 20, 10)]);
  });

  it("reads a range alone that is longer than that", () => {
    const ranges = [range("/d/a", 0, 10), range("/d/a", 10, 100), range("/d/a", 110, 10)];
    expect(planned(ranges, { readBytes: 50 })).toEqual(ranges);
  });

  it("reads overlapping and equal ranges once", () => {
    const ranges = [range("/d/a", 0, 10), range("/d/a", 2, 3), range("/d/a", 0, 10), range("/d/a", 8, 4)];
    expect(planned(ranges)).toEqual([range("/d/a", 0, 12)]);
  });

  it("leaves the caller's array as it is", () => {
    const ranges = [range("/d/a", 10, 5), range("/d/a", 0, 10)];
    planReads(ranges);
    expect(ranges).toEqual([range("/d/a", 10, 5), range("/d/a", 0, 10)]);
  });

  it("covers each range by exactly one read, whatever is asked for", () => {
    const ranges = fc.array(
      fc.record({
        file: fc.constantFrom<StorageKey>("/d/a", "/d/b"),
        offset: fc.nat(200),
        length: fc.nat(40),
      }),
    );
    const options = fc.record({ gapBytes: fc.nat(20), readBytes: fc.nat(60) });
    fc.assert(
      fc.property(ranges, options, (wanted, limits) => {
        const reads = planReads(wanted, limits);
        const served = reads.flatMap((read) => read.ranges);
        expect(new Set(served)).toEqual(new Set(wanted));
        expect(served).toHaveLength(wanted.length);
        for (const { file, offset, length, ranges: inside } of reads) {
          for (const each of inside) {
            expect(each.file).toBe(file);
            expect(each.offset).toBeGreaterThanOrEqual(offset);
            expect(each.offset + each.length).toBeLessThanOrEqual(offset + length);
          }
          if (inside.length > 1) expect(length).toBeLessThanOrEqual(limits.readBytes);
        }
      }),
    );
  });
});
