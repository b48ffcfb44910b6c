import { invalidArgument } from "../errors.js";
import { integerArgument } from "./integer-argument.js";
import { SeedSequence } from "./seed-sequence.js";

const MULTIPLIER_0 = 0xd2e7470ee14c6c93n;
const MULTIPLIER_1 = 0xca5a826395121157n;
const WEYL_0 = 0x9e3779b97f4a7c15n;
const WEYL_1 = 0xbb67ae8584caa73bn;
const ROUNDS = 10;
const BLOCK_WORDS = 4;
const WORD_32 = 2n ** 32n;
const WORD_64 = 2n ** 64n;

/**
 * NumPy's `Generator(Philox(seed))`, bit by bit, as far as Grain's `random_map` usually needs it: raw words, doubles
 * and integers. NumPy's other distributions (normal, choice, shuffle …) are not there.
 */
export class PhiloxGenerator {
  readonly #key: readonly [bigint, bigint];
  /** Four words of 64 bits, lowest first. */
  #counter: bigint[] = [0n, 0n, 0n, 0n];
  #block: readonly bigint[] = [];
  #blockPosition = BLOCK_WORDS;
  /** The upper half of a word of which 32 bits were taken. */
  #half: number | undefined;

  /**
   * @param seed As of `Philox(seed)`, or, as of `Philox(key=…)`, the key itself, 0 to 2^128−1.
   * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a negative or fractional seed or key.
   */
  constructor(seed: number | bigint | { readonly key: number | bigint }) {
    this.#key = typeof seed === "object" ? philoxKey(seed.key) : keyOfSeed(seed);
  }

  /**
   * Starts the stream that Grain gives to the element at `index`: the counter becomes (0, 0, opSeed, index) and what
   * is buffered goes.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for an argument outside 0 to 2^64−1.
   */
  resetForElement(index: number | bigint, opSeed: number | bigint = 0): void {
    this.#counter = [0n, 0n, word64Argument(opSeed, "op_seed"), word64Argument(index, "index")];
    this.#blockPosition = BLOCK_WORDS;
    this.#half = undefined;
  }

  /** The next 64 bits: `bit_generator.random_raw()`. */
  nextUint64(): bigint {
    if (this.#blockPosition === BLOCK_WORDS) {
      this.#counter = incremented(this.#counter);
      this.#block = philoxBlock(this.#counter, this.#key);
      this.#blockPosition = 0;
    }
    return this.#block[this.#blockPosition++] ?? 0n;
  }

  /** The next 32 bits, of which each word gives two: the lower half first. */
  nextUint32(): number {
    const half = this.#half;
    this.#half = undefined;
    if (half !== undefined) return half;
    const word = this.nextUint64();
    this.#half = Number(word >> 32n);
    return Number(word % WORD_32);
  }

  /** `Generator.random()`: a double of [0, 1) with 53 random bits. */
  random(): number {
    return Number(this.nextUint64() >> 11n) * 2 ** -53;
  }

  /**
   * `Generator.integers(low, high)`: an int64 of [low, high).
   *
   * @returns A bigint if a bound is one, else a number.
   * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for bounds that int64 cannot hold or without a number
   * between them.
   */
  integers(low: number, high: number): number;
  integers(low: number | bigint, high: number | bigint): number | bigint;
  integers(low: number | bigint, high: number | bigint): number | bigint {
    const least = integerArgument(low, "integers: low");
    const end = integerArgument(high, "integers: high");
    checkBounds(least, end);
    const drawn = least + this.#atMost(end - least - 1n);
    return typeof low === "bigint" || typeof high === "bigint" ? drawn : Number(drawn);
  }

  /** Lemire's method with 32 bits where they do, else with 64. */
  #atMost(most: bigint): bigint {
    if (most === 0n) return 0n;
    if (most === WORD_32 - 1n) return BigInt(this.nextUint32());
    if (most === WORD_64 - 1n) return this.nextUint64();
    return most < WORD_32
      ? scaled(most + 1n, WORD_32, () => BigInt(this.nextUint32()))
      : scaled(most + 1n, WORD_64, () => this.nextUint64());
  }
}

/**
 * The two words of NumPy's `Philox(key=…)`, the lower one first.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a key outside 0 to 2^128−1.
 */
export function philoxKey(key: number | bigint): readonly [bigint, bigint] {
  const whole = typeof key === "bigint" || Number.isSafeInteger(key) ? BigInt(key) : -1n;
  if (whole >= 0n && whole < WORD_64 * WORD_64) return [whole % WORD_64, whole / WORD_64];
  throw invalidArgument("key must be positive and less than 2**128.", {
    found: key,
    pythonType: "ValueError",
  });
}

function keyOfSeed(seed: number | bigint): [bigint, bigint] {
  const [key0 = 0n, key1 = 0n] = new SeedSequence(seed).generateState64(2);
  return [key0, key1];
}

/** `floor(random * count / words)`, drawn again while the remainder is one of the few that would be too frequent. */
function scaled(count: bigint, words: bigint, next: () => bigint): bigint {
  const tooFrequent = words % count;
  for (;;) {
    const product = next() * count;
    if (product % words >= tooFrequent) return product / words;
  }
}

function incremented(counter: readonly bigint[]): bigint[] {
  let carry = 1n;
  return counter.map((word) => {
    const next = word + carry;
    carry = next >> 64n;
    return next % WORD_64;
  });
}

/** Philox4x64 with 10 rounds. */
function philoxBlock(counter: readonly bigint[], [key0, key1]: readonly [bigint, bigint]): bigint[] {
  let [a = 0n, b = 0n, c = 0n, d = 0n] = counter;
  for (let round = 0; round < ROUNDS; round++) {
    const product0 = MULTIPLIER_0 * a;
    const product1 = MULTIPLIER_1 * c;
    a = (product1 >> 64n) ^ b ^ key0;
    b = product1 % WORD_64;
    c = (product0 >> 64n) ^ d ^ key1;
    d = product0 % WORD_64;
    key0 = (key0 + WEYL_0) % WORD_64;
    key1 = (key1 + WEYL_1) % WORD_64;
  }
  return [a, b, c, d];
}

function checkBounds(low: bigint, high: bigint): void {
  const problem =
    low < -(2n ** 63n)
      ? "low is out of bounds for int64"
      : high > 2n ** 63n
        ? "high is out of bounds for int64"
        : low >= high
          ? low === 0n
            ? "high <= 0"
            : "low >= high"
          : undefined;
  if (problem !== undefined) throw invalidArgument(problem, { pythonType: "ValueError" });
}

function word64Argument(value: number | bigint, name: string): bigint {
  const integer = integerArgument(value, name);
  if (BigInt.asUintN(64, integer) === integer) return integer;
  throw invalidArgument(`Python integer ${integer} out of bounds for uint64`, {
    field: name,
    pythonType: "OverflowError",
  });
}
