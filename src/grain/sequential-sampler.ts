import { integerArgument } from "../random/integer-argument.js";
import { RecordMetadata } from "./record.js";
import { checkIndex, checkNumRecords, recordRng, type Sampler } from "./sampler.js";
import { noSharding, ShardOptions, shardOptionsRepr } from "./shard-options.js";

/** Options of a {@link SequentialSampler}, with Python's names. */
export type SequentialSamplerOptions = {
  /** Records of the source. */
  readonly numRecords: number;
  /** Default: {@link noSharding}. */
  readonly shardOptions?: ShardOptions;
  /** Of the records' random generators. Default: they have none. */
  readonly seed?: number | bigint | null;
};

/**
 * All records once, in order: Grain's `SequentialSampler`. Shards take turns: shard i of n gets the records i, i + n,
 * ….
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for fewer than 1 record, bad shards or a seed that is no integer.
 * @example new SequentialSampler({ numRecords: 9 }).get(3).recordKey // 3
 */
export class SequentialSampler implements Sampler {
  readonly shardOptions: ShardOptions;
  /** Positions of all shards together. */
  readonly length: number;
  readonly #numRecords: number;
  readonly #seed: number | bigint | null;

  constructor({ numRecords, shardOptions = noSharding(), seed = null }: SequentialSamplerOptions) {
    checkNumRecords(numRecords);
    if (seed !== null) integerArgument(seed, "seed");
    this.shardOptions = new ShardOptions(shardOptions);
    const { shardCount, dropRemainder } = this.shardOptions;
    this.length = dropRemainder ? numRecords - (numRecords % shardCount) : numRecords;
    this.#numRecords = numRecords;
    this.#seed = seed;
  }

  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a position that there is not, Python's IndexError. */
  get(index: number): RecordMetadata {
    checkIndex(index, this.length);
    return new RecordMetadata(index, index, recordRng(this.#seed, index));
  }

  /** Python's `repr`, which has no seed. */
  toString(): string {
    return `SequentialSampler(num_records=${this.#numRecords}, shard_options=${shardOptionsRepr(this.shardOptions)})`;
  }
}
