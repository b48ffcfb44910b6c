import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AppendNode,
  type BuiltTree,
  buildTree,
  type TreeEntry,
  tableOf,
} from "../../src/ocdbt/build-tree.js";
import { type BtreeNode, decodeBtreeNode, entryCount, isLeaf } from "../../src/ocdbt/format/btree.js";
import { dataFileAt } from "../../src/ocdbt/format/data-files.js";
import { type Location, locationAt } from "../../src/ocdbt/format/location.js";
import { commonPrefixLength, compareBytes, stringAt } from "../../src/ocdbt/format/strings.js";
import { joined, textOf, toHex, utf8 } from "./bytes.js";
import { byteStrings } from "./format/arbitraries.js";

/** Keeps the bodies of nodes in one file `d/n`; a node's length is its body's. */
function nodeFile() {
  const bodies = new Map<number, Uint8Array>();
  let size = 0;
  const append: AppendNode = async (body) => {
    bodies.set(size, body);
    const range = { file: "d/n", offset: size, length: body.length };
    size += body.length;
    return range;
  };
  const nodeAt = ({ offset }: Pick<Location, "offset">): BtreeNode => {
    const body = bodies.get(offset);
    if (body === undefined) throw new Error(`no node begins at ${offset}`);
    return decodeBtreeNode(body, { expandedNodeBytes: 2 ** 30 });
  };
  return { append, nodeAt, count: () => bodies.size };
}

/** What is found when the tree is walked by hand. */
type Walked = {
  readonly keys: string[];
  keyCount: bigint;
  treeBytes: bigint;
  indirectValueBytes: bigint;
  readonly largestLeaf: number;
};

/** Walks a tree, and checks each node against its parent and its statistics. */
function walk(nodeAt: ReturnType<typeof nodeFile>["nodeAt"], built: BuiltTree): Walked {
  const visit = (place: Location, height: number, lead: Uint8Array): Walked => {
    const node = nodeAt(place);
    expect(node.height).toBe(height);
    const found = {
      keys: [] as string[],
      keyCount: 0n,
      treeBytes: BigInt(place.length),
      indirectValueBytes: 0n,
    };
    let largestLeaf = isLeaf(node) ? entryCount(node) : 0;
    for (let index = 0; index < entryCount(node); index++) {
      const key = joined([lead, stringAt(node.keys, index)]);
      if (isLeaf(node)) {
        found.keys.push(toHex(key));
        found.keyCount++;
        const { fileId, length } = locationAt(node.values, index);
        if (fileId < node.files.baseLengths.length) found.indirectValueBytes += BigInt(length);
      } else {
        const cut = stringAt(node.keys, index).subarray(0, node.commonPrefixLengths[index]);
        const child = visit(locationAt(node.children, index), height - 1, joined([lead, cut]));
        expect(child.keys[0]).toBe(toHex(key));
        expect(node.statistics.keys[index]).toBe(child.keyCount);
        expect(node.statistics.treeBytes[index]).toBe(child.treeBytes);
        expect(node.statistics.indirectValueBytes[index]).toBe(child.indirectValueBytes);
        found.keys.push(...child.keys);
        found.keyCount += child.keyCount;
        found.treeBytes += child.treeBytes;
        found.indirectValueBytes += child.indirectValueBytes;
        largestLeaf = Math.max(largestLeaf, child.largestLeaf);
      }
    }
    return { ...found, largestLeaf };
  };
  return visit({ fileId: 0, ...built.root }, built.height, new Uint8Array(0));
}

/** Entries with empty inline values. */
function entriesOf(keys: readonly string[]): TreeEntry[] {
  return keys.map((key) => ({ key: utf8(key), value: new Uint8Array(0) }));
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `key/${String(index).padStart(6, "0")}`);
}

describe("buildTree", () => {
  it("makes one leaf of what fits", async () => {
    const file = nodeFile();
    const built = await buildTree(entriesOf(["a", "b"]), 1000, file.append);
    expect(built).toMatchObject({ height: 0, keys: 2n, indirectValueBytes: 0n, root: { offset: 0 } });
    expect(file.count()).toBe(1);
    const node = file.nodeAt(built.root);
    expect([textOf(stringAt(node.keys, 0)), textOf(stringAt(node.keys, 1))]).toEqual(["a", "b"]);
  });

  it("makes one leaf of anything where the size of nodes has no bound", async () => {
    const file = nodeFile();
    expect(await buildTree(entriesOf(numbered(20_000)), 0, file.append)).toMatchObject({
      height: 0,
      keys: 20_000n,
    });
  });

  it("makes leaves of about the size that is asked for, and nodes over them", async () => {
    const file = nodeFile();
    const built = await buildTree(entriesOf(numbered(1000)), 1000, file.append);
    // An entry is estimated at 26 bytes (11.1), so that 26 leaves are needed; a child at 69, so that 2 nodes are.
    expect(built.height).toBe(2);
    const walked = walk(file.nodeAt, built);
    expect(walked.keys).toHaveLength(1000);
    expect(walked.largestLeaf).toBe(39);
  });

  it("makes nodes of one entry where each is too large", async () => {
    const file = nodeFile();
    const built = await buildTree(entriesOf(numbered(9)), 1, file.append);
    expect(walk(file.nodeAt, built).keys).toHaveLength(9);
    expect(built.height).toBe(4); // 9 leaves, then 5, 3, 2 and 1 nodes of at least two children
  });

  it("splits at 2^20 entries whatever the size", async () => {
    const file = nodeFile();
    const keys = new Uint8Array(4 * (2 ** 20 + 1));
    const view = new DataView(keys.buffer);
    const value = new Uint8Array(0);
    const entries: TreeEntry[] = [];
    for (let at = 0; at < keys.length; at += 4) {
      view.setUint32(at, at);
      entries.push({ key: keys.subarray(at, at + 4), value });
    }
    const built = await buildTree(entries, 0, file.append);
    expect(built).toMatchObject({ height: 1, keys: BigInt(entries.length) });
    expect(entryCount(file.nodeAt(built.root))).toBe(2);
  }, 60_000);

  it("cuts from a leaf's keys what they share, and says so in its parent", async () => {
    const file = nodeFile();
    const built = await buildTree(entriesOf(["w/aa", "w/ab", "w/ba", "w/bb"]), 50, file.append);
    const root = file.nodeAt(built.root);
    if (isLeaf(root)) throw new Error("expected an interior node");
    expect(Array.from(root.commonPrefixLengths)).toEqual([3, 3]);
    const leaf = file.nodeAt(locationAt(root.children, 0));
    expect([textOf(stringAt(leaf.keys, 0)), textOf(stringAt(leaf.keys, 1))]).toEqual(["a", "b"]);
  });

  it("cuts nothing from the root", async () => {
    const file = nodeFile();
    const built = await buildTree(entriesOf(["w/a", "w/b"]), 1000, file.append);
    expect(textOf(stringAt(file.nodeAt(built.root).keys, 0))).toBe("w/a");
  });

  it("names each data file once, in byte order", async () => {
    const file = nodeFile();
    const entries = ["d/b", "d/a", "d/b"].map(
      (path, index): TreeEntry => ({
        key: utf8(String(index)),
        value: { file: path, offset: index, length: 5 },
      }),
    );
    const built = await buildTree(entries, 0, file.append);
    const leaf = file.nodeAt(built.root);
    if (!isLeaf(leaf)) throw new Error("expected a leaf");
    expect(leaf.files.baseLengths).toHaveLength(2);
    expect(textOf(dataFileAt(leaf.files, 0).relative)).toBe("d/a");
    expect(Array.from(leaf.values.fileIds)).toEqual([1, 0, 1]);
    expect(built.indirectValueBytes).toBe(15n);
  });

  it("makes a tree whose every node keeps the rules, of any keys and size", async () => {
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 5 }),
      fc.record({ file: fc.constantFrom("d/a", "d/b"), offset: fc.nat(), length: fc.nat() }),
    );
    const entries = fc
      .uniqueArray(fc.tuple(byteStrings, value), {
        minLength: 1,
        maxLength: 60,
        selector: ([key]) => toHex(key),
      })
      .map((rows) =>
        rows.map(([key, value]): TreeEntry => ({ key, value })).sort((a, b) => compareBytes(a.key, b.key)),
      );
    const sizes = fc.constantFrom(0, 1, 80, 200, 1000);
    await fc.assert(
      fc.asyncProperty(entries, sizes, async (rows, maxNodeBytes) => {
        const file = nodeFile();
        const built = await buildTree(rows, maxNodeBytes, file.append);
        const walked = walk(file.nodeAt, built);
        expect(walked.keys).toEqual(rows.map(({ key }) => toHex(key)));
        expect(built.keys).toBe(walked.keyCount);
        expect(built.treeBytes).toBe(walked.treeBytes);
        expect(built.indirectValueBytes).toBe(walked.indirectValueBytes);
      }),
    );
  });

  it("needs an entry", async () => {
    await expect(buildTree([], 0, nodeFile().append)).rejects.toThrow("at least one entry");
  });
});

describe("tableOf", () => {
  it("sorts by bytes, not as JavaScript sorts strings", () => {
    const paths = ["d/\u{10000}", "d/\uffff"];
    const { files, idOf } = tableOf(paths);
    expect(paths.map(idOf)).toEqual([1, 0]);
    expect(commonPrefixLength(dataFileAt(files, 0).relative, utf8("d/\uffff"))).toBe(5);
  });
});
