import { describe, expect, it } from "vitest";
import { formatNumberSet } from "../../src/cli/number-set.js";

const texts = (from: number, to: number, step = 1): string[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => String(from + index * step));

describe("formatNumberSet", () => {
  it.each([
    [["7"], "7"],
    [["0", "1"], "0,1"],
    [texts(0, 11), "0…11"],
    [["00", "01", "02"], "00…02"],
    [texts(1, 23, 2), "1,3,…,23"],
    [[...texts(0, 4), "7"], "0…4,7"],
    [["1", "3", "5"], "1,3,5"],
    [[...texts(2, 80, 2), ...texts(84, 162, 2)], "2,4,…,80,84,86,…,162"],
  ])("writes %j in short", (numbers, expected) => {
    expect(formatNumberSet(numbers)).toBe(expected);
  });

  it("leaves out the middle of a set without any order", () => {
    const numbers = ["1", "2", "4", "8", "16", "31", "57", "99", "200"];
    expect(formatNumberSet(numbers)).toBe("1,2,4,8,…,200");
  });
});
