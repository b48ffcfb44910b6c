import type { StorageOptions } from "../storage/storage.js";
import { copyValues, type OcdbtEntry, type OcdbtValue } from "./entry.js";
import { INLINE_FILE_ID, type InteriorNode, isLeaf, type LeafNode } from "./format/btree.js";
import { type ByteStrings, compareBytes, stringAt } from "./format/strings.js";
import { ListingBudget } from "./listing-budget.js";
import type { NodeAddress, NodeSource } from "./node-source.js";
import { childOf, fullKeyLength, inNode, readSubtree, type Subtree, wholeTree } from "./subtree.js";

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

/**
 * Hands out all entries whose key begins with `prefix`, in byte order, in small batches that share no memory with
 * the nodes. Subtrees that cannot hold such keys are not read.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a damaged node; `LIMIT_EXCEEDED` beyond `listedNodes`, `listedKeys` or
 * `listedBytes`.
 */
export async function* listBatches(
  source: NodeSource,
  root: NodeAddress,
  rootHeight: number,
  prefix: Uint8Array,
  options?: StorageOptions,
): AsyncGenerator<readonly OcdbtEntry[]> {
  const budget = new ListingBudget(source.limits);
  const path: InteriorRange[] = [];
  let subtree: Subtree | undefined = wholeTree(root, rootHeight);
  while (subtree !== undefined) {
    options?.signal?.throwIfAborted(); // nodes that are known already are not read, which would ask for it
    const node = await readSubtree(source, subtree, options);
    budget.addNode(node);
    if (isLeaf(node)) yield* leafBatches(subtree, node, prefix, budget);
    else path.push({ subtree, node, ...rangeOfChildren(node.keys, restOf(prefix, subtree.lead)) });
    subtree = nextSubtree(path, prefix);
  }
}

/** Children of an interior node that are still to be visited. */
type InteriorRange = {
  readonly subtree: Subtree;
  readonly node: InteriorNode;
  next: number;
  readonly end: number;
};

/** The next subtree in key order that can hold keys with this prefix. */
function nextSubtree(path: InteriorRange[], prefix: Uint8Array): Subtree | undefined {
  for (let range = path.at(-1); range !== undefined; range = path.at(-1)) {
    if (range.next === range.end) {
      path.pop();
    } else {
      const child = childOf(range.subtree, range.node, range.next++);
      if (startsWith(child.lead, prefix) || startsWith(prefix, child.lead)) return child;
    }
  }
  return undefined;
}

/** At most so much is handed out at once: keys that somebody keeps hold the memory of their batch, not of a node. */
const BATCH_ENTRIES = 1024;
const BATCH_BYTES = 2 ** 18;

function* leafBatches(
  subtree: Subtree,
  leaf: LeafNode,
  prefix: Uint8Array,
  budget: ListingBudget,
): Generator<readonly OcdbtEntry[]> {
  const { address, lead } = subtree;
  const { first, end } = rangeOfKeys(leaf.keys, restOf(prefix, lead));
  for (let start = first; start < end; ) {
    const stop = batchEnd(lead, leaf, start, end);
    budget.addKeys(stop - start, (stop - start) * lead.length);
    yield inNode(address, () => batchOf(subtree, leaf, start, stop));
    start = stop;
  }
}

/** Where the batch that begins with entry `start` ends. */
function batchEnd(lead: Uint8Array, { keys, values }: LeafNode, start: number, end: number): number {
  const most = Math.min(end, start + BATCH_ENTRIES);
  const bytesBefore = keys.ends[start - 1] ?? 0;
  let inlineBytes = 0;
  for (let stop = start + 1; stop < most; stop++) {
    if (values.fileIds[stop - 1] === INLINE_FILE_ID) inlineBytes += values.lengths[stop - 1] ?? 0;
    const keyBytes = (keys.ends[stop - 1] ?? 0) - bytesBefore + (stop - start) * lead.length;
    if (keyBytes + inlineBytes >= BATCH_BYTES) return stop;
  }
  return most;
}

function batchOf({ address, lead }: Subtree, leaf: LeafNode, start: number, end: number): OcdbtEntry[] {
  const keys = fullKeys(lead, leaf.keys, start, end);
  const values = copyValues(address.transitiveBase, leaf, start, end);
  return values.map((value, index) => ({ key: stringAt(keys, index), value }));
}

/** A copy of strings `start` to `end`, each with what the node lacks in front. */
function fullKeys(lead: Uint8Array, { bytes, ends }: ByteStrings, start: number, end: number): ByteStrings {
  const count = end - start;
  let from = ends[start - 1] ?? 0;
  const total = (ends[end - 1] ?? 0) - from + count * lead.length;
  const full = { bytes: new Uint8Array(total), ends: new Uint32Array(count) };
  let at = 0;
  for (let index = 0; index < count; index++) {
    const to = ends[start + index] ?? 0;
    const key = bytes.subarray(from, to);
    full.ends[index] = at + fullKeyLength(lead, key.length);
    full.bytes.set(lead, at);
    full.bytes.set(key, at + lead.length);
    at = full.ends[index] ?? 0;
    from = to;
  }
  return full;
}

/** What of the prefix is left for the keys of a node. */
function restOf(prefix: Uint8Array, lead: Uint8Array): Uint8Array {
  return prefix.subarray(lead.length);
}

/** The keys that begin with `prefix`. */
function rangeOfKeys(
  keys: ByteStrings,
  prefix: Uint8Array,
): { readonly first: number; readonly end: number } {
  return {
    first: countFirst(keys, (key) => compareBytes(key, prefix) < 0),
    end: countFirst(keys, (key) => compareBytes(key, prefix) <= 0 || startsWith(key, prefix)),
  };
}

/** The children that can hold keys with `prefix`: those whose own key has it, and the one before them. */
function rangeOfChildren(
  keys: ByteStrings,
  prefix: Uint8Array,
): { readonly next: number; readonly end: number } {
  const { end } = rangeOfKeys(keys, prefix);
  return { next: Math.max(0, countFirst(keys, (key) => compareBytes(key, prefix) <= 0) - 1), end };
}

/** How many keys there are before the first that `holds` is false for; it stays false for those after. */
function countFirst(keys: ByteStrings, holds: (key: Uint8Array) => boolean): number {
  let low = 0;
  let high = keys.ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(stringAt(keys, middle))) low = middle + 1;
    else high = middle;
  }
  return low;
}

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && compareBytes(key.subarray(0, prefix.length), prefix) === 0;
}
