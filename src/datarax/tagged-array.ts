import type { JsonValue } from "../bytes/json.js";
import { invalidArgument } from "../errors.js";
import { isList } from "../pytree/container.js";
import { arrayOfElements, type PlainElement, plainElement } from "../pytree/element.js";
import { formatPythonFloat, parsePythonFloat } from "../pytree/python-float.js";
import { Complex, complex, type PrngKey, prngKey } from "../pytree/value.js";
import { type Dtype, dtypeRow, elementCount, isDtype } from "../zarr/dtype.js";
import type { NdArray } from "../zarr/nd-array.js";

/** Where JAX puts an array on a machine without accelerators (docs/spec/orbax-layout.md section 10). */
const ONE_CPU = '{"sharding_type":"SingleDeviceSharding","device_str":"cpu:0"}';

type Fields = { readonly [field: string]: unknown };

/**
 * The content of `{"$array": …}`: `kind`, `dtype`, `shape` and `data` in C order; integers beyond 2^53 and
 * floats that are no JSON numbers are strings.
 */
export function formatTaggedArray(array: NdArray): JsonValue {
  const { dtype, shape, sharding } = array;
  const data = Array.from({ length: elementCount(shape) }, (_, index) =>
    formatElement(plainElement(array, index)),
  );
  return { $array: { kind: sharding === undefined ? "numpy" : "jax", dtype, shape, data } };
}

function formatElement(element: PlainElement): JsonValue {
  if (typeof element === "bigint") return element.toString();
  if (Complex.is(element)) return `${formatPythonFloat(element.re)},${formatPythonFloat(element.im)}`;
  return typeof element === "boolean" || Number.isFinite(element) ? element : formatPythonFloat(element);
}

/**
 * Reads what {@link formatTaggedArray} writes. Kind `jax` gets the sharding of one CPU, `np_scalar` is an array
 * of rank 0.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for an unknown kind or dtype, or data that do not fit them.
 */
export function parseTaggedArray({ kind, dtype, shape, data }: Fields): NdArray {
  if (kind !== "jax" && kind !== "numpy" && kind !== "np_scalar") throw malformed("kind", kind);
  if (typeof dtype !== "string" || !isDtype(dtype)) throw malformed("dtype", dtype);
  if (!isList(data)) throw malformed("data", data);
  const elements = data.map((element) => parseElement(element, dtype));
  const array = arrayOfElements(dtype, parseShape(shape), elements, kind === "jax" ? ONE_CPU : undefined);
  if (array === undefined) throw malformed("data", `other than ${dtype} of the shape`);
  return array;
}

function parseElement(json: unknown, dtype: Dtype): PlainElement {
  if (typeof json === "boolean") return json;
  const { kind } = dtypeRow(dtype);
  if (typeof json === "number") return kind === "float" ? roundTo(dtype, json) : json;
  if (kind === "complex" && (isList(json) || typeof json === "string")) {
    const [re, im] = (isList(json) ? json : json.split(",")).map(parsePart);
    if (re !== undefined && im !== undefined) return complex(re, im);
  }
  if (typeof json !== "string") throw malformed("data", json);
  if (kind === "float") {
    const value = parsePythonFloat(json);
    if (value !== undefined) return value;
  } else if (/^-?\d{1,20}$/u.test(json)) return BigInt(json);
  throw malformed("data", json);
}

/** One part of a complex element, which may also be written as a pair of numbers. */
function parsePart(json: unknown): number | undefined {
  if (typeof json === "number") return json;
  return typeof json === "string" ? parsePythonFloat(json) : undefined;
}

/** A float32 may be written with the few digits that identify it. */
function roundTo(dtype: Dtype, value: number): number {
  return dtype === "float32" ? Math.fround(value) : value;
}

function parseShape(shape: unknown): number[] {
  if (!isList(shape)) throw malformed("shape", shape);
  return shape.map((size) => {
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw malformed("shape", size);
    return size;
  });
}

/** The content of `{"$key": …}`: the shape of the array of keys and their words. */
export function formatTaggedKey({ shape, data }: PrngKey): JsonValue {
  return { $key: { shape, data: Array.from(data) } };
}

/** Reads what {@link formatTaggedKey} writes. @throws {OrbaxError} `INVALID_ARGUMENT` for other content. */
export function parseTaggedKey({ shape, data }: Fields): PrngKey {
  if (!isList(data)) throw malformed("data", data);
  const words = data.map((word) => {
    if (typeof word !== "number" || !Number.isInteger(word) || word < 0 || word >= 2 ** 32) {
      throw malformed("data", word);
    }
    return word;
  });
  return prngKey(parseShape(shape), Uint32Array.from(words));
}

function malformed(field: string, found: unknown) {
  const shown = typeof found === "object" && found !== null ? "another value" : String(found);
  return invalidArgument(`tagged JSON: ${field} is ${shown}`, { field, found: shown });
}
