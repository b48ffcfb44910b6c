/** What the `repr` of one of Grain's samplers says, which states of a `DataLoader` hold. */
export type SamplerRepr = {
  /** All but the sharding: two samplers that share it deal out the same records. */
  readonly records: string;
  readonly numRecords: number;
  readonly shardIndex: number;
  readonly shardCount: number;
  readonly dropRemainder: boolean;
  /** Whether a shard has a run of neighbouring records, in an order of its own, rather than every n-th record. */
  readonly hasRuns: boolean;
};

const SHARD_OPTIONS = String.raw`shard_options=\w{1,100}\(shard_index=(\d{1,15}), shard_count=(\d{1,15}), drop_remainder=(True|False)\)`;
const INDEX_SAMPLER = new RegExp(
  String.raw`^IndexSampler\(num_records=(\d{1,15}), ${SHARD_OPTIONS}, (shuffle=\w{1,10}, num_epochs=\w{1,20}, seed=\w{1,20})\)$`,
  "u",
);
const SEQUENTIAL_SAMPLER = new RegExp(
  String.raw`^SequentialSampler\(num_records=(\d{1,15}), ${SHARD_OPTIONS}\)$`,
  "u",
);

/** Reads a sampler's `repr`; `undefined` for one that Grain does not write (docs/spec/datarax.md section 6.1). */
export function parseSamplerRepr(repr: string): SamplerRepr | undefined {
  const indexSampler = INDEX_SAMPLER.exec(repr);
  const fields = indexSampler ?? SEQUENTIAL_SAMPLER.exec(repr);
  if (fields === null) return undefined;
  const [, numRecords = "", shardIndex, shardCount, dropRemainder, rest = ""] = fields;
  return {
    records: `${indexSampler === null ? "SequentialSampler" : "IndexSampler"} ${numRecords} ${rest}`,
    numRecords: Number(numRecords),
    shardIndex: Number(shardIndex),
    shardCount: Number(shardCount),
    dropRemainder: dropRemainder === "True",
    hasRuns: indexSampler !== null && Number(shardCount) > 1,
  };
}
