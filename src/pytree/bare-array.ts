import type { Dtype } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import type { BareArray } from "./value.js";

/** Whether a value is a typed array that stands for a NumPy array of rank 1. */
export function isBareArray(value: unknown): value is BareArray {
  return ArrayBuffer.isView(value) && dtypeOf(value) !== undefined;
}

/** The same elements as an `NdArray` of rank 1, not copied. */
export function fromBareArray(data: BareArray): NdArray {
  const dtype = dtypeOf(data);
  if (dtype === undefined) throw new Error(`no dtype for ${Object.prototype.toString.call(data)}`);
  return new NdArray<Dtype>(dtype, [data.length], data);
}

/** By the class's name, which is the same in every realm and for subclasses such as Node's `Buffer`. */
function dtypeOf(view: ArrayBufferView): Dtype | undefined {
  return DTYPES[Object.prototype.toString.call(view).slice("[object ".length, -1)];
}

const DTYPES: { readonly [className: string]: Dtype | undefined } = {
  Int8Array: "int8",
  Int16Array: "int16",
  Int32Array: "int32",
  BigInt64Array: "int64",
  Uint8Array: "uint8",
  Uint16Array: "uint16",
  Uint32Array: "uint32",
  BigUint64Array: "uint64",
  Float32Array: "float32",
  Float64Array: "float64",
};
