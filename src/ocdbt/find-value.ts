import type { StorageOptions } from "../storage/storage.js";
import { copyValues, type OcdbtValue } from "./entry.js";
import { isLeaf } from "./format/btree.js";
import { compareBytes, countFirst, startsWith, stringAt } from "./format/strings.js";
import type { NodeAddress, NodeSource } from "./node-source.js";
import { childOf, inNode, readSubtree, wholeTree } from "./subtree.js";

/**
 * Finds one key without walking the tree: one node a level.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a damaged node on the way.
 */
export async function findValue(
  source: NodeSource,
  root: NodeAddress,
  rootHeight: number,
  key: Uint8Array,
  options?: StorageOptions,
): Promise<OcdbtValue | undefined> {
  let subtree = wholeTree(root, rootHeight);
  for (;;) {
    const { address, lead } = subtree;
    const node = await readSubtree(source, subtree, options);
    const rest = key.subarray(lead.length);
    const index = countFirst(node.keys, (found) => compareBytes(found, rest) <= 0) - 1;
    if (index < 0) return undefined;
    if (isLeaf(node)) {
      if (compareBytes(stringAt(node.keys, index), rest) !== 0) return undefined;
      return inNode(address, () => copyValues(address.transitiveBase, node, index, index + 1)[0]);
    }
    subtree = childOf(subtree, node, index);
    if (!startsWith(key, subtree.lead)) return undefined;
  }
}
