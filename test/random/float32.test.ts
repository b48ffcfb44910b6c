import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flushed, fusedMultiplyAdd, gumbelFloat, unitFloat } from "../../src/random/float32.js";

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

/** A double as a fraction of 2^1100, exactly. */
function scaledInteger(value: number): bigint {
  let [digits, exponent] = [value, 1100];
  while (!Number.isInteger(digits)) {
    digits *= 2;
    exponent--;
  }
  return BigInt(digits) << BigInt(exponent);
}

describe("fusedMultiplyAdd", () => {
  it("rounds once where the sum is within a double's last bit of a tie", () => {
    const factor = (1 - 2 ** -15) * 2 ** -24;
    const scale = 1 + 2 ** -15;
    const offset = 1 + 2 ** -23;
    // The exact sum is 2^-54 below the middle of two float32 numbers; the nearest double is that middle.
    expect(fusedMultiplyAdd(factor, scale, offset)).toBe(1 + 2 ** -23);
    expect(fusedMultiplyAdd(-factor, scale, -offset)).toBe(-1 - 2 ** -23);
    expect(Math.fround(factor * scale + offset)).toBe(1 + 2 ** -22);
  });

  it("gives a float32 than which no neighbour is nearer to the exact sum", () => {
    const unit = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(unitFloat);
    const wide = fc.tuple(float32, fc.integer({ min: -40, max: 40 })).map(([digits, bits]) => {
      return Math.fround(
        (digits === 0 ? 1 : digits / 2 ** Math.floor(Math.log2(Math.abs(digits)))) * 2 ** bits,
      );
    });
    fc.assert(
      fc.property(unit, wide, wide, (factor, scale, offset) => {
        const exact = scaledInteger(factor * scale) + scaledInteger(offset);
        const distance = (value: number) => {
          const difference = scaledInteger(value) - exact;
          return difference < 0n ? -difference : difference;
        };
        const result = fusedMultiplyAdd(factor, scale, offset);
        const bits = new Int32Array(Float32Array.of(result).buffer);
        for (const step of [-1, 1]) {
          const neighbour = new Float32Array(Int32Array.of((bits[0] ?? 0) + step).buffer)[0] ?? 0;
          if (Number.isFinite(neighbour)) expect(distance(result) <= distance(neighbour)).toBe(true);
        }
      }),
    );
  });
});

describe("flushed", () => {
  it("gives the nearest float32, and zeros for what is subnormal there", () => {
    expect([0.1, 1e39, -1e39, 1e-40, -1e-40, -0].map(flushed)).toEqual([
      Math.fround(0.1),
      Infinity,
      -Infinity,
      0,
      -0,
      -0,
    ]);
  });

  it("keeps NaN", () => {
    expect(flushed(Number.NaN)).toBeNaN();
  });
});

describe("gumbelFloat", () => {
  it.each([
    [0, -4.46976900100708],
    [512, -2.7689812183380127],
    [4294967295, 15.942384719848633],
    [2147483648, 0.3665129244327545],
    [305419896, -0.9721083641052246],
    [3000000000, 1.0249019861221313],
  ])("makes of the word %d what XLA makes of it", (word, noise) => {
    expect(gumbelFloat(word)).toBe(noise);
  });
});
