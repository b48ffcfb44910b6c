import type { KeyPathPart } from "../pytree/key-path.js";
import { escapeText } from "./escape-text.js";
import { quoted } from "./leaf-text.js";

/** Keys that cannot be mistaken for anything but themselves. */
const PLAIN_KEY = /^[^\s"'/[\]{}]+$/u;

/** How a line calls a place: an index in brackets, and in quotes a key that could be mistaken for something else. */
export function partName(part: KeyPathPart): string {
  if (typeof part === "number") return `[${part}]`;
  return PLAIN_KEY.test(part) && escapeText(part) === part ? part : quoted(part);
}

/** The name of several keys that have the same text around a number. */
export function nodeName(before: string, numbers: string, after: string): string {
  const around = before + after;
  const isPlain = around === "" || partName(around) === around;
  return isPlain ? before + numbers + after : quoted(before + numbers + after);
}
