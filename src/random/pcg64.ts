import { SeedSequence } from "./seed-sequence.js";

const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const LOW_64 = 2n ** 64n - 1n;

/**
 * NumPy's `PCG64`, the generator of `np.random.default_rng(seed)`: a linear congruence of 128 bits of which each step
 * gives 64, folded and rotated (XSL-RR).
 */
export class Pcg64 {
  readonly #increment: bigint;
  #state: bigint;
  /** The upper half of the last 64 bits, which gives the next 32. */
  #upperHalf: number | undefined;

  /**
   * @param seed Of any size, 0 or more.
   * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a negative or fractional seed.
   */
  constructor(seed: number | bigint) {
    const [stateHigh = 0n, stateLow = 0n, streamHigh = 0n, streamLow = 0n] = new SeedSequence(
      seed,
    ).generateState64(4);
    const stream = (streamHigh << 64n) | streamLow;
    this.#increment = BigInt.asUintN(128, (stream << 1n) | 1n);
    this.#state = this.#increment + ((stateHigh << 64n) | stateLow);
    this.#step();
  }

  #step(): void {
    this.#state = BigInt.asUintN(128, this.#state * MULTIPLIER + this.#increment);
  }

  /** The next 64 bits. Those that {@link nextUint32} holds back stay where they are, as in NumPy. */
  nextUint64(): bigint {
    this.#step();
    const folded = (this.#state >> 64n) ^ (this.#state & LOW_64);
    const rotation = this.#state >> 122n;
    return (folded >> rotation) | BigInt.asUintN(64, folded << (64n - rotation));
  }

  /** The next 32 bits: both halves of 64, the lower one first. */
  nextUint32(): number {
    const held = this.#upperHalf;
    if (held !== undefined) {
      this.#upperHalf = undefined;
      return held;
    }
    const bits = this.nextUint64();
    this.#upperHalf = Number(bits >> 32n);
    return Number(BigInt.asUintN(32, bits));
  }

  /**
   * `np.random.default_rng(seed).permuted(range(count))` if nothing was drawn before: the numbers below `count`,
   * shuffled.
   *
   * @param count Below 2^32.
   */
  permutedRange(count: number): number[] {
    const numbers = Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last--) {
      const drawn = this.#uniformTo(last);
      const moved = numbers[drawn] ?? 0;
      numbers[drawn] = numbers[last] ?? 0;
      numbers[last] = moved;
    }
    return numbers;
  }

  /** A number from 0 to `most`, both included, each equally likely: draws as many bits as it has until one fits. */
  #uniformTo(most: number): number {
    const unused = Math.clz32(most);
    for (;;) {
      const drawn = (this.nextUint32() << unused) >>> unused;
      if (drawn <= most) return drawn;
    }
  }
}
