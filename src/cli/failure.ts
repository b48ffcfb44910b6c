import { isOrbaxError } from "../errors.js";
import { escapeText } from "./escape-text.js";

/** Longer messages are cut: a line is for people. */
const MOST_LINE = 8192;

/**
 * What stands on stderr when the exit code is 2: `orbax-ts: <subject>: <what>`, one line whatever the texts hold.
 * Ends with a line break.
 *
 * @param subject The path that was given, or the command that was typed wrong.
 */
export function failureLine(subject: string, error: unknown): string {
  const what = messageOf(error);
  return oneLine(startsWithPath(what, subject) ? what : `${subject}: ${what}`);
}

/** Whether a message names a path already, or something below it. */
export function startsWithPath(message: string, path: string): boolean {
  const name = path.replace(/(?<=.)\/+$/, "");
  return [": ", "/"].some((next) => message.startsWith(name + next));
}

/** What stands on stderr beside a result that somebody should not trust blindly. Ends with a line break. */
export function warningLine(message: string): string {
  return oneLine(`warning: ${message}`);
}

function oneLine(text: string): string {
  const line = escapeText(`orbax-ts: ${text}`);
  return `${line.length > MOST_LINE ? `${line.slice(0, MOST_LINE)}…` : line}\n`;
}

function messageOf(error: unknown): string {
  if (isOrbaxError(error)) return withAdvice(error.message, error.details.limit);
  if (error instanceof Error && "syscall" in error) return error.message;
  return `internal error: ${error instanceof Error ? `${error.name}: ${error.message}` : thrownText(error)}`;
}

/** What is thrown and is no error is a mistake of whoever threw it. */
function thrownText(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : `thrown: ${typeof thrown}`;
}

/** The name of a limit stands at the end of its message; here it is an option. */
function withAdvice(message: string, limit: string | undefined): string {
  if (limit === undefined) return message;
  return `${message.replace(`; limit ${limit}`, "")}; --limit ${limit}=N allows more`;
}

/** The stack of an error and of its causes, for `--debug`. Ends with a line break. */
export function failureDetails(error: unknown): string {
  const stacks: string[] = [];
  for (let cause = error; cause !== undefined && stacks.length < 10; cause = causeOf(cause)) {
    stacks.push(cause instanceof Error ? (cause.stack ?? cause.message) : thrownText(cause));
  }
  return `${stacks.join("\ncaused by: ")}\n`;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
