import {
  encodeBtreeNode,
  INLINE_FILE_ID,
  type InteriorNode,
  type LeafNode,
  MAX_NODE_ENTRIES,
} from "./format/btree.js";
import { type DataFiles, dataFilesOf } from "./format/data-files.js";
import { emptyLocations, locationsOf } from "./format/location.js";
import { commonPrefixLength, compareBytes, joinStrings } from "./format/strings.js";

/** A range of a data file that is being written; `file` is its path below the database. */
export type WrittenRange = { readonly file: string; readonly offset: number; readonly length: number };

/** A key with its value: in the leaf, or written before. */
export type TreeEntry = { readonly key: Uint8Array; readonly value: Uint8Array | WrittenRange };

/** A finished tree: where its root lies, and what it holds. */
export type BuiltTree = {
  readonly root: WrittenRange;
  readonly height: number;
  readonly keys: bigint;
  readonly treeBytes: bigint;
  readonly indirectValueBytes: bigint;
};

/** A finished node, as its parent will refer to it. Lengths of keys are those of full keys. */
type BuiltNode = BuiltTree & {
  readonly firstKey: Uint8Array;
  /** How many bytes of every full key below the node's own keys lack. */
  readonly cutBytes: number;
};

/** Encloses, compresses and appends one node's body. */
export type AppendNode = (body: Uint8Array) => Promise<WrittenRange>;

/**
 * Builds a B+tree bottom up over entries in strictly increasing key order and appends its nodes, the root last
 * (docs/spec/ocdbt.md section 11). There must be at least one entry.
 *
 * @param maxNodeBytes Aim for the size of a node's body; 0 is no bound.
 */
export async function buildTree(
  entries: readonly TreeEntry[],
  maxNodeBytes: number,
  append: AppendNode,
): Promise<BuiltTree> {
  let level = await appendLeaves(entries, maxNodeBytes, append);
  for (let height = 1; level.length > 1; height++) {
    level = await appendParents(level, height, maxNodeBytes, append);
  }
  const root = level[0];
  if (root === undefined) throw new Error("buildTree needs at least one entry");
  return root;
}

async function appendLeaves(
  entries: readonly TreeEntry[],
  maxNodeBytes: number,
  append: AppendNode,
): Promise<BuiltNode[]> {
  const runs = splitIntoRuns(entries, leafEntryBytes, maxNodeBytes, 1);
  const nodes: BuiltNode[] = [];
  for (const run of runs) {
    const cutBytes = runs.length === 1 ? 0 : sharedBytes(run.map(({ key }) => key));
    const leaf = leafOf(run, cutBytes);
    const root = await append(encodeBtreeNode(leaf));
    nodes.push({
      root,
      height: 0,
      keys: BigInt(run.length),
      treeBytes: BigInt(root.length),
      indirectValueBytes: BigInt(
        run.reduce((sum, { value }) => sum + ("file" in value ? value.length : 0), 0),
      ),
      firstKey: firstOf(run).key,
      cutBytes,
    });
  }
  return nodes;
}

async function appendParents(
  children: readonly BuiltNode[],
  height: number,
  maxNodeBytes: number,
  append: AppendNode,
): Promise<BuiltNode[]> {
  const runs = splitIntoRuns(children, childEntryBytes, maxNodeBytes, 2);
  const nodes: BuiltNode[] = [];
  for (const run of runs) {
    // What is cut from all keys of the node must be cut from all keys below as well.
    const shared = sharedBytes(run.map(({ firstKey }) => firstKey));
    const cutBytes =
      runs.length === 1 ? 0 : run.reduce((cut, child) => Math.min(cut, child.cutBytes), shared);
    const root = await append(encodeBtreeNode(interiorOf(run, height, cutBytes)));
    nodes.push({
      root,
      height,
      keys: sumOf(run, ({ keys }) => keys),
      treeBytes: BigInt(root.length) + sumOf(run, ({ treeBytes }) => treeBytes),
      indirectValueBytes: sumOf(run, ({ indirectValueBytes }) => indirectValueBytes),
      firstKey: firstOf(run).firstKey,
      cutBytes,
    });
  }
  return nodes;
}

function sumOf(nodes: readonly BuiltNode[], count: (node: BuiltNode) => bigint): bigint {
  return nodes.reduce((sum, node) => sum + count(node), 0n);
}

function firstOf<T>(run: readonly T[]): T {
  const first = run[0];
  if (first === undefined) throw new Error("a run holds at least one entry");
  return first;
}

/** Bytes that all keys of an ordered run share: those that its first and last key share. */
function sharedBytes(keys: readonly Uint8Array[]): number {
  return commonPrefixLength(firstOf(keys), keys.at(-1) ?? firstOf(keys));
}

/** Estimates of TensorStore (11.1): fixed columns, key, and the value or the path of its data file. */
function leafEntryBytes({ key, value }: TreeEntry): number {
  return 16 + key.length + ("file" in value ? 16 + value.file.length : value.length);
}

function childEntryBytes({ firstKey, root }: BuiltNode): number {
  return 56 + firstKey.length + root.file.length;
}

/** Cuts a level into runs of about equal size, each one node. */
function splitIntoRuns<T>(
  entries: readonly T[],
  bytesOf: (entry: T) => number,
  maxNodeBytes: number,
  leastEntries: number,
): T[][] {
  const sizes = entries.map(bytesOf);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const bySize = maxNodeBytes === 0 ? 1 : Math.ceil(total / maxNodeBytes);
  const runBytes = total / Math.max(bySize, Math.ceil(entries.length / MAX_NODE_ENTRIES));
  const runs: T[][] = [];
  let run: T[] = [];
  let bytes = 0;
  for (const [index, entry] of entries.entries()) {
    const full = bytes >= runBytes && run.length >= leastEntries;
    if (full || run.length === MAX_NODE_ENTRIES) {
      runs.push(run);
      run = [];
      bytes = 0;
    }
    run.push(entry);
    bytes += sizes[index] ?? 0;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

function leafOf(entries: readonly TreeEntry[], cutBytes: number): LeafNode {
  const { files, idOf } = tableOf(entries.flatMap(({ value }) => ("file" in value ? [value.file] : [])));
  const values = emptyLocations(entries.length);
  const inline: Uint8Array[] = [];
  let inlineOffset = 0;
  for (const [index, { value }] of entries.entries()) {
    values.lengths[index] = value.length;
    if ("file" in value) {
      values.fileIds[index] = idOf(value.file);
      values.offsets[index] = value.offset;
    } else {
      values.fileIds[index] = INLINE_FILE_ID;
      values.offsets[index] = inlineOffset;
      inlineOffset += value.length;
      inline.push(value);
    }
  }
  const keys = joinStrings(
    entries.map(({ key }) => key),
    cutBytes,
  );
  return { height: 0, files, keys, values, inline: joinStrings(inline).bytes };
}

function interiorOf(children: readonly BuiltNode[], height: number, cutBytes: number): InteriorNode {
  const { files, idOf } = tableOf(children.map(({ root }) => root.file));
  const firstKeys = children.map(({ firstKey }) => firstKey);
  return {
    height,
    files,
    keys: joinStrings(firstKeys, cutBytes),
    commonPrefixLengths: Uint16Array.from(children, (child) => child.cutBytes - cutBytes),
    children: locationsOf(children.map(({ root: { file, ...range } }) => ({ fileId: idOf(file), ...range }))),
    statistics: {
      keys: BigUint64Array.from(children, ({ keys }) => keys),
      treeBytes: BigUint64Array.from(children, ({ treeBytes }) => treeBytes),
      indirectValueBytes: BigUint64Array.from(children, ({ indirectValueBytes }) => indirectValueBytes),
    },
  };
}

const encoder = new TextEncoder();
const NO_BASE = new Uint8Array(0);

/** The data file table of one node: each of these paths once, in byte order. */
export function tableOf(files: readonly string[]): {
  readonly files: DataFiles;
  readonly idOf: (file: string) => number;
} {
  const paths = Array.from(new Set(files), (file) => ({ file, relative: encoder.encode(file) }));
  paths.sort((a, b) => compareBytes(a.relative, b.relative));
  const ids = new Map(paths.map(({ file }, id) => [file, id]));
  return {
    files: dataFilesOf(paths.map(({ relative }) => ({ base: NO_BASE, relative }))),
    idOf: (file) => ids.get(file) ?? 0,
  };
}
