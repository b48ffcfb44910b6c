import { type BtreeNode, memoryOf } from "./format/btree.js";

/** Enough for the nodes of any checkpoint, all levels, unless it has some 100,000 arrays. */
const CACHED_BYTES = 2 ** 26;

/** What the objects and arrays of a node take besides their content. */
const OVERHEAD_BYTES = 2 ** 12;

type Generation = { readonly nodes: Map<string, BtreeNode>; bytes: number };

/**
 * Decoded nodes by their place, those that were used lately. There are two generations: what is used moves into the
 * young one, and when that is full it becomes the old one, whose nodes are given up.
 */
export class NodeCache {
  #young = newGeneration();
  #old = newGeneration();

  get(place: string): BtreeNode | undefined {
    const young = this.#young.nodes.get(place);
    if (young !== undefined) return young;
    const old = this.#old.nodes.get(place);
    if (old !== undefined) this.add(place, old);
    return old;
  }

  /** Keeps a node. One that is larger than a generation is kept all the same: it may be the root of all look-ups. */
  add(place: string, node: BtreeNode): void {
    const bytes = memoryOf(node) + OVERHEAD_BYTES;
    if (this.#young.bytes + bytes > CACHED_BYTES / 2) {
      this.#old = this.#young;
      this.#young = newGeneration();
    }
    this.#young.nodes.set(place, node);
    this.#young.bytes += bytes;
  }

  /** Gives up nodes before one of about `bytes` is decoded, so that large ones are not in memory together. */
  makeRoom(bytes: number): void {
    if (this.#young.bytes + this.#old.bytes + bytes <= CACHED_BYTES) return;
    this.#old = newGeneration();
    if (this.#young.bytes + bytes > CACHED_BYTES) this.#young = newGeneration();
  }
}

function newGeneration(): Generation {
  return { nodes: new Map(), bytes: 0 };
}
