import { NumberArray } from "./values.js";

/** Python's binary operators over numbers, strings, lists and arrays of numbers. */
export function binary(operator: string, left: unknown, right: unknown): unknown {
  if (left instanceof NumberArray) return left.map((item) => Number(arithmetic(operator, item, right)));
  if (right instanceof NumberArray) return right.map((item) => Number(arithmetic(operator, left, item)));
  if (operator === "+" && Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (operator === "+" && typeof left === "string" && typeof right === "string") return left + right;
  if (operator === "==") return left === right;
  if (operator === "!=") return left !== right;
  if (operator === "in" && right instanceof Map) return right.has(left);
  if (operator === "in" && Array.isArray(right)) return right.includes(left);
  return arithmetic(operator, left, right);
}

function arithmetic(operator: string, left: unknown, right: unknown): number | bigint | boolean {
  const [a, b] = [numberOf(left), numberOf(right)];
  const result = typeof a === "bigint" || typeof b === "bigint" ? undefined : ofNumbers(operator, a, b);
  const isExact = result !== undefined && (typeof result === "boolean" || Math.abs(result) < 2 ** 53);
  const areIntegers = [a, b].every((value) => typeof value === "bigint" || Number.isInteger(value));
  if (isExact || (result !== undefined && !areIntegers)) return result;
  return ofIntegers(operator, BigInt(a), BigInt(b));
}

function numberOf(value: unknown): number | bigint {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "boolean") return Number(value);
  throw new TypeError(`no number: ${String(value)}`);
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
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      throw new SyntaxError(`operator ${operator}`);
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
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      throw new SyntaxError(`operator ${operator} of integers beyond 2^53`);
  }
}
