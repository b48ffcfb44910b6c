import { invalidArgument } from "../errors.js";
import { flushed, fusedMultiplyAdd, gumbelFloat, unitFloat } from "./float32.js";
import { indexRange } from "./index-range.js";
import { integerArgument } from "./integer-argument.js";
import { checkedKey, split } from "./random-key.js";
import { type ArrayShape, elementsOf, isScalar, type Shape } from "./shape.js";
import { sortByKeys } from "./stable-sort.js";
import { fillRandomWords, type RandomKey, randomWord } from "./threefry.js";

export { foldIn, key, split } from "./random-key.js";
export type { ArrayShape, Shape } from "./shape.js";
export type { RandomKey } from "./threefry.js";

// What jax.random gives with its defaults: threefry2x32, jax_threefry_partitionable, 32-bit types
// (docs/spec/datarax.md section 5.2). Arrays come in row-major order; without a shape there is one value.

/**
 * `jax.random.bits(key, shape)`: uniform words of 32 bits.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a shape that cannot be, or of more than 2^30 elements. So do all
 * functions with a shape.
 */
export function bits(key: RandomKey, shape?: readonly []): number;
export function bits(key: RandomKey, shape: ArrayShape): Uint32Array;
export function bits(key: RandomKey, shape?: Shape): number | Uint32Array;
export function bits(key: RandomKey, shape: Shape = []): number | Uint32Array {
  return isScalar(shape) ? randomWord(checkedKey(key), 0) : randomWords(key, elementsOf(shape));
}

function randomWords(key: RandomKey, count: number): Uint32Array {
  const words = new Uint32Array(count);
  fillRandomWords(checkedKey(key), words);
  return words;
}

/** How many values a function gives: none of these, and it is one. */
export type ShapeOption<S extends Shape> = { readonly shape: S };

/** Range of {@link uniform}; taken as float32. */
export type UniformRange = {
  /** Included. Default 0. */
  readonly minval?: number;
  /** Not included, as far as rounding allows. Default 1. */
  readonly maxval?: number;
};

/** `jax.random.uniform(key, shape, minval=…, maxval=…)`: float32 values of a range. */
export function uniform(key: RandomKey, options?: UniformRange & Partial<ShapeOption<readonly []>>): number;
export function uniform(key: RandomKey, options: UniformRange & ShapeOption<ArrayShape>): Float32Array;
export function uniform(
  key: RandomKey,
  options?: UniformRange & Partial<ShapeOption<Shape>>,
): number | Float32Array;
export function uniform(
  key: RandomKey,
  { shape = [], minval = 0, maxval = 1 }: UniformRange & Partial<ShapeOption<Shape>> = {},
): number | Float32Array {
  const words = randomWords(key, elementsOf(shape));
  const least = flushed(minval);
  const span = flushed(flushed(maxval) - least);
  const values = new Float32Array(words.length);
  for (let index = 0; index < words.length; index++) {
    const value = fusedMultiplyAdd(unitFloat(words[index] ?? 0), span, least);
    values[index] = Math.max(least, value);
  }
  return isScalar(shape) ? (values[0] ?? 0) : values;
}

/** Probability of {@link bernoulli}, taken as float32. Default 0.5. */
export type BernoulliOptions = { readonly p?: number };

/** `jax.random.bernoulli(key, p, shape)`: true with probability `p`; of a shape, bytes of 1 and 0. */
export function bernoulli(
  key: RandomKey,
  options?: BernoulliOptions & Partial<ShapeOption<readonly []>>,
): boolean;
export function bernoulli(key: RandomKey, options: BernoulliOptions & ShapeOption<ArrayShape>): Uint8Array;
export function bernoulli(
  key: RandomKey,
  options?: BernoulliOptions & Partial<ShapeOption<Shape>>,
): boolean | Uint8Array;
export function bernoulli(
  key: RandomKey,
  { p = 0.5, shape = [] }: BernoulliOptions & Partial<ShapeOption<Shape>> = {},
): boolean | Uint8Array {
  const words = randomWords(key, elementsOf(shape));
  const limit = flushed(p);
  const isTrue = Uint8Array.from(words, (word) => (unitFloat(word) < limit ? 1 : 0));
  return isScalar(shape) ? isTrue[0] === 1 : isTrue;
}

/** Range of {@link randint}: int32 values. */
export type IntegerRange = {
  /** Included. */
  readonly minval: number | bigint;
  /** Not included. Not above `minval`: every value is `minval`. */
  readonly maxval: number | bigint;
};

/**
 * `jax.random.randint(key, shape, minval, maxval)`: int32 values of a range, with JAX's slight bias.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with JAX's text for a bound outside int32; 2^31 itself is outside.
 */
export function randint(key: RandomKey, options: IntegerRange & Partial<ShapeOption<readonly []>>): number;
export function randint(key: RandomKey, options: IntegerRange & ShapeOption<ArrayShape>): Int32Array;
export function randint(
  key: RandomKey,
  options: IntegerRange & Partial<ShapeOption<Shape>>,
): number | Int32Array;
export function randint(
  key: RandomKey,
  { shape = [], minval, maxval }: IntegerRange & Partial<ShapeOption<Shape>>,
): number | Int32Array {
  const least = int32Argument(minval, "minval");
  const end = int32Argument(maxval, "maxval");
  const span = Math.max(1, end - least);
  const half = 2 ** 16 % span;
  const multiplier = (Math.imul(half, half) >>> 0) % span; // 2^32 modulo the span
  const count = elementsOf(shape);
  const [highKey = key, lowKey = key] = split(key);
  const high = randomWords(highKey, count);
  const low = randomWords(lowKey, count);
  const values = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const upper = Math.imul((high[index] ?? 0) % span, multiplier);
    const offset = ((upper + ((low[index] ?? 0) % span)) >>> 0) % span;
    values[index] = least + offset;
  }
  return isScalar(shape) ? (values[0] ?? 0) : values;
}

function int32Argument(value: number | bigint, name: string): number {
  const integer = integerArgument(value, name);
  if (BigInt.asIntN(32, integer) === integer) return Number(integer);
  throw invalidArgument(
    `An overflow was encountered while parsing an argument to a jitted computation, whose argument path is ${name}. ` +
      `Got <class 'int'> with value ${integer}`,
    { pythonType: "OverflowError" },
  );
}

/** Arrays that {@link permutation} permutes to one of their class. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/**
 * `jax.random.permutation(key, x)`: the numbers 0 … x−1, or the elements of an array, in random order. An array of
 * arrays is permuted along its first axis.
 *
 * @param x A number (a negative one counts as 0), or an array; it stays as it is.
 */
export function permutation(key: RandomKey, x: number): Int32Array;
export function permutation<A extends TypedArray>(key: RandomKey, x: A): A;
export function permutation<T>(key: RandomKey, x: readonly T[]): T[];
export function permutation(
  key: RandomKey,
  x: number | TypedArray | readonly unknown[],
): TypedArray | unknown[] {
  if (typeof x !== "number") {
    if (!Array.isArray(x) && !ArrayBuffer.isView(x)) throw noArray();
    const order = shuffledIndices(key, x.length);
    return permuted(x, order);
  }
  if (!Number.isInteger(x)) {
    throw noArray();
  }
  return shuffledIndices(key, Math.max(0, x));
}

function noArray() {
  return invalidArgument("x must be an integer or at least 1-dimensional", { pythonType: "TypeError" });
}

function permuted(array: TypedArray | readonly unknown[], order: Int32Array): TypedArray | unknown[] {
  if (!ArrayBuffer.isView(array)) return Array.from(order, (index) => array[index]);
  const copy = array.slice();
  const elements: { [index: number]: unknown } = copy; // numbers or bigints, whichever they are
  for (let place = 0; place < order.length; place++) elements[place] = array[order[place] ?? 0];
  return copy;
}

/** Sorts by random words, often enough that equal words in all rounds are unlikely. */
function shuffledIndices(key: RandomKey, n: number): Int32Array {
  const order = indexRange(n);
  const rounds = Math.ceil((3 * Math.log(Math.max(1, n))) / Math.log(2 ** 32 - 1));
  let current = checkedKey(key);
  for (let round = 0; round < rounds; round++) {
    const [next = current, sortKey = current] = split(current);
    current = next;
    sortByKeys(randomWords(sortKey, n), order);
  }
  return order;
}

/**
 * `jax.random.categorical(key, logits, shape=…)`: indices of logits, drawn with the probabilities `softmax(logits)`.
 * The logarithms are rounded as XLA's code for CPUs rounds them.
 *
 * @param logits Logarithms of the weights, taken as float32.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with JAX's text for no logits.
 */
export function categorical(
  key: RandomKey,
  logits: ArrayLike<number>,
  options?: Partial<ShapeOption<readonly []>>,
): number;
export function categorical(
  key: RandomKey,
  logits: ArrayLike<number>,
  options: ShapeOption<ArrayShape>,
): Int32Array;
export function categorical(
  key: RandomKey,
  logits: ArrayLike<number>,
  options?: Partial<ShapeOption<Shape>>,
): number | Int32Array;
export function categorical(
  key: RandomKey,
  logits: ArrayLike<number>,
  { shape = [] }: Partial<ShapeOption<Shape>> = {},
): number | Int32Array {
  if (typeof logits !== "object" || logits === null) {
    throw invalidArgument("logits must be a list of numbers", { pythonType: "TypeError" });
  }
  const weights = Float32Array.from(logits, flushed);
  if (weights.length === 0) {
    throw invalidArgument("attempt to get argmax of an empty sequence", { pythonType: "ValueError" });
  }
  const draws = new Int32Array(elementsOf(shape));
  const words = randomWords(key, elementsOf([draws.length, weights.length]));
  for (let draw = 0; draw < draws.length; draw++) {
    draws[draw] = choiceOf(weights, words, draw * weights.length);
  }
  return isScalar(shape) ? (draws[0] ?? 0) : draws;
}

/** First index of the largest sum of a logit and Gumbel noise; NaN counts as largest. */
function choiceOf(logits: Float32Array, words: Uint32Array, offset: number): number {
  let choice = 0;
  let largest = -Infinity;
  for (let index = 0; index < logits.length; index++) {
    const noisy = Math.fround((logits[index] ?? 0) + gumbelFloat(words[offset + index] ?? 0));
    if (Number.isNaN(noisy)) return index;
    if (noisy > largest) {
      largest = noisy;
      choice = index;
    }
  }
  return choice;
}
