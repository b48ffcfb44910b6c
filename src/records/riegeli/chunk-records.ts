/** The records of a chunk, one behind the other. */
export type ChunkRecords = {
  readonly values: Uint8Array;
  /** Where each record ends in `values`. */
  readonly ends: Float64Array;
};

/** The data of record `index` of a chunk, the caller's own. */
export function recordOf({ values, ends }: ChunkRecords, index: number): Uint8Array {
  return new Uint8Array(values.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
}
