import { describe, expect, it } from "vitest";
import { KeyedPhilox } from "../../src/random/keyed-philox.js";

// Expected values are those of NumPy: Generator(Philox(key=…)).

describe("KeyedPhilox", () => {
  it("takes the key as it is", () => {
    const rng = new KeyedPhilox(42);
    expect([rng.random(), rng.random()]).toEqual([0.8201981478608876, 0.18924562408645496]);
    expect([rng.integers(0, 100), rng.integers(0, 2 ** 40)]).toEqual([93, 433846914680]);
  });

  it("takes keys of two words, and goes on behind the first block", () => {
    const rng = new KeyedPhilox(2n ** 100n + 7n);
    expect(Array.from({ length: 5 }, () => rng.random())).toEqual([
      0.07802973606592234, 0.7391554202699083, 0.6844512070964156, 0.756576642326084, 0.3717585903727706,
    ]);
    expect(new KeyedPhilox(2n ** 128n - 1n).nextUint64()).toBe(7874205360917102206n);
  });

  it("starts the stream of an element as every generator does", () => {
    const rng = new KeyedPhilox(42);
    rng.nextUint32(); // half a word is left
    rng.resetForElement(0);
    expect(rng.random()).toBe(0.8201981478608876);
    rng.resetForElement(3, 9);
    const apart = rng.random();
    rng.resetForElement(3, 9);
    expect(rng.random()).toBe(apart);
    expect(apart).not.toBe(0.8201981478608876);
  });

  it("refuses in NumPy's words keys outside 0 to 2^128-1", () => {
    for (const key of [-1, 2n ** 128n, 0.5]) {
      expect(() => new KeyedPhilox(key)).toThrow("key must be positive and less than 2**128.");
    }
  });
});
