import { dataLoss, inFile } from "../errors.js";
import type { StorageOptions } from "../storage/storage.js";
import { type BtreeNode, entryCount, type InteriorNode } from "./format/btree.js";
import { BTREE_NODE } from "./format/envelope.js";
import { locationAt } from "./format/location.js";
import { compareBytes, MAX_STRING_BYTES, stringAt } from "./format/strings.js";
import { addressOf, type NodeAddress, type NodeSource, placeName } from "./node-source.js";

/** A subtree: where its root lies, and what its parents say about it (docs/spec/ocdbt.md section 10.2). */
export type Subtree = {
  readonly address: NodeAddress;
  readonly height: number;
  /** What all full keys below begin with, and the node's own keys lack. */
  readonly lead: Uint8Array;
  /** Full keys below are at least this, … */
  readonly lower: Uint8Array;
  /** … and less than this, if there is a bound. */
  readonly upper: Uint8Array | undefined;
};

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The subtree of a version's root. */
export function wholeTree(address: NodeAddress, height: number): Subtree {
  return { address, height, lead: NO_BYTES, lower: NO_BYTES, upper: undefined };
}

/**
 * Reads a subtree's root and holds it against what its parents say.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a node that is damaged or has keys outside its parent's bounds.
 */
export async function readSubtree(
  source: NodeSource,
  { address, height, lead, lower, upper }: Subtree,
  options?: StorageOptions,
): Promise<BtreeNode> {
  const node = await source.readBtreeNode(address, height, options);
  inNode(address, () => {
    const first = joinKey(lead, stringAt(node.keys, 0));
    const last = joinKey(lead, stringAt(node.keys, entryCount(node) - 1));
    if (compareBytes(first, lower) < 0) throw outOfBounds("first key", "at least its parent's key");
    if (upper !== undefined && compareBytes(last, upper) >= 0) {
      throw outOfBounds("last key", "less than its parent's next key");
    }
  });
  return node;
}

function outOfBounds(field: string, expected: string) {
  return dataLoss(BTREE_NODE.what, { field, found: "out of bounds", expected });
}

/**
 * The subtree of child `index` of a subtree's root.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a data file's path that must not be opened, or a full key over 65535 bytes.
 */
export function childOf({ address, lead, upper }: Subtree, node: InteriorNode, index: number): Subtree {
  return inNode(address, () => {
    const key = stringAt(node.keys, index);
    const isLast = index + 1 === entryCount(node);
    return {
      address: addressOf(address.transitiveBase, node.files, locationAt(node.children, index)),
      height: node.height - 1,
      lead: joinKey(lead, key.subarray(0, node.commonPrefixLengths[index])),
      lower: joinKey(lead, key),
      upper: isLast ? upper : joinKey(lead, stringAt(node.keys, index + 1)),
    };
  });
}

/** Runs an action on a decoded node; errors name the node's place. */
export function inNode<T>(address: NodeAddress, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw inFile(error, placeName(address));
  }
}

function joinKey(lead: Uint8Array, rest: Uint8Array): Uint8Array {
  if (lead.length === 0) return rest;
  const length = fullKeyLength(lead, rest.length);
  const joined = new Uint8Array(length);
  joined.set(lead);
  joined.set(rest, lead.length);
  return joined;
}

/** @throws {OrbaxError} `DATA_LOSS` for a full key over 65535 bytes (section 7.2). */
export function fullKeyLength(lead: Uint8Array, restLength: number): number {
  const length = lead.length + restLength;
  if (length <= MAX_STRING_BYTES) return length;
  throw dataLoss(BTREE_NODE.what, {
    field: "length of a full key",
    found: length,
    expected: `at most ${MAX_STRING_BYTES}`,
  });
}
