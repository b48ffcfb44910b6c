import { type BtreeNode, memoryOf } from "./format/btree.js";

/** Enough for the nodes of any checkpoint, all levels, unless it has some 100,000 arrays. */
const CACHED_BYTES = 2 ** 26;

/** Decoded nodes by their place. Those that were used longest ago go first when there are too many bytes of them. */
export class NodeCache {
  readonly #nodes = new Map<string, BtreeNode>();
  #bytes = 0;

  get(place: string): BtreeNode | undefined {
    const node = this.#nodes.get(place);
    if (node !== undefined) {
      this.#nodes.delete(place);
      this.#nodes.set(place, node);
    }
    return node;
  }

  /** Keeps a node. One that is larger than the whole cache is kept alone: it may be the root of all look-ups. */
  add(place: string, node: BtreeNode): void {
    this.makeRoom(memoryOf(node));
    this.#nodes.set(place, node);
    this.#bytes += memoryOf(node);
  }

  /** Drops nodes until there is room for `bytes` more, so that old and new ones are never in memory together. */
  makeRoom(bytes: number): void {
    for (const [place, node] of this.#nodes) {
      if (this.#bytes + bytes <= CACHED_BYTES) break;
      this.#nodes.delete(place);
      this.#bytes -= memoryOf(node);
    }
  }
}
