import type { FileSink, WritableStorage } from "../storage/storage.js";
import type { WrittenRange } from "./build-tree.js";

/** Parts are collected up to this size, so that many small values cost few system calls. */
const BATCH_BYTES = 2 ** 23;

/**
 * Appends bytes to data files `d/<32 random hex digits>`, starting a new one when one has reached its target
 * size (docs/spec/ocdbt.md section 1).
 */
export class DataFileWriter {
  readonly #storage: WritableStorage;
  readonly #targetBytes: number;
  readonly #durable: boolean;
  readonly #files: string[] = [];
  #open: { readonly file: string; readonly sink: FileSink; size: number } | undefined;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;

  /** `durable`: whether {@link close} makes the files durable. */
  constructor(
    storage: WritableStorage,
    { targetBytes, durable }: { readonly targetBytes: number; readonly durable: boolean },
  ) {
    this.#storage = storage;
    this.#targetBytes = targetBytes;
    this.#durable = durable;
  }

  /** Appends `bytes`, which must not change until the next `append` or `close` has ended. */
  async append(bytes: Uint8Array): Promise<WrittenRange> {
    const open = await this.#openFile();
    const range = { file: open.file, offset: open.size, length: bytes.length };
    open.size += bytes.length;
    this.#batch.push(bytes);
    this.#batchBytes += bytes.length;
    if (this.#batchBytes >= BATCH_BYTES) await this.#flush(open.sink);
    return range;
  }

  async #openFile() {
    if (this.#open !== undefined && this.#open.size >= this.#targetBytes) await this.#closeFile();
    if (this.#open === undefined) {
      const file = `d/${randomHex(16)}`;
      this.#files.push(file);
      const sink = await this.#storage.create(`/${file}`, { durable: this.#durable });
      this.#open = { file, sink, size: 0 };
    }
    return this.#open;
  }

  async #flush(sink: FileSink): Promise<void> {
    const parts = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    await sink.write(parts);
  }

  async #closeFile(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    await this.#flush(open.sink);
    await open.sink.close();
    this.#open = undefined;
  }

  /** Ends the files, and makes them and their names durable unless that was left to the caller. */
  async close(): Promise<void> {
    await this.#closeFile();
    if (this.#durable && this.#files.length > 0) await this.#storage.sync("/d");
  }

  /** Removes everything that was written; for a write that failed. */
  async discard(): Promise<void> {
    await this.#open?.sink.abort();
    this.#open = undefined;
    for (const file of this.#files) await this.#storage.delete(`/${file}`);
  }
}

/** `bytes` random bytes as lower-case hex digits. */
function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
