import { constants, type Stats } from "node:fs";
import { OrbaxError } from "../errors.js";
import { LocalHandle, SMALL_BYTES } from "./local-handle.js";
import { type LocalRoot, systemCode } from "./local-root.js";
import { notAFile } from "./refusals.js";
import { fileOf } from "./storage-key.js";

/** Four reads of 8 MiB at once were fastest into memory that has been touched, and four is Node's thread pool. */
const SLICE_BYTES = 2 ** 23;
const SLICES_AT_ONCE = 4;

// Windows has neither flag, and Node no value for them there.
const NON_BLOCKING = constants.O_NONBLOCK ?? 0;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const FOR_READING = constants.O_RDONLY | NON_BLOCKING;
/** What opening a link with O_NOFOLLOW is refused with; EMLINK on FreeBSD. */
const IS_LINK = new Set(["ELOOP", "EMLINK"]);
/** What opening a socket, on Windows a directory, is refused with. */
const NO_VALUE = new Map([
  ["ENXIO", "a socket"],
  ["EOPNOTSUPP", "a socket"],
  ["EISDIR", "a directory"],
]);

/** A regular file that is open for reading, and its size. */
export type OpenFile = { readonly handle: LocalHandle; readonly size: number };

/**
 * Opens the regular file at `path`, or behind the link there if it lies inside `root`. Never waits for the other
 * end of a FIFO. The caller closes the handle.
 *
 * @returns `undefined` if a link leads nowhere.
 * @throws {OrbaxError} `DATA_LOSS` if there is something else than a file · `INVALID_ARGUMENT` if a link leads
 * outside. If nothing is there, the system's error.
 */
export function openFile(path: string, root: LocalRoot, key: string): OpenFile | undefined {
  const handle = openInside(path, root, key);
  if (handle === undefined) return undefined;
  try {
    const stats = handle.stats();
    requireFile(stats, key);
    return { handle, size: stats.size };
  } catch (error) {
    handle.close();
    throw error;
  }
}

function openInside(path: string, root: LocalRoot, key: string): LocalHandle | undefined {
  try {
    if (root.followLinks) return new LocalHandle(path, FOR_READING);
    const opened = openUnlessLink(path);
    if (opened !== undefined) return opened;
    const real = root.followLink(path, key);
    return real === undefined ? undefined : new LocalHandle(real, FOR_READING | NO_FOLLOW);
  } catch (error) {
    const kind = NO_VALUE.get(systemCode(error));
    throw kind === undefined ? error : notAFile(fileOf(key), kind);
  }
}

/** `undefined` for a link, and on platforms where links cannot be told while opening. */
function openUnlessLink(path: string): LocalHandle | undefined {
  if (NO_FOLLOW === 0) return undefined;
  try {
    return new LocalHandle(path, FOR_READING | NO_FOLLOW);
  } catch (error) {
    if (!IS_LINK.has(systemCode(error))) throw error;
    return undefined;
  }
}

/** @throws {OrbaxError} `DATA_LOSS` unless `stats` are those of a regular file. */
export function requireFile(stats: Stats, key: string): void {
  if (stats.isFile()) return;
  const kind = stats.isDirectory()
    ? "a directory"
    : stats.isFIFO()
      ? "a FIFO"
      : stats.isSocket()
        ? "a socket"
        : "a device";
  throw notAFile(fileOf(key), kind);
}

/**
 * Reads into a new array, which is shorter than `length` if the file became so. As {@link readAt}, at once or behind
 * a promise.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` if the platform has no array of that length.
 */
export function readNew(
  handle: LocalHandle,
  { offset, length }: { readonly offset: number; readonly length: number },
  key: string,
  signal: AbortSignal | undefined,
): Uint8Array | Promise<Uint8Array> {
  const bytes = allocate(length, fileOf(key));
  const count = readAt(handle, offset, bytes, signal);
  return typeof count === "number" ? bytes.subarray(0, count) : count.then((read) => bytes.subarray(0, read));
}

function allocate(length: number, file: string): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    const message = `${file}: no array of this platform holds ${length} bytes; read the file in parts`;
    throw new OrbaxError("LIMIT_EXCEEDED", message, { file, found: length }, { cause });
  }
}

/**
 * Reads `target.length` bytes from `position`: a few at once, more behind a promise. When that is settled no read is
 * under way any more.
 *
 * @returns How many there were before the end of the file.
 */
export function readAt(
  handle: LocalHandle,
  position: number,
  target: Uint8Array,
  signal: AbortSignal | undefined,
): number | Promise<number> {
  return target.length <= SMALL_BYTES
    ? fillNow(handle, position, target)
    : fillInSlices(handle, position, target, signal);
}

function fillNow(handle: LocalHandle, position: number, target: Uint8Array): number {
  let filled = 0;
  while (filled < target.length) {
    const count = handle.readNow(target.subarray(filled), position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

async function fillInSlices(
  handle: LocalHandle,
  position: number,
  target: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  let next = 0;
  let end = target.length;
  const readSlices = async () => {
    try {
      while (next < end) {
        signal?.throwIfAborted();
        const start = next;
        const slice = target.subarray(start, start + SLICE_BYTES);
        next += slice.length;
        const count = await fill(handle, position + start, slice);
        if (count < slice.length) end = Math.min(end, start + count);
      }
    } catch (error) {
      end = 0; // so that the other readers stop, too
      throw error;
    }
  };
  const readers = Math.min(SLICES_AT_ONCE, Math.ceil(target.length / SLICE_BYTES));
  const ended = await Promise.allSettled(Array.from({ length: readers }, readSlices));
  for (const reader of ended) if (reader.status === "rejected") throw reader.reason;
  return end;
}

async function fill(handle: LocalHandle, position: number, target: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < target.length) {
    const count = await handle.read(target.subarray(filled), position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
