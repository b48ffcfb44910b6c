import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stepOfDirectoryName, stepsToPrune } from "../../src/datarax/steps.js";

describe("stepOfDirectoryName", () => {
  // docs/spec/datarax.md section 1.3
  it.each([
    ["ckpt-5", 5n],
    ["7", 7n],
    ["ckpt-007", 7n],
    ["ckpt-9-foo", 9n],
    ["-4", -4n],
    ["ckpt- 6", 6n],
    [" 8 ", 8n],
    ["ckpt-1_0", 10n],
    ["1_1", 11n],
    ["+2", 2n],
    ["ckpt-+3", 3n],
    ["\u0663", 3n],
    ["ckpt-9007199254740993", 9007199254740993n],
  ])("takes %j for step %d", (name, step) => {
    expect(stepOfDirectoryName(name)).toBe(step);
  });

  it.each([
    "ckpt-",
    "ckpt-x",
    "ckpt--5",
    "ckpt-3.0",
    "CKPT-99",
    "foo",
    "checkpoint",
    "ckpt",
    "ckpt-9.orbax-checkpoint-tmp",
    "ckpt-9.orbax-ts-replaced",
    "",
  ])("takes %j for no step", (name) => {
    expect(stepOfDirectoryName(name)).toBeUndefined();
  });
});

describe("stepsToPrune", () => {
  it.each([
    [[1, 2, 3, 4], 2, [1, 2]],
    [[10, 9, 2], 2, [2]], // by number, not by name or time
    [[3, 4, 1], 2, [1]], // the step just saved may be the first to go
    [[5, 5, 7], 2, [5]], // a step of two directories counts twice
    [[-10, -2, 0], 1, [-10, -2]],
    [[1, 2], 2, []],
    [[1, 2], 3, []],
    [[], 1, []],
    [[1, 2], 0, []],
    [[1, 2], -1, []],
    [[1, 2], null, []],
    [[1, 2], undefined, []],
  ])("of %j with keep %j removes %j", (steps, keep, removed) => {
    expect(stepsToPrune(steps, keep)).toEqual(removed);
  });

  it("counts beyond what a number holds", () => {
    expect(stepsToPrune([2n ** 64n, 2n ** 64n - 1n], 1)).toEqual([2n ** 64n - 1n]);
  });

  it("leaves the largest, as many as keep says", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 8 }), (steps, keep) => {
        const pruned = stepsToPrune(steps, keep);
        expect(steps.length - pruned.length).toBe(Math.min(keep, steps.length));
        const left = [...steps].sort((a, b) => b - a).slice(0, keep);
        for (const step of pruned) expect(step).toBeLessThanOrEqual(Math.min(...left));
      }),
    );
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("refuses keep %d", (keep) => {
    expect(() => stepsToPrune([1], keep)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
