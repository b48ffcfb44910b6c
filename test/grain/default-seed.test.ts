import { describe, expect, it } from "vitest";
import { defaultSeed } from "../../src/grain/default-seed.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { failure } from "../failure.js";

const range = (length: number) => MapDataset.range(length);
const same = (x: number) => x;

describe("defaultSeed", () => {
  // Expected values: grain 0.2.18, ds.shuffle()._default_seed for the same pipelines.
  it("depends on how many transformations lie between", () => {
    const seeded = range(5).seed(42);
    expect(defaultSeed([seeded.node])).toBe(3329053876);
    expect(defaultSeed([seeded.map(same).node])).toBe(955475868);
    expect(defaultSeed([seeded.map(same).map(same).node])).toBe(2541583436);
  });

  it("takes a seed of more than 64 bits", () => {
    expect(defaultSeed([range(5).seed(2n ** 70n).node])).toBe(2389855941);
  });

  it("joins the seeds of all datasets before it, nearest first", () => {
    const near = range(3).seed(1);
    const far = range(3).map(same).seed(2).map(same);
    expect(defaultSeed([MapDataset.mix([near, far]).node])).toBe(497457852);
  });

  it("does not look behind a seed", () => {
    const once = range(5).seed(4);
    const twice = range(5).seed(3).map(same).seed(4);
    expect(defaultSeed([twice.node])).toBe(defaultSeed([once.node]));
  });

  it("is undefined where nothing was seeded", () => {
    expect(defaultSeed([range(5).node])).toBeUndefined();
  });

  it("refuses a negative or fractional seed where it is needed, as Python does", () => {
    expect(() => range(5).seed(-1).shuffle()).toThrow("expected non-negative integer");
    expect(() => range(5).seed(1.5).shuffle()).toThrow(
      failure("INVALID_ARGUMENT", { pythonType: "TypeError" }),
    );
  });
});
