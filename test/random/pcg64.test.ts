import { describe, expect, it } from "vitest";
import { Pcg64 } from "../../src/random/pcg64.js";
import { failure } from "../failure.js";
import { readVectors } from "../grain/packing/vectors.js";

const { raw, shuffles } = readVectors();

describe("Pcg64", () => {
  it("gives the words of NumPy's PCG64(42)", () => {
    const generator = new Pcg64(42);
    expect(raw.map(() => generator.nextUint64())).toEqual(raw.map(BigInt));
  });

  it("gives the lower half of a word first, then the upper one", () => {
    const generator = new Pcg64(42);
    const [first = 0n] = raw.map(BigInt);
    expect([generator.nextUint32(), generator.nextUint32()]).toEqual([
      Number(first & 0xffff_ffffn),
      Number(first >> 32n),
    ]);
  });

  it.each(shuffles)("shuffles as default_rng($seed).permuted(range($count))", ({ seed, count, order }) => {
    expect(new Pcg64(BigInt(seed)).permutedRange(count)).toEqual(order);
  });

  it("refuses a negative seed with NumPy's words", () => {
    expect(() => new Pcg64(-1)).toThrow("expected non-negative integer");
    expect(() => new Pcg64(-1)).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ValueError" }));
  });
});
