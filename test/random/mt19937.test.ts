import { describe, expect, it } from "vitest";
import { RandomState, randomStateOrder } from "../../src/random/mt19937.js";
import { readVectors } from "./vectors.js";

type Case = { op: string; seed: number; n: number; order: number[] };

function isVectors(value: unknown): value is { cases: Case[] } {
  return typeof value === "object" && value !== null && "cases" in value;
}

const vectors = readVectors("numpy.json");
if (!isVectors(vectors)) throw new Error("numpy.json has no cases");
const cases = vectors.cases.filter(({ op }) => op.startsWith("RandomState"));

describe("randomStateOrder", () => {
  it.each(cases)("gives NumPy's order of $n numbers for seed $seed", ({ seed, n, order }) => {
    expect([...randomStateOrder(seed, n)]).toEqual(order);
  });

  it.each([-1, 2 ** 32, 2n ** 64n])("refuses seed %s with NumPy's text", (seed) => {
    expect(() => randomStateOrder(seed, 3)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "Seed must be between 0 and 2**32 - 1",
        details: expect.objectContaining({ pythonType: "ValueError" }),
      }),
    );
  });

  it.each([-1, 1.5, 2 ** 31])("refuses %d numbers", (n) => {
    expect(() => randomStateOrder(0, n)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("RandomState", () => {
  it("gives the words of NumPy's MT19937 for seed 42", () => {
    const random = new RandomState(42);
    expect([random.nextUint32(), random.nextUint32(), random.nextUint32()]).toEqual([
      1608637542, 3421126067, 4083286876,
    ]);
  });

  it("shuffles one array after the other as NumPy does, whatever their elements are", () => {
    const random = new RandomState(42);
    const letters = ["a", "b", "c", "d", "e", "f", undefined];
    random.shuffle(letters);
    expect(letters).toEqual(["a", "b", "f", "c", "e", "d", undefined]);
    random.shuffle(letters);
    expect(letters).toEqual(["d", "a", "c", "f", "b", undefined, "e"]);
  });
});
