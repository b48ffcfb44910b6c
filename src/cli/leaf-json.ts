import { arrayTypeOf, type DescribedLeaf } from "../checkpoint/tree/stored-leaf.js";
import { type PlainElement, plainElement } from "../pytree/element.js";
import type { KeyPath } from "../pytree/key-path.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { formatPythonFloat } from "../pytree/python-float.js";
import { Complex, type Scalar } from "../pytree/value.js";
import { wordsOf } from "../pytree/words.js";
import { littleEndianBytes } from "../zarr/byte-order.js";
import { type Dtype, dtypeRow, elementCount } from "../zarr/dtype.js";
import type { NdArray } from "../zarr/nd-array.js";
import type { Sha256 } from "./sha256.js";

/** A leaf as `dump --json` prints it (docs/spec/orbax-layout.md section 9 says which leaves there are). */
export type LeafJson = {
  readonly path: KeyPath;
  readonly kind: PytreeLeaf["kind"];
  readonly dtype?: string;
  readonly shape?: readonly number[];
  readonly impl?: string;
  readonly sha256?: string;
  readonly values?: readonly string[] | string;
};

/** Elements whose values are shown. */
const MOST_VALUES = 16;
/** Bytes of a `bytes` leaf that are shown. */
const MOST_BYTES = 64;
const MOST_INT64 = 2n ** 63n - 1n;
/** A leaf with the hash of all its elements and the values of the first 16. */
export function leafJson(path: KeyPath, leaf: PytreeLeaf, sha256: Sha256): LeafJson {
  switch (leaf.kind) {
    case "array":
      return { path, kind: leaf.kind, ...arrayJson(leaf.array, sha256) };
    case "prng-key":
      return { path, kind: leaf.kind, ...arrayJson(wordsOf(leaf.key), sha256), impl: leaf.key.impl };
    case "bytes":
      return {
        path,
        kind: leaf.kind,
        sha256: sha256.of(leaf.bytes),
        values: hexText(leaf.bytes, MOST_BYTES),
      };
    default:
      return plainJson(path, leaf);
  }
}

function plainJson(path: KeyPath, leaf: PytreeLeaf): LeafJson {
  const { kind } = leaf;
  if (kind === "scalar") return { path, kind, ...scalarJson(leaf.scalar) };
  return kind === "string" ? { path, kind, values: leaf.text } : { path, kind };
}

function arrayJson(array: NdArray, sha256: Sha256) {
  const { dtype, shape, data } = array;
  const shown = Math.min(MOST_VALUES, elementCount(shape));
  return {
    dtype,
    shape,
    // Little-endian, C order, a byte a bool.
    sha256: sha256.of(littleEndianBytes(data, dtypeRow(dtype).wordBytes)),
    values: Array.from({ length: shown }, (_, index) => elementText(dtype, plainElement(array, index))),
  };
}

/**
 * A leaf as `show --json` prints it: without hash, and with values only of scalars and strings.
 *
 * @param value What was read of it, if anything.
 */
export function describedJson(
  leaf: DescribedLeaf,
  kind: PytreeLeaf["kind"],
  value: PytreeLeaf | undefined,
  impl: string | undefined,
): LeafJson {
  const { path } = leaf;
  if (value?.kind === "scalar" || value?.kind === "string") return plainJson(path, value);
  const type = arrayTypeOf(leaf);
  if (type === undefined) return { path, kind };
  const { dtype, shape } = type;
  return { path, kind, dtype, shape, ...(impl === undefined ? {} : { impl }) };
}

/** A scalar as the Python number that comes back, whatever width is stored. */
export function scalarJson({ dtype, value }: Scalar) {
  return { dtype: pythonDtype({ dtype, value }), shape: [], values: [elementText(dtype, value)] };
}

/** Type of the Python number that a scalar is restored as. */
export function pythonDtype({ dtype, value }: Pick<Scalar, "dtype" | "value">): Dtype {
  const { kind } = dtypeRow(dtype);
  if (kind === "bool") return "bool";
  if (kind === "complex") return "complex128";
  if (kind === "float") return "float64";
  return typeof value === "bigint" && value > MOST_INT64 ? "uint64" : "int64";
}

/** An element as text that reads back as the same value: `true`, `7`, `-0.0`, `NaN`, `1.5,-2.0`. */
export function elementText(dtype: Dtype, element: PlainElement): string {
  if (Complex.is(element)) return `${floatText(element.re)},${floatText(element.im)}`;
  const isFloat = typeof element === "number" && dtypeRow(dtype).kind === "float";
  return isFloat ? floatText(element) : String(element);
}

/** The first `most` bytes, two hexadecimal digits each. */
export function hexText(bytes: Uint8Array, most: number): string {
  return Array.from(bytes.subarray(0, most), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function floatText(value: number): string {
  return Number.isFinite(value) ? formatPythonFloat(value) : String(value);
}
