import type { StorageOptions } from "../storage/storage.js";
import { copyValues, type OcdbtEntry } from "./entry.js";
import { INLINE_FILE_ID, type InteriorNode, isLeaf, type LeafNode } from "./format/btree.js";
import { type ByteStrings, compareBytes, countFirst, startsWith, stringAt } from "./format/strings.js";
import { ListingBudget } from "./listing-budget.js";
import type { NodeAddress, NodeSource } from "./node-source.js";
import { childOf, fullKeyLength, inNode, readSubtree, type Subtree, wholeTree } from "./subtree.js";

/** Entries of a node that are still to be visited: children, or keys. */
type Range<Node> = { readonly subtree: Subtree; readonly node: Node; next: number; readonly end: number };

/**
 * All entries whose key begins with a prefix, in byte order. Subtrees that cannot hold such keys are not read.
 *
 * A class rather than a generator: a generator would keep what its variables held last, a whole leaf, in memory
 * while the next one is read.
 */
export class Listing {
  readonly #source: NodeSource;
  readonly #prefix: Uint8Array;
  readonly #budget: ListingBudget;
  #root: Subtree | undefined;
  /** The interior nodes on the way from the root to where the listing is. */
  readonly #path: Range<InteriorNode>[] = [];
  #leaf: Range<LeafNode> | undefined;

  constructor(source: NodeSource, root: NodeAddress, rootHeight: number, prefix: Uint8Array) {
    this.#source = source;
    this.#prefix = prefix;
    this.#budget = new ListingBudget(source.limits);
    this.#root = wholeTree(root, rootHeight);
  }

  /**
   * The next entries, `undefined` after the last. They share no memory with the nodes.
   *
   * @throws {OrbaxError} `DATA_LOSS` for a damaged node; `LIMIT_EXCEEDED` beyond `listedNodes`, `listedKeys` or
   * `listedBytes`.
   */
  async nextBatch(options?: StorageOptions): Promise<readonly OcdbtEntry[] | undefined> {
    for (;;) {
      options?.signal?.throwIfAborted(); // nodes that are known already are not read, which would ask for it
      const batch = this.#batchOfLeaf();
      if (batch !== undefined) return batch;
      const subtree = this.#nextSubtree();
      if (subtree === undefined) return undefined;
      await this.#enter(subtree, options);
    }
  }

  async #enter(subtree: Subtree, options?: StorageOptions): Promise<void> {
    const node = await readSubtree(this.#source, subtree, options);
    this.#budget.addNode(node);
    const { first, end } = rangeOfKeys(node.keys, restOf(this.#prefix, subtree.lead));
    if (isLeaf(node)) {
      this.#leaf = { subtree, node, next: first, end };
    } else {
      this.#budget.enter(node);
      this.#path.push({ subtree, node, next: this.#firstChild(subtree, node), end });
    }
  }

  /** A child can hold keys with the prefix if its own key has it, and if it is the last before the prefix. */
  #firstChild({ lead }: Subtree, { keys }: InteriorNode): number {
    const rest = restOf(this.#prefix, lead);
    return Math.max(0, countFirst(keys, (key) => compareBytes(key, rest) <= 0) - 1);
  }

  /** The next subtree in key order that can hold keys with the prefix. */
  #nextSubtree(): Subtree | undefined {
    const root = this.#root;
    this.#root = undefined;
    if (root !== undefined) return root;
    for (let top = this.#path.at(-1); top !== undefined; top = this.#path.at(-1)) {
      if (top.next === top.end) {
        this.#path.pop();
        this.#budget.leave(top.node);
      } else {
        const child = childOf(top.subtree, top.node, top.next++);
        if (startsWith(child.lead, this.#prefix) || startsWith(this.#prefix, child.lead)) return child;
      }
    }
    return undefined;
  }

  #batchOfLeaf(): readonly OcdbtEntry[] | undefined {
    const leaf = this.#leaf;
    if (leaf === undefined) return undefined;
    const { subtree, node, next, end } = leaf;
    if (next === end) {
      this.#leaf = undefined;
      return undefined;
    }
    const { address, lead } = subtree;
    leaf.next = batchEnd(lead, node, next, end);
    this.#budget.addKeys(leaf.next - next, (leaf.next - next) * lead.length);
    return inNode(address, () => batchOf(subtree, node, next, leaf.next));
  }
}

/** At most so much is handed out at once: keys that somebody keeps hold the memory of their batch, not of a node. */
const BATCH_ENTRIES = 1024;
const BATCH_BYTES = 2 ** 18;

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
