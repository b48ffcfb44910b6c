import { invalidArgument } from "../errors.js";
import type { OptionSpec, OptionSpecs } from "./option-spec.js";

/** What was typed after a command, checked. */
export class Arguments {
  /** Files or directories, as many as the command takes. */
  readonly paths: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(paths: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.paths = paths;
    this.#values = values;
  }

  /** The one path of a command that takes one. */
  get path(): string {
    const [path] = this.paths;
    if (path === undefined) throw new Error("a command runs with its path");
    return path;
  }

  /** Whether a flag was given. */
  flag(name: string): boolean {
    return this.#values.has(name);
  }

  /** The text of an option. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  /** The number of an option, within its range. */
  integer(name: string): bigint | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : BigInt(text);
  }

  /** {@link integer} of an option whose range is that of safe integers. */
  safeInteger(name: string): number | undefined {
    const value = this.integer(name);
    return value === undefined ? undefined : Number(value);
  }

  /** The number of an option that may have a fraction. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  /** All texts of an option that may be repeated. */
  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

/**
 * Parses what follows a command. Options stand anywhere; a value is the next argument, whatever it looks like, or
 * follows `=`; after `--` there are only paths.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for an unknown option, a missing or superfluous value, an option given
 * twice, a number that is none or out of range, and too few or too many paths.
 */
export function parseArguments(
  argv: readonly string[],
  options: OptionSpecs,
  pathNames: readonly string[],
): Arguments {
  const paths: string[] = [];
  const values = new Map<string, string[]>();
  const rest = argv.values();
  for (const argument of rest) {
    if (argument === "--") {
      paths.push(...rest);
    } else if (argument.startsWith("-") && argument !== "-") {
      const { name, spec, inline } = splitOption(argument, options);
      const value = spec.kind === "flag" ? flagValue(name, inline) : (inline ?? nextValue(name, rest));
      if (values.has(name) && !REPEATED.has(spec.kind)) {
        throw invalidArgument(`--${name} is given twice`);
      }
      checkValue(name, value, spec);
      values.set(name, [...(values.get(name) ?? []), value]);
    } else {
      paths.push(argument);
    }
  }
  checkPaths(paths, pathNames);
  return new Arguments(paths, values);
}

/** What may be given more than once. */
const REPEATED: ReadonlySet<OptionSpec["kind"]> = new Set(["flag", "limit", "list"]);

function splitOption(argument: string, options: OptionSpecs) {
  const equals = argument.indexOf("=");
  const typed = equals < 0 ? argument : argument.slice(0, equals);
  const inline = equals < 0 ? undefined : argument.slice(equals + 1);
  const name = typed === "-h" ? "help" : typed.replace(/^--/, "");
  const spec = Object.hasOwn(options, name) && !name.startsWith("-") ? options[name] : undefined;
  if (spec === undefined) throw invalidArgument(`unknown option ${typed}`);
  return { name, spec, inline };
}

function flagValue(name: string, inline: string | undefined): string {
  if (inline !== undefined) throw invalidArgument(`--${name} takes no value`);
  return "";
}

function nextValue(name: string, rest: Iterator<string>): string {
  const next = rest.next();
  if (next.done === true) throw invalidArgument(`--${name} needs a value`);
  return next.value;
}

function checkValue(name: string, value: string, spec: OptionSpec): void {
  if (spec.kind === "integer") {
    const number = /^[+-]?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
    checkRange(name, value, { number, noun: "integer", ...spec });
  } else if (spec.kind === "number") {
    const number = /^[+-]?\d{1,20}(?:\.\d{1,20})?$/.test(value) ? Number(value) : undefined;
    checkRange(name, value, { number, noun: "number", ...spec });
  }
}

function checkRange<N extends number | bigint>(
  name: string,
  value: string,
  { number, noun, least, most }: { number: N | undefined; noun: string; least: N; most: N },
): void {
  if (number === undefined) throw invalidArgument(`--${name}: ${JSON.stringify(value)} is no ${noun}`);
  if (number < least || number > most) {
    throw invalidArgument(`--${name}: ${value} is out of range, expected ${least} to ${most}`);
  }
}

function checkPaths(paths: readonly string[], names: readonly string[]): void {
  const missing = names[paths.length];
  if (missing !== undefined) throw invalidArgument(`${missing} is missing`);
  const extra = paths[names.length];
  if (extra !== undefined) throw invalidArgument(`unexpected argument ${JSON.stringify(extra)}`);
  const empty = names[paths.indexOf("")];
  if (empty !== undefined) throw invalidArgument(`${empty} is empty`);
}
