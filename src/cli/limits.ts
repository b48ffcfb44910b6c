import { DEFAULT_LIMITS, type Limits } from "../limits.js";

/**
 * Limits of the command line: the library's, and bounds on what one command may do in all. Whatever the bytes are, a
 * file of a few megabytes must cost at most 15 s and 700 MB, so most are lower than the library's; a real checkpoint
 * of 2·10^6 keys, or of many gigabytes, must work all the same, so they grow with the files
 * ({@link limitsForFiles}). `--limit NAME=N` raises one.
 */
export type CliLimits = Limits & {
  /** Data files of a database: each costs a question to the system, and links can give one file many names. */
  readonly dataFiles: number;
  /** Bytes of all decoded chunks: a fill value, or a frame that repeats one byte, stands for gigabytes in 300 bytes. */
  readonly decodedBytes: number;
  /** Chunks of all arrays: missing ones take no byte at all. */
  readonly decodedChunks: number;
  /** Files of chunks of all arrays that are stored so: each is asked for, though it may be missing. */
  readonly chunkFiles: number;
  /** Bytes of all values that are read: a million keys can point to the same 5 MB. */
  readonly readBytes: number;
  /** Leaves of a tree that `show` shows to people: each is compared with others before it has its line. */
  readonly shownLeaves: number;
  /** Array elements that `state` prints: each becomes text. */
  readonly stateElements: number;
};

const MiB = 2 ** 20;

/** Arrays of zeros compress further than this, but not all of a checkpoint's. */
const DECODED_PER_STORED = 16;
/** Who has files as large as this means them: only what no compression reaches is refused. */
const LARGE_FILES = 32 * MiB;
const DECODED_PER_STORED_LARGE = 4096;
/** No writer stores two values in the same bytes; metadata documents are small. */
const READ_PER_STORED = 4;
/** Keys of real databases take two bytes or more each in a compressed node, their values some more. */
const STORED_BYTES_PER_KEY = 8;
/** A node has an envelope, a key and a place at least; a data file stands in a table with its name. */
const STORED_BYTES_PER_NODE = 32;
/** A leaf has a name, a kind and a value. */
const STORED_BYTES_PER_LEAF = 64;
/** Two chunks can be as small as two numbers. */
const STORED_BYTES_PER_CHUNK = 4;
/** Who cuts an array into a hundred thousand files puts more than a few numbers into each. */
const STORED_BYTES_PER_CHUNK_FILE = 64;

/** What holds for small files without `--limit`. */
export const CLI_LIMITS: CliLimits = {
  ...DEFAULT_LIMITS,
  encodedNodeBytes: 128 * MiB,
  // Orbax makes nodes of up to 10^8 bytes, of which keys that share nothing are in memory twice. Two such leaves one
  // after the other take 640 MB on Node 20, with what WebAssembly keeps.
  decodedNodeBytes: 128 * MiB,
  expandedNodeBytes: 192 * MiB,
  listedNodes: 5e5,
  listedKeys: 2.5e6,
  listedBytes: 512 * MiB,
  treeBytes: 144 * MiB, // 500,000 leaves without arrays take as many megabytes
  metadataBytes: 128 * MiB,
  dataFiles: 1e5,
  arrayBytes: 128 * MiB,
  decodedBytes: 512 * MiB,
  decodedChunks: 2 ** 20,
  chunkFiles: 2 ** 17,
  readBytes: 256 * MiB,
  shownLeaves: 2e5,
  stateElements: 2 ** 23,
};

/** Limits of the commands that keep all keys of a tree's database in memory, for files of a few megabytes. */
export const ITEM_LIMITS: CliLimits = { ...CLI_LIMITS, listedKeys: 1e6, listedBytes: 32 * MiB };

/**
 * The limits for files that are as large as that: what they really hold is never refused.
 *
 * @param given What `--limit` says, which is taken as it is.
 * @param storedBytes Bytes of all files of an item or a database, each once, however many names it has.
 */
export function limitsForFiles(
  defaults: CliLimits,
  given: Partial<CliLimits>,
  storedBytes: number,
): CliLimits {
  const atLeast = (name: keyof CliLimits, least: number) => Math.max(defaults[name], Math.floor(least));
  const decoded = storedBytes * (storedBytes < LARGE_FILES ? DECODED_PER_STORED : DECODED_PER_STORED_LARGE);
  return {
    ...defaults,
    listedNodes: atLeast("listedNodes", storedBytes / STORED_BYTES_PER_NODE),
    listedKeys: atLeast("listedKeys", storedBytes / STORED_BYTES_PER_KEY),
    listedBytes: atLeast("listedBytes", decoded),
    treeBytes: atLeast("treeBytes", decoded),
    metadataBytes: atLeast("metadataBytes", storedBytes),
    dataFiles: atLeast("dataFiles", storedBytes / STORED_BYTES_PER_NODE),
    arrayBytes: atLeast("arrayBytes", decoded),
    decodedBytes: atLeast("decodedBytes", decoded),
    decodedChunks: atLeast("decodedChunks", storedBytes / STORED_BYTES_PER_CHUNK),
    chunkFiles: atLeast("chunkFiles", storedBytes / STORED_BYTES_PER_CHUNK_FILE),
    readBytes: atLeast("readBytes", storedBytes * READ_PER_STORED),
    shownLeaves: atLeast("shownLeaves", storedBytes / STORED_BYTES_PER_LEAF),
    stateElements: atLeast("stateElements", storedBytes),
    ...given,
  };
}
