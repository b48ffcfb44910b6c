import { invalidArgument } from "../errors.js";
import { isDict } from "../pytree/container.js";
import { plainElement } from "../pytree/element.js";
import { pythonRepr } from "../pytree/python-repr.js";
import { Complex, type Scalar } from "../pytree/value.js";
import { allocateData, bytesOf, elementCount } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import { isBatch, rememberBatch } from "./batch-array.js";
import { type Batched, batchElements } from "./batch-elements.js";
import { type Feature, readPadding } from "./packing/feature.js";
import { storeElement } from "./packing/store-element.js";
import { requireList } from "./structure-arguments.js";

/** What stands in the place of an element. */
export type PadValue = number | bigint | boolean | string | Scalar;

/** Options of {@link batchAndPad}. */
export type BatchAndPadOptions = {
  /** Elements of each batch. */
  readonly batchSize: number;
  /** What stands in the place of elements that are missing. Default: 0. */
  readonly padValue?: PadValue;
};

/**
 * A batch as Grain's `batch` makes it, filled up to its size: Grain's `batch_and_pad`, for the last elements of a dataset.
 * The padding is converted to the type of the first element, as `np.full` does.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for no elements, for more than the size, and for elements of
 * different structure; with NumPy's for an integer that the dtype cannot hold.
 * @example ds.batch(3, { batchFn: (elements) => batchAndPad(elements, { batchSize: 3 }) })
 */
export function batchAndPad<T>(elements: readonly T[], options: BatchAndPadOptions): Batched<T>;
export function batchAndPad(elements: readonly unknown[], options: BatchAndPadOptions): unknown {
  const { batchSize, padValue = 0 } = options;
  const count = requireList(elements, "elements").length;
  if (count === 0) throw invalidArgument("Cannot batch 0 values.", { pythonType: "ValueError" });
  if (!Number.isSafeInteger(batchSize)) {
    throw invalidArgument(`batchSize: ${batchSize} is no number of elements`, { pythonType: "TypeError" });
  }
  if (batchSize > MOST_ROWS) {
    throw invalidArgument(`batchAndPad: ${batchSize} rows, at most ${MOST_ROWS}`, {
      found: batchSize,
      pythonType: "MemoryError",
    });
  }
  if (count > batchSize) {
    throw invalidArgument(`Cannot batch ${count} values to ${batchSize}.`, { pythonType: "ValueError" });
  }
  const batch: unknown = batchElements(elements);
  return count === batchSize ? batch : padTree(batch, batchSize, padValue);
}

/** Entries of one JavaScript array: V8 ends the process where one grows to a GiB. */
const MOST_ROWS = 2 ** 26;

function padTree(batch: unknown, size: number, padding: PadValue): unknown {
  if (batch === null) return null;
  if (NdArray.is(batch)) return padArray(batch, size, padding);
  if (isBatch(batch)) return padList(batch, size, padding);
  if (Array.isArray(batch))
    return Array.from<unknown, unknown>(batch, (item) => padTree(item, size, padding));
  if (!isDict(batch)) return batch;
  const padded: { [key: string]: unknown } = Object.create(null);
  for (const [key, item] of Object.entries(batch)) padded[key] = padTree(item, size, padding);
  return padded;
}

function padArray(batch: NdArray, size: number, padding: PadValue): NdArray {
  const { dtype } = batch;
  const shape = [size, ...batch.shape.slice(1)];
  const padded = new NdArray(dtype, shape, allocateData(dtype, elementCount(shape)));
  bytesOf(padded.data).set(bytesOf(batch.data));
  const { element, isFloat, checked } = paddingElement(padding);
  for (let index = elementCount(batch.shape); index < elementCount(shape); index++) {
    storeElement(padded, index, element, { isFloat, checked });
  }
  return padded;
}

/** Rows of scalars, or of further batches, get rows of the same shape. */
function padList(batch: readonly unknown[], size: number, padding: PadValue): readonly unknown[] {
  const padded = [...batch];
  while (padded.length < size) padded.push(paddingLike(batch[0], padding));
  return rememberBatch(padded);
}

function paddingLike(item: unknown, padding: PadValue): unknown {
  if (isBatch(item)) return rememberBatch(item.map((inner) => paddingLike(inner, padding)));
  if (typeof item === "string") return paddingText(item, padding);
  if (typeof item !== "number" && typeof item !== "bigint" && typeof item !== "boolean") return padding;
  const { element } = paddingElement(padding);
  const number = Complex.is(element) ? element.re : element;
  if (typeof item === "boolean") return Number(number) !== 0;
  if (typeof item === "number") {
    // NumPy has whole numbers as int64, where a fraction of the padding is cut.
    return Number.isSafeInteger(item) ? Math.trunc(Number(number)) : Number(number);
  }
  return typeof number === "bigint" ? number : wholeBigInt(Number(number));
}

/** NumPy's strings are as long as the first one. */
function paddingText(item: string, padding: PadValue): string {
  const text = typeof padding === "string" ? padding : pythonRepr(padding);
  return Array.from(text)
    .slice(0, Math.max(1, Array.from(item).length))
    .join("");
}

function wholeBigInt(number: number): bigint {
  if (Number.isFinite(number)) return BigInt(Math.trunc(number));
  throw invalidArgument(`batchAndPad: ${number} among integers`, { found: number, pythonType: "ValueError" });
}

function paddingElement(padding: PadValue) {
  const feature = typeof padding === "string" ? undefined : readPadding(padding);
  if (feature === undefined) {
    throw invalidArgument("batchAndPad: padValue is no number", { found: padding, pythonType: "ValueError" });
  }
  return { element: firstElement(feature), isFloat: isFraction(feature), checked: feature.checked };
}

function firstElement({ values }: Feature) {
  return NdArray.is(values) ? plainElement(values, 0) : (values[0] ?? 0);
}

function isFraction({ values }: Feature): boolean {
  return NdArray.is(values) ? values.dtype.includes("float") : !values.every(Number.isSafeInteger);
}
