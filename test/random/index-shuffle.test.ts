import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  epochOrder,
  feistelPermutation,
  grainIndexShuffle,
  indexShuffle,
} from "../../src/random/index-shuffle.js";

type Order = { n: number; seed: number; order?: number[]; at?: [number, number][] };
type Rounds = { max_index: number; seed: number; rounds: number; at: [number, number][] };

// Made by Grain 0.2.18 (docs/spec/datarax.md section 9).
const vectors: { cases: Order[]; rounds: Rounds[] } = JSON.parse(
  readFileSync(new URL("../../docs/spec/vectors/index_shuffle.json", import.meta.url), "utf8"),
);

/** Grain's `index_shuffle(index=7, max_index=…, seed=1, rounds=4)` for 2^50+2, 2^50+3, 2^52+11, 2^52+12. */
const WIDTH_EDGES = {
  last50: 768039552077942,
  first52: 879895617426126,
  last52: 3787845016673263,
  first54: 912965680456503,
};

/** `[rounds, index_shuffle(index=7, max_index=999, seed=1, rounds)]` on both sides of each step of std::seed_seq. */
const MANY_ROUNDS: [number, number][] = [
  [4, 223],
  [6, 55],
  [8, 205],
  [38, 241],
  [40, 490],
  [66, 506],
  [68, 469],
  [70, 507],
  [622, 439],
  [624, 568],
  [1024, 989],
];

/** What Grain's C++ says of a float, or of a number that its type does not hold. */
const incompatible = (index: number, maxIndex: number, seed: number, rounds: number) =>
  expect.objectContaining({
    code: "INVALID_ARGUMENT",
    message:
      "index_shuffle(): incompatible function arguments. The following argument types are supported:\n" +
      "    1. (index: int, max_index: int, seed: int, rounds: int) -> int\n\n" +
      `Invoked with: kwargs: index=${index}, max_index=${maxIndex}, seed=${seed}, rounds=${rounds}`,
    details: expect.objectContaining({ pythonType: "TypeError" }),
  });

describe("indexShuffle", () => {
  it.each(vectors.cases)("gives Grain's places for $n records and seed $seed", ({ n, seed, order, at }) => {
    const wanted = at ?? (order ?? []).map((place, index): [number, number] => [index, place]);
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.map(([index]) => [index, indexShuffle(index, seed, n)])).toEqual(wanted);
  });

  it("gives a C++ double's width just above 2^50 and 2^52, where log2 rounds down", () => {
    expect(indexShuffle(7, 1, 2 ** 50 + 3)).toBe(WIDTH_EDGES.last50);
    expect(indexShuffle(7, 1, 2 ** 50 + 4)).toBe(WIDTH_EDGES.first52);
    expect(indexShuffle(7, 1, 2 ** 52 + 12)).toBe(WIDTH_EDGES.last52);
    expect(indexShuffle(7, 1, 2 ** 52 + 13)).toBe(WIDTH_EDGES.first54);
  });

  it("is a permutation of the range", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (n, seed) => {
        const places = Array.from({ length: n }, (_, index) => indexShuffle(index, seed, n));
        expect(places.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, index) => index));
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    [-1, 3],
    [3, 3],
    [0, 0],
    [0, -2],
  ])("refuses index %d of %d records with Datarax's text", (index, n) => {
    expect(() => indexShuffle(index, 0, n)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: `Index ${index} out of range for ${n} elements`,
        details: expect.objectContaining({ pythonType: "IndexError" }),
      }),
    );
  });

  it.each([0.5, Number.NaN, 2 ** 53])("refuses %d as an index or a size", (odd) => {
    const invalid = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(() => indexShuffle(odd, 0, 10)).toThrow(invalid);
    expect(() => indexShuffle(0, 0, odd)).toThrow(invalid);
  });

  it.each([-1, 2 ** 32, 1.5])("refuses %d as a seed with Grain's text", (seed) => {
    expect(() => indexShuffle(0, seed, 10)).toThrow(incompatible(0, 9, seed, 4));
  });

  it("takes the seed as a bigint too", () => {
    expect(indexShuffle(0, 5n, 12)).toBe(indexShuffle(0, 5, 12));
  });

  it("ignores the seed of a single record, as Datarax does", () => {
    expect(indexShuffle(0, -7, 1)).toBe(0);
  });
});

describe("epochOrder", () => {
  it.each([-1, 2 ** 32, 1.5])("refuses %d as a seed with Datarax's text", (seed) => {
    expect(() => epochOrder(seed, 10)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: `seed must be in [0, 2**32), got ${seed}`,
      }),
    );
  });

  it("keeps giving its own order when another one is prepared in between", () => {
    const order = epochOrder(5, 12);
    const other = epochOrder(6, 12);
    expect([0, 1, 2, 3].map(order)).toEqual([4, 0, 5, 3]);
    expect([0, 1, 2, 3].map(other)).not.toEqual([4, 0, 5, 3]);
  });
});

describe("feistelPermutation", () => {
  it.each(vectors.rounds)("gives Grain's places for $rounds rounds up to $max_index", (vector) => {
    const permute = feistelPermutation(vector.max_index, vector.seed, vector.rounds);
    expect(vector.at.map(([index]) => [index, permute(index)])).toEqual(vector.at);
  });

  it("takes as many keys from the seed sequence as there are rounds, however many", () => {
    expect(MANY_ROUNDS.map(([rounds]) => [rounds, feistelPermutation(999, 1, rounds)(7)])).toEqual(
      MANY_ROUNDS,
    );
  });

  it.each([2, 5, 1026, 4.5])("refuses %d rounds", (rounds) => {
    expect(() => feistelPermutation(9, 1, rounds)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: `rounds must be an even integer between 4 and 1024, but got rounds = ${rounds}`,
      }),
    );
  });

  it("refuses an index beyond the last one", () => {
    expect(() => feistelPermutation(9, 1, 4)(10)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "index must be in [0, max_index], but got index = 10 and max_index = 9",
      }),
    );
  });

  it("refuses a range that ends below 0", () => {
    expect(() => feistelPermutation(-1, 1, 4)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("grainIndexShuffle", () => {
  it.each(vectors.rounds)("gives Grain's places for $rounds rounds up to $max_index", (vector) => {
    const { max_index: maxIndex, seed, rounds, at } = vector;
    const options = { maxIndex, seed, rounds };
    expect(at.map(([index]) => [index, grainIndexShuffle(index, options)])).toEqual(at);
  });

  it("takes 4 rounds by default", () => {
    expect(grainIndexShuffle(0, { maxIndex: 9, seed: 1 })).toBe(5);
    expect(grainIndexShuffle(0, { maxIndex: 9, seed: 1, rounds: 6 })).toBe(3);
  });

  it.each([-1, 10])("refuses index %d of 0 to 9 with Grain's text, also when asked again", (index) => {
    const outside = expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: `index must be in [0, max_index], but got index = ${index} and max_index = 9`,
      details: expect.objectContaining({ pythonType: "ValueError" }),
    });
    expect(() => grainIndexShuffle(index, { maxIndex: 9, seed: 8 })).toThrow(outside);
    grainIndexShuffle(0, { maxIndex: 9, seed: 8 });
    expect(() => grainIndexShuffle(index, { maxIndex: 9, seed: 8 })).toThrow(outside);
  });

  it.each([
    [0.5, 9, 1, 4],
    [0, 9.5, 1, 4],
    [0, 9, -1, 4],
    [0, 9, 2 ** 32, 4],
    [0, 9, 1, -4],
    [0, 9, 1, 4.5],
  ])(
    "refuses index=%d, max_index=%d, seed=%d, rounds=%d with Grain's text",
    (index, maxIndex, seed, rounds) => {
      expect(() => grainIndexShuffle(index, { maxIndex, seed, rounds })).toThrow(
        incompatible(index, maxIndex, seed, rounds),
      );
    },
  );

  it("names the rounds before an index that is wrong too, as Grain does", () => {
    expect(() => grainIndexShuffle(10, { maxIndex: 9, seed: 1, rounds: 5 })).toThrow(
      expect.objectContaining({
        message: "rounds must be an even integer between 4 and 1024, but got rounds = 5",
      }),
    );
  });
});
