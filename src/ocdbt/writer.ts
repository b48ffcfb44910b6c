import { ByteWriter } from "../bytes/cursor.js";
import { zstdEncoder } from "../bytes/zstd.js";
import { invalidArgument, OrbaxError } from "../errors.js";
import { openWritableStorage, type WritableStorageSource } from "../storage/open.js";
import type { StorageOptions } from "../storage/storage.js";
import { within } from "../storage/within.js";
import { type BuiltTree, buildTree, type TreeEntry, tableOf } from "./build-tree.js";
import { DataFileWriter } from "./data-file-writer.js";
import { toKeyBytes } from "./database-key.js";
import { MAX_INLINE_BYTES } from "./format/btree.js";
import { type Config, encodeConfig } from "./format/config.js";
import { dataFilesOf } from "./format/data-files.js";
import { BTREE_NODE, encodeEnvelope, MANIFEST } from "./format/envelope.js";
import { encodeManifest, type VersionTree } from "./format/manifest.js";
import { compareBytes, MAX_STRING_BYTES } from "./format/strings.js";
import { MANIFEST_FILE } from "./manifest-file.js";

/**
 * A value to write, or a function that makes it when its turn comes, so that not all are in memory at once. The array
 * must stay as it is until `writeOcdbt` has ended.
 */
export type NewValue = Uint8Array | (() => Uint8Array | Promise<Uint8Array>);

/** A key and its value. A string stands for its UTF-8 bytes. */
export type NewEntry = readonly [key: string | Uint8Array, value: NewValue];

/** Options of {@link writeOcdbt}. */
export type WriteOcdbtOptions = StorageOptions & {
  /** Directory of the database below the storage's root. */
  readonly path?: string | undefined;
  /**
   * What differs from Orbax's own configuration, which lets Orbax write into the database later
   * (docs/spec/ocdbt.md section 12). `manifestKind` can only be `single`.
   */
  readonly config?: Partial<Omit<Config, "manifestKind">> | undefined;
  /** A data file that has reached this size, at least 1, is closed and another begun. Default 2 GiB, as in Orbax. */
  readonly targetDataFileBytes?: number | undefined;
  /**
   * Makes the data files durable before the manifest is written, and then the manifest. `false` leaves all of it to
   * the caller's `sync` with `recursive`: for a directory that nobody looks into before that. Default: true.
   */
  readonly durable?: boolean | undefined;
};

/** The configuration with which Orbax opens a database to write. */
function orbaxConfig(): Config {
  return {
    uuid: crypto.getRandomValues(new Uint8Array(16)),
    manifestKind: "single",
    maxInlineValueBytes: 1024,
    maxDecodedNodeBytes: 100_000_000,
    versionTreeArityLog2: 4,
    compression: { method: "zstd", level: 0 },
  };
}

const TARGET_DATA_FILE_BYTES = 2 ** 31;

/**
 * Writes a new OCDBT database of one version: values and nodes into data files, then, when those are durable,
 * `manifest.ocdbt`, which is the commit (docs/spec/ocdbt.md section 11). Entries may come in any order. Memory:
 * the keys, the inline values, and the values that are being written.
 *
 * @param destination A folder's path or file URL, or a writable storage.
 * @returns What the database holds.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a key twice or over 65535 bytes, or a configuration out of range ·
 * `ALREADY_EXISTS` if there is a database already · `IO` from the storage. Then no manifest and no data file of
 * this call is left.
 */
export async function writeOcdbt(
  destination: WritableStorageSource,
  entries: Iterable<NewEntry>,
  {
    path,
    config: changes,
    targetDataFileBytes = TARGET_DATA_FILE_BYTES,
    durable = true,
    signal,
  }: WriteOcdbtOptions = {},
): Promise<{ readonly keys: number; readonly generation: bigint }> {
  const config: Config = { ...orbaxConfig(), ...changes, manifestKind: "single" };
  checkOptions(config, targetDataFileBytes);
  const sorted = sortEntries(entries);
  const root = await openWritableStorage(destination);
  const storage = path === undefined ? root : within(root, `/${path}`);
  if (await storage.has(`/${MANIFEST_FILE}`)) {
    throw new OrbaxError("ALREADY_EXISTS", `${MANIFEST_FILE}: there is a database already`, {
      file: MANIFEST_FILE,
    });
  }
  const files = new DataFileWriter(storage, { targetBytes: targetDataFileBytes, durable });
  const discard = () => files.discard().catch(() => undefined); // what went wrong first is worth more
  try {
    const tree = await writeTree(files, sorted, config, signal);
    await files.close();
    await storage.set(`/${MANIFEST_FILE}`, encodeManifestFile(config, tree), { durable });
  } catch (error) {
    await discard();
    throw error;
  }
  try {
    if (durable) await storage.sync("/");
  } catch (error) {
    // The manifest goes first, or stays with its data files: it must never stand without them.
    await storage.delete(`/${MANIFEST_FILE}`).then(discard, () => undefined);
    throw error;
  }
  return { keys: sorted.length, generation: FIRST_GENERATION };
}

const FIRST_GENERATION = 1n;

/** Encoding has most of the rules; what cannot be written is refused before anything is. */
function checkOptions(config: Config, targetDataFileBytes: number): void {
  encodeConfig(new ByteWriter(), config);
  const { maxInlineValueBytes } = config;
  if (maxInlineValueBytes > MAX_INLINE_BYTES) {
    throw invalidArgument(
      `OCDBT config: maxInlineValueBytes is ${maxInlineValueBytes}, expected at most ${MAX_INLINE_BYTES}`,
    );
  }
  if (!(targetDataFileBytes >= 1)) {
    throw invalidArgument(`targetDataFileBytes is ${targetDataFileBytes}, expected at least 1`);
  }
}

function sortEntries(entries: Iterable<NewEntry>): { readonly key: Uint8Array; readonly value: NewValue }[] {
  const sorted = Array.from(entries, ([key, value]) => ({
    key: toKeyBytes(key),
    value,
  }));
  sorted.sort((a, b) => compareBytes(a.key, b.key));
  for (const [index, { key }] of sorted.entries()) {
    if (key.length > MAX_STRING_BYTES) {
      throw invalidArgument(`OCDBT key of ${key.length} bytes, at most ${MAX_STRING_BYTES}`);
    }
    const previous = sorted[index - 1];
    if (previous !== undefined && compareBytes(previous.key, key) === 0) {
      const text = new TextDecoder().decode(key);
      throw invalidArgument(`OCDBT key ${JSON.stringify(text)} is there twice`, { key: text });
    }
  }
  return sorted;
}

async function writeTree(
  files: DataFileWriter,
  entries: readonly { readonly key: Uint8Array; readonly value: NewValue }[],
  config: Config,
  signal: AbortSignal | undefined,
): Promise<BuiltTree | undefined> {
  const placed: TreeEntry[] = [];
  for (const { key, value } of entries) {
    signal?.throwIfAborted();
    const bytes = typeof value === "function" ? await value() : value;
    const inline = bytes.length <= config.maxInlineValueBytes;
    placed.push({ key, value: inline ? bytes : await files.append(bytes) });
  }
  if (placed.length === 0) return undefined;
  return buildTree(placed, config.maxDecodedNodeBytes, (body) => files.append(encloseNode(body, config)));
}

/** Nodes are compressed where the configuration asks for it and the platform can. */
function encloseNode(body: Uint8Array, { compression }: Config): Uint8Array {
  const compress = compression.method === "zstd" ? zstdEncoder() : undefined;
  if (compress === undefined || compression.method === "none") {
    return encodeEnvelope(BTREE_NODE, { compression: "none", storedBody: body });
  }
  const storedBody = compress(body, { level: compression.level, checksum: false });
  return encodeEnvelope(BTREE_NODE, { compression: "zstd", storedBody });
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

function encodeManifestFile(config: Config, tree: BuiltTree | undefined): Uint8Array {
  const body = encodeManifest({ config, versionTree: versionTreeOf(tree) });
  return encodeEnvelope(MANIFEST, { compression: "none", storedBody: body });
}

function versionTreeOf(tree: BuiltTree | undefined): VersionTree {
  const commitTime = BigInt(Date.now()) * NANOSECONDS_PER_MILLISECOND;
  const generation = FIRST_GENERATION;
  if (tree === undefined) {
    const empty = { rootHeight: 0, root: undefined, keys: 0n, treeBytes: 0n, indirectValueBytes: 0n };
    // An empty tree's root needs an entry of the table all the same: an empty path (section 6.1).
    const noFile = { base: new Uint8Array(0), relative: new Uint8Array(0) };
    return { files: dataFilesOf([noFile]), versions: [{ generation, ...empty, commitTime }], nodes: [] };
  }
  const { root, height, keys, treeBytes, indirectValueBytes } = tree;
  const { files } = tableOf([root.file]);
  const version = {
    generation,
    rootHeight: height,
    root: { fileId: 0, offset: root.offset, length: root.length },
    keys,
    treeBytes,
    indirectValueBytes,
    commitTime,
  };
  return { files, versions: [version], nodes: [] };
}
