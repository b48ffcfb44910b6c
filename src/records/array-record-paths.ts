import { sha1Hex } from "../bytes/sha1.js";
import { invalidArgument, OrbaxError } from "../errors.js";

/** The part of a file that a source takes: what TFDS calls a FileInstruction. */
export type FileInstruction = {
  readonly filename: string;
  /** Records at the beginning that are left out. */
  readonly skip: number;
  /** Records after these that are taken. */
  readonly take: number;
};

/** A path, a path with a range of its records (`train.array_record[100:200]`), or a {@link FileInstruction}. */
export type ArrayRecordPath = string | URL | FileInstruction;

/** A file, and which of its records are meant: all without `range`. */
export type ReadInstruction = {
  readonly path: string | URL;
  readonly range: { readonly start: number; readonly end: number } | undefined;
};

/** As in `array_record_data_source.py`, where `.` is everything but a line feed. */
const WITH_RANGE = /^([^\n]*)\[(\d+):(\d+)\]$/;

/**
 * What paths mean, in their order.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for no path at all, Python's ValueError, and for a range that ends before it
 * starts.
 */
export function readInstructions(paths: ArrayRecordPath | readonly ArrayRecordPath[]): ReadInstruction[] {
  const list = isList(paths) ? paths : [paths];
  if (list.length === 0) {
    throw invalidArgument("Paths sequence can not be of 0 length", {
      field: "paths",
      pythonType: "ValueError",
    });
  }
  return list.map(readInstruction);
}

function isList(paths: ArrayRecordPath | readonly ArrayRecordPath[]): paths is readonly ArrayRecordPath[] {
  return Array.isArray(paths);
}

function readInstruction(path: ArrayRecordPath): ReadInstruction {
  if (path instanceof URL) return { path, range: undefined };
  if (typeof path !== "string") {
    const { filename, skip, take } = path;
    return { path: filename, range: checkedRange(filename, skip, skip + take) };
  }
  const [, name, start, end] = WITH_RANGE.exec(path) ?? [];
  if (name === undefined) return { path, range: undefined };
  return { path: name, range: checkedRange(path, Number(start), Number(end)) };
}

function checkedRange(path: string, start: number, end: number) {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end)
    return { start, end };
  throw invalidArgument(`${path}: the records ${start} to ${end} are no range`, { field: "paths" });
}

/**
 * The text by which Python names an `ArrayRecordDataSource` over these paths, which the state of a DataLoader holds:
 * `ArrayRecordDataSource(hash_of_paths=…)`, the SHA-1 of all paths without their ranges. Give the paths as Python had
 * them.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` as `openArrayRecords`.
 */
export function arrayRecordDataSourceRepr(paths: ArrayRecordPath | readonly ArrayRecordPath[]): string {
  return reprOfFiles(readInstructions(paths).map(({ path }) => pathText(path)));
}

/** The same of paths that have no ranges any more. */
export function reprOfFiles(paths: readonly string[]): string {
  return `ArrayRecordDataSource(hash_of_paths=${sha1Hex(new TextEncoder().encode(paths.join("")))})`;
}

/** A path as Python would write it; of a `file:` URL the path that it stands for. */
export function pathText(path: string | URL): string {
  if (typeof path === "string") return path;
  try {
    return decodeURIComponent(path.pathname);
  } catch (cause) {
    throw new OrbaxError("INVALID_ARGUMENT", `${path.href}: is no URL of a local file`, {}, { cause });
  }
}
