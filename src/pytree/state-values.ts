import { invalidArgument } from "../errors.js";
import { dtypeRow } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import { isDict } from "./container.js";
import { plainElement } from "./element.js";
import { pythonRepr } from "./python-repr.js";
import { type Dict, Scalar, type Tree } from "./value.js";

// Fields of a state as a module reads them: a number may come plain, as a Scalar or as an array of rank 0.

/** A field that must be there. @throws {OrbaxError} `INVALID_ARGUMENT` without it, Python's KeyError. */
export function requiredField(state: Dict, field: string): Tree {
  const value = Object.hasOwn(state, field) ? state[field] : undefined;
  if (value !== undefined) return value;
  throw invalidArgument(`state: ${field} is missing`, { field, pythonType: "KeyError" });
}

/** The integer that a value is. @throws {OrbaxError} `INVALID_ARGUMENT` for other types, floats included. */
export function integerOf(value: Tree, field: string): number | bigint {
  const plain = plainOf(value);
  if (typeof plain === "bigint") return plain;
  const isFloat = Scalar.is(value) && value.dtype.includes("float");
  if (typeof plain === "number" && Number.isSafeInteger(plain) && !isFloat) return plain + 0; // −0 becomes 0
  throw wrongType(value, field, "an integer");
}

/** {@link integerOf}, and within ±(2^53−1). */
export function safeIntegerOf(value: Tree, field: string): number {
  const integer = integerOf(value, field);
  const number = Number(integer);
  if (Number.isSafeInteger(number)) return number;
  throw wrongType(value, field, "an integer within ±(2^53-1)");
}

/** {@link safeIntegerOf}, and not negative: a position or a size. */
export function countOf(value: Tree, field: string): number {
  const count = safeIntegerOf(value, field);
  if (count >= 0) return count;
  throw invalidArgument(`state: ${field} must be non-negative, got ${count}`, {
    field,
    found: count,
    pythonType: "ValueError",
  });
}

/** The truth of a bool or, as Python takes it, of an integer. */
export function flagOf(value: Tree, field: string): boolean {
  const plain = plainOf(value);
  return typeof plain === "boolean" ? plain : Number(integerOf(value, field)) !== 0;
}

/** A nested dict. @throws {OrbaxError} `INVALID_ARGUMENT` for anything else. */
export function dictFieldOf(value: Tree, field: string): Dict {
  if (isDict(value)) return value;
  throw wrongType(value, field, "a dict");
}

function plainOf(value: Tree): Tree | undefined {
  if (Scalar.is(value)) return value.value;
  if (!NdArray.is(value)) return value;
  return value.shape.length === 0 && dtypeRow(value.dtype).kind !== "float"
    ? plainElement(value, 0)
    : undefined;
}

function wrongType(value: Tree, field: string, expected: string) {
  const found = pythonRepr(value).slice(0, 100);
  return invalidArgument(`state: ${field} is ${found}, expected ${expected}`, {
    field,
    found,
    expected,
    pythonType: "TypeError",
  });
}
