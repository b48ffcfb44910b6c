import type { Command } from "./command.js";
import type { OptionSpec } from "./option-spec.js";

const PROGRAM = "orbax-ts";

/** The program's own help: every command with its line. Ends with a line break. */
export function programHelp(commands: readonly Command[]): string {
  const usages = commands.map((command) => [usageOf(command), command.summary] as const);
  return lines([
    `Usage: ${PROGRAM} COMMAND PATH [options]`,
    "",
    "Reads JAX Orbax checkpoints and Datarax iterator state, without Python.",
    "",
    "Commands:",
    ...aligned(usages),
    "",
    "Options:",
    ...aligned([
      ["--help", `show this; ${PROGRAM} COMMAND --help says more about one command`],
      ["--version", "print the version"],
    ]),
    "",
    "Exit codes: 0 fine; 2 wrong use, or the checkpoint cannot be read.",
  ]);
}

/** The help of one command. Ends with a line break. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(
    ([name, spec]) => [optionUsage(name, spec), spec.summary] as const,
  );
  return lines([
    `Usage: ${PROGRAM} ${usageOf(command)} [options]`,
    "",
    ...wrapped(command.description),
    "",
    ...aligned(command.paths.map(({ name, summary }) => [name, summary])),
    "",
    "Options:",
    ...aligned(options),
    "",
    "Example:",
    ...command.example.map((line) => (line === "" ? "" : `  ${line}`)),
  ]);
}

function usageOf({ name, paths }: Command): string {
  return [name, ...paths.map((path) => path.name)].join(" ");
}

function optionUsage(name: string, spec: OptionSpec): string {
  const short = name === "help" ? "-h, " : "";
  return spec.kind === "flag" ? `${short}--${name}` : `--${name} ${spec.value}`;
}

/** Two columns, indented. */
function aligned(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

const COLUMNS = 80;

function wrapped(text: string): string[] {
  const broken: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > COLUMNS) {
      broken.push(line);
      line = word;
    } else {
      line += line === "" ? word : ` ${word}`;
    }
  }
  return [...broken, line];
}

function lines(texts: readonly string[]): string {
  return `${texts.join("\n")}\n`;
}
