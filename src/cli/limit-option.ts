import { invalidArgument } from "../errors.js";
import { CLI_LIMITS, type CliLimits } from "./limits.js";

/**
 * The limits that `--limit NAME=N` changes.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for an unknown name, with those that there are, or a value that is no
 * number.
 */
export function givenLimits(texts: readonly string[]): Partial<CliLimits> {
  const given: { -readonly [Name in keyof CliLimits]?: number } = {};
  for (const text of texts) {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? "" : text.slice(equals + 1);
    if (!isLimitName(name)) {
      const names = Object.keys(CLI_LIMITS).join(", ");
      throw invalidArgument(`--limit: no limit ${JSON.stringify(name)}; there are ${names}`);
    }
    if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value))) {
      throw invalidArgument(`--limit ${name}: ${JSON.stringify(value)} is no number; write ${name}=1000000`);
    }
    given[name] = Number(value);
  }
  return given;
}

function isLimitName(name: string): name is keyof CliLimits {
  return Object.hasOwn(CLI_LIMITS, name);
}
