import { invalidArgument, limitExceeded } from "../../errors.js";
import { type PlainElement, plainElement } from "../../pytree/element.js";
import { allocateData, byteCount, bytesOf, type Dtype, dtypeRow, elementCount } from "../../zarr/dtype.js";
import { NdArray } from "../../zarr/nd-array.js";
import { rememberBatch } from "../batch-array.js";
import { type ElementType, elementTypeOf, type Feature } from "./feature.js";
import { storeElement } from "./store-element.js";

/** One row of a buffer: an array of numbers where the features were such, else an `NdArray`. */
export type PackedRow = NdArray | number[];

/** Rows of equal length into which features are written, zero where nothing was. */
export class FeatureBuffer {
  /** Sizes of rows, places in a row, and of the axes behind. */
  readonly #shape: readonly [rows: number, length: number, ...rest: number[]];
  readonly #array: NdArray;
  /** Whether rows are arrays of numbers; they are float64 here. */
  readonly #isPlain: boolean;

  /**
   * @param type What the rows hold.
   * @param rest Sizes of the axes behind the sequence's.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for sizes that are no sizes, with NumPy's text; `LIMIT_EXCEEDED` for more
   * than memory can hold.
   */
  constructor(type: ElementType, rows: number, length: number, rest: readonly number[] = []) {
    this.#shape = [checkSize(rows), checkSize(length), ...rest];
    this.#isPlain = type === "numbers";
    this.#array = allocate(type === "numbers" ? "float64" : type, this.#shape);
  }

  /** A buffer for features like this one. */
  static like(feature: Feature, rows: number, length: number): FeatureBuffer {
    return new FeatureBuffer(elementTypeOf(feature), rows, length, feature.shape.slice(1));
  }

  /** The length of a row. */
  get length(): number {
    return this.#shape[1];
  }

  /**
   * Writes a feature into `count` places of a row from `start` on.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a feature of another shape, or a scalar that the
   * dtype cannot hold.
   */
  write(row: number, start: number, count: number, feature: Feature): void {
    const [, length, ...rest] = this.#shape;
    this.#assign(row * length + start, [count, ...rest], feature);
  }

  /** Writes `first`, `first + step`, … into `count` places of a row from `start` on. For buffers of int32 or numbers. */
  count(row: number, start: number, count: number, first: number, step: 0 | 1): void {
    const { data } = this.#array;
    if (!(data instanceof Int32Array || data instanceof Float64Array))
      throw new Error("packing: no counters");
    const from = row * this.length + start;
    for (let index = 0; index < count; index++) data[from + index] = first + index * step;
  }

  /** Writes one value everywhere, as `np.full` does. @throws {OrbaxError} as {@link write}. */
  fill(padding: Feature): void {
    this.#assign(0, this.#shape, padding);
  }

  /** A copy of a row. */
  row(row: number): PackedRow {
    const [, length, ...rest] = this.#shape;
    const { dtype, data } = this.#array;
    const step = elementCount([length, ...rest]) * dtypeRow(dtype).components;
    if (this.#isPlain) return rememberBatch(Array.from(data.subarray(row * step, (row + 1) * step), Number));
    return new NdArray(dtype, [length, ...rest], data.slice(row * step, (row + 1) * step));
  }

  /** Assigns to the places from `start` on, which have that shape. */
  #assign(start: number, shape: readonly number[], feature: Feature): void {
    const source = sourceIndices(feature.shape, shape);
    const target = this.#array;
    const { values, checked } = feature;
    const first = start * elementCount(this.#shape.slice(2));
    if (NdArray.is(values) && target.dtype === values.dtype && source === undefined) {
      const { itemBytes } = dtypeRow(target.dtype);
      bytesOf(target.data).set(bytesOf(values.data), first * itemBytes);
      return;
    }
    const isFloat = isFloatFeature(feature);
    for (let index = 0; index < elementCount(shape); index++) {
      const from = source === undefined ? index : source(index);
      const element = NdArray.is(values) ? plainElement(values, from) : (values[from] ?? 0);
      if (this.#isPlain) checkPlain(element);
      storeElement(target, first + index, element, { isFloat, checked });
    }
  }
}

/** The size of an axis. @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for what is none. */
export function checkSize(size: number): number {
  if (!Number.isSafeInteger(size)) {
    throw invalidArgument("'float' object cannot be interpreted as an integer", {
      found: size,
      pythonType: "TypeError",
    });
  }
  if (size >= 0) return size;
  throw invalidArgument("negative dimensions are not allowed", { found: size, pythonType: "ValueError" });
}

/** Of one feature in all bins; a whole batch of bins is at hand at a time. */
const MOST_BYTES = 2 ** 30;

function allocate(dtype: Dtype, shape: readonly number[]): NdArray {
  const bytes = byteCount(dtype, shape);
  const tooLarge = () =>
    limitExceeded("packing", {
      field: "bytes of a feature's bins",
      found: bytes,
      limit: "arrayBytes",
      pythonType: "MemoryError",
    });
  if (bytes > MOST_BYTES) throw tooLarge();
  try {
    return new NdArray(dtype, shape, allocateData(dtype, elementCount(shape)));
  } catch (error) {
    throw error instanceof RangeError ? tooLarge() : error;
  }
}

function isFloatFeature({ values }: Feature): boolean {
  if (!NdArray.is(values)) return !values.every((value) => Number.isSafeInteger(value));
  const { kind } = dtypeRow(values.dtype);
  return kind === "float" || kind === "complex";
}

function checkPlain(element: PlainElement): void {
  if (typeof element !== "bigint") return;
  throw invalidArgument(`packing: ${element} among numbers, which cannot hold it`, { found: element });
}

/**
 * NumPy's broadcasting for assignments: which element of the source goes to each place. `undefined` where both have the
 * same order.
 */
function sourceIndices(
  source: readonly number[],
  target: readonly number[],
): ((index: number) => number) | undefined {
  let given = source;
  while (given.length > target.length && given[0] === 1) given = given.slice(1); // as NumPy drops them
  const axes = target.length - given.length;
  const fits = axes >= 0 && given.every((size, axis) => size === 1 || size === target[axes + axis]);
  if (!fits) {
    throw invalidArgument(
      `could not broadcast input array from shape ${shapeText(given)} into shape ${shapeText(target)}`,
      { pythonType: "ValueError" },
    );
  }
  if (elementCount(given) === elementCount(target)) return undefined;
  const steps = given.map((size, axis) => (size === 1 ? 0 : elementCount(given.slice(axis + 1))));
  return (index) => {
    let rest = index;
    let from = 0;
    for (let axis = given.length - 1; axis >= 0; axis--) {
      const size = target[axes + axis] ?? 1;
      from += (rest % size) * (steps[axis] ?? 0);
      rest = Math.floor(rest / size);
    }
    return from;
  };
}

function shapeText(shape: readonly number[]): string {
  return `(${shape.join(",")}${shape.length === 1 ? "," : ""})`;
}
