import { invalidArgument } from "../errors.js";
import { generateSeedWords } from "./std-seed-seq.js";

/** Where each index of a range goes: a permutation of 0 … n−1, computed element by element. */
export type IndexPermutation = (index: number) => number;

const ROUNDS = 4; // Grain's default, which Datarax always uses
const MOST_ROUNDS = 1024;
const SEEDS = 2 ** 32;

type Prepared = { readonly seed: number | bigint; readonly size: number; readonly permute: IndexPermutation };

// A loop asks with the same seed and size again and again.
let preparedOrder: Prepared | undefined;
let preparedShuffle: Prepared | undefined;

/**
 * Datarax's order of an epoch: the record that stands at position `index` (docs/spec/datarax.md section 5.1).
 * Nothing is kept but the round keys of the last seed and size, so any range costs the same, and any position is
 * reached at once.
 *
 * @param seed 0 to 2^32−1; any for a single record.
 * @param n Number of records, up to 2^53−1.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for an index outside the range, with Datarax's text, or a bad seed, with
 * Grain's.
 * @example Array.from({ length: 12 }, (_, i) => indexShuffle(i, 5, 12)) // 4, 0, 5, 3, 7, 9, 8, 10, 11, 6, 1, 2
 */
export function indexShuffle(index: number, seed: number | bigint, n: number): number {
  if (preparedOrder !== undefined && preparedOrder.seed === seed && preparedOrder.size === n) {
    return preparedOrder.permute(index);
  }
  checkSize(n);
  checkPosition(index, n);
  if (n > 1 && !isSeed(seed)) throw incompatible(index, n - 1, seed, ROUNDS);
  return epochOrder(seed, n)(index);
}

/**
 * {@link indexShuffle} for one seed and size: the keys are made once.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a size or seed that cannot be; the order itself throws for an
 * index outside the range.
 */
export function epochOrder(seed: number | bigint, n: number): IndexPermutation {
  if (preparedOrder !== undefined && preparedOrder.seed === seed && preparedOrder.size === n) {
    return preparedOrder.permute;
  }
  checkSize(n);
  const place = n <= 1 ? () => 0 : feistelPermutation(n - 1, seed, ROUNDS);
  const permute = (index: number) => {
    if (!(index >= 0 && index < n && Number.isInteger(index))) checkPosition(index, n);
    return place(index);
  };
  preparedOrder = { seed, size: n, permute };
  return permute;
}

/** The range of {@link grainIndexShuffle}. */
export type IndexShuffleOptions = {
  /** Last index of the range, up to 2^53−1. */
  readonly maxIndex: number;
  /** 0 to 2^32−1. */
  readonly seed: number | bigint;
  /** Even, 4 to 1024. Default 4. */
  readonly rounds?: number;
};

/**
 * Grain's `index_shuffle(index, max_index, seed, rounds)`: where `index` goes in a permutation of 0 … maxIndex.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for arguments that Grain refuses, with its text.
 * @example grainIndexShuffle(0, { maxIndex: 9, seed: 1 }) // 5
 */
export function grainIndexShuffle(
  index: number,
  { maxIndex, seed, rounds = ROUNDS }: IndexShuffleOptions,
): number {
  const last = preparedShuffle;
  if (rounds === ROUNDS && last !== undefined && last.seed === seed && last.size === maxIndex) {
    return last.permute(index);
  }
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(maxIndex) || !isSeed(seed) || !isUint32(rounds)) {
    throw incompatible(index, maxIndex, seed, rounds);
  }
  checkRounds(rounds);
  if (index < 0 || index > maxIndex) throw outside(index, maxIndex);
  const permute = feistelPermutation(maxIndex, seed, rounds);
  if (rounds === ROUNDS) preparedShuffle = { seed, size: maxIndex, permute };
  return permute(index);
}

/**
 * {@link grainIndexShuffle} for one range and seed: a Feistel network over the next even number of bits, walked until
 * the result lies in the range.
 *
 * @param maxIndex Last index of the range, 0 to 2^53−1.
 * @param rounds Even, 4 to 1024.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a range, seed or number of rounds that Grain refuses; the
 * permutation itself throws for an index outside the range.
 */
export function feistelPermutation(
  maxIndex: number,
  seed: number | bigint,
  rounds: number,
): IndexPermutation {
  checkRange(maxIndex, seed);
  checkRounds(rounds);
  const halfBits = halfWidth(maxIndex);
  const half = 2 ** halfBits;
  const mask = half - 1;
  const keys = generateSeedWords(Number(seed), rounds);
  for (let round = 0; round < rounds; round++) keys[round] = (keys[round] ?? 0) & mask;

  const network = rounds === ROUNDS ? fourRounds(keys, halfBits) : anyRounds(keys, halfBits);
  return (index) => {
    if (!(index >= 0 && index <= maxIndex && Number.isInteger(index))) {
      throw Number.isSafeInteger(index)
        ? outside(index, maxIndex)
        : incompatible(index, maxIndex, seed, rounds);
    }
    if (maxIndex === 0) return 0;
    const high = Math.floor(index / half);
    return network(high & mask, index - high * half, maxIndex); // drops the top bit of 2^k, as Grain does
  };
}

/** Takes both halves of a number through the rounds until they make one of 0 … maxIndex. */
type Network = (left: number, right: number, maxIndex: number) => number;

function anyRounds(keys: Uint32Array, halfBits: number): Network {
  const half = 2 ** halfBits;
  return (left, right, maxIndex) => {
    let shuffled: number;
    do {
      for (let round = 0; round < keys.length; round += 2) {
        left ^= mix(right, halfBits) ^ (keys[round] ?? 0);
        right ^= mix(left, halfBits) ^ (keys[round + 1] ?? 0);
      }
      shuffled = left * half + right; // may round from 2^53 on, where it is outside the range anyway
    } while (shuffled > maxIndex);
    return shuffled;
  };
}

/** {@link anyRounds} with the loop unrolled: a range of 1000 is walked 65 times for one element. */
function fourRounds(keys: Uint32Array, halfBits: number): Network {
  const half = 2 ** halfBits;
  const [key0 = 0, key1 = 0, key2 = 0, key3 = 0] = keys;
  return (left, right, maxIndex) => {
    let shuffled: number;
    do {
      left ^= mix(right, halfBits) ^ key0;
      right ^= mix(left, halfBits) ^ key1;
      left ^= mix(right, halfBits) ^ key2;
      right ^= mix(left, halfBits) ^ key3;
      shuffled = left * half + right;
    } while (shuffled > maxIndex);
    return shuffled;
  };
}

/**
 * `(v rotl 1 & v rotl 8) ^ v rotl 2` within `halfBits` ≤ 27 bits: `<<` may lose bits above the 32nd, the mask
 * takes away those between.
 */
function mix(v: number, halfBits: number): number {
  const by1 = (v << 1) | (v >>> (halfBits - 1));
  const by2 = (v << 2) | (v >>> (halfBits - 2));
  const by8 = (v << 8) | (v >>> (halfBits - 8));
  return ((by1 & by8) ^ by2) & ((1 << halfBits) - 1);
}

function isSeed(seed: number | bigint): boolean {
  return typeof seed === "bigint" ? seed >= 0n && seed < SEEDS : isUint32(seed);
}

function isUint32(value: number): boolean {
  return typeof value === "number" && value >>> 0 === value;
}

function checkSize(n: number): void {
  if (Number.isSafeInteger(n)) return;
  throw invalidArgument(`indexShuffle: ${n} is no number of elements`, { pythonType: "TypeError" });
}

function checkPosition(index: number, n: number): void {
  if (index < 0 || index >= n) {
    throw invalidArgument(`Index ${index} out of range for ${n} elements`, { pythonType: "IndexError" });
  }
  if (!Number.isInteger(index)) {
    throw invalidArgument(`indexShuffle: index must be an integer, got ${index}`, {
      pythonType: "TypeError",
    });
  }
}

function checkRange(maxIndex: number, seed: number | bigint): void {
  if (!Number.isSafeInteger(maxIndex) || maxIndex < 0) {
    throw invalidArgument(`max_index must be a non-negative integer, got ${maxIndex}`, {
      pythonType: "TypeError",
    });
  }
  if (!isSeed(seed)) {
    throw invalidArgument(`seed must be in [0, 2**32), got ${seed}`, { pythonType: "ValueError" });
  }
}

function checkRounds(rounds: number): void {
  if (
    typeof rounds === "number" &&
    Number.isInteger(rounds) &&
    rounds % 2 === 0 &&
    rounds >= 4 &&
    rounds <= MOST_ROUNDS
  )
    return;
  throw invalidArgument(`rounds must be an even integer between 4 and 1024, but got rounds = ${rounds}`, {
    pythonType: "ValueError",
  });
}

function outside(index: number, maxIndex: number) {
  return invalidArgument(
    `index must be in [0, max_index], but got index = ${index} and max_index = ${maxIndex}`,
    { pythonType: "ValueError" },
  );
}

/** What Grain's C++ says of arguments that its integer types do not hold. */
function incompatible(index: number, maxIndex: number, seed: number | bigint, rounds: number) {
  return invalidArgument(
    "index_shuffle(): incompatible function arguments. The following argument types are supported:\n" +
      "    1. (index: int, max_index: int, seed: int, rounds: int) -> int\n\n" +
      `Invoked with: kwargs: index=${index}, max_index=${maxIndex}, seed=${seed}, rounds=${rounds}`,
    { pythonType: "TypeError" },
  );
}

const FEWEST_BITS = 16;

/**
 * Half of the network's width in bits: ceil(log2(maxIndex)) made even, in the arithmetic of a C double. From
 * 2^48 on `log2` of a number slightly above 2^k is k exactly, so no more bits are taken there.
 */
function halfWidth(maxIndex: number): number {
  let bits = 0;
  while (2 ** bits < maxIndex) bits++;
  const excess = maxIndex - 2 ** (bits - 1);
  if (bits > 48 && excess < 2 ** (bits - 1 - 48) * Math.LN2) bits--;
  return Math.max(FEWEST_BITS, bits + (bits % 2)) / 2;
}
