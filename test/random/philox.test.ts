import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PhiloxGenerator } from "../../src/random/philox.js";

// Expected values are what NumPy 2.3.5 draws.

describe("PhiloxGenerator", () => {
  it("gives the words of NumPy's Philox(1234), over the end of a block", () => {
    const generator = new PhiloxGenerator(1234);
    expect(Array.from({ length: 5 }, () => generator.nextUint64())).toEqual([
      0x8ea8640078749d91n,
      0x3946c72fc7bbe4c2n,
      0x4b17f993cf5b70b8n,
      0x946adfa0b89bc891n,
      0xcfd31e37be885f56n,
    ]);
  });

  it("gives the doubles that Grain's random_map draws for an element", () => {
    const generator = new PhiloxGenerator(1234);
    generator.nextUint32();
    generator.resetForElement(12_345_678_901, 7);
    expect([generator.random(), generator.random(), generator.random()]).toEqual([
      0.3582441698115212, 0.023243817057163163, 0.08182884308499871,
    ]);
  });

  it("gives NumPy's integers of narrow and wide ranges in turn with doubles", () => {
    const generator = new PhiloxGenerator(1234);
    generator.resetForElement(5);
    expect([
      generator.integers(0, 10),
      generator.integers(-5, 2 ** 31),
      generator.integers(0, 2 ** 32),
      generator.integers(0, 2 ** 32 + 1),
      generator.integers(0, 3),
      generator.random(),
      generator.integers(0, 7),
      generator.integers(-(2n ** 63n), 2n ** 63n),
      generator.integers(5, 6),
      generator.integers(0, 2n ** 63n - 1n),
      generator.integers(0, 3 * 2 ** 30),
      generator.integers(-3n * 2n ** 61n, 3n * 2n ** 61n),
    ]).toEqual([
      2,
      1052196618,
      1132898753,
      446628517,
      0,
      0.15698856751752466,
      3,
      -1949549129971983159n,
      5,
      2356956281814676524n,
      3026492918,
      -194892177482232758n,
    ]);
  });

  it("splits a word into its lower and its upper half", () => {
    const generator = new PhiloxGenerator(1234);
    expect([generator.nextUint32(), generator.nextUint32(), generator.nextUint32()]).toEqual([
      0x78749d91, 0x8ea86400, 0xc7bbe4c2,
    ]);
  });

  it("makes its key of a seed of any size", () => {
    expect(new PhiloxGenerator(2n ** 70n + 3n).random()).toBe(0.5585320917016094);
  });

  it("starts an element anew whatever was drawn before", () => {
    const words = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(words, words, fc.nat(5), (index, opSeed, drawn) => {
        const generator = new PhiloxGenerator(3);
        generator.resetForElement(index, opSeed);
        const first = [generator.nextUint32(), generator.nextUint32(), generator.random()];
        for (let draw = 0; draw < drawn; draw++) generator.nextUint32();
        generator.resetForElement(index, opSeed);
        expect([generator.nextUint32(), generator.nextUint32(), generator.random()]).toEqual(first);
      }),
    );
  });

  it.each([
    [5, 5, "low >= high"],
    [7, 3, "low >= high"],
    [0, 0, "high <= 0"],
    [0, -3, "high <= 0"],
    [0, 2n ** 63n + 1n, "high is out of bounds for int64"],
    [-(2n ** 63n) - 1n, 5, "low is out of bounds for int64"],
    [2n ** 70n, 2n ** 71n, "high is out of bounds for int64"],
  ])("refuses integers from %s to %s with NumPy's text", (low, high, message) => {
    expect(() => new PhiloxGenerator(0).integers(low, high)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message,
        details: expect.objectContaining({ pythonType: "ValueError" }),
      }),
    );
  });

  it("refuses a negative seed with NumPy's text", () => {
    expect(() => new PhiloxGenerator(-1)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "expected non-negative integer" }),
    );
  });

  it.each([-1, 0.5, 2n ** 64n])("refuses to go to element %s", (index) => {
    expect(() => new PhiloxGenerator(0).resetForElement(index)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("PhiloxGenerator of a key", () => {
  it("gives the words of NumPy's Philox(key=2**64 + 5)", () => {
    const generator = new PhiloxGenerator({ key: 2n ** 64n + 5n });
    expect(Array.from({ length: 5 }, () => generator.nextUint64())).toEqual([
      0xb7ba3d0ae9c66485n,
      0x6981b2c7238a07a7n,
      0xc304055d1adb46ecn,
      0xebdee496cb533280n,
      0x375f4febdb3d6e39n,
    ]);
  });

  it("takes the key as it is", () => {
    const rng = new PhiloxGenerator({ key: 42 });
    expect([rng.random(), rng.random()]).toEqual([0.8201981478608876, 0.18924562408645496]);
    expect([rng.integers(0, 100), rng.integers(0, 2 ** 40)]).toEqual([93, 433846914680]);
  });

  it("takes keys of two words, and goes on behind the first block", () => {
    const rng = new PhiloxGenerator({ key: 2n ** 100n + 7n });
    expect(Array.from({ length: 5 }, () => rng.random())).toEqual([
      0.07802973606592234, 0.7391554202699083, 0.6844512070964156, 0.756576642326084, 0.3717585903727706,
    ]);
    expect(new PhiloxGenerator({ key: 2n ** 128n - 1n }).nextUint64()).toBe(7874205360917102206n);
  });

  it("starts the stream of an element as every generator does", () => {
    const rng = new PhiloxGenerator({ key: 42 });
    rng.nextUint32(); // half a word is left
    rng.resetForElement(0);
    expect(rng.random()).toBe(0.8201981478608876);
    rng.resetForElement(3, 9);
    const apart = rng.random();
    rng.resetForElement(3, 9);
    expect(rng.random()).toBe(apart);
    expect(apart).not.toBe(0.8201981478608876);
  });

  it.each([-1, 0.5, 2n ** 128n])("refuses key %s with NumPy's text", (key) => {
    expect(() => new PhiloxGenerator({ key })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "key must be positive and less than 2**128.",
      }),
    );
  });
});
