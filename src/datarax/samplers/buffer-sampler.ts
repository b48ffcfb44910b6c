import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { pythonTypeName } from "../../pytree/python-type-name.js";
import { countOf, requiredField, safeIntegerOf } from "../../pytree/state-values.js";
import type { Dict, Tree } from "../../pytree/value.js";
import { key, type RandomKey, randint, split } from "../../random/jax-random.js";
import { NdArray, ndarray } from "../../zarr/nd-array.js";
import type { State } from "../checkpointable-iterator.js";
import type { ModuleFields } from "../module-fields.js";
import type { RngsOption } from "../rngs-state.js";
import { type ElementSpec, parseElementSpec } from "./element-spec.js";
import { BUFFER, RecordBuffer, type StoredRecord } from "./record-buffer.js";
import { initialSamplerFields, requireSamplerState, restoredSamplerFields } from "./sampler-fields.js";
import { type BufferConfig, validateBuffer } from "./validation.js";

/** Options of {@link BufferSampler}. */
export type BufferSamplerOptions = {
  /** Most records that are kept. Default 1. */
  readonly capacity?: number;
  /** Records that must be there before any is read from the buffer, `sampleSize` to `capacity`. Default 1. */
  readonly prefill?: number;
  /** Records that a push gives. Default 1. */
  readonly sampleSize?: number;
  /** `sequential`: round and round the buffer; `shuffled`: random ones. Default `sequential`. */
  readonly readMode?: "sequential" | "shuffled";
  /** Which record a full buffer gives up: `fifo` the oldest, `reservoir` a random one or the new one. Default `fifo`. */
  readonly writeMode?: "fifo" | "reservoir";
  /** Any int64. Default 0. */
  readonly seed?: number | bigint;
  /** What a record is, Python's tree of `jax.ShapeDtypeStruct`: `{ x: { dtype: "int32", shape: [] } }`. */
  readonly elementSpec: ElementSpec;
  /** Streams that the Python side's sampler was built with, so that the states match. No element depends on them. */
  readonly rngs?: RngsOption;
};

/** What a push gives. */
export type BufferChunk = {
  /** `sampleSize` records: a tree of the spec's form over arrays of shape `[sampleSize, …]`. */
  readonly chunk: Tree;
  /** Which of them are records; the others are zeros. */
  readonly mask: boolean[];
};

/** The numbers of a buffer that a push moves; replaced as a whole. */
type Cursor = {
  /** Records in the buffer. */
  readonly count: number;
  readonly writeIndex: number;
  readonly readIndex: number;
  /** Records pushed with a true mask, an int32: Python lets it wrap around. */
  readonly seen: number;
  readonly rng: RandomKey;
};

/**
 * A replay buffer: each {@link push} writes a record and gives some of those that are there, bit for bit those of
 * Datarax's `next(value, mask)`. Resumes exactly; the state holds the records too, and both sides must be built alike
 * (docs/spec/datarax.md sections 4 and 5.3).
 *
 * It has elements only for who pushes some, and is not iterable; checkpoints take it as they take iterators.
 */
export class BufferSampler {
  readonly #options: BufferConfig;
  readonly #rngAtStart: RandomKey;
  #buffer: RecordBuffer;
  #cursor: Cursor;
  #fields: ModuleFields;

  /**
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for options that cannot be, for a spec that is none,
   * or where there is no memory for so many records.
   */
  constructor(options: BufferSamplerOptions) {
    const {
      capacity = 1,
      prefill = 1,
      sampleSize = 1,
      readMode = "sequential",
      writeMode = "fifo",
    } = options;
    const { seed = 0, elementSpec, rngs } = options;
    this.#options = { capacity, prefill, sampleSize, readMode, writeMode };
    validateBuffer(this.#options);
    this.#rngAtStart = key(seed);
    this.#buffer = new RecordBuffer(parseElementSpec(elementSpec), capacity);
    this.#cursor = this.#start();
    this.#fields = initialSamplerFields(rngs);
  }

  #start(): Cursor {
    return { count: 0, writeIndex: 0, readIndex: 0, seen: 0, rng: this.#rngAtStart };
  }

  /**
   * Writes a record and gives `sampleSize` of the buffer. Until `prefill` records were there before, it gives the
   * record itself, followed by zeros.
   *
   * @param element A tree of the spec's form. Leaves: arrays of the spec's shape and dtype, numbers where the shape
   * is `[]`.
   * @param mask False: the record is not written, and if it is what comes back, it does not count as one.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a record of another form; the buffer is then as before.
   */
  push(element: Tree, mask = true): BufferChunk {
    if (typeof mask !== "boolean") {
      throw invalidArgument(`mask must be a boolean, got ${String(mask)}`, { pythonType: "TypeError" });
    }
    const record = this.#buffer.toStored(element);
    const { prefill, sampleSize } = this.#options;
    const isReady = this.#cursor.count >= prefill;
    const { rng } = this.#cursor;
    const [nextRng = rng, writeKey = rng, sampleKey = rng] = split(rng, 3);
    this.#cursor = { ...this.#cursor, rng: nextRng };
    if (mask) this.#write(record, writeKey);
    const isRecord = Array<boolean>(sampleSize).fill(isReady);
    if (isReady) return { chunk: this.#buffer.gather(this.#read(sampleKey)), mask: isRecord };
    isRecord[0] = mask;
    return { chunk: this.#buffer.padded(record, sampleSize), mask: isRecord };
  }

  #write(record: StoredRecord, writeKey: RandomKey): void {
    const { capacity, writeMode } = this.#options;
    const { count, writeIndex } = this.#cursor;
    const seen = (this.#cursor.seen + 1) | 0;
    this.#cursor = { ...this.#cursor, seen };
    if (writeMode === "reservoir" && count >= capacity) {
      const index = randint(writeKey, { minval: 0, maxval: Math.max(seen, 1) });
      if (index < capacity) this.#buffer.write(index, record);
      return;
    }
    this.#buffer.write(writeIndex, record);
    this.#cursor = {
      ...this.#cursor,
      count: Math.min(count + 1, capacity),
      writeIndex: (writeIndex + 1) % capacity,
    };
  }

  /** Which records come next. */
  #read(sampleKey: RandomKey): number[] {
    const { sampleSize, readMode } = this.#options;
    const { count, readIndex } = this.#cursor;
    if (readMode === "shuffled") {
      return Array.from(randint(sampleKey, { shape: sampleSize, minval: 0, maxval: count }));
    }
    this.#cursor = { ...this.#cursor, readIndex: (readIndex + sampleSize) % count };
    return Array.from({ length: sampleSize }, (_, offset) => (readIndex + offset) % count);
  }

  /** Empties the buffer and goes back to the first random numbers. */
  reset(): void {
    this.#buffer = this.#buffer.emptied();
    this.#cursor = this.#start();
  }

  /** Everything that is needed to go on; the arrays are copies. */
  getState(): State {
    return this.#fields.stateWith(this.#ownState(this.#buffer.toTree()));
  }

  #ownState(buffer: Tree): Dict {
    const { count, readIndex, rng, seen, writeIndex } = this.#cursor;
    // Arrays, also of rank 0: Python's sampler cannot go on from plain ints.
    return dictOf([
      [BUFFER, buffer],
      ["count", int32(count)],
      ["read_index", int32(readIndex)],
      ["rng", ndarray("uint32", [2], Uint32Array.from(rng))],
      ["seen", int32(seen)],
      ["write_index", int32(writeIndex)],
    ]);
  }

  /**
   * Continues where a saved sampler was.
   *
   * @throws {OrbaxError} `CONFLICT` for a state of another structure, or a buffer of other records or capacity ·
   * `INVALID_ARGUMENT` for values that are no positions; the sampler is then as before.
   */
  setState(state: State): void {
    const saved = requireSamplerState(state);
    const { capacity } = this.#options;
    const fields = restoredSamplerFields(this.#fields, this.#ownState(null), saved, { large: [BUFFER] });
    const buffer = this.#buffer.withRecords(requiredField(saved, BUFFER));
    const cursor = {
      count: boundedCountOf(saved, "count", capacity),
      writeIndex: boundedCountOf(saved, "write_index", capacity - 1),
      readIndex: boundedCountOf(saved, "read_index", capacity - 1),
      seen: int32Of(saved, "seen"),
      rng: keyOf(requiredField(saved, "rng")),
    };
    this.#fields = fields;
    this.#buffer = buffer;
    this.#cursor = cursor;
  }
}

/** @throws {OrbaxError} `INVALID_ARGUMENT` for more than `most`. */
function boundedCountOf(state: Dict, field: string, most: number): number {
  const count = countOf(requiredField(state, field), field);
  if (count <= most) return count;
  throw invalidArgument(`state: ${field} must be at most ${most}, got ${count}`, {
    field,
    found: count,
    pythonType: "ValueError",
  });
}

function int32Of(state: Dict, field: string): number {
  const integer = safeIntegerOf(requiredField(state, field), field);
  if ((integer | 0) === integer) return integer;
  throw invalidArgument(`state: ${field} must be an int32, got ${integer}`, {
    field,
    found: integer,
    pythonType: "OverflowError",
  });
}

/** The key whose words a state holds. */
function keyOf(rng: Tree): RandomKey {
  const words = NdArray.is(rng) && rng.data instanceof Uint32Array ? rng.data : [];
  const [high, low] = words;
  if (high !== undefined && low !== undefined && words.length === 2) return [high, low];
  throw invalidArgument(`state: rng is ${pythonTypeName(rng)}, expected a uint32 array of 2 words`, {
    field: "rng",
    pythonType: "TypeError",
  });
}

function int32(value: number): NdArray {
  return ndarray("int32", [], Int32Array.of(value));
}
