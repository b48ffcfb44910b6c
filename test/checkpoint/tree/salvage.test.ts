import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../../../src/checkpoint/open-checkpoint.js";
import { openTree } from "../../../src/checkpoint/tree/open-tree.js";
import type { PytreeItem } from "../../../src/checkpoint/tree/pytree-item.js";
import { openOcdbt } from "../../../src/ocdbt/reader.js";
import { writeOcdbt } from "../../../src/ocdbt/writer.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import type { ReadableStorage } from "../../../src/storage/storage.js";
import { within } from "../../../src/storage/within.js";
import { dumpLeaves, expectedDump, expectedPart, FIXTURES } from "../dump-tree.js";
import { type FixtureChanges, fixtureNames, fixtureStorage } from "../fixture-storage.js";

/** Opens a tree with salvage, and tells what that said. */
async function salvaged(storage: ReadableStorage) {
  const messages: string[] = [];
  const item = await openTree({ storage }, { onSalvage: (message) => messages.push(message) });
  return { item, messages };
}

const dumpOf = async (item: PytreeItem) => dumpLeaves(await item.load());

/** The item of the fixture `v1`: zarr v3 in a database, merged from that of one process. */
const item = (changes: FixtureChanges = {}) => fixtureStorage("v1/state", changes);

/** The item of the fixture `partial/done`: merged from the databases of two processes, as it were. */
const ofTwo = (changes: FixtureChanges = {}) => fixtureStorage("partial/done/state", changes);
const [firstOfTwo = "", secondOfTwo = ""] = fixtureNames("partial/done/state", /^ocdbt\.process/);

/** The values of a process's database, with changes: `undefined` takes a key away. */
async function rewritten(folder: string, changes: Readonly<Record<string, Uint8Array | undefined>>) {
  const storage = ofTwo({ "manifest.ocdbt": false });
  const database = await openOcdbt(within(storage, `/${folder}`));
  const entries = new Map<string, Uint8Array | undefined>();
  for await (const { key } of database.list()) {
    entries.set(new TextDecoder().decode(key), await database.get(key));
  }
  for (const [key, value] of Object.entries(changes)) entries.set(key, value);
  const written = new MemoryStorage();
  await writeOcdbt(
    written,
    [...entries].flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
  await storage.delete(`/${folder}`);
  for (const [key, bytes] of written.files()) await storage.set(`/${folder}${key}`, bytes);
  return storage;
}

describe("a tree that lost its top database", () => {
  it.each<[string, string[]]>([
    ["its manifest", ["manifest.ocdbt"]],
    ["its data files", ["d"]],
    ["both", ["manifest.ocdbt", "d"]],
  ])("is refused, and the message names the way out: %s", async (_, names) => {
    const lost = item(Object.fromEntries(names.map((name) => [name, false])));
    await expect((await openTree({ storage: lost })).load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: expect.stringMatching(/not found|no such file/),
      details: { file: expect.stringMatching(/^(manifest\.ocdbt|d\/[0-9a-f]{32})$/) },
    });
    await expect((await openTree({ storage: lost })).load()).rejects.toThrow(
      /the databases of the processes \(ocdbt\.process_0\) are there: salvage \(--salvage\) joins them$/,
    );
  });

  it.each<[string, string[]]>([
    ["its manifest", ["manifest.ocdbt"]],
    ["its data files", ["d"]],
    ["both", ["manifest.ocdbt", "d"]],
  ])("is read by salvage: %s", async (_, names) => {
    const { item: tree, messages } = await salvaged(
      item(Object.fromEntries(names.map((name) => [name, false]))),
    );
    expect(await dumpOf(tree)).toEqual(expectedDump("v1"));
    expect(messages).toEqual([expect.stringMatching(/; read from ocdbt\.process_0 instead$/)]);
  });

  it.each(["standard-ocdbt-zarr2", "pytree-ocdbt-zarr3", "pytree-strings"])(
    "is read by salvage in zarr v2 and v3: %s",
    async (name) => {
      const { item: tree, messages } = await salvaged(fixtureStorage(name, { "manifest.ocdbt": false }));
      expect(await dumpOf(tree)).toEqual(expectedDump(name));
      expect(messages).toHaveLength(1);
    },
  );

  it("is read by salvage where the manifest is damaged", async () => {
    const { item: tree, messages } = await salvaged(item({ "manifest.ocdbt": "damaged" }));
    expect(await dumpOf(tree)).toEqual(expectedDump("v1"));
    expect(messages).toHaveLength(1);
  });

  it("is joined from several processes", async () => {
    const { item: tree, messages } = await salvaged(ofTwo({ "manifest.ocdbt": false }));
    expect(await dumpOf(tree)).toEqual(expectedPart("partial", "done"));
    expect(messages).toEqual([expect.stringMatching(`; read from ${firstOfTwo}, ${secondOfTwo} instead$`)]);
  });

  it("says so once, however often it is asked", async () => {
    const { item: tree, messages } = await salvaged(item({ "manifest.ocdbt": false }));
    await tree.load();
    await tree.describe(tree.leaves);
    await tree.array("params/w");
    expect(messages).toHaveLength(1);
  });

  it("cannot be salvaged without databases of processes", async () => {
    const { item: tree, messages } = await salvaged(
      item({ "manifest.ocdbt": false, "ocdbt.process_0": false }),
    );
    await expect(tree.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: "manifest.ocdbt: not found, expected the database of the item's arrays",
    });
    expect(messages).toEqual([]);
  });
});

describe("a tree that lost nothing", () => {
  it.each(["v1/state", "standard-ocdbt-zarr2", "files-zarr3", "pytree-strings", "partial/done/state"])(
    "is not salvaged: %s",
    async (path) => {
      const { item: tree, messages } = await salvaged(fixtureStorage(path));
      await tree.load();
      expect(messages).toEqual([]);
    },
  );
});

describe("salvage refuses", () => {
  it("a process whose database is damaged, and names its file", async () => {
    const changes = { "manifest.ocdbt": false, [`${firstOfTwo}/manifest.ocdbt`]: "damaged" } as const;
    const { item: tree, messages } = await salvaged(ofTwo(changes));
    await expect(tree.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: `${firstOfTwo}/manifest.ocdbt` },
    });
    expect(messages).toEqual([]);
  });

  it("a process that lost its data files", async () => {
    const changes = { "manifest.ocdbt": false, [`${firstOfTwo}/d`]: false } as const;
    await expect((await salvaged(ofTwo(changes))).item.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: expect.stringContaining(`${firstOfTwo}/d/`) },
    });
  });

  it("a tree without the arrays of a lost process, by the first leaf's name", async () => {
    const changes = { "manifest.ocdbt": false, [firstOfTwo]: false } as const;
    await expect((await salvaged(ofTwo(changes))).item.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { key: expect.stringMatching(/^(a|list\/0|b\/c|b\/d|b\/key|b\/large)$/) },
    });
  });

  it("different bytes under one key", async () => {
    const storage = await rewritten(firstOfTwo, {
      "b.d/zarr.json": new Uint8Array(5),
      "a/zarr.json": new Uint8Array(5),
    });
    await expect((await salvaged(storage)).item.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: expect.stringMatching(`in ${firstOfTwo} and ${secondOfTwo}: "different values"`),
    });
  });

  it("a missing chunk, whatever the tree says of missing chunks", async () => {
    const text = new TextDecoder().decode(await ofTwo().get("/_METADATA"));
    const lenient = text.replace('"store_array_data_equal_to_fill_value": true', '"other": true');
    expect(lenient).not.toBe(text);
    for (const folder of [firstOfTwo, secondOfTwo]) {
      const storage = await rewritten(folder, { "b.d/c": undefined, "a/c/0": undefined });
      await storage.set("/_METADATA", new TextEncoder().encode(lenient));
      await expect((await salvaged(storage)).item.load()).rejects.toMatchObject({
        code: "DATA_LOSS",
        message: expect.stringMatching(/^(a|b\/d): 1 of 1 chunks is missing: c(\/0)?$/),
      });
    }
  });
});

describe("openCheckpoint that salvages", () => {
  it("joins the databases of a tree that lost the top one, and says so", async () => {
    const said: string[] = [];
    const lost = fixtureStorage("v1", { "state/manifest.ocdbt": false });
    const checkpoint = await openCheckpoint(lost, { onSalvage: (message) => said.push(message) });
    expect(dumpLeaves(await (await checkpoint.tree()).load())).toEqual(expectedDump("v1"));
    expect(said).toEqual([expect.stringContaining("manifest.ocdbt")]);
  });

  it("opens a partial save that was never finalized, which is refused without", async () => {
    const said: string[] = [];
    const path = join(FIXTURES, "partial/open.partial_save");
    const checkpoint = await openCheckpoint(path, { onSalvage: (message) => said.push(message) });
    expect({ ...Object(await checkpoint.load({ only: ["text"] })) }).toEqual({ text: "one" });
    expect(said).toEqual([expect.stringContaining("never finalized")]);
    await expect(openCheckpoint(path)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
