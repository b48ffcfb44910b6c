import { describe, expect, it } from "vitest";
import { ArrayDocuments } from "../../../src/checkpoint/arrays/array-documents.js";
import { type DatabaseInFolder, OcdbtArrays } from "../../../src/checkpoint/arrays/ocdbt-arrays.js";
import { DEFAULT_LIMITS, type Limits } from "../../../src/limits.js";
import { openOcdbt } from "../../../src/ocdbt/reader.js";
import { writeOcdbt } from "../../../src/ocdbt/writer.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import { CountingStorage } from "../counting-storage.js";
import { zarray } from "../stored-item.js";

type Entries = readonly (readonly [string | Uint8Array, string])[];

const text = (value: string) => new TextEncoder().encode(value);
const ofLength = (length: number) => zarray({ shape: [length], chunks: [length] });
const requests = (...names: string[]) => names.map((name) => ({ name, path: [name] }));

/** A database with these keys and values. */
async function written(entries: Entries): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  await writeOcdbt(
    storage,
    entries.map(([key, value]) => [key, text(value)] as const),
  );
  return storage;
}

/** One store over databases in the folders `p0`, `p1`, …; a single one stands at the top. */
async function storeOver(...databases: Entries[]): Promise<OcdbtArrays> {
  const sources: DatabaseInFolder[] = [];
  for (const [index, entries] of databases.entries()) {
    const folder = databases.length === 1 ? "" : `p${index}`;
    sources.push({ folder, database: await openOcdbt(await written(entries)) });
  }
  return openAll(sources);
}

const openAll = (sources: readonly DatabaseInFolder[], changes: Partial<Limits> = {}) => {
  const limits = { ...DEFAULT_LIMITS, ...changes };
  return OcdbtArrays.open(sources, { documents: new ArrayDocuments(2, limits), limits });
};

/** Reads chunks, by `array` and `chunk`, as they are stored. */
async function chunksOf(store: OcdbtArrays, ...chunks: (readonly [string, string])[]) {
  const received = new Map<string, string | undefined>();
  await store.readChunks(
    chunks.map(([array, chunk]) => ({
      array,
      chunk,
      storedBytes: undefined,
      into: () => undefined,
      receive: (stored) => void received.set(`${array} ${chunk}`, stored && new TextDecoder().decode(stored)),
    })),
  );
  return Object.fromEntries(received);
}

describe("arrays in a database", () => {
  it("are found by names that no file could have", async () => {
    const store = await storeOver([
      [".zarray", ofLength(1)],
      ["//b/.zarray", ofLength(2)],
      ["..//.zarray", ofLength(3)],
      ["\ufeffa/.zarray", ofLength(4)],
    ]);
    const described = await store.describe(requests("", "//b", "..//", "\ufeffa"));
    expect(described.map(({ shape }) => shape)).toEqual([[1], [2], [3], [4]]);
  });

  it("are not those of keys that are no text", async () => {
    const noText = Uint8Array.of(0xff, ...text("/.zarray"));
    const both = await storeOver([
      [noText, "no text"],
      ["\ufffd/.zarray", ofLength(1)],
    ]);
    expect(await both.describe(requests("\ufffd"))).toHaveLength(1);
    const one = await storeOver([[noText, ofLength(1)]]);
    await expect(one.describe(requests("\ufffd"))).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  it("are named where one is missing", async () => {
    const store = await storeOver([["a/.zarray", ofLength(1)]]);
    await expect(store.describe(requests("a", "b"))).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { key: "b" },
    });
  });

  it("give a zarrita store rooted at the array", async () => {
    const store = await storeOver([
      ["t/0", "chunk"],
      ["t/.zarray", ofLength(1)],
    ]);
    const rooted = store.store("t/");
    expect(new TextDecoder().decode(await rooted.get("/0"))).toBe("chunk");
    const part = await rooted.getRange?.("/0", { offset: 1, length: 2 });
    expect(new TextDecoder().decode(part)).toBe("hu");
    expect(await rooted.get("/1")).toBeUndefined();
    expect([store.storedBytes("t", "0"), store.storedBytes("t", "1")]).toEqual([5, undefined]);
  });

  it("are described and read without a read beyond the nodes, where they are small", async () => {
    const counted = new CountingStorage(
      await written([
        ["a/.zarray", ofLength(1)],
        ["a/0", "chunk"],
      ]),
    );
    const sources = [{ folder: "", database: await openOcdbt(counted) }];
    const store = await openAll(sources);
    expect(counted.takeKeys()).toHaveLength(2);
    await store.describe(requests("a"));
    expect(await chunksOf(store, ["a", "0"])).toEqual({ "a 0": "chunk" });
    expect(await store.store("a").get("/0")).toEqual(text("chunk"));
    expect(counted.takeKeys()).toEqual([]);
  });
});

describe("arrays in the databases of several processes", () => {
  const first: Entries = [
    ["a/.zarray", ofLength(2)],
    ["a/0", "zero"],
  ];
  const second: Entries = [
    ["a/1", "one"],
    ["b/.zarray", ofLength(3)],
    ["b/0", "x".repeat(5000)],
  ];

  it("are joined: chunks of one array may lie in all of them", async () => {
    const store = await storeOver(first, second);
    expect((await store.describe(requests("a", "b"))).map(({ shape }) => shape)).toEqual([[2], [3]]);
    expect(await chunksOf(store, ["a", "0"], ["a", "1"], ["a", "2"], ["b", "0"])).toEqual({
      "a 0": "zero",
      "a 1": "one",
      "a 2": undefined,
      "b 0": "x".repeat(5000),
    });
    expect(new TextDecoder().decode(await store.store("a").get("/1"))).toBe("one");
    expect(new TextDecoder().decode(await store.store("a").get("/0"))).toBe("zero");
  });

  it("may hold the same bytes twice, in the node or beside it", async () => {
    const store = await storeOver([...first, ["b/0", "x".repeat(5000)]], [...second, ["a/0", "zero"]]);
    expect(await chunksOf(store, ["a", "0"])).toEqual({ "a 0": "zero" });
  });

  it.each([
    ["as long", "nero"],
    ["of another length", "zeros"],
    ["empty", ""],
  ])("must not hold different bytes: %s", async (_, other) => {
    await expect(storeOver(first, [...second, ["a/0", other]])).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: 'a/0: in p0 and p1: "different values", expected one, or the same twice',
      details: { key: "a/0" },
    });
  });

  it.each<[Partial<Limits>, string]>([
    [{ listedKeys: 4 }, "listedKeys"],
    [{ listedBytes: 3 }, "listedBytes"],
  ])("are held together to the limits of one: %j", async (changes, limit) => {
    const sources = [
      { folder: "p0", database: await openOcdbt(await written(first)) },
      { folder: "p1", database: await openOcdbt(await written([...second, ["a/0", "zero"]])) },
    ];
    await expect(openAll(sources)).resolves.toBeDefined();
    await expect(openAll(sources, changes)).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { limit },
    });
  });

  it("say in which of them a file is missing", async () => {
    const good = await written(first);
    const bad = await written(second);
    const sources = [
      { folder: "p0", database: await openOcdbt(good) },
      { folder: "p1", database: await openOcdbt(bad) },
    ];
    const store = await openAll(sources);
    await bad.delete("/d");
    await expect(chunksOf(store, ["a", "0"], ["b", "0"])).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: expect.stringMatching(/^p1\/d\//),
      details: { file: expect.stringMatching(/^p1\/d\//) },
    });
    const unlisted = [{ folder: "p1", database: await openOcdbt(bad) }];
    await expect(openAll(unlisted)).rejects.toMatchObject({
      details: { file: expect.stringMatching(/^p1\/d\//) },
    });
  });
});
