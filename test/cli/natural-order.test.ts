import { describe, expect, it } from "vitest";
import { compareNaturally } from "../../src/cli/natural-order.js";

describe("compareNaturally", () => {
  it.each([
    [
      ["layer_10", "layer_2", "layer_1"],
      ["layer_1", "layer_2", "layer_10"],
    ],
    [
      ["10", "9", "a"],
      ["9", "10", "a"],
    ],
    [
      ["b2c10", "b2c9", "b10c1"],
      ["b2c9", "b2c10", "b10c1"],
    ],
    [
      ["07", "7", "007"],
      ["7", "07", "007"],
    ],
    [
      ["x_1", "x", "X"],
      ["X", "x", "x_1"],
    ],
    [
      ["99999999999999999999", "100000000000000000000"],
      ["99999999999999999999", "100000000000000000000"],
    ],
  ])("sorts %j as people count", (names, sorted) => {
    expect(names.toSorted(compareNaturally)).toEqual(sorted);
  });

  it("compares very long names as text", () => {
    expect(compareNaturally(`${"a".repeat(300)}10`, `${"a".repeat(300)}9`)).toBeLessThan(0);
  });
});
