import { OrbaxError } from "../errors.js";
import { fromBareArray, isBareArray } from "../pytree/bare-array.js";
import { dictOf, isDict, isList, isMap } from "../pytree/container.js";
import { tooDeep, walkDepth } from "../pytree/depth.js";
import { type PlainElement, plainElement } from "../pytree/element.js";
import { Complex, type Dict, PrngKey, Scalar, type Tree, Tuple } from "../pytree/value.js";
import { elementCount } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import { decodeSmallFloat, encodeSmallFloat, FLOAT16 } from "../zarr/small-float.js";

/**
 * Python's `a == b` for the values that plain or exact ones stand for: numbers by value whatever their type
 * (2, 2.0 and `array(2)`; 0 and False), lists and dicts by content, everything else only among its kind.
 *
 * JavaScript's empty array may stand for `()` and equals it.
 *
 * @throws {OrbaxError} `CONFLICT` for arrays of several elements, of which Python cannot say whether they differ.
 */
export function pythonEquals(a: Tree, b: Tree): boolean {
  const most = walkDepth();
  return equalNodes(a, b, most, most);
}

function equalNodes(a: Tree, b: Tree, levels: number, most: number): boolean {
  const pairs = childPairs(a, b);
  if (pairs === undefined) return equalLeaves(a, b);
  if (levels === 0) throw tooDeep("state", most);
  for (const [child, other] of pairs === "different" ? [] : pairs) {
    if (!equalNodes(child, other, levels - 1, most)) return false;
  }
  return pairs !== "different";
}

/** The children to compare if both are containers, or a list beside an array, which NumPy takes for one. */
function childPairs(a: Tree, b: Tree): readonly (readonly [Tree, Tree])[] | "different" | undefined {
  if (isArray(a) && isList(b)) return b.length === 1 ? [[a, b[0] ?? null]] : "different";
  if (isArray(b) && isList(a)) return childPairs(b, a);
  const items = itemsOf(a);
  const others = itemsOf(b);
  if (items !== undefined && others !== undefined) {
    const sameKind = Tuple.is(a) === Tuple.is(b) || items.length === 0;
    if (!sameKind || items.length !== others.length) return "different";
    return items.map((item, index) => [item, others[index] ?? null]);
  }
  const dict = asDict(a);
  const otherDict = asDict(b);
  return dict === undefined || otherDict === undefined ? undefined : dictPairs(dict, otherDict);
}

function dictPairs(a: Dict, b: Dict): readonly (readonly [Tree, Tree])[] | "different" {
  const entries = Object.entries(a);
  if (entries.length !== Object.keys(b).length) return "different";
  if (!entries.every(([key]) => Object.hasOwn(b, key))) return "different";
  return entries.map(([key, child]) => [child, b[key] ?? null]);
}

function itemsOf(value: Tree): readonly Tree[] | undefined {
  if (Tuple.is(value)) return value.items;
  return isList(value) ? value : undefined;
}

function asDict(value: Tree): Dict | undefined {
  if (isMap(value)) return dictOf(Array.from(value, ([key, child]) => [String(key), child]));
  return isDict(value) ? value : undefined;
}

function isArray(value: Tree): boolean {
  return NdArray.is(value) || isBareArray(value);
}

function equalLeaves(a: Tree, b: Tree): boolean {
  if (isBareArray(a)) return equalLeaves(fromBareArray(a), b);
  if (isBareArray(b)) return equalLeaves(a, fromBareArray(b));
  checkSingle(a);
  checkSingle(b);
  const number = numberOf(a);
  const other = numberOf(b);
  if (number !== undefined && other !== undefined) {
    return equalNumbers(asDtypeOf(b, number, a), asDtypeOf(a, other, b));
  }
  if (PrngKey.is(a) && PrngKey.is(b)) {
    return a.impl === b.impl && a.shape.join() === b.shape.join() && a.data.join() === b.data.join();
  }
  return a === b;
}

function checkSingle(value: Tree): void {
  if (!NdArray.is(value) || elementCount(value.shape) === 1) return;
  throw new OrbaxError(
    "CONFLICT",
    "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()",
    { found: `shape [${value.shape.join(", ")}]`, pythonType: "ValueError" },
  );
}

/** The number that a value is, also an array of one element. */
function numberOf(value: Tree): PlainElement | undefined {
  if (Scalar.is(value)) return value.value;
  if (NdArray.is(value)) return plainElement(value, 0);
  const number = typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
  return number || Complex.is(value) ? value : undefined;
}

/** NumPy compares an array with a Python number in the array's dtype: float32 0.1 equals 0.1. */
function asDtypeOf(array: Tree, number: PlainElement, value: Tree): PlainElement {
  if (!NdArray.is(array) || NdArray.is(value) || typeof number !== "number") return number;
  if (array.dtype === "float32") return Math.fround(number);
  return array.dtype === "float16" ? decodeSmallFloat(FLOAT16, encodeSmallFloat(FLOAT16, number)) : number;
}

function equalNumbers(a: PlainElement, b: PlainElement): boolean {
  if (Complex.is(a) || Complex.is(b)) {
    const [left, right] = [parts(a), parts(b)];
    return equalNumbers(left[0], right[0]) && left[1] === right[1];
  }
  if (typeof a === "bigint") return typeof b === "bigint" ? a === b : equalNumbers(b, a);
  // A number and a bigint are compared exactly, as Python does.
  if (typeof b === "bigint") return Number.isInteger(Number(a)) && BigInt(a) === b;
  return Number(a) === Number(b);
}

function parts(value: PlainElement): [number | bigint | boolean, number] {
  return Complex.is(value) ? [value.re, value.im] : [value, 0];
}
