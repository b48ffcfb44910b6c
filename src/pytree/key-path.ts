import { dataLoss } from "../errors.js";

/** A step into a tree: a dict's key or a list's index. */
export type KeyPathPart = string | number;

/** Where a leaf lies in its tree, from the root; `[]` is a tree that is one bare leaf. */
export type KeyPath = readonly KeyPathPart[];

/**
 * Name under which Orbax stores a leaf: the parts joined with `.`, nothing escaped
 * (docs/spec/orbax-layout.md section 7). Different paths can share one.
 */
export function parameterName(path: KeyPath): string {
  return path.join(".");
}

/**
 * Python's repr of a tuple of strings, by which `_METADATA` names its entries (section 6). Nobody parses it: only
 * that no two are equal matters.
 */
export function formatEntryName(path: KeyPath): string {
  const parts = path.map((part) => pythonStringRepr(String(part)));
  return parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(", ")})`;
}

function pythonStringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
  return quote + escaped.replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t") + quote;
}

const CANONICAL_INDEX = /^(0|[1-9]\d{0,15})$/;

/** @throws {OrbaxError} `DATA_LOSS` if `text` is no canonical decimal (section 15: `00` would alias `0`). */
export function parseIndex(text: string, what: string): number {
  const index = CANONICAL_INDEX.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(index)) return index;
  throw dataLoss(what, { field: "list index", found: text, expected: "a decimal number" });
}

/** Whether two paths are the same, part by part: the key `"0"` is not the index `0`. */
export function sameKeyPath(a: KeyPath, b: KeyPath): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}

/** A key path for people: parts joined with `/`. */
export function formatKeyPath(path: KeyPath): string {
  return path.join("/");
}

/** How messages call the leaf at a path: by the path, the bare leaf by `tree`. */
export function leafName(path: KeyPath): string {
  return path.length === 0 ? "tree" : formatKeyPath(path);
}

/**
 * What `only` of a load means: a key path, or a glob over keys joined by `/`, where `*` stands for anything within
 * one part, `**` for any parts, and `?` for one character. A path selects the whole subtree below it.
 */
export type KeyPathSelector = KeyPath | string;

/** A predicate over key paths for a selector. */
export function compileSelector(selector: KeyPathSelector): (path: KeyPath) => boolean {
  if (typeof selector === "string") {
    const pattern = compileGlob(selector);
    return (path) => pattern.test(formatKeyPath(path));
  }
  return (path) => sameKeyPath(path.slice(0, selector.length), selector);
}

function compileGlob(glob: string): RegExp {
  const source = glob.replaceAll(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (token) => {
    if (token === "**/") return "(?:.*/)?";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    return `\\${token}`;
  });
  return new RegExp(`^${source}(?:/.*)?$`, "su");
}

/** Compares as Python sorts strings: by code points, where JavaScript compares UTF-16 units. */
export function compareCodePoints(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  for (let index = 0; index < most; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return surrogatesLast(left) - surrogatesLast(right);
  }
  return a.length - b.length;
}

/** Moves the surrogates, which make up the highest code points, behind all other units. */
function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
