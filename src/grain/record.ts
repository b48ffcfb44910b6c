import type { PhiloxGenerator } from "../random/philox.js";

/** Random numbers of one record: NumPy's `Generator(Philox(key=…))`. */
export type RecordRng = Pick<PhiloxGenerator, "random" | "integers" | "nextUint32" | "nextUint64">;

/** Makes the random generator of a record, the first time that somebody asks for it. */
export type RngSource = () => RecordRng;

/** What is known about a record on its way through a loader's operations: Grain's `RecordMetadata`. */
export class RecordMetadata {
  /** Position in the order of all shards together. */
  readonly index: number;
  /** Which record of the source it is; `null` where an operation made it of others. */
  readonly recordKey: number | null;
  readonly #rng: RngSource | undefined;

  constructor(index: number, recordKey: number | null = null, rng?: RngSource) {
    this.index = index;
    this.recordKey = recordKey;
    this.#rng = rng === undefined ? undefined : once(rng);
  }

  /**
   * The record's own generator, `null` without a seed. Always the same object: every operation goes on where the one
   * before stopped.
   */
  get rng(): RecordRng | null {
    return this.#rng?.() ?? null;
  }

  /** The same record, with the same generator, without its key in the source. */
  removeRecordKey(): RecordMetadata {
    return this.recordKey === null ? this : new RecordMetadata(this.index, null, this.#rng);
  }

  /** Python's `str`. */
  toString(): string {
    const rng = this.#rng === undefined ? "None" : "Generator(Philox)";
    return `RecordMetadata(index=${this.index}, record_key=${this.recordKey ?? "None"}, rng=${rng})`;
  }
}

function once(make: RngSource): RngSource {
  let made: RecordRng | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** A value with what is known about its record: Grain's `Record`. */
export type DataRecord<T> = { readonly metadata: RecordMetadata; readonly data: T };
