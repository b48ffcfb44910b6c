import { invalidArgument } from "../errors.js";
import type { CliLimits } from "./limits.js";

/**
 * The limits of a command with what `--limit NAME=N` changes.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for an unknown name, with those that there are, or a value that is no
 * number.
 */
export function limitsOf(texts: readonly string[], defaults: CliLimits): CliLimits {
  const changes: { [name: string]: number } = {};
  for (const text of texts) {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? "" : text.slice(equals + 1);
    if (!Object.hasOwn(defaults, name)) {
      const names = Object.keys(defaults).join(", ");
      throw invalidArgument(`--limit: no limit ${JSON.stringify(name)}; there are ${names}`);
    }
    if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value))) {
      throw invalidArgument(`--limit ${name}: ${JSON.stringify(value)} is no number; write ${name}=1000000`);
    }
    changes[name] = Number(value);
  }
  return { ...defaults, ...changes };
}
