import type { ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { dataLoss } from "../../errors.js";
import { decodeCount, encodeVarints } from "./columns.js";
import {
  type ByteStrings,
  decodeStringLengths,
  decodeStrings,
  type ExpansionLimit,
  encodeStringLengths,
  encodeStrings,
  joinStrings,
  MAX_STRING_BYTES,
  type StringLengths,
  shareLengths,
  stringAt,
} from "./strings.js";

/**
 * The data files that a body refers to, by index (docs/spec/ocdbt.md section 5). Each path is a base, which is
 * handed down to everything that the file's nodes refer to, and the rest.
 */
export type DataFiles = {
  /** Base and rest in one. */
  readonly paths: ByteStrings;
  readonly baseLengths: Uint16Array;
};

/** One entry of the table; paths are bytes until a file is opened. */
export type DataFile = { readonly base: Uint8Array; readonly relative: Uint8Array };

/** Number of entries. */
export function dataFileCount({ baseLengths }: DataFiles): number {
  return baseLengths.length;
}

/** Entry `index`, as views. */
export function dataFileAt({ paths, baseLengths }: DataFiles, index: number): DataFile {
  const path = stringAt(paths, index);
  const baseLength = baseLengths[index] ?? 0;
  return { base: path.subarray(0, baseLength), relative: path.subarray(baseLength) };
}

/** A table of the given entries, in the given order. */
export function dataFilesOf(files: readonly DataFile[]): DataFiles {
  const paths = joinStrings(files.flatMap(({ base, relative }) => [base, relative]));
  return {
    paths: { bytes: paths.bytes, ends: paths.ends.filter((_, index) => index % 2 === 1) },
    baseLengths: Uint16Array.from(files, ({ base }) => base.length),
  };
}

/** Bytes that an entry takes at least: suffix length and base length. */
const LEAST_ENTRY_BYTES = 2;

/** What bounds a table: limits, and the length of the base that is put before every path (10.1). */
export type DataFilesContext = ExpansionLimit & { readonly transitiveBaseLength?: number };

/**
 * Reads a table.
 *
 * @throws {OrbaxError} `DATA_LOSS` if lengths contradict each other, or a path with its transitive base is longer
 * than 65535 bytes; `LIMIT_EXCEEDED` as `decodeStrings`.
 */
export function decodeDataFiles(
  reader: ByteReader,
  { expandedNodeBytes, transitiveBaseLength = 0 }: DataFilesContext,
): DataFiles {
  const count = decodeCount(reader, "num_files", {
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    bytesEach: LEAST_ENTRY_BYTES,
  });
  const column = { name: "path", longest: MAX_STRING_BYTES - transitiveBaseLength, expandedNodeBytes };
  const lengths = decodeStringLengths(reader, count, column);
  const baseLengths = new Uint16Array(count);
  for (let index = 0; index < count; index++) baseLengths[index] = reader.varint16("base_length");
  checkBases(reader.what, lengths, baseLengths);
  return { paths: decodeStrings(reader, lengths, column), baseLengths };
}

function checkBases(what: string, { prefixes, suffixes }: StringLengths, baseLengths: Uint16Array): void {
  for (let index = 0; index < baseLengths.length; index++) {
    const prefix = prefixes[index] ?? 0;
    const base = baseLengths[index] ?? 0;
    const previousBase = baseLengths[index - 1] ?? 0;
    const pathLength = prefix + (suffixes[index] ?? 0);
    if (base > pathLength) {
      throw dataLoss(what, {
        field: `base_length[${index}]`,
        found: base,
        expected: `at most ${pathLength}, the length of the path`,
      });
    }
    if (prefix > Math.min(base, previousBase) && base !== previousBase) {
      throw dataLoss(what, {
        field: `base_length[${index}]`,
        found: base,
        expected: `${previousBase}, as the paths share more than their bases`,
      });
    }
  }
}

/** Writes what {@link decodeDataFiles} reads. */
export function encodeDataFiles(writer: ByteWriter, { paths, baseLengths }: DataFiles): void {
  const lengths = shareWithinBases(shareLengths(paths), baseLengths);
  writer.varint(baseLengths.length);
  encodeStringLengths(writer, lengths);
  encodeVarints(writer, baseLengths);
  encodeStrings(writer, paths, lengths);
}

/** Where neighbours differ in their base's length, no more than the shorter base may be shared. */
function shareWithinBases({ prefixes, suffixes }: StringLengths, baseLengths: Uint16Array): StringLengths {
  const shared = prefixes.map((prefix, index) => {
    const base = baseLengths[index] ?? 0;
    const previousBase = baseLengths[index - 1] ?? 0;
    return base === previousBase ? prefix : Math.min(prefix, base, previousBase);
  });
  return {
    prefixes: shared,
    suffixes: suffixes.map((suffix, index) => suffix + (prefixes[index] ?? 0) - (shared[index] ?? 0)),
  };
}
