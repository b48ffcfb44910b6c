import { unsupported } from "../../errors.js";
import { type PlainElement, plainElement } from "../../pytree/element.js";
import { pythonTypeName } from "../../pytree/python-type-name.js";
import { Complex, Scalar } from "../../pytree/value.js";
import { type Dtype, elementCount } from "../../zarr/dtype.js";
import { NdArray } from "../../zarr/nd-array.js";
import { decodeSmallFloat, encodeSmallFloat, FLOAT16 } from "../../zarr/small-float.js";

/**
 * By what Grain groups the bins of a batch: the sum of a row's different values through the count of those that are not 0;
 * 0 where there are none. The sum is rounded as NumPy rounds in the row's dtype.
 *
 * @throws {OrbaxError} `UNSUPPORTED` for rows that cannot be added up: of complex numbers, strings, floats of ml_dtypes.
 */
export function rowAverage(row: unknown): number {
  const { values, dtype } = readRow(row);
  const distinct = unique(values);
  const count = distinct.filter((value) => Number(value) !== 0).length;
  const sum =
    dtype === undefined || dtype.includes("int") ? integerSum(distinct, dtype) : floatSum(distinct, dtype);
  const average = sum / count; // NumPy counts in int64, so that the quotient is a float64
  if (Number.isNaN(average)) return 0;
  return Math.min(Math.max(average, -Number.MAX_VALUE), Number.MAX_VALUE); // as np.nan_to_num has it
}

type Row = { readonly values: readonly (number | bigint)[]; readonly dtype: Dtype | undefined };

/** `dtype` is undefined for Python's integers. */
function readRow(row: unknown): Row {
  if (NdArray.is(row)) {
    const values: (number | bigint)[] = [];
    for (let index = 0; index < elementCount(row.shape); index++) values.push(real(plainElement(row, index)));
    const { dtype } = row;
    if (
      dtype !== "float16" &&
      (dtype.startsWith("float4") || dtype.startsWith("float8") || dtype === "bfloat16")
    ) {
      throw cannotAdd(dtype);
    }
    return { values, dtype: dtype === "bool" ? undefined : dtype };
  }
  if (!Array.isArray(row)) throw cannotAdd(pythonTypeName(row));
  const values = Array.from<unknown, number | bigint>(row, (value) => {
    const plain = Scalar.is(value)
      ? value.value
      : NdArray.is(value) && value.shape.length === 0
        ? plainElement(value, 0)
        : value;
    if (typeof plain === "number" || typeof plain === "bigint" || typeof plain === "boolean")
      return real(plain);
    throw cannotAdd(pythonTypeName(value));
  });
  const integers = values.every((value) => typeof value === "bigint" || Number.isSafeInteger(value));
  return { values, dtype: integers && values.length > 0 ? undefined : "float64" };
}

function real(element: PlainElement): number | bigint {
  if (Complex.is(element)) throw cannotAdd("complex");
  return typeof element === "boolean" ? Number(element) : element;
}

function cannotAdd(type: string) {
  return unsupported(`shuffleBinsGroupByFeature: rows of ${type}`, {
    expected: "numbers",
    pythonType: "TypeError",
  });
}

/** Different values in order, NaN at the end and once. */
function unique(values: readonly (number | bigint)[]): (number | bigint)[] {
  const sorted = values
    .filter((value) => !Number.isNaN(value))
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const distinct = sorted.filter((value, index) => index === 0 || value !== sorted[index - 1]);
  return sorted.length < values.length ? [...distinct, Number.NaN] : distinct;
}

/** In 64 bits, of which higher ones are lost. */
function integerSum(values: readonly (number | bigint)[], dtype: Dtype | undefined): number {
  const sum = values.reduce<bigint>((total, value) => total + BigInt(value), 0n);
  return Number(dtype?.startsWith("uint") === true ? BigInt.asUintN(64, sum) : BigInt.asIntN(64, sum));
}

function floatSum(values: readonly (number | bigint)[], dtype: Dtype | undefined): number {
  const add =
    dtype === "float64" ? (a: number, b: number) => a + b : (a: number, b: number) => Math.fround(a + b);
  return rounding(dtype)(pairwiseSum(values.map(Number), add));
}

const FEWEST_UNROLLED = 8;
const BLOCK = 128;

/** NumPy's order of additions: eight sums side by side in blocks of up to 128, the halves of what is longer apart. */
function pairwiseSum(values: readonly number[], add: (a: number, b: number) => number): number {
  const count = values.length;
  if (count < FEWEST_UNROLLED) return values.reduce(add, -0);
  if (count > BLOCK) {
    const half = Math.floor(count / 2);
    const middle = half - (half % FEWEST_UNROLLED);
    return add(pairwiseSum(values.slice(0, middle), add), pairwiseSum(values.slice(middle), add));
  }
  const whole = count - (count % FEWEST_UNROLLED);
  const sums = values.slice(0, FEWEST_UNROLLED);
  for (let index = FEWEST_UNROLLED; index < whole; index++) {
    const lane = index % FEWEST_UNROLLED;
    sums[lane] = add(sums[lane] ?? 0, values[index] ?? 0);
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = sums;
  const sum = add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)));
  return values.slice(whole).reduce(add, sum);
}

function rounding(dtype: Dtype | undefined): (value: number) => number {
  if (dtype === "float32") return Math.fround;
  if (dtype === "float16") return (value) => decodeSmallFloat(FLOAT16, encodeSmallFloat(FLOAT16, value));
  return (value) => value;
}
