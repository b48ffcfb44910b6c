import { type Dtype, dtypeRow } from "../../../src/zarr/dtype.js";
import { NdArray, ndarray } from "../../../src/zarr/nd-array.js";
import { untyped } from "../../datarax/recorder.js";
import { PyArray, PyError, Slice } from "./values.js";

/** An array of what `np.array` takes; other values are undefined. */
export function asArray(value: unknown, dtype?: string): PyArray | undefined {
  if (value instanceof PyArray) return dtype === undefined ? value : astype(value, dtype);
  if (NdArray.is(value)) {
    const items: (number | bigint)[] = Array.from(untyped(value.data), (item: number | bigint) =>
      plain(item),
    );
    return asArray(new PyArray(items, value.shape, value.dtype), dtype);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const items: (number | bigint)[] = Array.from(untyped(value), (item: number | bigint) => plain(item));
    return asArray(new PyArray(items, [items.length], DTYPE_OF[value.constructor.name] ?? "int64"), dtype);
  }
  if (!Array.isArray(value))
    return isNumeric(value) ? astype(new PyArray([Number(value)], [], dtypeOf([value])), dtype) : undefined;
  const rows = value.map((item) => asArray(item));
  const first = rows[0];
  if (first === undefined) return value.length === 0 ? new PyArray([], [0], dtype ?? "float64") : undefined;
  if (rows.some((row) => row?.shape.join() !== first.shape.join())) return undefined;
  const items = rows.flatMap((row) => row?.items ?? []);
  const known = rows.find((row) => row?.dtype.startsWith("float")) ?? first;
  return astype(new PyArray(items, [value.length, ...first.shape], known.dtype), dtype);
}

const DTYPE_OF: { readonly [name: string]: string | undefined } = Object.fromEntries(
  ["Int8", "Int16", "Int32", "Uint8", "Uint16", "Uint32", "Float32", "Float64"]
    .map((name) => [`${name}Array`, name.toLowerCase()])
    .concat([
      ["BigInt64Array", "int64"],
      ["BigUint64Array", "uint64"],
    ]),
);

function plain(item: number | bigint): number | bigint {
  return typeof item === "bigint" && Number.isSafeInteger(Number(item)) ? Number(item) : item;
}

function isNumeric(value: unknown): value is number | bigint | boolean {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
}

function dtypeOf(items: readonly unknown[]): string {
  if (items.every((item) => typeof item === "boolean")) return "bool";
  return items.every((item) => typeof item === "bigint" || Number.isInteger(Number(item)))
    ? "int64"
    : "float64";
}

/** The array with elements of another dtype. */
export function astype(array: PyArray, dtype: string | undefined): PyArray {
  if (dtype === undefined || dtype === array.dtype) return array;
  return new PyArray(
    array.items.map((item) => fitted(item, dtype)),
    array.shape,
    dtype,
  );
}

/** A number as a dtype has it. */
export function fitted(item: number | bigint, dtype: string): number | bigint {
  if (dtype === "bool") return Number(item) === 0 ? 0 : 1;
  if (dtype === "float32") return Math.fround(Number(item));
  if (dtype.startsWith("float") || dtype === "bfloat16") return Number(item);
  const bits = Number(/\d+$/.exec(dtype)?.[0] ?? 64);
  const integer = typeof item === "bigint" ? item : BigInt(Math.trunc(item));
  return plain(dtype.startsWith("u") ? BigInt.asUintN(bits, integer) : BigInt.asIntN(bits, integer));
}

/** An array as this project has it. */
export function hostArray({ items, shape, dtype }: PyArray): unknown {
  const known: Dtype = untyped(dtype);
  const row = dtypeRow(known);
  const data = untyped(row.view(new ArrayBuffer(items.length * 8), 0, items.length));
  for (const [index, item] of items.entries()) {
    data[index] = typeof data[index] === "bigint" ? BigInt(item) : Number(item);
  }
  return shape.length === 1 && dtype !== "bool" ? data : ndarray(known, shape, data);
}

/** `array.tolist()`: numbers and booleans in nested lists. */
export function listOf({ items, shape, dtype }: PyArray): unknown {
  const [length, ...inner] = shape;
  if (length === undefined) return dtype === "bool" ? Number(items[0]) !== 0 : items[0];
  const size = inner.reduce((product, extent) => product * extent, 1);
  return Array.from({ length }, (_, row) =>
    listOf(new PyArray(items.slice(row * size, (row + 1) * size), inner, dtype)),
  );
}

/** `array[index]` along the first axes; an element without axes is a plain number. */
export function rowOf(array: PyArray, index: unknown): unknown {
  if (Array.isArray(index) && !index.some((part) => part instanceof Slice)) {
    return index.reduce(
      (part: unknown, at: unknown) => (part instanceof PyArray ? rowOf(part, at) : part),
      array,
    );
  }
  const [length = 0, ...inner] = array.shape;
  const size = inner.reduce((product, extent) => product * extent, 1);
  const row = (at: number) => array.items.slice(at * size, (at + 1) * size);
  if (index instanceof Slice || index instanceof PyArray) {
    const taken = index instanceof Slice ? index.indices(length) : index.items.map(Number);
    return new PyArray(taken.flatMap(row), [taken.length, ...inner], array.dtype);
  }
  const at = Number(index) < 0 ? Number(index) + length : Number(index);
  if (!(at >= 0 && at < length)) throw new PyError("IndexError", `index ${String(index)} is out of bounds`);
  const found = new PyArray(row(at), inner, array.dtype);
  return inner.length === 0 ? listOf(found) : found;
}

/** The dtype that an operation of two gives, as far as the vectors need it. */
export function jointDtype(left: string | undefined, right: string | undefined, isDivision: boolean): string {
  const dtypes = [left, right].filter((dtype) => dtype !== undefined);
  const float =
    dtypes.find((dtype) => dtype.startsWith("float64")) ?? dtypes.find((dtype) => /float/.test(dtype));
  if (float !== undefined) return float;
  if (isDivision) return "float64";
  const integer = dtypes.find((dtype) => dtype === "int64") ?? dtypes.find((dtype) => dtype !== "bool");
  return integer ?? "int64";
}
