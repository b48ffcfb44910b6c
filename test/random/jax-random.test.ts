import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bernoulli,
  bits,
  categorical,
  foldIn,
  key,
  permutation,
  type RandomKey,
  randint,
  split,
  uniform,
} from "../../src/random/jax-random.js";
import { randomWord } from "../../src/random/threefry.js";
import { fnv1a, readVectors } from "./vectors.js";

type Pair = [number, number];
type Case = {
  seed: number;
  key: Pair;
  fold_in: [number, Pair][];
  split2: Pair[];
  split5: Pair[];
  bits: number;
  bits9: number[];
  bits_2x3: number[][];
  uniform: number;
  uniform5: number[];
  "uniform_-2_3": number[];
  randint: { lo: number; hi: number; scalar: number; five: number[] }[];
  permutation: { n: number; order: number[] }[];
  "bernoulli_0.3_x8": boolean[];
};
type Vectors = {
  cases: Case[];
  big_permutations: {
    seed: number;
    n: number;
    first: number[];
    last: number[];
    fnv1a32_of_int32le: number;
  }[];
  categorical: { seed: number; log_weights_f32: number[]; categorical_of_split24: number[] }[];
};

function isVectors(value: unknown): value is Vectors {
  return typeof value === "object" && value !== null && "big_permutations" in value;
}

function vectorsOf(value: unknown): Vectors {
  if (isVectors(value)) return value;
  throw new Error("threefry.json has no big_permutations");
}

const vectors = vectorsOf(readVectors("threefry.json"));

const words = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const keys: fc.Arbitrary<RandomKey> = fc.tuple(words, words);

const invalid = (message: string, pythonType: string) =>
  expect.objectContaining({
    code: "INVALID_ARGUMENT",
    message,
    details: expect.objectContaining({ pythonType }),
  });

describe.each(vectors.cases)("with the key of seed $seed", (wanted) => {
  const seeded = key(wanted.seed);

  it("key gives JAX's words", () => {
    expect(seeded).toEqual(wanted.key);
  });

  it("foldIn gives JAX's keys", () => {
    expect(wanted.fold_in.map(([data]) => [data, foldIn(seeded, data)])).toEqual(wanted.fold_in);
  });

  it("split gives JAX's keys", () => {
    expect(split(seeded)).toEqual(wanted.split2);
    expect(split(seeded, 5)).toEqual(wanted.split5);
  });

  it("bits gives JAX's words, row by row", () => {
    expect(bits(seeded)).toBe(wanted.bits);
    expect([...bits(seeded, 9)]).toEqual(wanted.bits9);
    expect([...bits(seeded, [2, 3])]).toEqual(wanted.bits_2x3.flat());
  });

  it("uniform gives JAX's floats", () => {
    expect(uniform(seeded)).toBe(wanted.uniform);
    expect([...uniform(seeded, { shape: [5] })]).toEqual(wanted.uniform5);
    const ranged = uniform(seeded, { shape: [wanted["uniform_-2_3"].length], minval: -2, maxval: 3 });
    expect([...ranged]).toEqual(wanted["uniform_-2_3"]);
  });

  it("randint gives JAX's integers", () => {
    const drawn = wanted.randint.map(({ lo, hi }) => {
      const range = { minval: lo, maxval: hi };
      return { lo, hi, scalar: randint(seeded, range), five: [...randint(seeded, { ...range, shape: 5 })] };
    });
    expect(drawn).toEqual(wanted.randint);
  });

  it("permutation gives JAX's orders", () => {
    const orders = wanted.permutation.map(({ n }) => ({ n, order: [...permutation(seeded, n)] }));
    expect(orders).toEqual(wanted.permutation);
  });

  it("bernoulli gives JAX's truths", () => {
    const truths = [...bernoulli(seeded, { p: 0.3, shape: [8] })].map((byte) => byte === 1);
    expect(truths).toEqual(wanted["bernoulli_0.3_x8"]);
  });
});

describe("key", () => {
  it.each([
    [-1, 0xffffffff],
    [2 ** 32 + 5, 5],
    [2n ** 63n - 1n, 0xffffffff],
    [-(2n ** 63n), 0],
  ])("takes the lower 32 bits of %s", (seed, word) => {
    expect(key(seed)).toEqual([0, word]);
  });

  it.each([2n ** 63n, -(2n ** 63n) - 1n])("refuses %s, which no int64 holds", (seed) => {
    expect(() => key(seed)).toThrow(invalid("Python int too large to convert to C long", "OverflowError"));
  });

  it.each([1.5, Number.NaN, 2 ** 53])("refuses %d, which is no safe integer", (seed) => {
    expect(() => key(seed)).toThrow(
      invalid(`PRNG key seed must be an integer, a bigint beyond 2^53-1; got ${seed}`, "TypeError"),
    );
  });
});

describe("foldIn", () => {
  it.each([-1, 2 ** 32])("refuses %d with JAX's text", (data) => {
    expect(() => foldIn(key(3), data)).toThrow(
      invalid(`Python integer ${data} out of bounds for uint32`, "OverflowError"),
    );
  });

  it("refuses a key that is none", () => {
    expect(() => foldIn([0, -1], 0)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => foldIn([0.5, 1], 0)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("split", () => {
  it("gives the first keys of a larger split", () => {
    fc.assert(
      fc.property(keys, fc.nat(20), fc.nat(20), (random, few, more) => {
        expect(split(random, few + more).slice(0, few)).toEqual(split(random, few));
      }),
    );
  });

  it.each([-1, 1.5, 2 ** 24 + 1])("refuses %d keys", (count) => {
    expect(() => split(key(3), count)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("bits", () => {
  it("gives at each place the word that can be had alone", () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 200 }), (random, count) => {
        expect([...bits(random, count)]).toEqual(
          Array.from({ length: count }, (_, index) => randomWord(random, index)),
        );
      }),
    );
  });

  it("gives nothing of a shape without elements, however large the other extents are", () => {
    expect(bits(key(3), [2 ** 52, 0, 2 ** 52])).toEqual(new Uint32Array(0));
  });

  it("gives one number of the shape ()", () => {
    expect(bits(key(3), [])).toBe(bits(key(3)));
  });

  it("refuses a fractional extent with JAX's text", () => {
    expect(() => bits(key(3), [1.5])).toThrow(
      invalid("Shapes must be 1D sequences of concrete values of integer type, got (1.5,).", "TypeError"),
    );
  });

  it("refuses a negative extent", () => {
    expect(() => bits(key(3), [2, -1])).toThrow(invalid("shape (2, -1) has a negative extent", "ValueError"));
  });

  it("refuses more elements than memory can be expected to hold before it allocates", () => {
    expect(() => bits(key(3), [2 ** 20, 2 ** 20])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("uniform", () => {
  it("turns bounds into float32 numbers, subnormal ones into zeros", () => {
    expect(uniform(key(3), { minval: 0.1, maxval: 0.1 })).toBe(Math.fround(0.1));
    expect(uniform(key(3), { minval: 0, maxval: 1e-45 })).toBe(0);
  });

  it("gives the lower bound where the bounds are the wrong way round", () => {
    expect([...uniform(key(3), { shape: 4, minval: 1, maxval: 0 })]).toEqual([1, 1, 1, 1]);
  });

  it("gives what float32 gives where the range is none", () => {
    expect([...uniform(key(3), { shape: 2, minval: Number.NaN })]).toEqual([Number.NaN, Number.NaN]);
    expect([...uniform(key(3), { shape: 2, maxval: Infinity })]).toEqual([Infinity, Infinity]);
  });
});

describe("randint", () => {
  it.each([
    ["maxval", 0, 2 ** 31],
    ["minval", -(2 ** 31) - 1, 2 ** 31],
  ])("refuses a %s outside int32 with JAX's text", (name, minval, maxval) => {
    const value = name === "minval" ? minval : maxval;
    expect(() => randint(key(3), { minval, maxval })).toThrow(
      invalid(
        "An overflow was encountered while parsing an argument to a jitted computation, whose argument path is " +
          `${name}. Got <class 'int'> with value ${value}`,
        "OverflowError",
      ),
    );
  });

  it("stays within its range", () => {
    const bound = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(keys, bound, bound, (random, one, other) => {
        const minval = Math.min(one, other);
        const maxval = Math.max(one, other);
        for (const value of randint(random, { minval, maxval, shape: 4 })) {
          expect(value).toBeGreaterThanOrEqual(minval);
          expect(value).toBeLessThan(Math.max(maxval, minval + 1));
        }
      }),
    );
  });
});

describe("permutation", () => {
  it.each(vectors.big_permutations)("gives JAX's order of $n elements for seed $seed", (wanted) => {
    const order = permutation(key(wanted.seed), wanted.n);
    expect(Array.from(order).slice(0, wanted.first.length)).toEqual(wanted.first);
    expect(Array.from(order).slice(-wanted.last.length)).toEqual(wanted.last);
    expect(fnv1a(order)).toBe(wanted.fnv1a32_of_int32le);
  });

  it("has every number once", () => {
    fc.assert(
      fc.property(keys, fc.nat(3000), (random, n) => {
        expect(permutation(random, n).toSorted()).toEqual(
          Int32Array.from({ length: n }, (_, index) => index),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("permutes arrays of any kind as it permutes their indices", () => {
    const order = [...permutation(key(3), 5)];
    const letters = ["a", "b", "c", "d", "e"];
    expect(permutation(key(3), letters)).toEqual(order.map((index) => letters[index]));
    expect(permutation(key(3), Float64Array.of(0, 10, 20, 30, 40))).toEqual(
      Float64Array.from(order, (index) => index * 10),
    );
    expect(permutation(key(3), BigInt64Array.of(0n, 1n, 2n, 3n, 4n))).toEqual(
      BigInt64Array.from(order, (index) => BigInt(index)),
    );
  });

  it("leaves the array that it was given as it is", () => {
    const array = Int32Array.of(5, 6, 7, 8);
    permutation(key(3), array);
    expect([...array]).toEqual([5, 6, 7, 8]);
  });

  it.each([0, -1])("gives nothing of %d elements", (n) => {
    expect(permutation(key(3), n)).toEqual(new Int32Array(0));
  });

  it("refuses a fraction with JAX's text", () => {
    expect(() => permutation(key(3), 1.5)).toThrow(
      invalid("x must be an integer or at least 1-dimensional", "TypeError"),
    );
  });
});

describe("categorical", () => {
  it.each(vectors.categorical)("draws what JAX draws for seed $seed", (wanted) => {
    const drawn = split(key(wanted.seed), 24).map((random) => categorical(random, wanted.log_weights_f32));
    expect(drawn).toEqual(wanted.categorical_of_split24);
  });

  it.each([
    [[Number.NaN, 1], 0],
    [[1, Number.NaN, Number.NaN], 1],
    [[Infinity, Infinity, 0], 0],
    [[-Infinity, -Infinity], 0],
    [[-Infinity, 0], 1],
  ])("chooses of the logits %j as JAX's argmax does", (logits, choice) => {
    expect([...categorical(key(3), logits, { shape: [4] })]).toEqual([choice, choice, choice, choice]);
  });

  it("refuses no logits with JAX's text", () => {
    expect(() => categorical(key(3), [])).toThrow(
      invalid("attempt to get argmax of an empty sequence", "ValueError"),
    );
  });
});
