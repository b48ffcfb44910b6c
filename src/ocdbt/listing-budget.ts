import { limitExceeded } from "../errors.js";
import type { Limits } from "../limits.js";
import { type BtreeNode, memoryOf } from "./format/btree.js";

type ListingLimit = "listedNodes" | "listedKeys" | "listedBytes" | "decodedNodeBytes";

/** What one listing may still cost: a tree of a few kilobytes can share its nodes and stand for 2^60 keys. */
export class ListingBudget {
  readonly #limits: Pick<Limits, ListingLimit>;
  #nodes = 0;
  #keys = 0;
  #bytes = 0;
  /** Bytes of the nodes on the way from the root, which are in memory together. */
  #pathBytes = 0;

  constructor(limits: Pick<Limits, ListingLimit>) {
    this.#limits = limits;
  }

  /** Counts a node each time it is visited. @throws {OrbaxError} `LIMIT_EXCEEDED`. */
  addNode(node: BtreeNode): void {
    this.#nodes++;
    this.#bytes += memoryOf(node);
    this.#check();
  }

  /** Counts keys that are handed out, with the bytes of what their nodes lack. @throws {OrbaxError} `LIMIT_EXCEEDED`. */
  addKeys(count: number, leadBytes: number): void {
    this.#keys += count;
    this.#bytes += leadBytes;
    this.#check();
  }

  /** Counts a node while the subtrees below it are visited. @throws {OrbaxError} `LIMIT_EXCEEDED`. */
  enter(node: BtreeNode): void {
    this.#pathBytes += memoryOf(node);
    this.#check();
  }

  /** Takes back {@link enter}. */
  leave(node: BtreeNode): void {
    this.#pathBytes -= memoryOf(node);
  }

  #check(): void {
    const { listedNodes, listedKeys, listedBytes, decodedNodeBytes } = this.#limits;
    if (this.#nodes > listedNodes) throw tooMuch("nodes", "listedNodes", listedNodes);
    if (this.#keys > listedKeys) throw tooMuch("keys", "listedKeys", listedKeys);
    if (this.#bytes > listedBytes) throw tooMuch("bytes of nodes and keys", "listedBytes", listedBytes);
    if (this.#pathBytes > decodedNodeBytes) {
      throw tooMuch("bytes of nodes above each other", "decodedNodeBytes", decodedNodeBytes);
    }
  }
}

function tooMuch(what: string, limit: ListingLimit, most: number) {
  return limitExceeded("OCDBT listing", {
    field: what,
    found: "too many",
    expected: `at most ${most}`,
    limit,
  });
}
