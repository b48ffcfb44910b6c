import { ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { dataLoss } from "../../errors.js";
import { decodeBigints, decodeCount, decodeFileIds, decodeTimes, encodeVarints } from "./columns.js";
import {
  type DataFiles,
  type DataFilesContext,
  dataFileCount,
  decodeDataFiles,
  encodeDataFiles,
} from "./data-files.js";
import { VERSION_NODE } from "./envelope.js";
import { decodeLocations, encodeLocations, type Location, locationAt, locationsOf } from "./location.js";
import { generationBlockStart, highestNodeHeight, largestGeneration } from "./version-arithmetic.js";

/** Offset and length of an empty tree's root (docs/spec/ocdbt.md section 6.1). */
const MISSING = 2n ** 64n - 1n;

/** Root of a version's B+tree; `undefined` location: the tree is empty. */
export type Version = {
  readonly generation: bigint;
  readonly rootHeight: number;
  readonly root: Location | undefined;
  readonly keys: bigint;
  readonly treeBytes: bigint;
  readonly indirectValueBytes: bigint;
  /** Nanoseconds since 1970. */
  readonly commitTime: bigint;
};

/** A reference to a node of the version tree (6.2). */
export type VersionNodeReference = {
  /** Newest generation inside. */
  readonly generation: bigint;
  readonly location: Location;
  /** How many versions inside. */
  readonly versions: bigint;
  /** Oldest commit time inside. */
  readonly commitTime: bigint;
  readonly height: number;
};

/** A node of the version tree: old versions, or references to nodes with still older ones (6.3). */
export type VersionNode =
  | { readonly height: 0; readonly files: DataFiles; readonly versions: readonly Version[] }
  | {
      readonly height: number;
      readonly files: DataFiles;
      readonly children: readonly VersionNodeReference[];
    };

/** Eight columns of at least one byte, and 8 bytes of commit_time. */
const LEAST_VERSION_BYTES = 16;
/** Five columns of at least one byte, and 8 bytes of commit_time. */
const LEAST_REFERENCE_BYTES = 13;

/** Reads a version list (6.1). @throws {OrbaxError} `DATA_LOSS` for anything against its rules. */
export function decodeVersions(reader: ByteReader, arityLog2: number, fileCount: number): Version[] {
  const count = decodeCount(reader, "num_versions", {
    least: 1,
    most: 2 ** arityLog2,
    bytesEach: LEAST_VERSION_BYTES,
  });
  const generations = decodeGenerations(reader, count, arityLog2);
  const heights = reader.take(count, "root_height");
  const fileIds = decodeFileIds(reader, count, fileCount);
  const offsets = decodeBigints(reader, count, "offset");
  const lengths = decodeBigints(reader, count, "length");
  const keys = decodeBigints(reader, count, "num_keys");
  const treeBytes = decodeBigints(reader, count, "num_tree_bytes");
  const indirectValueBytes = decodeBigints(reader, count, "num_indirect_value_bytes");
  const commitTimes = decodeTimes(reader, count, "commit_time");
  requireIncreasing(reader, commitTimes, "commit_time");
  const versions = Array.from(generations, (generation, index): Version => {
    const root = decodeRoot(reader, fileIds[index] ?? 0, offsets[index] ?? 0n, lengths[index] ?? 0n);
    const version = {
      generation,
      rootHeight: heights[index] ?? 0,
      root,
      keys: keys[index] ?? 0n,
      treeBytes: treeBytes[index] ?? 0n,
      indirectValueBytes: indirectValueBytes[index] ?? 0n,
      commitTime: commitTimes[index] ?? 0n,
    };
    if (root === undefined) requireEmpty(reader, version);
    return version;
  });
  const last = generations[count - 1] ?? 0n;
  const blockStart = generationBlockStart(last, arityLog2);
  requireRule(
    reader,
    "generation[0]",
    generations[0] ?? 0n,
    (first) => first >= blockStart,
    `at least ${blockStart}`,
  );
  return versions;
}

function decodeRoot(
  reader: ByteReader,
  fileId: number,
  offset: bigint,
  length: bigint,
): Location | undefined {
  if (offset === MISSING && length === MISSING) return undefined;
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  requireRule(reader, "root offset", offset, (found) => found <= most, `at most ${most}`);
  requireRule(reader, "root length", length, (found) => found <= most, `at most ${most}`);
  return { fileId, offset: Number(offset), length: Number(length) };
}

function requireEmpty(
  reader: ByteReader,
  { rootHeight, keys, treeBytes, indirectValueBytes }: Version,
): void {
  const found = [BigInt(rootHeight), keys, treeBytes, indirectValueBytes];
  const fields = ["root_height", "num_keys", "num_tree_bytes", "num_indirect_value_bytes"];
  for (const [index, field] of fields.entries()) {
    requireRule(reader, `${field} of an empty tree`, found[index] ?? 0n, (value) => value === 0n, "0");
  }
}

function decodeGenerations(reader: ByteReader, count: number, arityLog2: number): BigUint64Array {
  const generations = decodeBigints(reader, count, "generation");
  requireIncreasing(reader, generations, "generation");
  const largest = largestGeneration(arityLog2);
  requireRule(reader, "generation", generations[0] ?? 0n, (found) => found > 0n, "more than 0");
  requireRule(
    reader,
    "generation",
    generations[count - 1] ?? 0n,
    (found) => found <= largest,
    `at most ${largest}`,
  );
  return generations;
}

function requireIncreasing(reader: ByteReader, column: BigUint64Array, field: string): void {
  for (let index = 1; index < column.length; index++) {
    const previous = column[index - 1] ?? 0n;
    requireRule(
      reader,
      `${field}[${index}]`,
      column[index] ?? 0n,
      (found) => found > previous,
      `more than ${previous}`,
    );
  }
}

function requireRule(
  reader: ByteReader,
  field: string,
  found: bigint,
  holds: (found: bigint) => boolean,
  expected: string,
): void {
  if (!holds(found)) throw dataLoss(reader.what, { field, found, expected });
}

/** Writes what {@link decodeVersions} reads. An empty tree needs a valid file id all the same: 0. */
export function encodeVersions(writer: ByteWriter, versions: readonly Version[]): void {
  writer.varint(versions.length);
  encodeVarints(
    writer,
    versions.map(({ generation }) => generation),
  );
  for (const { rootHeight } of versions) writer.u8(rootHeight);
  encodeVarints(
    writer,
    versions.map(({ root }) => root?.fileId ?? 0),
  );
  encodeVarints(
    writer,
    versions.map(({ root }) => root?.offset ?? MISSING),
  );
  encodeVarints(
    writer,
    versions.map(({ root }) => root?.length ?? MISSING),
  );
  encodeVarints(
    writer,
    versions.map(({ keys }) => keys),
  );
  encodeVarints(
    writer,
    versions.map(({ treeBytes }) => treeBytes),
  );
  encodeVarints(
    writer,
    versions.map(({ indirectValueBytes }) => indirectValueBytes),
  );
  for (const { commitTime } of versions) writer.u64le(commitTime);
}

/**
 * Reads references (6.2). `nodeHeight` is the height of the node that holds them; in a manifest it is
 * `undefined`, heights are stored, and there may be none.
 *
 * @throws {OrbaxError} `DATA_LOSS` for anything against the rules that concern one reference.
 */
export function decodeVersionNodeReferences(
  reader: ByteReader,
  arityLog2: number,
  fileCount: number,
  nodeHeight: number | undefined,
): VersionNodeReference[] {
  const inManifest = nodeHeight === undefined;
  const count = decodeCount(reader, "num_children", {
    least: inManifest ? 0 : 1,
    most: inManifest ? highestNodeHeight(arityLog2) : 2 ** arityLog2,
    bytesEach: LEAST_REFERENCE_BYTES,
  });
  if (count === 0) return [];
  const generations = decodeGenerations(reader, count, arityLog2);
  const locations = decodeLocations(reader, count, fileCount);
  const versions = decodeBigints(reader, count, "num_generations");
  const commitTimes = decodeTimes(reader, count, "commit_time");
  requireIncreasing(reader, commitTimes, "commit_time");
  const heights = inManifest ? reader.take(count, "height") : new Uint8Array(count).fill(nodeHeight - 1);
  return Array.from(generations, (generation, index) => {
    const reference = {
      generation,
      location: locationAt(locations, index),
      versions: versions[index] ?? 0n,
      commitTime: commitTimes[index] ?? 0n,
      height: heights[index] ?? 0,
    };
    requireReference(reader, reference, arityLog2);
    return reference;
  });
}

function requireReference(
  reader: ByteReader,
  { generation, height, versions }: VersionNodeReference,
  arityLog2: number,
): void {
  const highest = highestNodeHeight(arityLog2);
  requireRule(reader, "height", BigInt(height), (found) => found <= BigInt(highest), `at most ${highest}`);
  const span = 1n << BigInt(height * arityLog2);
  requireRule(reader, "generation", generation, (found) => found % span === 0n, `a multiple of ${span}`);
  const most = ((generation - 1n) % (span << BigInt(arityLog2))) + 1n;
  requireRule(reader, "num_generations", versions, (found) => found >= 1n && found <= most, `1 to ${most}`);
}

/** Writes what {@link decodeVersionNodeReferences} reads. */
export function encodeVersionNodeReferences(
  writer: ByteWriter,
  references: readonly VersionNodeReference[],
  inManifest: boolean,
): void {
  writer.varint(references.length);
  encodeVarints(
    writer,
    references.map(({ generation }) => generation),
  );
  encodeLocations(writer, locationsOf(references.map(({ location }) => location)));
  encodeVarints(
    writer,
    references.map(({ versions }) => versions),
  );
  for (const { commitTime } of references) writer.u64le(commitTime);
  if (inManifest) for (const { height } of references) writer.u8(height);
}

/**
 * Decodes the body of a version-tree node (6.3).
 *
 * @throws {OrbaxError} `DATA_LOSS` for anything against its rules; `LIMIT_EXCEEDED` as `decodeStrings`.
 */
export function decodeVersionNode(
  body: Uint8Array,
  arityLog2: number,
  context: DataFilesContext,
): VersionNode {
  const reader = new ByteReader(body, VERSION_NODE.what);
  const found = reader.u8("version_tree_arity_log2");
  if (found !== arityLog2) {
    throw dataLoss(reader.what, { field: "version_tree_arity_log2", found, expected: `${arityLog2}` });
  }
  const height = reader.u8("height");
  const highest = highestNodeHeight(arityLog2);
  requireRule(reader, "height", BigInt(height), (value) => value <= BigInt(highest), `at most ${highest}`);
  const files = decodeDataFiles(reader, context);
  const node =
    height === 0
      ? { height: 0 as const, files, versions: decodeVersions(reader, arityLog2, dataFileCount(files)) }
      : { height, files, children: decodeChildren(reader, arityLog2, dataFileCount(files), height) };
  reader.end();
  return node;
}

/** The children of one node fall into one block of arity^(height + 1) generations. */
function decodeChildren(reader: ByteReader, arityLog2: number, fileCount: number, height: number) {
  const children = decodeVersionNodeReferences(reader, arityLog2, fileCount, height);
  const last = children.at(-1)?.generation ?? 0n;
  const blockStart = generationBlockStart(last, arityLog2 * (height + 1));
  const first = children[0]?.generation ?? 0n;
  requireRule(reader, "generation[0]", first, (found) => found >= blockStart, `at least ${blockStart}`);
  return children;
}

/** Encodes the body that {@link decodeVersionNode} reads. */
export function encodeVersionNode(node: VersionNode, arityLog2: number): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(arityLog2);
  writer.u8(node.height);
  encodeDataFiles(writer, node.files);
  if ("versions" in node) encodeVersions(writer, node.versions);
  else encodeVersionNodeReferences(writer, node.children, false);
  return writer.finish();
}
