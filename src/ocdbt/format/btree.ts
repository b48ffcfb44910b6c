import { ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { dataLoss } from "../../errors.js";
import { decodeBigints, decodeCount32, decodeFileIds, decodeNumbers, encodeVarints } from "./columns.js";
import {
  type DataFiles,
  type DataFilesContext,
  dataFileCount,
  decodeDataFiles,
  encodeDataFiles,
} from "./data-files.js";
import { BTREE_NODE } from "./envelope.js";
import { decodeLocations, encodeLocations, type Locations } from "./location.js";
import {
  type ByteStrings,
  decodeStringLengths,
  decodeStrings,
  type ExpansionLimit,
  encodeStringLengths,
  encodeStrings,
  firstNotIncreasing,
  type StringLengths,
  shareLengths,
} from "./strings.js";

/** Most entries of one node (docs/spec/ocdbt.md section 7.1). */
export const MAX_NODE_ENTRIES = 2 ** 20;

/** Longest value that lies in a leaf (7.4). */
export const MAX_INLINE_BYTES = 2 ** 20;

/** What a subtree holds (7.5). Written exactly, never trusted. */
export type Statistics = {
  readonly keys: BigUint64Array;
  readonly treeBytes: BigUint64Array;
  readonly indirectValueBytes: BigUint64Array;
};

/** A leaf: keys and values. Keys lack what the path from the root cut off. */
export type LeafNode = {
  readonly height: 0;
  readonly files: DataFiles;
  readonly keys: ByteStrings;
  /**
   * Where each value lies. Inline values have `inlineFileId` as their file and an offset into `inline`.
   */
  readonly values: Locations;
  /** All inline values, joined in key order. */
  readonly inline: Uint8Array;
};

/** A node over other nodes: entry i's key is the lower bound of what its child holds. */
export type InteriorNode = {
  /** Levels of nodes below. */
  readonly height: number;
  readonly files: DataFiles;
  readonly keys: ByteStrings;
  /** How much of each key the child's own keys lack. */
  readonly commonPrefixLengths: Uint16Array;
  readonly children: Locations;
  readonly statistics: Statistics;
};

export type BtreeNode = LeafNode | InteriorNode;

/** Stands in {@link LeafNode.values} for the leaf itself. */
export const INLINE_FILE_ID = 2 ** 32 - 1;

export function isLeaf(node: BtreeNode): node is LeafNode {
  return node.height === 0;
}

/** Number of entries, 1 or more. */
export function entryCount({ keys }: BtreeNode): number {
  return keys.ends.length;
}

/** What the columns of one entry take in memory, a leaf's or an interior node's. */
const ENTRY_BYTES = { leaf: 24, interior: 50 };

/** About how many bytes of memory a node takes: bounds what is kept, and what a listing may visit. */
export function memoryOf(node: BtreeNode): number {
  const strings = node.keys.bytes.length + node.files.paths.bytes.length + 10 * dataFileCount(node.files);
  const entries = entryCount(node) * (isLeaf(node) ? ENTRY_BYTES.leaf : ENTRY_BYTES.interior);
  return strings + entries + (isLeaf(node) ? node.inline.length : 0);
}

/**
 * Decodes a node's body (docs/spec/ocdbt.md section 7).
 *
 * @throws {OrbaxError} `DATA_LOSS` for anything that breaks a rule of section 7; `LIMIT_EXCEEDED` if keys or
 * paths expand beyond `context.expandedNodeBytes`.
 */
export function decodeBtreeNode(body: Uint8Array, context: DataFilesContext): BtreeNode {
  const reader = new ByteReader(body, BTREE_NODE.what);
  const height = reader.u8("height");
  const files = decodeDataFiles(reader, context);
  const node =
    height === 0 ? decodeLeaf(reader, files, context) : decodeInterior(reader, height, files, context);
  reader.end();
  return node;
}

/** Bytes that an entry takes at least: its key's suffix length, its value's length and kind. */
const LEAST_LEAF_ENTRY_BYTES = 3;
/** Suffix length, common prefix length, location and statistics. */
const LEAST_INTERIOR_ENTRY_BYTES = 8;

function decodeEntryCount(reader: ByteReader, bytesEach: number): number {
  return decodeCount32(reader, "num_entries", { least: 1, most: MAX_NODE_ENTRIES, bytesEach });
}

function decodeLeaf(reader: ByteReader, files: DataFiles, limits: ExpansionLimit): LeafNode {
  const count = decodeEntryCount(reader, LEAST_LEAF_ENTRY_BYTES);
  const keyLengths = decodeStringLengths(reader, count, { name: "key", ...limits });
  const keys = decodeKeys(reader, keyLengths, limits);
  const lengths = decodeNumbers(reader, count, "value_length");
  const kinds = reader.take(count, "value_kind");
  const { outOfLine, inlineBytes } = checkKinds(reader, kinds, lengths);
  const storedIds = decodeFileIds(reader, outOfLine, dataFileCount(files));
  const storedOffsets = decodeNumbers(reader, outOfLine, "offset");
  return {
    height: 0,
    files,
    keys,
    values: placeValues(kinds, lengths, storedIds, storedOffsets),
    inline: reader.take(inlineBytes, "value"),
  };
}

/** Counts what follows the kinds: references of values out of line, and the bytes of inline values. */
function checkKinds({ what }: ByteReader, kinds: Uint8Array, lengths: Float64Array) {
  let outOfLine = 0;
  let inlineBytes = 0;
  for (let index = 0; index < kinds.length; index++) {
    const kind = kinds[index] ?? 0;
    const length = lengths[index] ?? 0;
    if (kind > 1) {
      throw dataLoss(what, { field: `value_kind[${index}]`, found: kind, expected: "0 or 1" });
    }
    if (kind === 0 && length > MAX_INLINE_BYTES) {
      throw dataLoss(what, {
        field: `value_length[${index}]`,
        found: length,
        expected: `at most ${MAX_INLINE_BYTES} inline`,
      });
    }
    if (kind === 0) inlineBytes += length;
    else outOfLine++;
  }
  return { outOfLine, inlineBytes };
}

/** Spreads the references over all values; an inline value's offset is its place among the inline bytes. */
function placeValues(
  kinds: Uint8Array,
  lengths: Float64Array,
  storedIds: Uint32Array,
  storedOffsets: Float64Array,
): Locations {
  const fileIds = new Uint32Array(kinds.length);
  const offsets = new Float64Array(kinds.length);
  let stored = 0;
  let inlineOffset = 0;
  for (let index = 0; index < kinds.length; index++) {
    if (kinds[index] === 0) {
      fileIds[index] = INLINE_FILE_ID;
      offsets[index] = inlineOffset;
      inlineOffset += lengths[index] ?? 0;
    } else {
      fileIds[index] = storedIds[stored] ?? 0;
      offsets[index] = storedOffsets[stored] ?? 0;
      stored++;
    }
  }
  return { fileIds, offsets, lengths };
}

function decodeInterior(
  reader: ByteReader,
  height: number,
  files: DataFiles,
  limits: ExpansionLimit,
): InteriorNode {
  const count = decodeEntryCount(reader, LEAST_INTERIOR_ENTRY_BYTES);
  const keyLengths = decodeStringLengths(reader, count, { name: "key", ...limits });
  const commonPrefixLengths = new Uint16Array(count);
  for (let index = 0; index < count; index++) {
    commonPrefixLengths[index] = reader.varint16("subtree_common_prefix_length");
  }
  checkCommonPrefixes(reader, commonPrefixLengths, keyLengths);
  const keys = decodeKeys(reader, keyLengths, limits);
  const children = decodeLocations(reader, count, dataFileCount(files));
  const statistics = {
    keys: decodeBigints(reader, count, "num_keys"),
    treeBytes: decodeBigints(reader, count, "num_tree_bytes"),
    indirectValueBytes: decodeBigints(reader, count, "num_indirect_value_bytes"),
  };
  return { height, files, keys, commonPrefixLengths, children, statistics };
}

function checkCommonPrefixes(
  { what }: ByteReader,
  commonPrefixLengths: Uint16Array,
  { prefixes, suffixes }: StringLengths,
): void {
  for (let index = 0; index < commonPrefixLengths.length; index++) {
    const common = commonPrefixLengths[index] ?? 0;
    const length = (prefixes[index] ?? 0) + (suffixes[index] ?? 0);
    if (common > length) {
      throw dataLoss(what, {
        field: `subtree_common_prefix_length[${index}]`,
        found: common,
        expected: `at most ${length}, the length of the key`,
      });
    }
  }
}

function decodeKeys(reader: ByteReader, lengths: StringLengths, limits: ExpansionLimit): ByteStrings {
  const keys = decodeStrings(reader, lengths, { name: "key", ...limits });
  const index = firstNotIncreasing(keys);
  if (index === undefined) return keys;
  throw dataLoss(reader.what, { field: `key[${index}]`, found: "not greater", expected: "increasing keys" });
}

/** Encodes the body that {@link decodeBtreeNode} reads. The node must keep the rules of section 7. */
export function encodeBtreeNode(node: BtreeNode): Uint8Array {
  const writer = new ByteWriter(node.keys.bytes.length + 64 * entryCount(node) + 256);
  writer.u8(node.height);
  encodeDataFiles(writer, node.files);
  writer.varint(entryCount(node));
  const keyLengths = shareLengths(node.keys);
  encodeStringLengths(writer, keyLengths);
  if (!isLeaf(node)) encodeVarints(writer, node.commonPrefixLengths);
  encodeStrings(writer, node.keys, keyLengths);
  if (isLeaf(node)) encodeLeafValues(writer, node);
  else encodeChildren(writer, node);
  return writer.finish();
}

function encodeLeafValues(writer: ByteWriter, { values, inline }: LeafNode): void {
  const { fileIds, offsets, lengths } = values;
  encodeVarints(writer, lengths);
  for (const fileId of fileIds) writer.u8(fileId === INLINE_FILE_ID ? 0 : 1);
  for (const fileId of fileIds) if (fileId !== INLINE_FILE_ID) writer.varint(fileId);
  for (const [index, offset] of offsets.entries()) {
    if (fileIds[index] !== INLINE_FILE_ID) writer.varint(offset);
  }
  writer.bytes(inline);
}

function encodeChildren(writer: ByteWriter, { children, statistics }: InteriorNode): void {
  encodeLocations(writer, children);
  encodeVarints(writer, statistics.keys);
  encodeVarints(writer, statistics.treeBytes);
  encodeVarints(writer, statistics.indirectValueBytes);
}
