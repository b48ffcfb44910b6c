import type { OcdbtValue } from "../ocdbt/entry.js";
import type { OcdbtDatabase } from "../ocdbt/reader.js";
import type { CliLimits } from "./limits.js";
import { loadSha256, type Sha256 } from "./sha256.js";
import { Tally } from "./tally.js";

/** Bytes of values that are read together, and of one slice of a longer value. */
export const BATCH_BYTES = 2 ** 26;
/** Hashes that are kept for other keys with the same range. */
const KEPT_HASHES = 2 ** 16;

/** A value in a data file. */
export type FileRange = Extract<OcdbtValue, { readonly kind: "range" }>;

/** Hashes of values. Equal ranges are read once, as long as their hash is remembered. */
export class ValueHashes {
  readonly #database: OcdbtDatabase;
  readonly #sha256: Sha256;
  readonly #read: Tally;
  readonly #inline: Tally;
  readonly #kept = new Map<string, string>();

  private constructor(database: OcdbtDatabase, sha256: Sha256, limits: CliLimits) {
    this.#database = database;
    this.#sha256 = sha256;
    this.#read = new Tally("values to hash, which overlap", "readBytes", limits);
    this.#inline = new Tally("values to hash in nodes", "decodedBytes", limits);
  }

  static async of(database: OcdbtDatabase, limits: CliLimits): Promise<ValueHashes> {
    return new ValueHashes(database, await loadSha256(), limits);
  }

  /** Bytes of data files that were read so far. */
  get readBytes(): number {
    return this.#read.sum;
  }

  /** The hash of each value, in hexadecimal. */
  async hash(values: readonly OcdbtValue[]): Promise<readonly string[]> {
    const digests = new Map<string, string>();
    const missing = new Map<string, FileRange>();
    for (const value of values) {
      if (value.kind === "inline") {
        this.#inline.add(value.bytes.length);
        continue;
      }
      const place = placeOf(value);
      const kept = this.#kept.get(place);
      if (kept === undefined) missing.set(place, value);
      else digests.set(place, kept);
    }
    for (const [place, digest] of await this.#readAll(missing)) {
      digests.set(place, digest);
      this.#keep(place, digest);
    }
    return values.map((value) => {
      return value.kind === "inline" ? this.#sha256.of(value.bytes) : (digests.get(placeOf(value)) ?? "");
    });
  }

  async #readAll(ranges: ReadonlyMap<string, FileRange>): Promise<ReadonlyMap<string, string>> {
    const digests = new Map<string, string>();
    const short = [...ranges].filter(([, { length }]) => length <= BATCH_BYTES);
    for (const { length } of ranges.values()) this.#read.add(length);
    await this.#database.readValues(
      short.map(([place, value]) => ({
        value,
        receive: (bytes) => digests.set(place, this.#sha256.of(bytes)),
      })),
    );
    for (const [place, value] of ranges) {
      if (value.length > BATCH_BYTES) digests.set(place, await this.#hashLong(value));
    }
    return digests;
  }

  async #hashLong({ file, offset, length }: FileRange): Promise<string> {
    const hasher = this.#sha256.begin();
    for (let start = 0; start < length; start += BATCH_BYTES) {
      const slice = { offset: offset + start, length: Math.min(BATCH_BYTES, length - start) };
      const receive = (bytes: Uint8Array) => hasher.update(bytes);
      await this.#database.readValues([{ value: { kind: "range", file, ...slice }, receive }]);
    }
    return hasher.end();
  }

  #keep(place: string, digest: string): void {
    // All at once: a map from which many first keys were deleted is slow to find its next one.
    if (this.#kept.size >= KEPT_HASHES) this.#kept.clear();
    this.#kept.set(place, digest);
  }
}

function placeOf({ file, offset, length }: FileRange): string {
  return `${offset}:${length}:${file}`;
}
