import { invalidArgument } from "../errors.js";
import { type Dtype, isDtype } from "../zarr/dtype.js";
import { NdArray, ndarray } from "../zarr/nd-array.js";
import { decodeSmallFloat, encodeSmallFloat, smallFloatOf } from "../zarr/small-float.js";

/** A complex number. Made by {@link complex} only. */
export class Complex {
  readonly #brand = true;
  readonly re: number;
  readonly im: number;

  /** @internal Use {@link complex}. */
  constructor(re: number, im: number) {
    this.re = re;
    this.im = im;
  }

  static is(value: unknown): value is Complex {
    return typeof value === "object" && value !== null && #brand in value && value.#brand;
  }
}

/** A complex number. */
export function complex(re: number, im: number): Complex {
  return new Complex(re, im);
}

/** Widths that a {@link Scalar} can have on disk: all. */
export type ScalarDtype = Dtype;

/**
 * A Python number with its exact type: `int64`/`uint64` is Python's `int`, `float64` its `float`, `bool` its
 * `bool`; other widths are NumPy scalars that a PyTree save wrote. Made by {@link scalar}, {@link int},
 * {@link float} only. Value type `scalar` of Orbax (docs/spec/orbax-layout.md section 9).
 */
export class Scalar {
  readonly #brand = true;
  readonly dtype: ScalarDtype;
  /** An int is a `number` where that is safe, else a `bigint`. */
  readonly value: number | bigint | boolean | Complex;

  /** @internal Use {@link scalar}. */
  constructor(dtype: ScalarDtype, value: number | bigint | boolean | Complex) {
    this.dtype = dtype;
    this.value = value;
  }

  static is(value: unknown): value is Scalar {
    return typeof value === "object" && value !== null && #brand in value && value.#brand;
  }
}

const INT_RANGES: { readonly [dtype: string]: readonly [bigint, bigint] | undefined } = {
  int2: [-2n, 1n],
  int4: [-8n, 7n],
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint4: [0n, 15n],
  uint8: [0n, 2n ** 8n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/**
 * A number of an exact width; a fraction that the width cannot hold is rounded to the nearest that it can.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` if `value` is of another kind or out of the dtype's range.
 */
export function scalar(dtype: ScalarDtype, value: number | bigint | boolean | Complex): Scalar {
  if (!isDtype(dtype)) throw invalidArgument(`scalar: no dtype ${JSON.stringify(dtype)}`);
  const range = INT_RANGES[dtype];
  if (range !== undefined) return new Scalar(dtype, integerIn(dtype, value, range));
  const wanted = dtype === "bool" ? "boolean" : dtype.startsWith("complex") ? "Complex" : "number";
  const fits = wanted === "Complex" ? Complex.is(value) : typeof value === wanted;
  if (!fits) throw invalidArgument(`scalar ${dtype}: ${typeof value} is no ${wanted}`);
  return new Scalar(dtype, roundTo(dtype, value));
}

/** The nearest value that the dtype holds. */
function roundTo(dtype: ScalarDtype, value: number | bigint | boolean | Complex) {
  if (Complex.is(value)) {
    return dtype === "complex64" ? complex(Math.fround(value.re), Math.fround(value.im)) : value;
  }
  if (typeof value !== "number") return value;
  const smallFloat = smallFloatOf(dtype);
  if (smallFloat !== undefined) return decodeSmallFloat(smallFloat, encodeSmallFloat(smallFloat, value));
  return dtype === "float32" ? Math.fround(value) : value;
}

function integerIn(dtype: ScalarDtype, value: unknown, [least, most]: readonly [bigint, bigint]) {
  const whole = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
  const integer = whole ? BigInt(value) : undefined;
  if (integer === undefined || integer < least || integer > most) {
    const found = typeof value === "number" || typeof value === "bigint" ? value : `a ${typeof value}`;
    throw invalidArgument(`scalar ${dtype}: ${found} is no integer from ${least} to ${most}`);
  }
  return plainInteger(integer);
}

/** A `number` where it is exact, else the `bigint`. */
export function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Python's `float`, also for a whole number: `float(2)` is 2.0. */
export function float(value: number): Scalar {
  return scalar("float64", value);
}

/**
 * Python's `int`.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` below −2^63 or from 2^64 on, which Orbax cannot store.
 */
export function int(value: number | bigint): Scalar {
  const large = typeof value === "bigint" && value >= 2n ** 63n;
  return scalar(large ? "uint64" : "int64", value);
}

/** A typed JAX random key, or an array of them. Made by {@link prngKey} only. */
export class PrngKey {
  readonly #brand = true;
  /** Shape of the array of keys, without the axis of words; `[]` for one key. */
  readonly shape: readonly number[];
  /** The keys' words, key after key. */
  readonly data: Uint32Array;
  /** JAX's name of the generator, e.g. `threefry2x32`. */
  readonly impl: string;
  /** The `_sharding` text that an exact load gave. */
  readonly sharding: string | undefined;

  /** @internal Use {@link prngKey}. */
  constructor(shape: readonly number[], data: Uint32Array, impl: string, sharding?: string) {
    this.shape = shape;
    this.data = data;
    this.impl = impl;
    this.sharding = sharding;
  }

  static is(value: unknown): value is PrngKey {
    return typeof value === "object" && value !== null && #brand in value && value.#brand;
  }
}

/**
 * A typed random key of `jax.random.key`, or an array of them, over its words (not copied).
 *
 * @param impl JAX's name of the generator. Default: `threefry2x32`.
 * @throws {OrbaxError} `INVALID_ARGUMENT` if the words do not divide into as many keys as the shape has.
 */
export function prngKey(shape: readonly number[], data: Uint32Array, impl = "threefry2x32"): PrngKey {
  ndarray("uint32", [data.length], data);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw invalidArgument(`prngKey: shape [${shape.join(", ")}], expected sizes of 0 or more`);
  }
  const keys = shape.reduce((count, size) => count * size, 1);
  if (keys === 0 ? data.length !== 0 : data.length === 0 || data.length % keys !== 0) {
    throw invalidArgument(`prngKey: ${data.length} words do not divide into ${keys} keys`);
  }
  return new PrngKey([...shape], data, impl);
}

/** A Python tuple or named tuple, where the file tells it from a list. Made by {@link tuple} only. */
export class Tuple {
  readonly #brand = true;
  readonly items: readonly Tree[];
  /** Field names of a named tuple. */
  readonly names: readonly string[] | undefined;
  /** Class of a named tuple. */
  readonly className: string | undefined;

  /** @internal Use {@link tuple}. */
  constructor(items: readonly Tree[], names?: readonly string[], className?: string) {
    this.items = items;
    this.names = names;
    this.className = className;
  }

  static is(value: unknown): value is Tuple {
    return typeof value === "object" && value !== null && #brand in value && value.#brand;
  }
}

/** A Python tuple. */
export function tuple(items: readonly Tree[]): Tuple {
  return new Tuple([...items]);
}

/** Python's `bytes`, which msgpack files hold as a value. Made by {@link bytes} only. */
export class Bytes {
  readonly #brand = true;
  readonly bytes: Uint8Array;

  /** @internal Use {@link bytes}. */
  constructor(data: Uint8Array) {
    this.bytes = data;
  }

  static is(value: unknown): value is Bytes {
    return typeof value === "object" && value !== null && #brand in value && value.#brand;
  }
}

/**
 * Python's `bytes` over `data` (not copied), as an exact load gives it. Orbax has no place for it: `save` refuses
 * it, and takes a bare `Uint8Array` as an array of uint8.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for anything but a `Uint8Array`.
 */
export function bytes(data: Uint8Array): Bytes {
  const found = Object.prototype.toString.call(data).slice("[object ".length, -1);
  if (found !== "Uint8Array") throw invalidArgument(`bytes: data is ${found}, expected Uint8Array`);
  return new Bytes(data);
}

/** The leaf that Python writes for `...`: its value was left out of the save. */
export class Placeholder {
  readonly #brand = true;

  static is(value: unknown): value is Placeholder {
    return typeof value === "object" && value !== null && #brand in value && value.#brand;
  }
}

/** The one {@link Placeholder}. */
export const placeholder: Placeholder = new Placeholder();

/** Arrays of rank 1 that `save` takes as they are. */
export type BareArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** A value that is no container. */
export type Leaf =
  | number
  | bigint
  | boolean
  | string
  | null
  | NdArray
  | Scalar
  | Complex
  | PrngKey
  | Bytes
  | Placeholder
  | BareArray;

/** A dict. Loads give objects without prototype. */
export type Dict = { readonly [key: string]: Tree };

/** A checkpoint's content: nested dicts, lists and leaves (JAX's pytree). */
export type Tree = Leaf | Tuple | Dict | readonly Tree[] | ReadonlyMap<string | number | bigint, Tree>;

/** Whether a value is one of this package's leaf or container types, hence no dict. */
export function isBranded(
  value: unknown,
): value is NdArray | Scalar | Complex | PrngKey | Tuple | Bytes | Placeholder {
  return (
    NdArray.is(value) ||
    Scalar.is(value) ||
    PrngKey.is(value) ||
    Tuple.is(value) ||
    Complex.is(value) ||
    Bytes.is(value) ||
    Placeholder.is(value)
  );
}
