import { invalidArgument } from "../errors.js";
import { fromBareArray, isBareArray } from "../pytree/bare-array.js";
import { isDict } from "../pytree/container.js";
import { arrayOfElements } from "../pytree/element.js";
import { type BareArray, Scalar } from "../pytree/value.js";
import { bytesOf, dtypeRow, elementCount } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import { batchShape, isBatch, rememberBatch } from "./batch-array.js";
import { describeElements } from "./element-structure.js";

/** What {@link batchElements} makes of elements of type `T`. */
export type Batched<T> = [T] extends [null | undefined]
  ? null
  : [T] extends [number]
    ? number[]
    : [T] extends [string]
      ? string[]
      : [T] extends [boolean]
        ? boolean[]
        : [T] extends [bigint]
          ? bigint[]
          : [T] extends [NdArray | BareArray | Scalar]
            ? NdArray
            : [T] extends [readonly unknown[] | { readonly [key: string]: unknown }]
              ? { -readonly [K in keyof T]: Batched<T[K]> }
              : unknown;

/**
 * Elements stacked along a new first axis, as Grain's `batch` does without a function of one's own.
 *
 * Dicts are batched key by key and lists (JavaScript arrays) item by item, so all elements must have the same
 * structure. Everything else is a leaf: numbers, bigints, booleans and strings become an array of them, which
 * counts as ONE leaf from then on (Python: a NumPy array), so that a batch of batches has rows; `NdArray`, `Scalar`
 * and typed arrays of one dtype and shape become an `NdArray`. `null` (Python's `None`) stays, if all elements have
 * it there.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for no elements, elements of different structure or arrays of different
 * shape, with Grain's text; also for arrays of different dtypes, which NumPy would convert.
 */
export function batchElements<T>(elements: readonly T[]): Batched<T>;
export function batchElements(elements: readonly unknown[]): unknown {
  if (elements.length === 0) {
    throw invalidArgument("Cannot batch 0 values. Please file a bug.", { pythonType: "ValueError" });
  }
  const batch = stackTrees(elements);
  if (batch !== MISMATCH) return batch;
  throw invalidArgument(
    `Expected all input elements to have the same structure but got:\n${describeElements(elements)}`,
    { pythonType: "ValueError" },
  );
}

/** The answer for elements that do not fit together. */
const MISMATCH = Symbol("mismatch");

function stackTrees(values: readonly unknown[]): unknown {
  const first = values[0];
  if (isNone(first)) return values.every(isNone) ? null : MISMATCH;
  if (isPytreeList(first)) return stackLists(first.length, values);
  if (isDict(first)) return stackDicts(Object.keys(first), values);
  if (values.some((value) => isNone(value) || isPytreeList(value) || isDict(value))) return MISMATCH;
  return stackLeaves(values);
}

function isNone(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isPytreeList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && !isBatch(value);
}

function stackLists(length: number, lists: readonly unknown[]): unknown {
  if (!lists.every(isPytreeList) || lists.some((list) => list.length !== length)) return MISMATCH;
  const columns: unknown[] = [];
  for (let column = 0; column < length; column++) {
    const stacked = stackTrees(lists.map((list) => list[column]));
    if (stacked === MISMATCH) return MISMATCH;
    columns.push(stacked);
  }
  return columns;
}

function stackDicts(keys: readonly string[], dicts: readonly unknown[]): unknown {
  if (!dicts.every(isDict) || !dicts.every((dict) => hasKeys(dict, keys))) return MISMATCH;
  const batch: { [key: string]: unknown } = Object.create(null);
  for (const key of keys) {
    const stacked = stackTrees(dicts.map((dict) => dict[key]));
    if (stacked === MISMATCH) return MISMATCH;
    batch[key] = stacked;
  }
  return batch;
}

function hasKeys(dict: object, keys: readonly string[]): boolean {
  return Object.keys(dict).length === keys.length && keys.every((key) => Object.hasOwn(dict, key));
}

function stackLeaves(leaves: readonly unknown[]): unknown {
  if (leaves.every((leaf) => typeof leaf === "number")) return rememberBatch([...leaves]);
  if (leaves.every(isScalarValue)) return stackNumbers(leaves);
  if (leaves.some(isScalarValue)) return MISMATCH;
  if (leaves.every(isArrayLike)) return stackArrays(leaves.map(toArray));
  if (leaves.some(isArrayLike)) return MISMATCH;
  if (leaves.some((leaf) => Array.isArray(leaf))) return stackBatches(leaves);
  return rememberBatch([...leaves]); // NumPy would make an array of objects
}

type ScalarValue = number | bigint | boolean | string;

function isScalarValue(value: unknown): value is ScalarValue {
  return ["number", "bigint", "boolean", "string"].includes(typeof value);
}

/** Scalars of one type as they are; booleans among numbers are numbers, as NumPy has it. */
function stackNumbers(values: readonly ScalarValue[]): unknown {
  const types = new Set(values.map((value) => typeof value));
  if (types.size === 1) return rememberBatch([...values]);
  if (types.has("string")) return MISMATCH;
  const isExact = values.every((value) => typeof value !== "number" || Number.isSafeInteger(value));
  const convert = (value: ScalarValue) => (typeof value === "bigint" && isExact ? value : Number(value));
  return rememberBatch(values.map(convert));
}

function stackBatches(batches: readonly unknown[]): unknown {
  if (!batches.every(isBatch)) return MISMATCH;
  const shapes = batches.map((batch) => batchShape(batch));
  const { shape, item } = shapes[0] ?? { shape: [], item: undefined };
  const fits = shapes.every((other) => sameShape(other.shape, shape) && typeof other.item === typeof item);
  return fits ? rememberBatch([...batches]) : MISMATCH;
}

function isArrayLike(value: unknown): value is NdArray | BareArray | Scalar {
  return NdArray.is(value) || isBareArray(value) || Scalar.is(value);
}

function toArray(value: NdArray | BareArray | Scalar): NdArray {
  if (NdArray.is(value)) return value;
  if (isBareArray(value)) return fromBareArray(value);
  const array = arrayOfElements(value.dtype, [], [value.value]);
  if (array === undefined) throw new Error(`a scalar that its dtype ${value.dtype} cannot hold`);
  return array;
}

function stackArrays(arrays: readonly NdArray[]): unknown {
  const [first] = arrays;
  if (first === undefined || !arrays.every(({ shape }) => sameShape(shape, first.shape))) return MISMATCH;
  const other = arrays.find(({ dtype }) => dtype !== first.dtype);
  if (other !== undefined) {
    throw invalidArgument(`batch: arrays of ${first.dtype} and ${other.dtype}, expected one dtype`, {
      pythonType: "TypeError",
    });
  }
  const { dtype, shape } = first;
  const { components, view } = dtypeRow(dtype);
  const parts = arrays.map(({ data }) => bytesOf(data));
  const stacked = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    stacked.set(part, offset);
    offset += part.length;
  }
  const length = arrays.length * elementCount(shape) * components;
  return new NdArray(dtype, [arrays.length, ...shape], view(stacked.buffer, 0, length));
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
