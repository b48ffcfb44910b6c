/**
 * The part of `jax.random` that decides orders, with the same bits: keys, integers, permutations, and Flax's named
 * streams of keys. Values are those of JAX's defaults (threefry2x32, partitionable, 32-bit types).
 *
 * @example
 * import { foldIn, key, permutation, Rngs, split, uniform } from "orbax-ts/jax";
 *
 * const [first, second] = split(key(42)); // jax.random.split(jax.random.key(42))
 * console.log(permutation(first, 10)); // jax.random.permutation(first, 10)
 * console.log(uniform(foldIn(second, 7), { shape: [2, 3] })); // jax.random.uniform(jax.random.fold_in(second, 7), (2, 3))
 *
 * const rngs = new Rngs({ default: 3, aug: 44 }); // nnx.Rngs(3, aug=44)
 * console.log(rngs.next("aug")); // rngs.aug()
 * @module
 */

export {
  type ArrayShape,
  type BernoulliOptions,
  bernoulli,
  bits,
  categorical,
  type IntegerRange,
  permutation,
  randint,
  type Shape,
  type ShapeOption,
  type TypedArray,
  type UniformRange,
  uniform,
} from "./random/jax-random.js";
export { foldIn, key, split } from "./random/random-key.js";
export {
  createRngs,
  type RngSeed,
  type RngStream,
  type RngStreamState,
  Rngs,
  type RngsState,
} from "./random/rngs.js";
export type { RandomKey } from "./random/threefry.js";
