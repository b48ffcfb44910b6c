import { invalidArgument } from "../errors.js";
import { integerArgument } from "./integer-argument.js";
import { type RandomKey, threefry2x32 } from "./threefry.js";

const WORDS = 2n ** 32n;
const MOST_KEYS = 2 ** 24; // about a gigabyte

/**
 * `jax.random.key(seed)`: the lower 32 bits of the seed are the second word, the first one is 0.
 *
 * @param seed −2^63 to 2^63−1; seeds beyond 2^53−1 as bigint.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for another seed, with JAX's text for one that is too large.
 */
export function key(seed: number | bigint): RandomKey {
  const integer = integerArgument(seed, "PRNG key seed");
  if (BigInt.asIntN(64, integer) !== integer) throw tooLarge();
  return [0, Number(BigInt.asUintN(32, integer))];
}

/**
 * `jax.random.split(key, n)`: `n` new keys. Of any two counts, one gives the first keys of the other.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a number of keys that is negative, fractional or beyond 2^24.
 */
export function split(key: RandomKey, n = 2): RandomKey[] {
  if (!Number.isInteger(n) || n < 0 || n > MOST_KEYS) {
    throw invalidArgument(`split: the number of keys must be an integer from 0 to 2^24, got ${n}`, {
      found: n,
      pythonType: Number.isInteger(n) ? "ValueError" : "TypeError",
    });
  }
  const [key0, key1] = checkedKey(key);
  return Array.from({ length: n }, (_, index) => threefry2x32(key0, key1, 0, index));
}

/**
 * `jax.random.fold_in(key, data)`: a new key that depends on both.
 *
 * @param data 0 to 2^32−1; JAX wraps the values of an int32 array, `data >>> 0`, but not a Python int.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with JAX's text for data outside that range.
 */
export function foldIn(key: RandomKey, data: number | bigint): RandomKey {
  const integer = integerArgument(data, "fold_in: data");
  if (BigInt.asIntN(64, integer) !== integer && integer !== BigInt.asUintN(64, integer)) throw tooLarge();
  if (integer < 0n || integer >= WORDS) {
    throw invalidArgument(`Python integer ${integer} out of bounds for uint32`, {
      pythonType: "OverflowError",
    });
  }
  const [key0, key1] = checkedKey(key);
  return threefry2x32(key0, key1, 0, Number(integer));
}

/**
 * The key, if it is one.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for anything but two words: JavaScript code may have passed a seed.
 */
export function checkedKey(key: RandomKey): RandomKey {
  const isKey =
    typeof key === "object" && key !== null && key.length === 2 && isWord(key[0]) && isWord(key[1]);
  if (isKey) return key;
  throw invalidArgument("a random key consists of two integers from 0 to 2^32-1; key(seed) makes one", {
    found: key,
    pythonType: "TypeError",
  });
}

function isWord(value: number): boolean {
  return value >>> 0 === value;
}

function tooLarge() {
  return invalidArgument("Python int too large to convert to C long", { pythonType: "OverflowError" });
}
