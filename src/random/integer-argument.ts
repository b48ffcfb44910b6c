import { invalidArgument } from "../errors.js";

/**
 * An argument that Python takes as an int.
 *
 * @param name What it is called in the message.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for fractions, and for numbers beyond ±(2^53−1), which may have lost
 * digits: give those as a bigint.
 */
export function integerArgument(value: number | bigint, name: string): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw invalidArgument(`${name} must be an integer, a bigint beyond 2^53-1; got ${String(value)}`, {
    found: value,
    pythonType: "TypeError",
  });
}

/** An integer, −0 as 0, with which numbers are reckoned: no bigint. @throws {OrbaxError} `INVALID_ARGUMENT` for others. */
export function integerNumber(value: number, name: string): number {
  if (Number.isSafeInteger(value)) return value + 0;
  const found = typeof value === "bigint" ? `${String(value)}n` : String(value);
  throw invalidArgument(`${name} must be an integer, got ${found}`, {
    field: name,
    found: value,
    pythonType: "TypeError",
  });
}

/** {@link integerArgument} of a size or a bound: within ±(2^53−1). */
export function safeIntegerArgument(value: number | bigint, name: string): number {
  const integer = Number(integerArgument(value, name));
  if (Number.isSafeInteger(integer)) return integer;
  throw invalidArgument(`${name} must be an integer within ±(2^53-1), got ${value}`, {
    found: value,
    pythonType: "OverflowError",
  });
}
