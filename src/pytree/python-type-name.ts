import { isBareArray } from "../pytree/bare-array.js";
import { isDict, isList, isMap } from "../pytree/container.js";
import { Complex, Scalar, Tuple } from "../pytree/value.js";
import { NdArray } from "../zarr/nd-array.js";

/** The name that Python's class for a value has, for the texts of its errors; JavaScript's where there is none. */
export function pythonTypeName(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number")
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? "int" : "float";
  if (Scalar.is(value)) return scalarTypeName(value);
  if (isList(value)) return "list";
  if (Tuple.is(value)) return "tuple";
  if (isMap(value) || isDict(value)) return "dict";
  if (NdArray.is(value)) return value.sharding === undefined ? "ndarray" : "ArrayImpl"; // what was a jax.Array
  if (isBareArray(value)) return "ndarray";
  if (Complex.is(value)) return "complex";
  return value instanceof Set ? "set" : className(value);
}

function scalarTypeName({ dtype }: Scalar): string {
  if (dtype === "bool") return "bool";
  if (dtype.startsWith("complex")) return "complex";
  return dtype.includes("float") ? "float" : "int";
}

function className(value: unknown): string {
  if (typeof value !== "object" || value === null) return typeof value;
  const constructor: unknown = Reflect.get(value, "constructor");
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "object";
}
