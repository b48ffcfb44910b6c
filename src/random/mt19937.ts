import { invalidArgument } from "../errors.js";
import { indexRange } from "./index-range.js";
import { integerArgument } from "./integer-argument.js";

const STATE_WORDS = 624;
const MIDDLE = 397;
const MATRIX = 0x9908b0df;

/** What a shuffle needs of an array, of whatever elements. */
export type Shuffleable = { readonly length: number; [index: number]: unknown };

/**
 * NumPy's legacy `RandomState(seed)`, as far as shuffling needs it: the Mersenne Twister MT19937
 * (docs/spec/datarax.md section 5.4).
 */
export class RandomState {
  /** Words of 32 bits; signed, since engines keep those as integers. */
  readonly #state = new Int32Array(STATE_WORDS);
  #position = STATE_WORDS;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a seed outside 0 to 2^32−1. */
  constructor(seed: number | bigint) {
    const integer = integerArgument(seed, "RandomState: seed");
    if (integer < 0n || integer >= 2n ** 32n) {
      throw invalidArgument("Seed must be between 0 and 2**32 - 1", { pythonType: "ValueError" });
    }
    let word = Number(integer);
    this.#state[0] = word;
    for (let index = 1; index < STATE_WORDS; index++) {
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + index) | 0;
      this.#state[index] = word;
    }
  }

  /** The next 32 bits. */
  nextUint32(): number {
    return this.#nextWord() >>> 0;
  }

  /** The next 32 bits, as a signed number. */
  #nextWord(): number {
    if (this.#position === STATE_WORDS) this.#twist();
    let word = this.#state[this.#position++] ?? 0;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return word ^ (word >>> 18);
  }

  /** `RandomState.shuffle(array)`: shuffles in place, along the first axis. */
  shuffle(array: Shuffleable): void {
    for (let last = array.length - 1; last > 0; last--) {
      const other = this.#atMost(last);
      const moved = array[last];
      array[last] = array[other];
      array[other] = moved;
    }
  }

  /** A random integer 0 … most, by throwing away what is larger. */
  #atMost(most: number): number {
    const mask = -1 >>> Math.clz32(most);
    for (;;) {
      const value = (this.#nextWord() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  #twist(): void {
    const state = this.#state;
    for (let index = 0; index < STATE_WORDS - 1; index++) {
      const middle = index < STATE_WORDS - MIDDLE ? index + MIDDLE : index + MIDDLE - STATE_WORDS;
      state[index] = (state[middle] ?? 0) ^ twisted(state[index] ?? 0, state[index + 1] ?? 0);
    }
    const last = STATE_WORDS - 1;
    state[last] = (state[MIDDLE - 1] ?? 0) ^ twisted(state[last] ?? 0, state[0] ?? 0);
    this.#position = 0;
  }
}

/** The matrix of the recurrence, applied to the top bit of one word and the rest of the next. */
function twisted(word: number, next: number): number {
  const joined = (word & -0x80000000) | (next & 0x7fffffff);
  return (joined >>> 1) ^ (-(joined & 1) & MATRIX);
}

/**
 * The order of a NumPy shuffle: `x = np.arange(n); np.random.RandomState(seed).shuffle(x)`.
 *
 * @param n 0 to 2^30.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a seed outside 0 to 2^32−1 or a size that cannot be.
 */
export function randomStateOrder(seed: number | bigint, n: number): Int32Array {
  const random = new RandomState(seed);
  const order = indexRange(n);
  random.shuffle(order);
  return order;
}
