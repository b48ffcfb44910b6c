import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isOrbaxError } from "../../src/errors.js";
import { grainIndexShuffle, indexShuffle } from "../../src/random/index-shuffle.js";
import {
  bernoulli,
  bits,
  categorical,
  foldIn,
  key,
  permutation,
  randint,
  split,
  uniform,
} from "../../src/random/jax-random.js";
import { randomStateOrder } from "../../src/random/mt19937.js";
import { PhiloxGenerator } from "../../src/random/philox.js";
import { createRngs, Rngs } from "../../src/random/rngs.js";
import { SeedSequence } from "../../src/random/seed-sequence.js";
import { type Oracle, startOracle } from "./oracle.js";
import { runsOf, seed as SEED, timeoutOf } from "./random-runs.js";

const CASES = runsOf({ ci: 200, long: 4000 });

let oracle: Oracle;
beforeAll(async () => {
  oracle = await startOracle();
});
afterAll(async () => {
  await oracle.stop();
});

function drawCases<T>(arbitrary: fc.Arbitrary<T>, numRuns = CASES): T[] {
  return fc.sample(arbitrary, { seed: SEED, numRuns });
}

/** What we give, or the exception that Python would raise. */
function answerOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (!isOrbaxError(error)) throw error;
    return { error: { type: error.details.pythonType, message: error.message } };
  }
}

/** Asks Python for all cases at once, us for each. What is compared are the first cases with another answer. */
async function compare<C extends Readonly<Record<string, unknown>>>(
  operation: string,
  cases: readonly C[],
  ours: (one: C) => unknown,
): Promise<void> {
  const answers = await oracle.call(operation, { cases });
  const expected: readonly unknown[] = Array.isArray(answers) ? answers : [];
  expect(expected.length).toBe(cases.length);
  const compared = cases.map((one, index) => ({
    one,
    python: expected[index],
    ours: answerOf(() => ours(one)),
  }));
  const different = compared.filter(({ python, ours }) => !isDeepStrictEqual(python, ours)).slice(0, 3);
  expect(different.map(({ one, ours }) => [one, ours])).toEqual(
    different.map(({ one, python }) => [one, python]),
  );
}

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const keyWords = fc.tuple(word, word);
const shape = fc.constantFrom([1], [2, 3], [64], [1000]); // few: JAX compiles each
const int32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 65535, 65536, 65537),
);
const float32 = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e30), max: Math.fround(1e30) }),
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  fc.constantFrom(0, 1, -1, 1e-40, 0.1),
);
const anyInteger = fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n });

describe(`random numbers of seed ${SEED} agree with Python`, { timeout: timeoutOf(CASES, 200) }, () => {
  it("in keys", async () => {
    const seeds = drawCases(fc.oneof(anyInteger, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n })));
    const cases = seeds.map((seed) => ({ function: "key", args: [String(seed)], kwargs: {} }));
    await compare("jax_random", cases, ({ args }) => key(BigInt(args[0] ?? "")));
  });

  it("in folded keys", async () => {
    const data = fc.oneof(anyInteger, word.map(BigInt));
    const cases = drawCases(fc.record({ key: keyWords, data }));
    await compare(
      "jax_random",
      cases.map((one) => ({ function: "fold_in", key: one.key, args: [String(one.data)], kwargs: {} })),
      (one) => foldIn(one.key, BigInt(one.args[0] ?? "")),
    );
  });

  it("in split keys", async () => {
    const cases = drawCases(fc.record({ key: keyWords, n: fc.constantFrom(0, 1, 2, 5, 24) }));
    await compare(
      "jax_random",
      cases.map((one) => ({ function: "split", key: one.key, args: [one.n], kwargs: {} })),
      (one) => split(one.key, one.args[0]).flat(),
    );
  });

  it("in bits", async () => {
    const drawn = drawCases(fc.record({ key: keyWords, shape }));
    const cases = drawn.map(({ key, shape }) => ({ function: "bits", key, args: [], kwargs: { shape } }));
    await compare("jax_random", cases, ({ key, kwargs }) => flat(bits(key, kwargs.shape)));
  });

  it("in uniform floats of any range", async () => {
    const range = fc.record({ minval: float32, maxval: float32 });
    const drawn = drawCases(fc.record({ key: keyWords, shape, range }), 2 * CASES);
    const cases = drawn.map(({ key, shape, range }) => ({
      function: "uniform",
      key,
      args: [],
      kwargs: { shape, minval: signedText(range.minval), maxval: signedText(range.maxval) },
    }));
    await compare("jax_random", cases, ({ key, kwargs: { shape, minval, maxval } }) =>
      flat(uniform(key, { shape, minval: Number(minval), maxval: Number(maxval) })),
    );
  });

  it("in truths of any probability", async () => {
    const p = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }).filter((p) => !Number.isInteger(p)),
      fc.constant(1e-40),
    );
    const drawn = drawCases(fc.record({ key: keyWords, shape, p }));
    const cases = drawn.map(({ key, shape, p }) => ({
      function: "bernoulli",
      key,
      args: [],
      kwargs: { p, shape },
    }));
    await compare("jax_random", cases, ({ key, kwargs }) =>
      Array.from(flat(bernoulli(key, kwargs)), (byte) => byte === 1),
    );
  });

  it("in integers of any range, also an empty one", async () => {
    const drawn = drawCases(fc.record({ key: keyWords, shape, minval: int32, maxval: int32 }), 2 * CASES);
    const cases = drawn.map(({ key, ...kwargs }) => ({ function: "randint", key, args: [], kwargs }));
    await compare("jax_random", cases, ({ key, kwargs }) => flat(randint(key, kwargs)));
  });

  it("in permutations of every number of rounds", async () => {
    const n = fc.constantFrom(0, 1, 2, 3, 48, 49, 50, 1000, 1625, 1626, 5000, 40_000);
    const drawn = drawCases(fc.record({ key: keyWords, n }), CASES / 4);
    const cases = drawn.map(({ key, n }) => ({ function: "permutation", key, args: [n], kwargs: {} }));
    await compare("jax_random", cases, ({ key, args: [n = 0] }) => flat(permutation(key, n)));
  });

  it("in the choices of categorical", async () => {
    const logit = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true, min: -20, max: 5 }),
      fc.integer({ min: 0, max: 3 }).map((steps) => 2 ** 20 + steps / 8), // which swallow most of the noise
    );
    const logits = fc.constantFrom(1, 2, 5).chain((n) => fc.array(logit, { minLength: n, maxLength: n }));
    const drawn = drawCases(fc.record({ key: keyWords, logits }));
    const cases = drawn.map(({ key, logits }) => ({
      function: "categorical",
      key,
      args: [],
      kwargs: { logits, shape: [500] },
    }));
    await compare("jax_random", cases, ({ key, kwargs: { logits, shape } }) =>
      flat(categorical(key, logits, { shape })),
    );
  });

  it("in the keys of Flax's streams", async () => {
    const name = fc.constantFrom("default", "aug", "params", "shuffle");
    const seeds = fc.dictionary(name, fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), { maxKeys: 3 });
    const cases = drawCases(fc.record({ seeds, calls: fc.array(name, { maxLength: 6 }) }), CASES / 4);
    await compare("nnx_rngs", cases, ({ seeds, calls }) => {
      const rngs = new Rngs(seeds);
      const keys = calls.map((name) => rngs.next(name));
      const states = Object.entries(rngs.getState());
      return { keys, counts: Object.fromEntries(states.map(([name, { count }]) => [name, count])) };
    });
  });

  it("in the streams that Datarax makes of a seed", async () => {
    const seed = fc.integer({ min: 0, max: 2 ** 40 });
    const streams = fc.uniqueArray(fc.constantFrom("a", "b", "default"), { minLength: 1 });
    const cases = drawCases(fc.record({ seed, streams }, { requiredKeys: ["seed"] }), 20);
    await compare("created_rngs", cases, ({ seed, streams }) => {
      const states = Object.entries(createRngs(seed, streams).getState());
      return Object.fromEntries(states.map(([name, { key }]) => [name, key]));
    });
  });

  it("in Grain's shuffled indices", async () => {
    const maxIndex = fc.oneof(
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 0, max: 2 ** 53 - 1 }),
      fc.integer({ min: 0, max: 53 }).map((bits) => 2 ** bits - 1),
      fc.integer({ min: 0, max: 52 }).map((bits) => 2 ** bits),
    );
    const rounds = fc.oneof(
      fc.constant(4),
      fc.integer({ min: 2, max: 12 }),
      fc.constantFrom(0, 40, 70, 1026),
    );
    const drawn = drawCases(
      fc.record({
        max_index: maxIndex,
        seed: word,
        rounds,
        parts: fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
      }),
      2 * CASES,
    );
    const cases = drawn.map(({ parts, max_index, seed, rounds }) => {
      return { indices: parts.map((part) => Math.floor(part * max_index)), max_index, seed, rounds };
    });
    await compare("index_shuffles", cases, ({ indices, max_index, seed, rounds }) =>
      indices.map((index) => grainIndexShuffle(index, { maxIndex: max_index, seed, rounds })),
    );
  });

  it("in what Grain says of arguments that cannot be", async () => {
    const odd = fc.oneof(fc.constantFrom(-1, 0.5, 10, 11, 2 ** 32, 2 ** 33), fc.integer({ min: 0, max: 9 }));
    const drawn = drawCases(
      fc.record({ index: odd, max_index: odd, seed: odd, rounds: fc.oneof(odd, fc.constant(4)) }),
    );
    const cases = drawn.map(({ index, max_index, seed, rounds }) => {
      return { indices: [index], max_index, seed, rounds };
    });
    await compare("index_shuffles", cases, ({ indices, max_index, seed, rounds }) =>
      indices.map((index) => grainIndexShuffle(index, { maxIndex: max_index, seed, rounds })),
    );
  });

  it("in Datarax's shuffled indices and what it says of arguments that cannot be", async () => {
    const index = fc.integer({ min: -2, max: 40 });
    const seed = fc.oneof(word, fc.constantFrom(-1, 2 ** 32));
    const cases = drawCases(fc.record({ index, seed, num_elements: fc.integer({ min: -1, max: 40 }) }));
    await compare("datarax_shuffles", cases, ({ index, seed, num_elements }) =>
      indexShuffle(index, seed, num_elements),
    );
  });

  it("in NumPy's seed sequences", async () => {
    const entropy = fc.array(fc.oneof(fc.bigInt({ min: -1n, max: 2n ** 140n }), word.map(BigInt)), {
      minLength: 1,
      maxLength: 6,
    });
    const drawn = drawCases(fc.record({ entropy, words: fc.integer({ min: 0, max: 9 }) }));
    const cases = drawn.map(({ entropy, words }) => ({ entropy: entropy.map(String), words }));
    await compare("seed_sequences", cases, ({ entropy, words }) => {
      const sequence = new SeedSequence(entropy.map(BigInt));
      return {
        uint32: Array.from(sequence.generateState(words)),
        uint64: Array.from(sequence.generateState64(words), String),
      };
    });
  });

  it("in NumPy's legacy shuffles", async () => {
    const n = fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.constantFrom(0, 1, 2, 65_536, 65_537));
    const seed = fc.oneof(word.map(BigInt), fc.constantFrom(-1n, 2n ** 32n));
    const drawn = drawCases(fc.record({ seed, n }));
    const cases = drawn.map(({ seed, n }) => ({ seed: String(seed), n }));
    await compare("legacy_shuffles", cases, ({ seed, n }) => Array.from(randomStateOrder(BigInt(seed), n)));
  });

  it("in the draws of Grain's random_map from Philox", async () => {
    const exponent = fc.integer({ min: 0, max: 64 });
    const bound = fc
      .tuple(exponent, fc.bigInt({ min: -3n, max: 3n }), fc.boolean())
      .map(([bits, more, isNegative]) => (isNegative ? -1n : 1n) * 2n ** BigInt(bits) + more);
    const integers = fc.tuple(fc.constant("integers"), bound.map(String), bound.map(String));
    const draw = fc.oneof(
      fc.constant(["random"]),
      fc.constant(["raw"]),
      integers.map(sortedBounds),
      integers,
    );
    const word64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
    const seed = fc.bigInt({ min: 0n, max: 2n ** 130n }).map(String);
    const draws = fc.array(draw, { minLength: 1, maxLength: 12 });
    const cases = drawCases(fc.record({ seed, op_seed: word64, index: word64, draws }), 2 * CASES);
    await compare("philox_draws", cases, ({ seed, op_seed, index, draws }) => {
      const generator = new PhiloxGenerator(BigInt(seed));
      generator.resetForElement(BigInt(index), BigInt(op_seed));
      return draws.map(([kind, low = "", high = ""]) => {
        if (kind === "raw") return String(generator.nextUint64());
        if (kind === "integers") return String(generator.integers(BigInt(low), BigInt(high)));
        return pythonFloat(generator.random());
      });
    });
  });
});

/** JSON would lose the sign of −0. */
function signedText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function sortedBounds([kind, one, other]: [string, string, string]): [string, string, string] {
  return BigInt(one) < BigInt(other) ? [kind, one, other] : [kind, other, one];
}

/** Python's repr of a float in [0, 1). */
function pythonFloat(value: number): string {
  const text = String(value);
  return Number.isInteger(value) ? `${text}.0` : text.replace(/e-(\d)$/, "e-0$1");
}

/** Draws of an array shape as numbers. */
function flat(drawn: number | boolean | ArrayLike<number>): number[] {
  return typeof drawn === "object" ? Array.from(drawn) : [Number(drawn)];
}
