import { asArray, fitted, jointDtype } from "./arrays.js";
import { Instance, PyArray, PyError } from "./values.js";

const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];

/** Python's binary operators over numbers, strings, lists, dicts and arrays of numbers. */
export function binary(operator: string, left: unknown, right: unknown): unknown {
  if (isArray(left) || isArray(right)) return elementwise(operator, left, right);
  if (left instanceof Instance) {
    const method = left.method(METHODS[operator] ?? "");
    if (method !== undefined) return method(right);
  }
  switch (operator) {
    case "==":
      return areEqual(left, right);
    case "!=":
      return !areEqual(left, right);
    case "is":
      return left === right || (typeof left !== "object" && areEqual(left, right));
    case "is not":
      return !binary("is", left, right);
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
  }
  if (operator === "+" && Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (operator === "+" && typeof left === "string" && typeof right === "string") return left + right;
  if (operator === "*" && (Array.isArray(left) || typeof left === "string"))
    return repeated(left, Number(right));
  if (operator === "*" && (Array.isArray(right) || typeof right === "string"))
    return repeated(right, Number(left));
  if (operator === "|" && left instanceof Map && right instanceof Map) return new Map([...left, ...right]);
  if (typeof left === "string" && typeof right === "string")
    return ordered(operator, left < right ? -1 : left > right ? 1 : 0);
  if (Array.isArray(left) && Array.isArray(right)) return ordered(operator, compared(left, right));
  return arithmetic(operator, left, right);
}

const METHODS: { readonly [operator: string]: string | undefined } = {
  "==": "__eq__",
  "+": "__add__",
  "*": "__mul__",
  "<": "__lt__",
};

function isArray(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && asArray(value) !== undefined;
}

function elementwise(operator: string, left: unknown, right: unknown): PyArray {
  const [a, b] = [asArray(left), asArray(right)];
  if (a === undefined || b === undefined)
    throw new PyError("TypeError", `no operator ${operator} of an array`);
  const large = a.items.length >= b.items.length && a.shape.length >= b.shape.length ? a : b;
  const isComparison = COMPARISONS.includes(operator);
  const dtype = isComparison
    ? "bool"
    : jointDtype(isArray(left) ? a.dtype : weak(a), isArray(right) ? b.dtype : weak(b), operator === "/");
  const items = large.items.map((_, index) => {
    const result = arithmetic(operator, a.items[index % a.items.length], b.items[index % b.items.length]);
    return fitted(typeof result === "boolean" ? Number(result) : result, dtype);
  });
  return new PyArray(items, large.shape, dtype);
}

/** A number beside an array only matters if it is a float. */
function weak({ dtype }: PyArray): string | undefined {
  return dtype === "float64" ? "float16" : undefined;
}

function repeated(value: readonly unknown[] | string, count: number): unknown {
  const times = Math.max(0, count);
  return typeof value === "string" ? value.repeat(times) : Array.from({ length: times }, () => value).flat();
}

/** Python's ==. */
export function areEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => areEqual(item, right[index]));
  }
  if (left instanceof Map && right instanceof Map) {
    return (
      left.size === right.size &&
      [...left].every(([key, item]) => right.has(key) && areEqual(item, right.get(key)))
    );
  }
  if (isNumber(left) && isNumber(right)) return exactNumber(left) === exactNumber(right);
  return false;
}

function exactNumber(value: number | bigint | boolean): number | bigint {
  const number = Number(value);
  return typeof value === "bigint" && !Number.isSafeInteger(number) ? value : number;
}

function isNumber(value: unknown): value is number | bigint | boolean {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
}

function contains(container: unknown, value: unknown): boolean {
  if (container instanceof Map || container instanceof Set) return container.has(value);
  if (typeof container === "string") return container.includes(String(value));
  const items = Array.isArray(container) ? container : asArray(container)?.items;
  if (items !== undefined) return items.some((item) => areEqual(item, value));
  if (typeof container === "object" && container !== null) return Object.hasOwn(container, String(value));
  throw new PyError("TypeError", "argument is not iterable");
}

/** Which of two values Python sorts before the other: −1, 0 or 1. */
export function compared(left: unknown, right: unknown): number {
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.min(left.length, right.length); index++) {
      const order = compared(left[index], right[index]);
      if (order !== 0) return order;
    }
    return Math.sign(left.length - right.length);
  }
  if (binary("<", left, right) === true) return -1;
  return binary(">", left, right) === true ? 1 : 0;
}

function ordered(operator: string, order: number): boolean {
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      throw new PyError("TypeError", `unsupported operand types for ${operator}`);
  }
}

function arithmetic(operator: string, left: unknown, right: unknown): number | bigint | boolean {
  const [a, b] = [numberOf(left), numberOf(right)];
  const areIntegers = [a, b].every((value) => typeof value === "bigint" || Number.isInteger(value));
  if ((operator === "/" || operator === "//" || operator === "%") && Number(b) === 0) {
    throw new PyError("ZeroDivisionError", "division by zero");
  }
  if (BITS.includes(operator)) return integer(ofIntegers(operator, BigInt(a), BigInt(b)));
  if (operator === "/" || !areIntegers) return ofNumbers(operator, Number(a), Number(b));
  if (operator === "**" && Number(b) < 0) return Number(a) ** Number(b);
  const result = typeof a === "bigint" || typeof b === "bigint" ? undefined : ofNumbers(operator, a, b);
  if (result !== undefined && (typeof result === "boolean" || Math.abs(result) < 2 ** 53)) return result;
  return integer(ofIntegers(operator, BigInt(a), BigInt(b)));
}

const BITS = ["&", "|", "^", "<<", ">>"];

function integer(value: bigint | boolean): number | bigint | boolean {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function numberOf(value: unknown): number | bigint {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  throw new PyError("TypeError", `no number: ${String(value)}`);
}

function ofNumbers(operator: string, a: number, b: number): number | boolean {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "//":
      return Math.floor(a / b);
    case "%":
      return a - b * Math.floor(a / b);
    case "**":
      return a ** b;
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    default:
      return ordered(operator, a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN);
  }
}

function ofIntegers(operator: string, a: bigint, b: bigint): bigint | boolean {
  const quotient = () => (a - (((a % b) + b) % b)) / b;
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "//":
      return quotient();
    case "%":
      return a - b * quotient();
    case "**":
      return a ** b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    default:
      return ordered(operator, a < b ? -1 : a > b ? 1 : 0);
  }
}
