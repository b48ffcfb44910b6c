import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ioFailure, OrbaxError } from "../errors.js";
import { type LocalRoot, systemCode } from "./local-root.js";
import { notAFile } from "./refusals.js";
import type { FileSink } from "./storage.js";
import { fileOf } from "./storage-key.js";

/** A call with 2 GiB or more aborts Node 20's process; powers of two keep the slices on pages. */
const MOST_CALL_BYTES = 2 ** 29;
/** What Linux takes in one writev. */
const MOST_CALL_PARTS = 1024;
/** Four reads of 8 MiB at once were fastest into memory that has been touched, and four is Node's thread pool. */
const SLICE_BYTES = 2 ** 23;
const SLICES_AT_ONCE = 4;

// Windows has neither flag, and Node no value for them there.
const NON_BLOCKING = constants.O_NONBLOCK ?? 0;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** What opening a link with O_NOFOLLOW is refused with; EMLINK on FreeBSD. */
const IS_LINK = new Set(["ELOOP", "EMLINK"]);
/** What opening a socket, on Windows a directory, is refused with. */
const NO_VALUE = new Map([
  ["ENXIO", "a socket"],
  ["EOPNOTSUPP", "a socket"],
  ["EISDIR", "a directory"],
]);

/** A regular file that is open for reading, and its size. */
export type OpenFile = { readonly handle: FileHandle; readonly size: number };

/**
 * Opens the regular file at `path`, or behind the link there if it lies inside `root`. Never waits for the other
 * end of a FIFO. The caller closes the handle.
 *
 * @returns `undefined` if a link leads nowhere.
 * @throws {OrbaxError} `DATA_LOSS` if there is something else than a file · `INVALID_ARGUMENT` if a link leads
 * outside. If nothing is there, the system's error.
 */
export async function openFile(path: string, root: LocalRoot, key: string): Promise<OpenFile | undefined> {
  const handle = await openInside(path, root, key).catch((error: unknown) => {
    const kind = NO_VALUE.get(systemCode(error));
    throw kind === undefined ? error : notAFile(fileOf(key), kind);
  });
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    requireFile(stats, key);
    return { handle, size: stats.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openInside(path: string, root: LocalRoot, key: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | NON_BLOCKING;
  if (root.followLinks) return open(path, flags);
  try {
    if (NO_FOLLOW !== 0) return await open(path, flags | NO_FOLLOW);
  } catch (error) {
    if (!IS_LINK.has(systemCode(error))) throw error;
  }
  const real = await root.followLink(path, key);
  return real === undefined ? undefined : open(real, flags | NO_FOLLOW);
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
 * Reads into a new array, which is shorter than `length` if the file became so.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` if the platform has no array of that length.
 */
export async function readNew(
  handle: FileHandle,
  { offset, length }: { readonly offset: number; readonly length: number },
  key: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = allocate(length, fileOf(key));
  return bytes.subarray(0, await readAt(handle, offset, bytes, signal));
}

function allocate(length: number, file: string): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    const message = `${file}: no array of this platform holds ${length} bytes; read the file in parts`;
    throw new OrbaxError("LIMIT_EXCEEDED", message, { file, found: length }, { cause });
  }
}

/** Reads `target.length` bytes from `position`; returns how many there were before the end of the file. */
export async function readAt(
  handle: FileHandle,
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
  await Promise.all(Array.from({ length: readers }, readSlices));
  return end;
}

async function fill(handle: FileHandle, position: number, target: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < target.length) {
    const rest = target.length - filled;
    const { bytesRead } = await handle.read(target, filled, rest, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** A file that is open for writing from its start. */
export class LocalFileSink implements FileSink {
  readonly #file: string;
  #handle: FileHandle | undefined;

  constructor(handle: FileHandle, file: string) {
    this.#handle = handle;
    this.#file = file;
  }

  /** Wait for each write before the next. @throws {OrbaxError} `IO`, after which only `abort` makes sense. */
  async write(parts: readonly Uint8Array[]): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new Error(`${this.#file}: write to a closed file`);
    try {
      for (const batch of batchParts(parts)) await writeBatch(handle, batch);
    } catch (error) {
      throw ioFailure(this.#file, error);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#handle = undefined;
    try {
      await handle.sync().finally(() => handle.close());
    } catch (error) {
      throw ioFailure(this.#file, error);
    }
  }

  async abort(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined); // nothing was promised about this file
  }
}

/** Groups `parts`, cut where needed, so that each group fits into one call. */
function* batchParts(parts: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const part of parts) {
    let offset = 0;
    while (offset < part.length) {
      const piece = part.subarray(offset, offset + MOST_CALL_BYTES - bytes);
      batch.push(piece);
      bytes += piece.length;
      offset += piece.length;
      if (bytes === MOST_CALL_BYTES || batch.length === MOST_CALL_PARTS) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
  }
  if (batch.length > 0) yield batch;
}

async function writeBatch(handle: FileHandle, batch: Uint8Array[]): Promise<void> {
  let rest = batch;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest);
    if (bytesWritten <= 0) throw new Error("the system wrote nothing");
    rest = dropBytes(rest, bytesWritten);
  }
}

/** What of `parts` comes after their first `count` bytes. */
function dropBytes(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  let dropped = count;
  let index = 0;
  for (let part = parts[index]; part !== undefined && part.length <= dropped; part = parts[index]) {
    dropped -= part.length;
    index++;
  }
  const [first, ...others] = parts.slice(index);
  return first === undefined ? [] : [first.subarray(dropped), ...others];
}
