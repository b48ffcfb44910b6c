import { invalidArgument } from "../errors.js";
import { parseArguments } from "./args.js";
import type { Command } from "./command.js";
import { COMMANDS, type CommandEntry } from "./commands.js";
import { failureDetails, failureLine } from "./failure.js";
import { commandHelp, programHelp } from "./help.js";
import { ClosedOutput, type Io } from "./io.js";
import { VERSION } from "./version.js";

/** Exit code of wrong use and of what cannot be read. */
const FAILED = 2;

/**
 * Runs the program with what was typed after its name. Everything that it does to the outside goes through `io`,
 * and to files that the arguments name.
 *
 * @returns The exit code. With 2, exactly one line was written to `io.err`, more only with `--debug`.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let subject = "usage";
  try {
    const { entry, rest } = chooseCommand(argv);
    if (entry === undefined) return await runWithoutCommand(argv, io);
    subject = entry.name;
    const command = await entry.load();
    if (rest.some((argument) => argument === "--help" || argument === "-h")) {
      await io.out.write(commandHelp(command));
      return 0;
    }
    const args = parseFor(command, rest);
    subject = args.path;
    return await command.run(args, io);
  } catch (error) {
    return await fail(subject, error, argv, io);
  }
}

/** The command whose words come first, and what follows them. */
function chooseCommand(argv: readonly string[]): {
  readonly entry: CommandEntry | undefined;
  readonly rest: readonly string[];
} {
  for (const entry of COMMANDS) {
    const words = entry.name.split(" ");
    if (words.every((word, index) => argv[index] === word)) return { entry, rest: argv.slice(words.length) };
  }
  return { entry: undefined, rest: argv };
}

async function runWithoutCommand(argv: readonly string[], io: Io): Promise<number> {
  const [first, second] = argv;
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (first === "--version") {
    await io.out.write(`${VERSION}\n`);
    return 0;
  }
  if (isHelp(first) || (group.length > 0 && isHelp(second))) {
    const entries = isHelp(first) ? COMMANDS : group;
    await io.out.write(programHelp(await Promise.all(entries.map(({ load }) => load()))));
    return 0;
  }
  if (first === undefined) throw invalidArgument("no command; orbax-ts --help lists them");
  const names = (group.length > 0 ? group : COMMANDS).map(({ name }) => name).join(", ");
  const kind = first.startsWith("-") ? "option" : "command";
  const typed = group.length > 0 && second !== undefined ? `${first} ${second}` : first;
  throw invalidArgument(`unknown ${kind} ${JSON.stringify(typed)}; commands: ${names}`);
}

function isHelp(argument: string | undefined): boolean {
  return argument === "--help" || argument === "-h";
}

function parseFor({ options, paths }: Command, argv: readonly string[]) {
  return parseArguments(
    argv,
    options,
    paths.map(({ name }) => name),
  );
}

async function fail(subject: string, error: unknown, argv: readonly string[], io: Io): Promise<number> {
  if (error instanceof ClosedOutput) return 0;
  const details = argv.includes("--debug") ? failureDetails(error) : "";
  await io.err.write(failureLine(subject, error) + details).catch(() => undefined);
  return FAILED;
}
