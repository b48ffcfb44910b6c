import { dataLoss } from "../errors.js";
import { type OcdbtEntry, valueLength } from "../ocdbt/entry.js";
import type { OcdbtDatabase } from "../ocdbt/reader.js";
import { DataFileSizes } from "./data-file-sizes.js";
import type { Io } from "./io.js";
import type { CliLimits } from "./limits.js";
import { Progress } from "./progress.js";
import { BATCH_BYTES, type FileRange, ValueHashes } from "./value-hashes.js";

/** Some keys with their values' places, and the values' hashes where those were asked for. */
export type ListedKeys = {
  readonly entries: readonly OcdbtEntry[];
  readonly sha256: readonly string[] | undefined;
};

/** Keys that are handed out together: a promise for each would cost more than the key. */
const BATCH_KEYS = 8192;
/** Their bytes, and those of values that lie in nodes. */
const BATCH_MEMORY = 2 ** 22;

/** The keys of a database in byte order, every data file they need checked. */
export class KeyListing {
  readonly #database: OcdbtDatabase;
  readonly #limits: CliLimits;
  readonly #storedBytes: number;
  readonly #files: DataFileSizes;

  /** @param storedBytes Bytes of all files of the database, of which progress is reported. */
  constructor(database: OcdbtDatabase, limits: CliLimits, storedBytes: number) {
    this.#database = database;
    this.#limits = limits;
    this.#storedBytes = storedBytes;
    this.#files = new DataFileSizes(database.storage, limits);
  }

  /**
   * The keys without hashes.
   *
   * @throws {OrbaxError} `DATA_LOSS` for a damaged node, or a data file that is missing or too short ·
   * `INVALID_ARGUMENT` for one behind a link that leads outside · `LIMIT_EXCEEDED`.
   */
  async *batches(): AsyncGenerator<ListedKeys> {
    for await (const entries of this.#checkedEntries()) yield { entries, sha256: undefined };
  }

  /** The keys with hashes, in smaller batches. Errors as {@link batches}. */
  async *hashed(io: Io): AsyncGenerator<ListedKeys> {
    const hashes = await ValueHashes.of(this.#database, this.#limits);
    const progress = new Progress(io, "hashing");
    try {
      for await (const checked of this.#checkedEntries()) {
        for (const entries of splitByBytes(checked)) {
          yield { entries, sha256: await hashes.hash(entries.map(({ value }) => value)) };
          await progress.show(hashes.readBytes, this.#storedBytes);
        }
      }
    } finally {
      await progress.end();
    }
  }

  async *#checkedEntries(): AsyncGenerator<readonly OcdbtEntry[]> {
    let batch: OcdbtEntry[] = [];
    let bytes = 0;
    for await (const entry of this.#database.list()) {
      const { value } = entry;
      if (value.kind === "range") {
        const size = this.#files.known(value.file) ?? (await this.#files.ask(value.file));
        if (value.offset + value.length > size) throw tooShort(value, size);
      }
      batch.push(entry);
      bytes += entry.key.length + (value.kind === "inline" ? value.bytes.length : 0);
      if (batch.length === BATCH_KEYS || bytes >= BATCH_MEMORY) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
    if (batch.length > 0) yield batch;
  }
}

function tooShort({ file, offset, length }: FileRange, size: number) {
  const name = file.slice(1);
  return dataLoss(name, {
    file: name,
    field: "size",
    found: size,
    expected: `at least ${offset + length} bytes, which a value needs`,
  });
}

/** Runs of entries whose values fit into memory together. */
function* splitByBytes(entries: readonly OcdbtEntry[]): Generator<readonly OcdbtEntry[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, { value }] of entries.entries()) {
    bytes += valueLength(value);
    if (bytes < BATCH_BYTES) continue;
    yield entries.slice(start, index + 1);
    start = index + 1;
    bytes = 0;
  }
  if (start < entries.length) yield entries.slice(start);
}
