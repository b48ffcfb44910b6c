import { describe, expect, it } from "vitest";
import { decodeBtreeNode } from "../../src/ocdbt/format/btree.js";
import { NodeCache } from "../../src/ocdbt/node-cache.js";
import { hex, joined } from "./bytes.js";

const MiB = 2 ** 20;

/** A leaf of one key whose values take about `bytes` of memory. */
function leafOf(bytes: number) {
  const head = hex('00 00   01   01 "a"   808040   00'); // one inline value of 1 MiB
  const leaf = decodeBtreeNode(joined([head, new Uint8Array(MiB)]), { expandedNodeBytes: 100 });
  if (!("inline" in leaf)) throw new Error("expected a leaf");
  return { ...leaf, inline: new Uint8Array(bytes) };
}

describe("NodeCache", () => {
  it("gives what was added", () => {
    const cache = new NodeCache();
    const leaf = leafOf(MiB);
    cache.add("d/x[0:1]", leaf);
    expect(cache.get("d/x[0:1]")).toBe(leaf);
    expect(cache.get("d/x[1:2]")).toBeUndefined();
  });

  it("drops what was used longest ago when there is more than 64 MiB", () => {
    const cache = new NodeCache();
    cache.add("first", leafOf(30 * MiB));
    cache.add("second", leafOf(30 * MiB));
    cache.get("first");
    cache.add("third", leafOf(30 * MiB));
    expect(cache.get("first")).toBeDefined();
    expect(cache.get("second")).toBeUndefined();
    expect(cache.get("third")).toBeDefined();
  });

  it("keeps a node alone that is larger than that", () => {
    const cache = new NodeCache();
    cache.add("small", leafOf(MiB));
    cache.add("root", leafOf(70 * MiB));
    expect(cache.get("small")).toBeUndefined();
    expect(cache.get("root")).toBeDefined();
    cache.add("small", leafOf(MiB));
    expect(cache.get("root")).toBeUndefined();
    expect(cache.get("small")).toBeDefined();
  });

  it("makes room for what is going to be decoded", () => {
    const cache = new NodeCache();
    cache.add("first", leafOf(30 * MiB));
    cache.makeRoom(30 * MiB);
    expect(cache.get("first")).toBeDefined();
    cache.makeRoom(40 * MiB);
    expect(cache.get("first")).toBeUndefined();
  });
});
