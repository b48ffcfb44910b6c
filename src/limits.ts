/**
 * Upper bounds on what one call may cost. Each guards against a file that claims more than it holds, or that
 * a few kilobytes blow up to gigabytes (docs/spec/ocdbt.md section 13). A caller who trusts a file raises one.
 */
export type Limits = {
  /** Bytes of one OCDBT node or manifest as stored: they are read into memory whole. */
  readonly encodedNodeBytes: number;
  /**
   * Bytes of one OCDBT node or manifest after decompression: a zstd frame of 270 kB can claim 8 GB. Also of the nodes
   * above each other that a listing holds.
   */
  readonly decodedNodeBytes: number;
  /** Bytes of one node with its keys, or its paths, written out: 6 MB of prefix-shared keys can stand for 64 GB. */
  readonly expandedNodeBytes: number;
  /** B+tree nodes visited by one listing: 60 levels that share children name 2^60 keys in 7 kB. */
  readonly listedNodes: number;
  /** Keys handed out by one listing, for the same reason. */
  readonly listedKeys: number;
  /** Bytes of the nodes visited by one listing, decoded, and of the keys that it puts together. */
  readonly listedBytes: number;
  /**
   * Bytes that the leaves of a tree take in memory without their values, when one file says what they are: nine
   * megabytes of msgpack are nine million leaves, of a kilobyte each.
   */
  readonly treeBytes: number;
  /** Bytes of one value that is read whole. */
  readonly valueBytes: number;
  /** Bytes of one JSON metadata file, which is parsed in memory. */
  readonly metadataBytes: number;
  /** Depth of nested JSON and of a tree of leaves: Python's own recursion limit is of this order. */
  readonly depth: number;
  /** Bytes of one decoded array. */
  readonly arrayBytes: number;
  /** Chunks of one array: 300 bytes of metadata can ask for 2^60; 65,536 devices with 16 chunks each need 2^20. */
  readonly arrayChunks: number;
  /**
   * Bytes of one record of a record file, or of the chunk of records around it, stored or decoded: a hundred bytes of
   * Brotli stand for gigabytes. Protobuf messages, which records mostly are, end at 2 GiB.
   */
  readonly recordBytes: number;
};

const MiB = 2 ** 20;

/** The library's limits; every function that reads takes `limits` to change some of them. */
export const DEFAULT_LIMITS: Limits = {
  encodedNodeBytes: 256 * MiB,
  decodedNodeBytes: 256 * MiB,
  expandedNodeBytes: 256 * MiB,
  listedNodes: 1e6,
  listedKeys: 5e7,
  listedBytes: 2 ** 36,
  treeBytes: 2 ** 36,
  valueBytes: 2 ** 40,
  metadataBytes: 512 * MiB,
  depth: 1000,
  arrayBytes: 2 ** 40,
  arrayChunks: 2 ** 20,
  recordBytes: 2 ** 31,
};

/** What {@link withDefaultLimits} gave: functions hand it on to others that ask again, for every leaf. */
const complete = new WeakSet<Partial<Limits>>([DEFAULT_LIMITS]);

/** {@link DEFAULT_LIMITS} with the caller's changes. */
export function withDefaultLimits(limits: Partial<Limits> = DEFAULT_LIMITS): Limits {
  if (isComplete(limits)) return limits;
  const all = { ...DEFAULT_LIMITS, ...limits };
  complete.add(all);
  return all;
}

function isComplete(limits: Partial<Limits>): limits is Limits {
  return complete.has(limits);
}
