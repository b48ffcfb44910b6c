import { describe, expect, it } from "vitest";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import type { StorageKey } from "../../src/storage/storage.js";
import { envelope, hex, u64le, varint } from "./bytes.js";
import { config, storageOf, table } from "./databases.js";
import { damage, refusal } from "./errors.js";
import { keysOf } from "./sample-databases.js";

/** A numbered manifest of an empty tree. */
const numbered = (generation: number, configuration = config()) => {
  const missing = "ff".repeat(9).concat("01");
  const version = `01 ${varint(generation)} 00 00 ${missing} ${missing} 00 00 00 ${u64le(1000)}`;
  return envelope("manifest", hex(`${configuration} ${table([""])} ${version} 00`));
};

const name = (generation: number) => `manifest.${generation.toString(16).padStart(16, "0")}`;

describe("numbered manifests", () => {
  const head = envelope("manifest", hex(config({ kind: 1 })));
  it("none of which is there are an empty database", async () => {
    const database = await openOcdbt(storageOf({ "manifest.ocdbt": head }));
    expect(database.version).toBeUndefined();
    expect(await keysOf(database)).toEqual([]);
    const versions = [];
    for await (const version of database.versions()) versions.push(version);
    expect(versions).toEqual([]);
    const older = openOcdbt(storageOf({ "manifest.ocdbt": head }), { generation: 1 });
    await expect(older).rejects.toEqual(refusal("NOT_FOUND"));
  });

  it("are chosen by the highest number", async () => {
    const storage = storageOf({
      "manifest.ocdbt": head,
      [name(9)]: numbered(9),
      [name(10)]: numbered(10),
      [name(2)]: hex("00"),
    });
    expect((await openOcdbt(storage)).version?.generation).toBe(10n);
  });

  it.each([
    "manifest.000000000000000A",
    "manifest.0000000000000000",
    "manifest.02",
    "manifest.00000000000000002",
    "manifest.0000000000000002~",
    "manifest-0000000000000002",
    "manifest.0000000000000002/x",
    "old/manifest.0000000000000002",
  ])("are not what is called %s", async (other) => {
    const storage = storageOf({ "manifest.ocdbt": head, [name(1)]: numbered(1), [other]: hex("00") });
    expect((await openOcdbt(storage)).version?.generation).toBe(1n);
  });

  it.each([
    ["is damaged", hex("00"), "size"],
    ["ends with another generation", numbered(1), "newest generation"],
    ["has no versions", head, "newest generation"],
    ["has another arity", numbered(2, config({ arityLog2: 5 })), "version_tree_arity_log2"],
    ["has another identity", numbered(2, config().replace("0001", "ff01")), "uuid"],
  ])("are refused when the newest %s", async (_, bytes, field) => {
    const storage = storageOf({ "manifest.ocdbt": head, [name(1)]: numbered(1), [name(2)]: bytes });
    await expect(openOcdbt(storage)).rejects.toEqual(damage({ file: name(2), field }));
  });

  it("cannot be found in a storage that does not list", async () => {
    const inner = storageOf({ "manifest.ocdbt": head });
    await expect(openOcdbt({ get: (key: StorageKey) => inner.get(key) })).rejects.toEqual(
      refusal("UNSUPPORTED", { file: "manifest.ocdbt" }),
    );
  });
});
