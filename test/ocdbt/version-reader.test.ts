import { describe, expect, it } from "vitest";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import { envelope, hex, joined, u64le, varint } from "./bytes.js";
import { counting } from "./counting.js";
import { DataFile, leafBody, manifest, storageOf, table } from "./databases.js";
import { damage, refusal } from "./errors.js";
import { keysOf } from "./sample-databases.js";
import * as worked from "./worked-examples.js";

/** The version tree of section 16. The roots that it names are not there. */
function workedVersions(): MemoryStorage {
  return storageOf({
    "manifest.ocdbt": worked.MANIFEST_WITH_REFERENCE,
    "d/x": joined([new Uint8Array(69), worked.VERSION_LEAF, worked.VERSION_NODE]),
  });
}

describe("versions", () => {
  it("are all listed, oldest first", async () => {
    const database = await openOcdbt(workedVersions());
    const generations = [];
    for await (const { generation } of database.versions()) generations.push(generation);
    expect(generations).toEqual([1n, 2n, 3n]);
  });

  it("are found in the manifest without a further read", async () => {
    const { storage, reads } = counting(workedVersions());
    const database = await openOcdbt(storage, { generation: 3 });
    expect(database.version).toMatchObject({ generation: 3n, commitTime: 3000n });
    expect(reads).toEqual(["manifest.ocdbt"]);
  });

  it("are found in the tree with a read a level", async () => {
    const { storage, reads } = counting(workedVersions(), { sizes: false });
    const database = await openOcdbt(storage, { generation: 2n });
    expect(database.version).toMatchObject({ generation: 2n, root: { offset: 5, length: 64 } });
    expect(reads).toEqual(["manifest.ocdbt", "d/x[149:189]", "d/x[69:149]"]);
  });

  it("may be empty while newer ones are not", async () => {
    const database = await openOcdbt(workedVersions(), { generation: 1 });
    expect(await keysOf(database)).toEqual([]);
  });

  it("open when the roots of others are damaged", async () => {
    await expect(keysOf(await openOcdbt(workedVersions()))).rejects.toEqual(damage({ file: "d/x" }));
    await expect(keysOf(await openOcdbt(workedVersions(), { generation: 1 }))).resolves.toEqual([]);
  });

  it("are not found beyond the newest, before the first, or where they were dropped", async () => {
    for (const generation of [4, 0, -1, 2n ** 70n]) {
      await expect(openOcdbt(workedVersions(), { generation })).rejects.toEqual(refusal("NOT_FOUND"));
    }
  });

  it("are refused when a node does not end with the generation that its reference says", async () => {
    // The reference says 2 and reaches a leaf that holds generation 1 alone.
    const leaf = envelope(
      "versions",
      hex(`01 00 ${table([""])} 01 01 00 00 ${"ff".repeat(9)}01 ${"ff".repeat(9)}01 00 00 00 ${u64le(1000)}`),
    );
    const node = envelope(
      "versions",
      hex(`01 01 ${table(["d/x"])} 01 02 00 00 ${varint(leaf.length)} 02 ${u64le(1000)}`),
    );
    const head = worked.bodyOf(worked.MANIFEST_WITH_REFERENCE).subarray(0, -16);
    const reference = hex(`01 02 00 ${varint(leaf.length)} ${varint(node.length)} 02 ${u64le(1000)} 01`);
    const storage = storageOf({
      "manifest.ocdbt": envelope("manifest", joined([head, reference])),
      "d/x": joined([leaf, node]),
    });
    await expect(openOcdbt(storage, { generation: 1 })).rejects.toEqual(
      damage({ field: "newest generation", found: 1n, expected: "2" }),
    );
  });

  it("beyond 2^53 are told apart", async () => {
    const file = new DataFile("d/x");
    const root = file.appendNode(leafBody([["a", "1"]]));
    const storage = storageOf({ "manifest.ocdbt": manifest(root, 0, 2n ** 53n + 1n), "d/x": file.bytes });
    expect((await openOcdbt(storage)).version?.generation).toBe(2n ** 53n + 1n);
    await expect(openOcdbt(storage, { generation: 2n ** 53n })).rejects.toEqual(refusal("NOT_FOUND"));
    expect(await keysOf(await openOcdbt(storage, { generation: 2n ** 53n + 1n }))).toEqual(["a"]);
  });
});
