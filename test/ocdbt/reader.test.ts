import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareBytes } from "../../src/ocdbt/format/strings.js";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import { writeOcdbt } from "../../src/ocdbt/writer.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { envelope, hex, joined, rawZstdFrame, textOf, toHex, utf8 } from "./bytes.js";
import { counting } from "./counting.js";
import { emptyManifest, leafBody, oneNode, storageOf } from "./databases.js";
import { damage, refusal } from "./errors.js";
import { byteStrings } from "./format/arbitraries.js";
import { contentOf, keysOf, threeLevels, workedDatabase, workedTree } from "./sample-databases.js";
import * as worked from "./worked-examples.js";

describe("openOcdbt", () => {
  it("reads the manifest and nothing else", async () => {
    const { storage, reads } = counting(workedDatabase());
    const database = await openOcdbt(storage);
    expect(reads).toEqual(["manifest.ocdbt"]);
    expect(database.version).toMatchObject({ generation: 1n, keys: 2n });
    expect(database.config.maxInlineValueBytes).toBe(8);
  });

  it("opens a database in a directory", async () => {
    const inner = Object.fromEntries(
      Array.from(workedDatabase().files(), ([key, bytes]) => [`runs/7${key}`, bytes]),
    );
    const database = await openOcdbt(storageOf(inner), { path: "runs/7" });
    expect(await contentOf(database)).toEqual({ "a/.z": "{}", "a/0": "Hello, OCDBT!" });
  });

  it("opens a Map as a store", async () => {
    const database = await openOcdbt(new Map(workedDatabase().files()));
    expect(await keysOf(database)).toEqual(["a/.z", "a/0"]);
  });

  it("opens a manifest that is a zstd frame", async () => {
    const zipped = envelope("manifest", rawZstdFrame(worked.bodyOf(worked.MANIFEST_15_1)), "00 01");
    const storage = storageOf({ "manifest.ocdbt": zipped, [worked.PATH_15_1]: worked.DATA_FILE_15_2 });
    expect(await keysOf(await openOcdbt(storage))).toEqual(["a/.z", "a/0"]);
  });

  it("does not find a database without manifest", async () => {
    const storage = storageOf({ [worked.PATH_15_1]: worked.DATA_FILE_15_2 });
    await expect(openOcdbt(storage)).rejects.toEqual(refusal("NOT_FOUND", { file: "manifest.ocdbt" }));
  });

  it("names the manifest that is damaged", async () => {
    const storage = storageOf({ "manifest.ocdbt": worked.MANIFEST_15_1.subarray(0, 90) });
    await expect(openOcdbt(storage)).rejects.toEqual(damage({ file: "manifest.ocdbt", field: "length" }));
  });

  it("refuses a manifest over the limit", async () => {
    const opened = openOcdbt(workedDatabase(), { limits: { encodedNodeBytes: 96 } });
    await expect(opened).rejects.toEqual(
      refusal("LIMIT_EXCEEDED", { file: "manifest.ocdbt", limit: "encodedNodeBytes" }),
    );
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    "refuses generation %d",
    async (generation) => {
      await expect(openOcdbt(workedDatabase(), { generation })).rejects.toEqual(refusal("INVALID_ARGUMENT"));
    },
  );

  it("reads nothing when its signal is aborted", async () => {
    const { storage } = counting(workedDatabase());
    const reason = new Error("enough");
    await expect(openOcdbt(storage, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("list", () => {
  it("reads the manifest and the root of a tree of height 0, no values", async () => {
    const { storage, reads } = counting(workedDatabase());
    const entries = [];
    for await (const entry of (await openOcdbt(storage)).list()) entries.push(entry);
    expect(entries).toEqual([
      { key: utf8("a/.z"), value: { kind: "inline", bytes: utf8("{}") } },
      { key: utf8("a/0"), value: { kind: "range", file: `/${worked.PATH_15_1}`, offset: 0, length: 13 } },
    ]);
    expect(reads).toEqual(["manifest.ocdbt", `${worked.PATH_15_1}[13:86]`]);
  });

  it("puts the keys of leaves together that were cut off (15.3)", async () => {
    const database = await openOcdbt(workedTree());
    expect(await contentOf(database)).toEqual({ "w/aa": "1", "w/ab": "2", "w/ba": "3", "w/bb": "4" });
  });

  it("goes through all levels in byte order", async () => {
    const expected = Array.from("abcdefgh", (letter) => [`${letter}0`, `${letter}1`]).flat();
    expect(await keysOf(await openOcdbt(threeLevels()))).toEqual(expected);
  });

  it("lists nothing in an empty database, without a read", async () => {
    const { storage, reads } = counting(storageOf({ "manifest.ocdbt": emptyManifest() }));
    const database = await openOcdbt(storage);
    expect(await keysOf(database)).toEqual([]);
    expect(await database.get("")).toBeUndefined();
    expect(reads).toEqual(["manifest.ocdbt"]);
  });

  it("reads one node a node where the storage tells no sizes", async () => {
    const { storage, reads } = counting(threeLevels(), { sizes: false });
    await keysOf(await openOcdbt(storage));
    expect(reads).toHaveLength(1 + 1 + 4 + 8);
  });

  it("reads nodes that lie together at once where it does", async () => {
    const { storage, reads } = counting(threeLevels());
    await keysOf(await openOcdbt(storage));
    expect(reads).toHaveLength(3);
  });

  it.each([
    ["e", ["e0", "e1"], 5], // the child before could hold "e" itself
    ["e1", ["e1"], 4],
    ["", Array.from("abcdefgh", (letter) => [`${letter}0`, `${letter}1`]).flat(), 14],
    ["a", ["a0", "a1"], 4],
    ["h", ["h0", "h1"], 4],
    ["e2", [], 4],
    ["A", [], 2],
    ["i", [], 3],
    ["e0x", [], 4],
  ])("reads for the prefix %j only what can hold such keys", async (prefix, expected, count) => {
    const { storage, reads } = counting(threeLevels(), { sizes: false });
    expect(await keysOf(await openOcdbt(storage), prefix)).toEqual(expected);
    expect(reads).toHaveLength(count);
  });

  it("takes a prefix of bytes that are no text", async () => {
    const body = hex("00 00   03   00 00   01 01 02   61 fe ff00   00 00 00   00 00 00");
    const database = await openOcdbt(oneNode(body));
    const keys = [];
    for await (const { key } of database.list({ prefix: hex("ff") })) keys.push(toHex(key));
    expect(keys).toEqual(["ff00"]);
  });

  it("hands out keys and inline values that keep no node in memory", async () => {
    const storage = oneNode(leafBody([["a", "1"]]));
    const stored = storage.files().get("/d/x");
    const database = await openOcdbt(storage);
    for await (const { key, value } of database.list()) {
      expect(key.buffer).not.toBe(stored?.buffer);
      expect(value.kind === "inline" && value.bytes.buffer).not.toBe(stored?.buffer);
      expect(key.buffer.byteLength).toBe(1);
    }
  });

  it("goes through leaves larger than a batch", async () => {
    const entries = Array.from({ length: 2500 }, (_, index): [string, string] => {
      const digits = String(index).padStart(4, "0");
      return [digits, index % 3 === 0 ? "" : `value ${digits}`];
    });
    const content = await contentOf(await openOcdbt(oneNode(leafBody(entries))));
    expect(content).toEqual(Object.fromEntries(entries));
  });

  it("goes through values larger than a batch", async () => {
    const entries = ["a", "b", "c"].map((letter): [string, string] => [letter, letter.repeat(200_000)]);
    expect(await contentOf(await openOcdbt(oneNode(leafBody(entries))))).toEqual(Object.fromEntries(entries));
  });

  it("stops when its signal is aborted, also between nodes that are known", async () => {
    const database = await openOcdbt(threeLevels());
    await keysOf(database);
    const controller = new AbortController();
    const reason = new Error("enough");
    const listing = async () => {
      for await (const _ of database.list({ signal: controller.signal })) controller.abort(reason);
    };
    await expect(listing()).rejects.toBe(reason);
  });
});

describe("get", () => {
  it("gives inline and other values", async () => {
    const { storage, reads } = counting(workedDatabase());
    const database = await openOcdbt(storage);
    expect(textOf((await database.get("a/.z")) ?? hex(""))).toBe("{}");
    expect(textOf((await database.get(utf8("a/0"))) ?? hex(""))).toBe("Hello, OCDBT!");
    expect(reads).toEqual(["manifest.ocdbt", `${worked.PATH_15_1}[13:86]`, `${worked.PATH_15_1}[0:13]`]);
  });

  it("reads one node a level", async () => {
    const { storage, reads } = counting(threeLevels(), { sizes: false });
    const database = await openOcdbt(storage);
    expect(await database.get("e1")).toEqual(utf8("e1"));
    expect(reads).toHaveLength(1 + 3);
  });

  it("reads no node twice", async () => {
    const { storage, reads } = counting(threeLevels(), { sizes: false });
    const database = await openOcdbt(storage);
    await database.get("e1");
    await database.get("e0");
    expect(reads).toHaveLength(1 + 3);
  });

  it.each(["", "a", "a/", "a/.", "a/.zz", "a/0 ", "b", "A", "/a/0"])(
    "gives nothing for the key %j",
    async (key) => {
      expect(await (await openOcdbt(workedDatabase())).get(key)).toBeUndefined();
    },
  );

  it.each(["", "w", "w/", "w/a", "w/aaa", "w/ac", "w/b", "w/c", "v", "x"])(
    "gives nothing for %j in a tree",
    async (key) => {
      expect(await (await openOcdbt(workedTree())).get(key)).toBeUndefined();
    },
  );

  it("refuses a key with half a surrogate pair", async () => {
    const database = await openOcdbt(workedDatabase());
    await expect(database.get("a\ud800")).rejects.toEqual(refusal("INVALID_ARGUMENT"));
  });

  it("gives an empty value without its file", async () => {
    const body = hex('00   01 09 00 "d/missing"   01   01 "a"   00   01   00   05');
    expect(await (await openOcdbt(oneNode(body))).get("a")).toEqual(hex(""));
  });
});

describe("any tree", () => {
  const databases = fc.record({
    keys: fc.uniqueArray(byteStrings, { minLength: 1, maxLength: 40, selector: toHex }),
    nodeBytes: fc.constantFrom(1, 100, 300, 1000, 0),
    prefix: byteStrings,
  });

  it("lists its keys in order, all of them or those with a prefix, and gives each value", async () => {
    await fc.assert(
      fc.asyncProperty(databases, async ({ keys, nodeBytes, prefix }) => {
        const storage = new MemoryStorage();
        const entries = keys.map((key): [Uint8Array, Uint8Array] => [key, utf8(`value of ${toHex(key)}`)]);
        const maxInlineValueBytes = 30;
        await writeOcdbt(storage, entries, {
          config: { maxDecodedNodeBytes: nodeBytes, maxInlineValueBytes },
        });
        const database = await openOcdbt(storage);
        const sorted = [...keys].sort(compareBytes).map(toHex);
        const listed = async (start: Uint8Array) => {
          const found: string[] = [];
          for await (const { key } of database.list({ prefix: start })) found.push(toHex(key));
          return found;
        };
        expect(await listed(hex(""))).toEqual(sorted);
        expect(await listed(prefix)).toEqual(sorted.filter((key) => key.startsWith(toHex(prefix))));
        for (const [key, value] of entries) expect(await database.get(key)).toEqual(value);
        expect(await database.get(joined([prefix, hex("7a7a")]))).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});
