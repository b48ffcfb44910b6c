import { invalidArgument } from "../errors.js";
import { type DataOf, type Dtype, dtypeRow, elementCount } from "./dtype.js";

/**
 * An array in C order over plain data, as `load` gives it and `save` takes it. Made by {@link ndarray} only.
 *
 * `data` follows the dtype: `Int8Array` … `Float64Array`, `BigInt64Array`, `BigUint64Array`; bool is a
 * `Uint8Array` of 0 and 1; float16 and bfloat16 are raw bits in a `Uint16Array`, float8 and float4 in a `Uint8Array`
 * (`toFloat32` gives their values); int4 and int2 are an `Int8Array`, uint4 a `Uint8Array`; complex is interleaved.
 */
export class NdArray<D extends Dtype = Dtype> {
  readonly #brand = true;
  readonly dtype: D;
  /** Sizes of the dimensions; `[]` for a single element. */
  readonly shape: readonly number[];
  readonly data: DataOf<D>;
  /** The `_sharding` text of a `jax.Array` that an exact load gave; makes `save` write a `jax.Array`. */
  readonly sharding: string | undefined;

  /** @internal Use {@link ndarray}. */
  constructor(dtype: D, shape: readonly number[], data: DataOf<D>, sharding?: string) {
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
    this.sharding = sharding;
  }

  /** Whether a value was made by {@link ndarray}, whatever its fields look like. */
  static is(value: unknown): value is NdArray {
    return typeof value === "object" && value !== null && #brand in value && value.#brand;
  }
}

/**
 * An array of `dtype` and `shape` over `data` (not copied), elements in C order.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` if the data has another type or length than dtype and shape ask for.
 */
export function ndarray<D extends Dtype>(dtype: D, shape: readonly number[], data: DataOf<D>): NdArray<D> {
  const { components } = dtypeRow(dtype);
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw invalidArgument(`ndarray: shape [${shape.join(", ")}] has ${size}, expected sizes of 0 or more`);
    }
  }
  const expected = elementCount(shape) * components;
  if (data.length !== expected) {
    throw invalidArgument(
      `ndarray: ${data.length} numbers of data, expected ${expected} for ${dtype} [${shape.join(", ")}]`,
    );
  }
  const wanted = dataName(dtype);
  if (nameOf(data) !== wanted) {
    throw invalidArgument(`ndarray: data is ${nameOf(data)}, expected ${wanted} for ${dtype}`);
  }
  return new NdArray(dtype, [...shape], data);
}

const dataNames = new Map<Dtype, string>();

/** How a dtype's typed array is called; found out once, as every array of a checkpoint asks. */
function dataName(dtype: Dtype): string {
  const known = dataNames.get(dtype);
  if (known !== undefined) return known;
  const name = nameOf(dtypeRow(dtype).view(new ArrayBuffer(0), 0, 0));
  dataNames.set(dtype, name);
  return name;
}

function nameOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
