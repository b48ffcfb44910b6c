import { describe, expect, it } from "vitest";
import type { Limits } from "../../src/limits.js";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import { bomb } from "../bytes/zstd-blocks.js";
import { envelope, hex, joined, toHex, utf8, varint } from "../ocdbt/bytes.js";
import {
  config,
  DataFile,
  interiorBody,
  leafBody,
  manifest,
  oneNode,
  storageOf,
  table,
} from "../ocdbt/databases.js";
import { damage, refusal } from "../ocdbt/errors.js";
import { contentOf, keysOf } from "../ocdbt/sample-databases.js";
import { childAt, leaf, valueAt } from "./one-reference.js";

/** What docs/spec/ocdbt.md section 13 says of nodes. */

async function contentIn(source: MemoryStorage, limits?: Partial<Limits>) {
  return contentOf(await openOcdbt(source, { limits }));
}

/** Two leaves with the keys given below the bounds `a` and `c`. */
function twoLeaves(first: string[], second: string[], bounds = ["a", "c"], common = [0, 0]): MemoryStorage {
  const file = new DataFile("d/x");
  const children = [first, second].map((keys, index) => {
    const place = file.appendNode(leafBody(keys.map((key) => [key, ""])));
    return Object.assign(place, { key: bounds[index] ?? "", common: common[index] ?? 0 });
  });
  const root = file.appendNode(interiorBody(1, children));
  return storageOf({ "manifest.ocdbt": manifest(root, 1), "d/x": file.bytes });
}

describe("nodes that do not fit their parents", () => {
  it("are refused when a node is its own child", async () => {
    const self = { file: "d/x", offset: 0, length: 35 };
    const node = envelope("node", interiorBody(1, [{ ...self, key: "a" }]));
    expect(node).toHaveLength(self.length);
    await expect(contentIn(storageOf({ "manifest.ocdbt": manifest(self, 1), "d/x": node }))).rejects.toEqual(
      damage({ field: "height", found: 1, expected: "0, as its parent says" }),
    );
  });

  it.each([
    [0, 1],
    [2, 1],
    [255, 1],
  ])("are refused when the manifest says height %d and the root %d", async (said, real) => {
    const file = new DataFile("d/x");
    const child = file.append(leaf);
    const root = file.appendNode(interiorBody(real, [{ ...child, key: "a" }]));
    const files = { "manifest.ocdbt": manifest(root, said), "d/x": file.bytes };
    await expect(contentIn(storageOf(files))).rejects.toEqual(damage({ field: "height", found: real }));
  });

  it("are refused when heights fall by two", async () => {
    const file = new DataFile("d/x");
    const root = file.appendNode(interiorBody(2, [{ ...file.append(leaf), key: "a" }]));
    const files = { "manifest.ocdbt": manifest(root, 2), "d/x": file.bytes };
    await expect(contentIn(storageOf(files))).rejects.toEqual(damage({ field: "height", found: 0 }));
  });

  it("are read when bounds are loose", async () => {
    const database = await openOcdbt(twoLeaves(["b", "bz"], ["cc", "d"], ["", "c"]));
    expect(await keysOf(database)).toEqual(["b", "bz", "cc", "d"]);
  });

  it.each([
    ["a first key below its bound", ["a", "b"], ["bb", "d"], "first key"],
    ["a last key that is the next bound", ["a", "c"], ["c", "d"], "last key"],
    ["a last key beyond the next bound", ["a", "x"], ["c", "d"], "last key"],
    ["the children in the wrong order", ["c", "d"], ["a", "b"], "last key"],
  ])("are refused with %s", async (_, first, second, field) => {
    await expect(contentIn(twoLeaves(first, second))).rejects.toEqual(damage({ field }));
  });

  it("are refused also for a key that is looked up", async () => {
    const database = await openOcdbt(twoLeaves(["a", "c"], ["c", "d"]));
    await expect(database.get("b")).rejects.toEqual(damage({ field: "last key" }));
    expect(await database.get("d")).toEqual(hex(""));
  });

  it("are refused with bounds that hold only below the parent's own", async () => {
    // The last child of the left node must stay below the right node's bound.
    const file = new DataFile("d/x");
    const left = file.appendNode(leafBody([["a", ""]]));
    const wide = file.appendNode(
      leafBody([
        ["b", ""],
        ["z", ""],
      ]),
    );
    const right = file.appendNode(leafBody([["c", ""]]));
    const leftNode = file.appendNode(
      interiorBody(1, [
        { ...left, key: "a" },
        { ...wide, key: "b" },
      ]),
    );
    const rightNode = file.appendNode(interiorBody(1, [{ ...right, key: "c" }]));
    const root = file.appendNode(
      interiorBody(2, [
        { ...leftNode, key: "a" },
        { ...rightNode, key: "c" },
      ]),
    );
    const files = { "manifest.ocdbt": manifest(root, 2), "d/x": file.bytes };
    await expect(contentIn(storageOf(files))).rejects.toEqual(damage({ field: "last key" }));
  });

  it.each([
    ["its first key", [["x", ""]]],
    [
      "a later key",
      [
        ["", ""],
        ["x", ""],
      ],
    ],
  ] as const)("are refused when %s is longer than 65535 bytes with what was cut off", async (_, entries) => {
    const long = "k".repeat(65535);
    const file = new DataFile("d/x");
    const child = file.appendNode(leafBody(entries));
    const root = file.appendNode(interiorBody(1, [{ ...child, key: long, common: 65535 }]));
    const files = { "manifest.ocdbt": manifest(root, 1), "d/x": file.bytes };
    await expect(contentIn(storageOf(files))).rejects.toEqual(
      damage({ field: "length of a full key", found: 65536 }),
    );
  });

  it("are read when a key has just 65535 bytes with what was cut off", async () => {
    const long = "k".repeat(65534);
    const database = await openOcdbt(twoLeaves(["a", "b"], ["a"], [`${long}a`, `${long}c`], [65534, 65534]));
    await expect(keysOf(database)).rejects.toEqual(damage({ field: "first key" }));
    const right = await openOcdbt(twoLeaves(["a", "b"], ["c"], [`${long}a`, `${long}c`], [65534, 65534]));
    expect(await keysOf(right)).toEqual([`${long}a`, `${long}b`, `${long}c`]);
  });

  it("are refused when a path is longer than 65535 bytes with the base above it", async () => {
    const longTable = `01 ${varint(65534)} 00 ${"61".repeat(65534)}`;
    const child = envelope("node", hex(`00   ${longTable}   01   01 "a"   01   00   "1"`));
    for (const [base, refused] of [
      ["p", false],
      ["pp", true],
    ] as const) {
      const root = envelope(
        "node",
        hex(`01   ${table([`${base}|/leaf`])}   01   01 00 "a"   00 00 ${varint(child.length)}   00 00 00`),
      );
      const files = {
        "manifest.ocdbt": manifest({ file: "d/x", offset: 0, length: root.length }, 1),
        "d/x": root,
        [`${base}/leaf`]: child,
      };
      const listed = contentIn(storageOf(files));
      if (refused) await expect(listed).rejects.toEqual(damage({ field: "length of path[0]" }));
      else expect(await listed).toEqual({ a: "1" });
    }
  });
});

describe("statistics", () => {
  it("are ignored, however wrong", async () => {
    const file = new DataFile("d/x");
    const child = file.append(leaf);
    const most = varint(2n ** 64n - 1n);
    const root = file.appendNode(
      hex(
        `01   ${table(["d/x"])}   01   01 00 "a"   00 00 ${varint(child.length)}   ${most} ${most} ${most}`,
      ),
    );
    expect(await contentIn(storageOf({ "manifest.ocdbt": manifest(root, 1), "d/x": file.bytes }))).toEqual({
      a: "1",
    });
  });
});

describe("keys with a meaning in JavaScript", () => {
  it("are keys as any other", async () => {
    const names = ["__proto__", "constructor", "hasOwnProperty", "toString"];
    const database = await openOcdbt(oneNode(leafBody(names.map((name) => [name, name]))));
    expect(await keysOf(database)).toEqual(names);
    for (const name of names) expect(await database.get(name)).toEqual(utf8(name));
    expect(await database.get("valueOf")).toBeUndefined();
  });
});

/**
 * A tree whose `levels` interior nodes each have two children, both the same: 2^levels keys in a few kilobytes.
 * `cut` is what each level adds to the keys.
 */
function sharedChildren(levels: number, cut = ["a", "b"]): MemoryStorage {
  const file = new DataFile("d/x");
  let child = file.appendNode(leafBody([["", "1"]]));
  for (let height = 1; height <= levels; height++) {
    const { offset, length } = child;
    child = file.appendNode(
      interiorBody(
        height,
        cut.map((key) => ({ file: "d/x", offset, length, key, common: key.length })),
      ),
    );
  }
  return storageOf({ "manifest.ocdbt": manifest(child, levels), "d/x": file.bytes });
}

describe("children that are shared", () => {
  it("are listed once for each way that leads to them", async () => {
    expect(await keysOf(await openOcdbt(sharedChildren(3)))).toEqual([
      "aaa",
      "aab",
      "aba",
      "abb",
      "baa",
      "bab",
      "bba",
      "bbb",
    ]);
  });

  it("do not keep a key from being found", async () => {
    const storage = sharedChildren(60);
    expect(storage.files().get("/d/x")?.length).toBeLessThan(7000);
    const database = await openOcdbt(storage);
    expect(await database.get("ab".repeat(30))).toEqual(utf8("1"));
    expect(await database.get("ab".repeat(29))).toBeUndefined();
  });

  it("do not keep a prefix from being listed", async () => {
    const database = await openOcdbt(sharedChildren(60));
    expect(await keysOf(database, `${"ab".repeat(29)}a`)).toEqual([`${"ab".repeat(29)}aa`, "ab".repeat(30)]);
  });

  it.each<[keyof Limits, number]>([
    ["listedKeys", 1000],
    ["listedNodes", 1000],
    ["listedBytes", 100_000],
  ])("end a listing at %s", async (limit, most) => {
    const database = await openOcdbt(sharedChildren(60), { limits: { [limit]: most } });
    let count = 0;
    const listing = async () => {
      for await (const _ of database.list()) count++;
    };
    await expect(listing()).rejects.toEqual(refusal("LIMIT_EXCEEDED", { limit }));
    expect(count).toBeLessThanOrEqual(1000);
    expect(count).toBeGreaterThan(100);
  });

  it("end a listing when the nodes above each other take too much memory", async () => {
    // 100 levels of 1,000 children each, which are all the same.
    const keys = Array.from({ length: 1000 }, (_, index) => String(index).padStart(3, "0"));
    const database = await openOcdbt(sharedChildren(100, keys), { limits: { decodedNodeBytes: 2 ** 21 } });
    await expect(keysOf(database)).rejects.toEqual(refusal("LIMIT_EXCEEDED", { limit: "decodedNodeBytes" }));
    expect(await database.get("007".repeat(100))).toEqual(utf8("1"));
  });

  it("may reach a limit exactly", async () => {
    const limits = { listedKeys: 8, listedNodes: 15 };
    expect(await keysOf(await openOcdbt(sharedChildren(3), { limits }))).toHaveLength(8);
    for (const less of [{ listedKeys: 7 }, { listedNodes: 14 }]) {
      const database = await openOcdbt(sharedChildren(3), { limits: less });
      await expect(keysOf(database)).rejects.toEqual(refusal("LIMIT_EXCEEDED"));
    }
  });

  it("end a listing when long keys are put together", async () => {
    // 1,000 keys of one leaf, each 60,000 bytes long with what was cut off: 60 MB in 65 kB.
    const file = new DataFile("d/x");
    const keys = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, "0"));
    const child = file.appendNode(leafBody(keys.map((key) => [key, ""])));
    const root = file.appendNode(interiorBody(1, [{ ...child, key: "k".repeat(60_000), common: 60_000 }]));
    const storage = storageOf({ "manifest.ocdbt": manifest(root, 1), "d/x": file.bytes });
    const database = await openOcdbt(storage, { limits: { listedBytes: 10_000_000 } });
    await expect(keysOf(database)).rejects.toEqual(refusal("LIMIT_EXCEEDED", { limit: "listedBytes" }));
    expect(await keysOf(await openOcdbt(storage))).toHaveLength(1000);
  });
});

describe("zstd bombs", () => {
  const limits = { decodedNodeBytes: 2 ** 20 };

  it("are refused as a manifest", async () => {
    const storage = storageOf({ "manifest.ocdbt": envelope("manifest", bomb(2 ** 30), "00 01") });
    await expect(openOcdbt(storage)).rejects.toEqual(
      refusal("LIMIT_EXCEEDED", { file: "manifest.ocdbt", limit: "decodedNodeBytes" }),
    );
  });

  it("are refused as a node", async () => {
    const node = envelope("node", bomb(2 ** 21), "00 01");
    const files = {
      "manifest.ocdbt": manifest({ file: "d/x", offset: 0, length: node.length }),
      "d/x": node,
    };
    await expect(contentIn(storageOf(files), limits)).rejects.toEqual(
      refusal("LIMIT_EXCEEDED", { limit: "decodedNodeBytes" }),
    );
  });

  it("are refused for what they hold when they are small enough", async () => {
    // 7 repeated: height 7, a table of 7 files, prefixes and suffixes of 7 bytes, then a count of 7.
    const node = envelope("node", bomb(2 ** 17), "00 01");
    const files = {
      "manifest.ocdbt": manifest({ file: "d/x", offset: 0, length: node.length }, 7),
      "d/x": node,
    };
    await expect(contentIn(storageOf(files), limits)).rejects.toEqual(damage());
  });
});

describe("huge counts and lengths", () => {
  const claims = [
    ["files", hex(`00   ${varint(2n ** 63n)}`)],
    ["files", hex(`00   ${varint(2 ** 31)} 00 00 00`)],
    ["entries", hex(`00 00   ${varint(2 ** 20)} 00 00`)],
    ["entries of an interior node", hex(`01 00   ${varint(2 ** 20)} 00 00`)],
  ] as const;
  it.each(claims)("are refused as a number of %s", async (_, body) => {
    await expect(contentIn(oneNode(body, body[0] ?? 0))).rejects.toEqual(damage());
  });

  it("are refused as a number of versions", async () => {
    const storage = storageOf({
      "manifest.ocdbt": envelope("manifest", hex(`${config({ arityLog2: 16 })} 00 ${varint(2 ** 16)}`)),
    });
    await expect(openOcdbt(storage)).rejects.toEqual(damage({ field: "num_versions" }));
  });

  it.each([2 ** 62, 2 ** 53])("are refused as a node's length of %d", async (length) => {
    await expect(contentIn(storageOf(childAt({ file: "d/root", offset: 0, length })))).rejects.toEqual(
      damage({ field: "length" }),
    );
  });

  it("are refused as a node's length over the limit, before anything is read", async () => {
    const node = storageOf(childAt({ file: "d/root", offset: 0, length: 2 ** 40 }));
    await expect(contentIn(node)).rejects.toEqual(refusal("LIMIT_EXCEEDED", { limit: "encodedNodeBytes" }));
    const root = storageOf({ "manifest.ocdbt": manifest({ file: "d/x", offset: 0, length: 2 ** 40 }) });
    await expect(contentIn(root)).rejects.toEqual(refusal("LIMIT_EXCEEDED", { limit: "encodedNodeBytes" }));
  });

  it("are refused as a value's length", async () => {
    const value = storageOf(valueAt({ file: "d/leaf", offset: 0, length: 2 ** 62 }));
    await expect(contentIn(value)).rejects.toEqual(damage({ field: "value_length" }));
    const large = storageOf(valueAt({ file: "d/leaf", offset: 0, length: 2 ** 41 }));
    await expect(contentIn(large)).rejects.toEqual(refusal("LIMIT_EXCEEDED", { limit: "valueBytes" }));
    const claimed = storageOf(valueAt({ file: "d/leaf", offset: 0, length: 2 ** 39 }));
    await expect(contentIn(claimed)).rejects.toEqual(damage({ file: "d/leaf" }));
  });

  it("are refused as shared key prefixes, that stand for more than memory holds", async () => {
    // 10,000 keys that share 60,000 bytes: 600 MB in 100 kB.
    const count = 10_000;
    const digits = Array.from({ length: count }, (_, index) => hex(toHex([index >> 8, index & 255])));
    const body = joined([
      hex(`00 00   ${varint(count)}`),
      hex(varint(60_000).repeat(count - 1)),
      hex(`${varint(60_002)} ${"02".repeat(count - 1)}`),
      new Uint8Array(60_000),
      ...digits,
      new Uint8Array(2 * count),
    ]);
    await expect(contentIn(oneNode(body))).rejects.toEqual(
      refusal("LIMIT_EXCEEDED", { limit: "expandedNodeBytes", found: 60_002 * count }),
    );
  });
});
