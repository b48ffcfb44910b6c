import { invalidArgument } from "../errors.js";
import { pythonTypeName } from "../pytree/python-type-name.js";
import { feistelPermutation, type IndexPermutation } from "../random/index-shuffle.js";
import { integerNumber } from "../random/integer-argument.js";
import { epochOf } from "./map/epoch.js";
import { RecordMetadata } from "./record.js";
import { checkIndex, checkNumRecords, recordRng, type Sampler } from "./sampler.js";
import { evenSplit, noSharding, ShardOptions, shardOptionsRepr } from "./shard-options.js";

/** Options of an {@link IndexSampler}, with Python's names and defaults. */
export type IndexSamplerOptions = {
  /** Records of the source. */
  readonly numRecords: number;
  /** Default: {@link noSharding}. */
  readonly shardOptions?: ShardOptions;
  /** Whether every epoch has an order of its own; needs a seed. Default: false. */
  readonly shuffle?: boolean;
  /** How often all records come. Default: `null`, without end. */
  readonly numEpochs?: number | null;
  /** 0 to 2^32−1: of the order and of the records' random generators. Default: `null`, none. */
  readonly seed?: number | bigint | null;
};

const SEEDS = 2n ** 32n;
const ROUNDS = 4; // of Grain's index shuffle
const MAXSIZE = 2n ** 63n - 1n; // Python's sys.maxsize

/**
 * Records in order or shuffled, for some epochs or without end: Grain's `IndexSampler`. A shard has a run of
 * neighbouring records, which it shuffles among themselves (docs/spec/datarax.md section 6.1).
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for numbers that Grain refuses, in its words.
 * @example new IndexSampler({ numRecords: 10, shuffle: true, numEpochs: 2, seed: 3 }).get(0).recordKey
 */
export class IndexSampler implements Sampler {
  readonly shardOptions: ShardOptions;
  readonly #numRecords: number;
  readonly #shuffle: boolean;
  readonly #numEpochs: number | null;
  readonly #seed: number | bigint | null;
  /** Positions of all shards together, rounded beyond 2^53; `null` without end. */
  readonly #maxIndex: number | null;
  /** The shard's first record, and how many it has. */
  readonly #start: number;
  readonly #perEpoch: number;
  /** The order of the epoch that was asked for last. */
  #order: { readonly epoch: number; readonly of: IndexPermutation } | undefined;

  constructor(options: IndexSamplerOptions) {
    const {
      numRecords,
      shardOptions = noSharding(),
      shuffle = false,
      numEpochs = null,
      seed = null,
    } = options;
    checkNumRecords(numRecords);
    checkNumEpochs(numEpochs);
    checkSeed(seed, shuffle);
    this.shardOptions = new ShardOptions(shardOptions);
    const [start, end] = evenSplit(numRecords, this.shardOptions);
    this.#numRecords = numRecords;
    this.#shuffle = shuffle;
    this.#numEpochs = numEpochs;
    this.#seed = seed;
    this.#start = start;
    this.#perEpoch = end - start;
    const { dropRemainder, shardCount } = this.shardOptions;
    const perEpoch = dropRemainder ? this.#perEpoch * shardCount : numRecords;
    this.#maxIndex = numEpochs === null ? null : perEpoch * numEpochs;
  }

  /**
   * Positions of all shards together; `Infinity` where Python gives `sys.maxsize`.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for more than that, Python's OverflowError.
   */
  get length(): number {
    if (this.#maxIndex === null) return Number.POSITIVE_INFINITY;
    if (this.#maxIndex > Number.MAX_SAFE_INTEGER && BigInt(this.#maxIndex) > MAXSIZE) {
      throw invalidArgument("cannot fit 'int' into an index-sized integer", { pythonType: "OverflowError" });
    }
    return this.#maxIndex;
  }

  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a position that there is not, Python's IndexError. */
  get(index: number): RecordMetadata {
    checkIndex(index, this.#maxIndex);
    const { shardCount } = this.shardOptions;
    const recordKey = this.#recordKey((index - (index % shardCount)) / shardCount);
    return new RecordMetadata(index, recordKey, recordRng(this.#seed, index));
  }

  #recordKey(indexInShard: number): number {
    const { epoch, position } = epochOf(indexInShard, this.#perEpoch);
    return this.#start + (this.#shuffle ? this.#orderOf(epoch)(position) : position);
  }

  #orderOf(epoch: number): IndexPermutation {
    if (this.#order?.epoch !== epoch) {
      const seed = Number((BigInt(this.#seed ?? 0) + BigInt(epoch)) % SEEDS);
      this.#order = { epoch, of: feistelPermutation(this.#perEpoch - 1, seed, ROUNDS) };
    }
    return this.#order.of;
  }

  /** Python's `repr`. */
  toString(): string {
    const fields = [
      `num_records=${this.#numRecords}`,
      `shard_options=${shardOptionsRepr(this.shardOptions)}`,
      `shuffle=${this.#shuffle ? "True" : "False"}`,
      `num_epochs=${this.#numEpochs ?? "None"}`,
      `seed=${this.#seed ?? "None"}`,
    ];
    return `IndexSampler(${fields.join(", ")})`;
  }
}

function checkNumEpochs(numEpochs: number | null): void {
  if (numEpochs === null) return;
  integerNumber(numEpochs, "numEpochs");
  if (numEpochs > 0) return;
  throw invalidArgument(
    `Invalid number of epochs in Index Sampler.Got ${numEpochs} epochs, but number of epochs must be greater than 0.`,
    { field: "numEpochs", found: numEpochs, pythonType: "ValueError" },
  );
}

function checkSeed(seed: number | bigint | null, shuffle: boolean): void {
  if (seed === null) {
    if (!shuffle) return;
    throw invalidArgument("Shuffling requires specifying a seed.", {
      field: "seed",
      pythonType: "ValueError",
    });
  }
  if (typeof seed !== "bigint" && !Number.isInteger(seed)) {
    throw invalidArgument(`Expected seed of int type. Got seed with type <class '${pythonTypeName(seed)}'>`, {
      field: "seed",
      found: seed,
      pythonType: "TypeError",
    });
  }
  if (seed < 0 || seed >= SEEDS) {
    throw invalidArgument("Seed should be positive 32-bit integer.", {
      field: "seed",
      found: seed,
      pythonType: "ValueError",
    });
  }
}
