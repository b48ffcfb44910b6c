import { invalidArgument } from "../errors.js";
import { integerArgument } from "./integer-argument.js";

const POOL_WORDS = 4;
const MOST_WORDS = 2 ** 20; // of the entropy and of the state: a seed has a few

/**
 * NumPy's `SeedSequence(entropy)`: mixes any number of integers into a pool from which generators take their first
 * state (docs/spec/datarax.md section 6.3). Spawning is not there.
 *
 * @example new SeedSequence([0, 1]).generateState(1) // Uint32Array [3964924996]
 */
export class SeedSequence {
  readonly #pool: Uint32Array;

  /**
   * @param entropy Integers of any size, none negative; a single one is what NumPy makes of `SeedSequence(n)`.
   * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a negative or fractional one.
   */
  constructor(entropy: number | bigint | readonly (number | bigint)[]) {
    const values = typeof entropy === "object" ? entropy : [entropy];
    this.#pool = mixedPool(values.flatMap(wordsOf));
  }

  /**
   * The first `count` words of 32 bits of the state; asking again gives the same.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a negative, fractional or absurd number of words.
   */
  generateState(count: number): Uint32Array {
    checkCount(count);
    let constant = 0x8b51f9dd;
    return Uint32Array.from({ length: count }, (_, index) => {
      const mixed = (this.#pool[index % POOL_WORDS] ?? 0) ^ constant;
      constant = Math.imul(constant, 0x58f38ded);
      const word = Math.imul(mixed, constant);
      return word ^ (word >>> 16);
    });
  }

  /** The state as words of 64 bits: NumPy's `generate_state(count, np.uint64)`. */
  generateState64(count: number): BigUint64Array {
    checkCount(count);
    const words = this.generateState(2 * count);
    return BigUint64Array.from({ length: count }, (_, index) => {
      const low = BigInt(words[2 * index] ?? 0);
      return (BigInt(words[2 * index + 1] ?? 0) << 32n) | low;
    });
  }
}

/** 32-bit words of an integer, lowest first. */
function wordsOf(value: number | bigint): number[] {
  let rest = integerArgument(value, "SeedSequence: entropy");
  if (rest < 0n) throw invalidArgument("expected non-negative integer", { pythonType: "ValueError" });
  const words: number[] = [];
  do {
    words.push(Number(BigInt.asUintN(32, rest)));
    rest >>= 32n;
    if (words.length > MOST_WORDS) throw invalidArgument("SeedSequence: more than 2^20 words of entropy");
  } while (rest > 0n);
  return words;
}

function mixedPool(words: readonly number[]): Uint32Array {
  const pool = new Uint32Array(POOL_WORDS);
  let constant = 0x43b0d7e5;
  const hash = (value: number) => {
    const mixed = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    const hashed = Math.imul(mixed, constant);
    return hashed ^ (hashed >>> 16);
  };
  const mixInto = (place: number, value: number) => {
    const mixed = Math.imul(0xca01f9dd, pool[place] ?? 0) - Math.imul(0x4973f715, hash(value));
    pool[place] = mixed ^ (mixed >>> 16);
  };

  for (let place = 0; place < POOL_WORDS; place++) pool[place] = hash(words[place] ?? 0);
  for (let from = 0; from < POOL_WORDS; from++) {
    for (let to = 0; to < POOL_WORDS; to++) if (from !== to) mixInto(to, pool[from] ?? 0);
  }
  for (const word of words.slice(POOL_WORDS)) {
    for (let place = 0; place < POOL_WORDS; place++) mixInto(place, word);
  }
  return pool;
}

function checkCount(count: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= MOST_WORDS) return;
  throw invalidArgument(
    count < 0
      ? "negative dimensions are not allowed"
      : `SeedSequence: cannot generate ${count} words, at most 2^20`,
    { pythonType: count < 0 ? "ValueError" : "TypeError" },
  );
}
