import { rmSync } from "node:fs";
import { ioFailure } from "../errors.js";
import { countBusy, turnOfOthers } from "./event-loop.js";
import { LocalHandle, SMALL_BYTES } from "./local-handle.js";
import { systemCode } from "./local-root.js";
import type { FileSink } from "./storage.js";

/** A call with 2 GiB or more aborts Node 20's process; powers of two keep the slices on pages. */
const MOST_CALL_BYTES = 2 ** 29;
/** What Linux takes in one writev. */
const MOST_CALL_PARTS = 1024;

/** A new file that is open for writing. */
export type CreatedFile = { readonly path: string; readonly handle: LocalHandle };

/** @throws the system's error, `EEXIST` if there is anything of that name, a link that leads nowhere included. */
export function createFile(path: string): CreatedFile {
  return { path, handle: new LocalHandle(path, "wx") };
}

/** {@link createFile}, `undefined` if the name is taken. */
export function createUnlessTaken(path: string): CreatedFile | undefined {
  try {
    return createFile(path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    return undefined;
  }
}

/** How a file is written. */
export type FileSinkOptions = {
  /** How to call it in messages. */
  readonly file: string;
  /** Whether `close` makes its bytes durable. */
  readonly durable: boolean;
};

/**
 * Writes a new file whole; one that fails is removed.
 *
 * @throws {OrbaxError} `IO` · the signal's reason, also if it was aborted only while the bytes were written.
 */
export async function writeWhole(
  { path, handle }: CreatedFile,
  value: Uint8Array,
  { signal, ...options }: FileSinkOptions & { readonly signal: AbortSignal | undefined },
): Promise<void> {
  const sink = new LocalFileSink(handle, options);
  try {
    await sink.write([value]);
    await sink.close();
    signal?.throwIfAborted();
  } catch (error) {
    await sink.abort();
    rmSync(path, { force: true });
    throw error;
  }
}

/** A file that is open for writing from its start. */
export class LocalFileSink implements FileSink {
  readonly #file: string;
  readonly #durable: boolean;
  #handle: LocalHandle | undefined;

  constructor(handle: LocalHandle, { file, durable }: FileSinkOptions) {
    this.#handle = handle;
    this.#file = file;
    this.#durable = durable;
  }

  /** Wait for each write before the next. @throws {OrbaxError} `IO`, after which only `abort` makes sense. */
  async write(parts: readonly Uint8Array[]): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new Error(`${this.#file}: write to a closed file`);
    try {
      await turnOfOthers();
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
      if (this.#durable) await handle.sync().finally(() => handle.close());
      else handle.close();
    } catch (error) {
      throw ioFailure(this.#file, error);
    }
  }

  async abort(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    try {
      handle?.close();
    } catch {
      // nothing was promised about this file
    }
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

async function writeBatch(handle: LocalHandle, batch: Uint8Array[]): Promise<void> {
  let rest = batch;
  while (rest.length > 0) {
    const written = rest;
    const small = written.reduce((bytes, part) => bytes + part.length, 0) <= SMALL_BYTES;
    const bytesWritten = small ? countBusy(() => handle.writeNow(written)) : await handle.write(written);
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
