import type { ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { dataLoss, limitExceeded } from "../../errors.js";
import type { Limits } from "../../limits.js";

/** Longest key, and longest path of a data file (docs/spec/ocdbt.md sections 5 and 7.2). */
export const MAX_STRING_BYTES = 65535;

/** The limit that bounds what prefix-compressed strings expand to. */
export type ExpansionLimit = Pick<Limits, "expandedNodeBytes">;

/** What the columns of one string take in memory: its prefix, suffix and base length, and where it ends. */
const COLUMN_BYTES = 10;

/** {@link ByteStrings} hold no more, since `ends` has 32 bits. */
const MAX_TOTAL_BYTES = 2 ** 32 - 1;

/** Byte strings back to back: one buffer for all, so that a million of them cost no object each. */
export type ByteStrings = {
  readonly bytes: Uint8Array;
  /** Where each string ends, and the next begins. */
  readonly ends: Uint32Array;
};

/** A view of string `index`. */
export function stringAt({ bytes, ends }: ByteStrings, index: number): Uint8Array {
  return bytes.subarray(ends[index - 1] ?? 0, ends[index]);
}

/** Joins separate byte strings, each without its first `cutBytes` bytes. */
export function joinStrings(strings: readonly Uint8Array[], cutBytes = 0): ByteStrings {
  const ends = new Uint32Array(strings.length);
  let length = 0;
  for (let index = 0; index < strings.length; index++) {
    length += (strings[index]?.length ?? 0) - cutBytes;
    ends[index] = length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const string of strings) {
    for (let source = cutBytes; source < string.length; source++) bytes[at++] = string[source] ?? 0;
  }
  return { bytes, ends };
}

/** Strings of one column and how they are called in messages: `key`, `path`. */
export type StringColumn = ExpansionLimit & {
  readonly name: string;
  /** Most bytes of one string. Default: {@link MAX_STRING_BYTES}. */
  readonly longest?: number;
};

/** The lengths of prefix-compressed strings: all columns that come before their bytes. */
export type StringLengths = { readonly prefixes: Uint16Array; readonly suffixes: Uint16Array };

/**
 * Reads the two columns of lengths: `count − 1` prefixes (the first string has none), then `count` suffixes.
 * `count` must be bounded by the bytes left already.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` for more strings than `expandedNodeBytes` has room for: 64 million empty
 * paths, a few kilobytes of zstd, take as long and as much memory as a gigabyte of keys.
 */
export function decodeStringLengths(
  reader: ByteReader,
  count: number,
  { name, expandedNodeBytes }: StringColumn,
): StringLengths {
  if (count * COLUMN_BYTES > expandedNodeBytes) {
    throw tooMuch(reader.what, `number of all ${name}s`, count, Math.floor(expandedNodeBytes / COLUMN_BYTES));
  }
  const prefixes = new Uint16Array(count);
  for (let index = 1; index < count; index++) prefixes[index] = reader.varint16(`${name}_prefix_length`);
  const suffixes = new Uint16Array(count);
  for (let index = 0; index < count; index++) suffixes[index] = reader.varint16(`${name}_suffix_length`);
  return { prefixes, suffixes };
}

/**
 * Reads the suffixes and expands every string.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a prefix longer than the string before or a string that is too long;
 * `LIMIT_EXCEEDED` before it allocates more than `expandedNodeBytes`.
 */
export function decodeStrings(
  reader: ByteReader,
  { prefixes, suffixes }: StringLengths,
  column: StringColumn,
): ByteStrings {
  const count = suffixes.length;
  const total = checkLengths(reader, { prefixes, suffixes }, column);
  const joinedSuffixes = reader.take(total.suffixBytes, `${column.name}_suffix`);
  const bytes = new Uint8Array(total.bytes);
  const ends = new Uint32Array(count);
  let start = 0;
  let previousStart = 0;
  let source = 0;
  for (let index = 0; index < count; index++) {
    const prefixEnd = start + (prefixes[index] ?? 0);
    const end = prefixEnd + (suffixes[index] ?? 0);
    // Most strings are short: these loops take a third of the time of copyWithin and set.
    for (let at = start; at < prefixEnd; at++) bytes[at] = bytes[previousStart + at - start] ?? 0;
    for (let at = prefixEnd; at < end; at++) bytes[at] = joinedSuffixes[source++] ?? 0;
    previousStart = start;
    start = end;
    ends[index] = end;
  }
  return { bytes, ends };
}

/** Adds up what the strings take when all of their lengths can be true. */
function checkLengths(
  { what }: ByteReader,
  { prefixes, suffixes }: StringLengths,
  { name, expandedNodeBytes, longest = MAX_STRING_BYTES }: StringColumn,
): { readonly bytes: number; readonly suffixBytes: number } {
  let bytes = 0;
  let suffixBytes = 0;
  let previous = 0;
  for (let index = 0; index < suffixes.length; index++) {
    const prefix = prefixes[index] ?? 0;
    const suffix = suffixes[index] ?? 0;
    const length = prefix + suffix;
    if (prefix > previous) {
      throw dataLoss(what, {
        field: `${name}_prefix_length[${index}]`,
        found: prefix,
        expected: `at most ${previous}, the length of the ${name} before`,
      });
    }
    if (length > longest) {
      throw dataLoss(what, {
        field: `length of ${name}[${index}]`,
        found: length,
        expected: `at most ${longest}`,
      });
    }
    previous = length;
    bytes += length;
    suffixBytes += suffix;
  }
  const most = Math.min(expandedNodeBytes, MAX_TOTAL_BYTES);
  if (bytes > most) throw tooMuch(what, `total length of all ${name}s`, bytes, most);
  return { bytes, suffixBytes };
}

function tooMuch(what: string, field: string, found: number, most: number) {
  return limitExceeded(what, { field, found, expected: `at most ${most}`, limit: "expandedNodeBytes" });
}

/** Index of the first string that is not greater than the one before; `undefined` if they increase strictly. */
export function firstNotIncreasing({ bytes, ends }: ByteStrings): number | undefined {
  let previousStart = 0;
  for (let index = 1; index < ends.length; index++) {
    const start = ends[index - 1] ?? 0;
    const end = ends[index] ?? 0;
    let at = start;
    let previousAt = previousStart;
    // Without views of both: this runs for every key of every node.
    while (at < end && previousAt < start && bytes[at] === bytes[previousAt]) {
      at++;
      previousAt++;
    }
    const greater = previousAt === start ? at < end : at < end && (bytes[at] ?? 0) > (bytes[previousAt] ?? 0);
    if (!greater) return index;
    previousStart = start;
  }
  return undefined;
}

/** Length of the common start of two byte strings. */
export function commonPrefixLength(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/** Compares as unsigned bytes, a shorter string before its extensions. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  for (let index = 0; index < most; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether `string` begins with `prefix`. */
export function startsWith(string: Uint8Array, prefix: Uint8Array): boolean {
  return string.length >= prefix.length && compareBytes(string.subarray(0, prefix.length), prefix) === 0;
}

/** The lengths with which {@link decodeStrings} gives back `strings`: each shares the most it can. */
export function shareLengths({ bytes, ends }: ByteStrings): StringLengths {
  const prefixes = new Uint16Array(ends.length);
  const suffixes = new Uint16Array(ends.length);
  let previousStart = 0;
  let start = 0;
  for (let index = 0; index < ends.length; index++) {
    const end = ends[index] ?? 0;
    const most = Math.min(start - previousStart, end - start);
    let prefix = 0;
    while (prefix < most && bytes[previousStart + prefix] === bytes[start + prefix]) prefix++;
    prefixes[index] = prefix;
    suffixes[index] = end - start - prefix;
    previousStart = start;
    start = end;
  }
  return { prefixes, suffixes };
}

/** Writes both columns of lengths. */
export function encodeStringLengths(writer: ByteWriter, { prefixes, suffixes }: StringLengths): void {
  for (const prefix of prefixes.subarray(1)) writer.varint(prefix);
  for (const suffix of suffixes) writer.varint(suffix);
}

/** Writes the suffixes. */
export function encodeStrings(writer: ByteWriter, strings: ByteStrings, { prefixes }: StringLengths): void {
  for (let index = 0; index < prefixes.length; index++) {
    writer.bytes(stringAt(strings, index).subarray(prefixes[index]));
  }
}

/** How many strings there are before the first that `holds` is false for; it stays false for those after. */
export function countFirst(strings: ByteStrings, holds: (string: Uint8Array) => boolean): number {
  let low = 0;
  let high = strings.ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(stringAt(strings, middle))) low = middle + 1;
    else high = middle;
  }
  return low;
}
