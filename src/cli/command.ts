import type { Arguments } from "./args.js";
import type { Io } from "./io.js";
import type { OptionSpecs } from "./option-spec.js";

/** A command: all that its help shows, and what it does. */
export type Command = {
  /** As it is typed: `show`, `kv ls`. */
  readonly name: string;
  /** What it prints, in one line. */
  readonly summary: string;
  /** More about it, without line breaks. */
  readonly description: string;
  /** The files or directories that it takes, each with a line about it. */
  readonly paths: readonly { readonly name: string; readonly summary: string }[];
  readonly options: OptionSpecs;
  /** Lines of a terminal: what is typed begins with `$ `. */
  readonly example: readonly string[];
  /**
   * Prints the result.
   *
   * @returns The exit code: 0, or 1 where the answer is no.
   * @throws {OrbaxError} for what becomes exit code 2.
   */
  readonly run: (args: Arguments, io: Io) => Promise<number>;
};
