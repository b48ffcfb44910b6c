import { invalidArgument, unsupported } from "../../errors.js";
import { fromBareArray, isBareArray } from "../../pytree/bare-array.js";
import { arrayOfElements } from "../../pytree/element.js";
import { pythonTypeName } from "../../pytree/python-type-name.js";
import { Complex, Scalar } from "../../pytree/value.js";
import { type Dtype, dtypeRow } from "../../zarr/dtype.js";
import { NdArray } from "../../zarr/nd-array.js";

/** A feature of an element: what NumPy would have as an array, or as a scalar. */
export type Feature = {
  /** Sizes of the axes, the sequence's first; `[]` for a scalar. */
  readonly shape: readonly number[];
  /** How many places of a sequence it takes: 1 for a scalar. */
  readonly length: number;
  /** The elements. JavaScript's own numbers stay such, of whatever kind: they have no dtype. */
  readonly values: NdArray | readonly number[];
  /** Whether NumPy checks that the number fits into another dtype, as it does for scalars and not for arrays. */
  readonly checked: boolean;
};

/** What holds packed elements: a dtype, or JavaScript's numbers. */
export type ElementType = Dtype | "numbers";

/** Whether a value is an array of numbers, which is one leaf here (in Python a list would be several). */
export function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

/**
 * A feature as users give it: an array of numbers, a typed array, an `NdArray`, or a scalar.
 *
 * @param integers `int64`: bools and all integers of Python count as int64, as packing into bins takes them.
 * `narrowest`: as `np.asarray` takes them, bool and uint64 where they are such.
 * @throws {OrbaxError} `UNSUPPORTED` for strings and for values that are no numbers.
 */
export function readFeature(value: unknown, integers: "int64" | "narrowest"): Feature {
  if (typeof value === "number") return { shape: [], length: 1, values: [value], checked: true };
  if (isNumbers(value)) return { shape: [value.length], length: value.length, values: value, checked: false };
  if (NdArray.is(value)) return arrayFeature(value);
  if (isBareArray(value)) return arrayFeature(fromBareArray(value));
  const scalar = scalarArray(value, integers);
  if (scalar !== undefined) return { shape: [], length: 1, values: scalar, checked: true };
  throw unsupported(`packing: a feature of type ${pythonTypeName(value)} that is no meta feature`, {
    expected: "numbers, a typed array or an NdArray",
    pythonType: "AssertionError",
  });
}

function arrayFeature(array: NdArray): Feature {
  return { shape: array.shape, length: array.shape[0] ?? 1, values: array, checked: false };
}

function scalarArray(value: unknown, integers: "int64" | "narrowest"): NdArray | undefined {
  if (typeof value === "bigint") return integerArray(value, integers);
  if (typeof value === "boolean") return booleanArray(value, integers);
  if (Complex.is(value)) return arrayOfElements("complex128", [], [value]);
  if (!Scalar.is(value)) return undefined;
  if (value.dtype === "bool" && typeof value.value === "boolean") return booleanArray(value.value, integers);
  if (value.dtype === "uint64" && !Complex.is(value.value)) {
    return integerArray(BigInt(value.value), integers);
  }
  return arrayOfElements(value.dtype, [], [value.value]);
}

function booleanArray(value: boolean, integers: "int64" | "narrowest"): NdArray {
  if (integers === "narrowest") return new NdArray("bool", [], Uint8Array.of(Number(value)));
  return new NdArray("int64", [], BigInt64Array.of(BigInt(value)));
}

function integerArray(value: bigint, integers: "int64" | "narrowest"): NdArray {
  if (BigInt.asIntN(64, value) === value) return new NdArray("int64", [], BigInt64Array.of(value));
  if (integers === "narrowest" && BigInt.asUintN(64, value) === value) {
    return new NdArray("uint64", [], BigUint64Array.of(value));
  }
  throw invalidArgument("Python int too large to convert to C long", { pythonType: "OverflowError" });
}

/**
 * What fills places, as `np.full` takes it: whether it fits into the dtype is looked at for integers only. `undefined` for
 * none.
 *
 * @throws {OrbaxError} as {@link readFeature}.
 */
export function readPadding(padding: unknown): Feature | undefined {
  if (padding === null || padding === undefined) return undefined;
  const feature = readFeature(padding, "narrowest");
  const isFraction = typeof padding === "number" && !Number.isSafeInteger(padding);
  const isFloat = Scalar.is(padding) && dtypeRow(padding.dtype).kind === "float";
  return { ...feature, checked: feature.checked && !isFraction && !isFloat };
}

/** What a buffer for features like this one holds. */
export function elementTypeOf({ values }: Feature): ElementType {
  return NdArray.is(values) ? values.dtype : "numbers";
}

/** The part of a sequence from `start` to before `stop`, as far as there is one. A scalar stays whole. */
export function sliceFeature(feature: Feature, start: number, stop: number): Feature {
  const { shape, values } = feature;
  const [size, ...rest] = shape;
  if (size === undefined) return feature;
  const first = Math.min(start, size);
  const length = Math.max(0, Math.min(stop, size) - first);
  if (!NdArray.is(values)) {
    return { ...feature, shape: [length], length, values: values.slice(first, first + length) };
  }
  const step = rest.reduce((product, axis) => product * axis, 1) * dtypeRow(values.dtype).components;
  const data = values.data.subarray(first * step, (first + length) * step);
  return {
    ...feature,
    shape: [length, ...rest],
    length,
    values: new NdArray(values.dtype, [length, ...rest], data),
  };
}
