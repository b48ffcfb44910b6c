import type { Io } from "./io.js";

/** How text for people is set off: each function gives the text with the codes of a terminal, or as it is. */
export type Style = {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly name: (text: string) => string;
  readonly value: (text: string) => string;
  readonly warning: (text: string) => string;
};

function codes(start: number, end: number): (text: string) => string {
  return (text) => (text === "" ? "" : `\u001b[${start}m${text}\u001b[${end}m`);
}

const COLOURED: Style = {
  bold: codes(1, 22),
  dim: codes(2, 22),
  name: codes(34, 39),
  value: codes(32, 39),
  warning: codes(33, 39),
};

const same = (text: string): string => text;
const PLAIN: Style = { bold: same, dim: same, name: same, value: same, warning: same };

/** Colours on a terminal, or where `FORCE_COLOR` asks for them, and never with `NO_COLOR`. */
export function styleFor({ out, env }: Pick<Io, "out" | "env">): Style {
  return wantsColour(out.isTerminal, env) ? COLOURED : PLAIN;
}

function wantsColour(isTerminal: boolean, env: Io["env"]): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: terminal } = env;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined) return force !== "0" && force !== "false";
  return isTerminal && terminal !== "dumb";
}

/** Where there is no terminal, lines are as long as on most. */
const USUAL_COLUMNS = 80;
/** Tables do not fit into less. */
const LEAST_COLUMNS = 40;

/** How wide lines for people may be. */
export function columnsOf({ out }: Pick<Io, "out">): number {
  return Math.max(LEAST_COLUMNS, out.columns ?? USUAL_COLUMNS);
}
