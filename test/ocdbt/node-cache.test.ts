import { describe, expect, it } from "vitest";
import { decodeBtreeNode, isLeaf, type LeafNode } from "../../src/ocdbt/format/btree.js";
import { NodeCache } from "../../src/ocdbt/node-cache.js";
import { leafBody } from "./databases.js";

const MiB = 2 ** 20;

const smallest = decodeBtreeNode(leafBody([["a", ""]]), { expandedNodeBytes: 100 });

/** A leaf of one key whose values take so many bytes of memory. */
function leafOf(bytes: number): LeafNode {
  if (!isLeaf(smallest)) throw new Error("expected a leaf");
  return { ...smallest, inline: new Uint8Array(bytes) };
}

function has(cache: NodeCache, place: string): boolean {
  return cache.get(place) !== undefined;
}

describe("NodeCache", () => {
  it("gives what was added", () => {
    const cache = new NodeCache();
    const leaf = leafOf(MiB);
    cache.add("d/x[0:1]", leaf);
    expect(cache.get("d/x[0:1]")).toBe(leaf);
    expect(has(cache, "d/x[1:2]")).toBe(false);
  });

  it("gives up what was used longest ago when there is more than 64 MiB", () => {
    const cache = new NodeCache();
    cache.add("first", leafOf(20 * MiB));
    cache.add("second", leafOf(20 * MiB));
    expect(has(cache, "first")).toBe(true);
    cache.add("third", leafOf(20 * MiB));
    expect(["first", "second", "third"].map((place) => has(cache, place))).toEqual([true, false, true]);
  });

  it("keeps a node that is larger than that until others are used", () => {
    const cache = new NodeCache();
    cache.add("small", leafOf(MiB));
    cache.add("root", leafOf(70 * MiB));
    expect(has(cache, "small")).toBe(true);
    expect(has(cache, "root")).toBe(true);
    for (const place of ["a", "b", "c"]) cache.add(place, leafOf(20 * MiB));
    expect(has(cache, "root")).toBe(false);
    expect(has(cache, "c")).toBe(true);
  });

  it("keeps no more small nodes than there is memory for their objects", () => {
    const cache = new NodeCache();
    for (let place = 0; place < 20_000; place++) cache.add(String(place), leafOf(1));
    expect(has(cache, "0")).toBe(false);
    expect(has(cache, "19999")).toBe(true);
  });

  it("makes room for what is going to be decoded", () => {
    const cache = new NodeCache();
    cache.add("first", leafOf(30 * MiB));
    cache.makeRoom(30 * MiB);
    expect(has(cache, "first")).toBe(true);
    cache.makeRoom(40 * MiB);
    expect(has(cache, "first")).toBe(false);
  });
});
