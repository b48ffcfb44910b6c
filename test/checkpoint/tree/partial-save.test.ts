import { describe, expect, it } from "vitest";
import { openTree } from "../../../src/checkpoint/tree/open-tree.js";
import type { PytreeItem } from "../../../src/checkpoint/tree/pytree-item.js";
import { within } from "../../../src/storage/within.js";
import { dumpLeaves, expectedPart } from "../dump-tree.js";
import { type FixtureChanges, fixtureNames, fixtureStorage } from "../fixture-storage.js";

const expected = (name: string) => expectedPart("partial", name);
const pendingOf = (name: string) => fixtureNames(`partial/${name}.partial_save`, /pending/);

/** Opens a folder of the fixture `partial` with salvage, and tells what that said. */
async function salvaged(name: string, changes: FixtureChanges = {}) {
  const messages: string[] = [];
  const storage = within(fixtureStorage("partial", changes), `/${name}`);
  const item = await openTree({ storage }, { onSalvage: (message) => messages.push(message) });
  return { item, messages };
}

const dumpOf = async (item: PytreeItem) => dumpLeaves(await item.load());

describe("a series of partial saves", () => {
  it("that was finalized is a tree like any other", async () => {
    const { item, messages } = await salvaged("done/state");
    expect(await dumpOf(item)).toEqual(expected("done"));
    expect(messages).toEqual([]);
  });

  it.each(["open", "files", "half"])("that was not is joined by salvage: %s", async (name) => {
    const { item, messages } = await salvaged(`${name}.partial_save`);
    expect(await dumpOf(item)).toEqual(expected(name));
    expect(messages).toEqual([
      `memory/${name}.partial_save: a partial save that was never finalized; 2 parts joined`,
    ]);
  });

  it("is refused without salvage", async () => {
    const storage = within(fixtureStorage("partial"), "/open.partial_save");
    await expect(openTree({ storage })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("gives an exact load the sharding of every part", async () => {
    const { item } = await salvaged("open.partial_save");
    expect(await item.loadTree({ exact: true, only: ["b", "c"] })).toMatchObject({
      b: { c: { sharding: expect.stringContaining("SingleDeviceSharding") } },
    });
  });

  it("gives lazy arrays of every part", async () => {
    const { item } = await salvaged("open.partial_save");
    expect((await item.array("a")).shape).toEqual([5]);
    const chunk = await (await item.array(["b", "c"])).getChunk([0, 0]);
    expect(chunk.data).toEqual(Float64Array.of(1, 1, 1, 1, 1, 1));
  });

  it("without a call is not found", async () => {
    const changes = Object.fromEntries(
      pendingOf("open").map((name) => [`open.partial_save/${name}/state`, false]),
    );
    await expect(
      salvaged("open.partial_save", { "open.partial_save/x": "", ...changes }),
    ).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "memory/open.partial_save: no pending call of a partial save with a tree",
    });
  });
});

describe("a series that lost something", () => {
  const [first = "", second = ""] = pendingOf("open");
  const state = `open.partial_save/${first}/state`;

  it("is refused without the tree of a call", async () => {
    await expect(salvaged("open.partial_save", { [`${state}/_METADATA`]: false })).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: `${first}/state/_METADATA` },
    });
  });

  it("is refused with a damaged tree, which it names", async () => {
    await expect(salvaged("open.partial_save", { [`${state}/_METADATA`]: "{" })).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: `${first}/state/_METADATA` },
    });
  });

  it("is refused without the database of a call, with the first leaf that is missing", async () => {
    const { item } = await salvaged("open.partial_save", { [`${state}/ocdbt.process_0`]: false });
    await expect(item.load()).rejects.toMatchObject({ code: "DATA_LOSS", details: { key: "a" } });
  });

  it("is refused without a data file, which it names", async () => {
    const changes = { [`open.partial_save/${second}/state/ocdbt.process_0/d`]: false } as const;
    const { item } = await salvaged("open.partial_save", changes);
    await expect(item.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: expect.stringContaining(`${second}/state/ocdbt.process_0/d/`) },
    });
  });

  it("is refused without its strings", async () => {
    const { item } = await salvaged("open.partial_save", { [`${state}/_strings.json`]: false });
    await expect(item.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: "_strings.json" },
    });
  });

  it("is refused without a chunk in files", async () => {
    const [one = ""] = pendingOf("files");
    const { item } = await salvaged("files.partial_save", {
      [`files.partial_save/${one}/state/a/c/0`]: false,
    });
    await expect(item.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: "a: 1 of 1 chunks is missing: c/0",
    });
  });
});

/** The text of `_METADATA` with one leaf `a`. */
const treeOfA = (valueType: string) =>
  `{"tree_metadata": {"('a',)": {"key_metadata": [{"key": "a", "key_type": 2}],
    "value_metadata": {"value_type": "${valueType}", "skip_deserialize": false}}}, "use_zarr3": true}`;

describe("a merge that died", () => {
  it("before the tree of the first call was moved is joined all the same", async () => {
    const { item } = await salvaged("open.partial_save", { "open.partial_save/state/d/file": "x" });
    expect(await dumpOf(item)).toEqual(expected("open"));
  });

  it("may have left one string in two places, but not two of them", async () => {
    const [pending = ""] = pendingOf("half");
    const strings = `half.partial_save/${pending}/state/_strings.json`;
    const same = await salvaged("half.partial_save", { [strings]: '{"b.text":"two","text":"one"}' });
    expect(await dumpOf(same.item)).toEqual(expected("half"));
    const other = await salvaged("half.partial_save", { [strings]: '{"b.text":"two","text":"three"}' });
    await expect(other.item.load()).rejects.toMatchObject({ code: "DATA_LOSS", details: { key: "text" } });
  });

  it("may have left one leaf in two places, but not of two types", async () => {
    const [first = "", second = ""] = pendingOf("open");
    const [one, two] = [first, second].map((pending) => `open.partial_save/${pending}/state/_METADATA`);
    if (one === undefined || two === undefined) throw new Error("the fixture has two calls");
    const { item } = await salvaged("open.partial_save", {
      [one]: treeOfA("np.ndarray"),
      [two]: treeOfA("np.ndarray"),
    });
    expect(item.leaves).toHaveLength(1);
    const changes = { [one]: treeOfA("np.ndarray"), [two]: treeOfA("scalar") };
    await expect(salvaged("open.partial_save", changes)).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { key: "('a',)" },
    });
  });
});
