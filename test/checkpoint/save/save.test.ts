import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { load, openCheckpoint } from "../../../src/checkpoint/open-checkpoint.js";
import { save } from "../../../src/checkpoint/save/save.js";
import { flattenTree } from "../../../src/pytree/flatten.js";
import {
  float,
  int,
  PrngKey,
  placeholder,
  prngKey,
  scalar,
  type Tree,
  tuple,
} from "../../../src/pytree/value.js";
import { LocalStorage } from "../../../src/storage/local.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import type { WritableStorage } from "../../../src/storage/storage.js";
import { NdArray, ndarray } from "../../../src/zarr/nd-array.js";
import { leaves, trees } from "../../pytree/arbitraries.js";
import { dumpTree, FIXTURES } from "../dump-tree.js";
import { FAULT, type Fault, faulty, filesBelow, KILLED } from "../faulty-storage.js";

vi.setConfig({ testTimeout: 60_000 }); // thousands of small files, on any disk

let top: string;
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "orbax-ts-save-"));
});
afterAll(() => rm(top, { recursive: true }));

const newFolder = () => mkdtemp(join(top, "folder-"));
const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

describe("the files of a checkpoint", () => {
  const tree = { a: ndarray("float32", [2], Float32Array.of(1, 2)), n: 5, s: "hi" };

  it("are Orbax's", async () => {
    const path = join(await newFolder(), "7");
    await save(path, tree);
    expect((await readdir(path)).sort()).toEqual([
      "_CHECKPOINT_METADATA",
      "_METADATA",
      "_strings.json",
      "commit_success.txt",
      "d",
      "manifest.ocdbt",
    ]);
    expect(await readdir(join(path, "d"))).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(await readFile(join(path, "commit_success.txt"), "utf8")).toBe(
      `Checkpoint commit was successful to ${path}`,
    );
    expect(await readFile(join(path, "_strings.json"), "utf8")).toBe('{"s":"hi"}');
  });

  it("leave nothing beside them", async () => {
    const folder = await newFolder();
    await save(join(folder, "7"), tree);
    await save(join(folder, "7"), tree, { overwrite: true });
    expect(await readdir(folder)).toEqual(["7"]);
  });

  it("have a database only where there is an array, and strings only where there are some", async () => {
    const storage = new MemoryStorage();
    await save(storage, { s: "x", e: {} }, { path: "strings" });
    await save(storage, { n: 1 }, { path: "numbers" });
    expect([...(await filesBelow(storage, "/strings")).keys()]).toEqual([
      "/strings/_CHECKPOINT_METADATA",
      "/strings/_METADATA",
      "/strings/_strings.json",
      "/strings/commit_success.txt",
    ]);
    expect((await filesBelow(storage, "/numbers")).has("/numbers/_strings.json")).toBe(false);
    expect(decode(await storage.get("/strings/_METADATA"))).toContain(
      '"use_ocdbt": true, "use_zarr3": false',
    );
  });

  it("say when it was, and how Orbax restores it", async () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const storage = new MemoryStorage();
    await save(storage, tree, { path: "7" });
    const { metadata } = await openCheckpoint(storage.within("/7"));
    const after = BigInt(Date.now()) * 1_000_000n;
    expect(metadata.itemHandlers).toBe(
      "orbax.checkpoint._src.handlers.standard_checkpoint_handler.StandardCheckpointHandler",
    );
    const { initTimestampNs = 0n, commitTimestampNs = 0n } = metadata;
    const times = [before, initTimestampNs, commitTimestampNs, after];
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  });
});

describe("a destination", () => {
  it("may be a path, a file URL, or a storage and a path in it", async () => {
    const folder = await newFolder();
    await save(join(folder, "by-path"), { a: 1 });
    await save(pathToFileURL(join(folder, "by-url")), { a: 2 });
    await save(new LocalStorage(folder), { a: 3 }, { path: "deep/er/by-storage" });
    expect(await load(join(folder, "by-path"))).toEqual({ a: 1 });
    expect(await load(pathToFileURL(join(folder, "by-url")))).toEqual({ a: 2 });
    expect(await load(new LocalStorage(join(folder, "deep/er/by-storage")))).toEqual({ a: 3 });
  });

  it("that is a storage needs a path", async () => {
    await expect(save(new MemoryStorage(), { a: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(save(new MemoryStorage(), { a: 1 }, { path: "../x" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("that is there is kept unless overwrite is asked for", async () => {
    const path = join(await newFolder(), "7");
    await save(path, { a: 1 });
    await expect(save(path, { a: 2 })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message: `Destination ${path} already exists.`,
      details: { file: "7", pythonType: "ValueError" },
    });
    expect(await load(path)).toEqual({ a: 1 });
    await save(path, { a: 2 }, { overwrite: true });
    expect(await load(path)).toEqual({ a: 2 });
  });

  it("with an unfinished save beside it is free", async () => {
    const folder = await newFolder();
    const storage = new LocalStorage(folder);
    await storage.set("/7.orbax-checkpoint-tmp/_METADATA", new Uint8Array(1));
    await save(join(folder, "7"), { a: 1 });
    expect(await readdir(folder)).toEqual(["7"]);
  });
});

describe("customMetadata", () => {
  it("comes back as JSON says it", async () => {
    const customMetadata = {
      text: "é😀",
      list: [1, 2.5, null, true, { deep: [] }],
      big: 2n ** 70n,
      nan: Number.NaN,
      ["__proto__"]: "a key",
    };
    const storage = new MemoryStorage();
    await save(storage, { a: 1 }, { path: "7", customMetadata });
    const { metadata } = await openCheckpoint(storage.within("/7"));
    expect(metadata.customMetadata).toEqual(customMetadata);
    expect(Object.keys(metadata.customMetadata)).toContain("__proto__");
  });

  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const sparse: unknown[] = [];
  sparse[1] = 1;
  it.each<[string, unknown]>([
    ["an array", []],
    ["a text", "x"],
    ["null", null],
    ["a class's instance", new Date(0)],
    ["one below it", { a: [new Map()] }],
    ["a function", { a: () => 1 }],
    ["undefined", { a: undefined }],
    ["a hole", { a: sparse }],
    ["itself", cyclic],
  ])("is refused before anything is written: %s", async (_, customMetadata) => {
    const storage = new MemoryStorage();
    const saving = Reflect.apply(save, undefined, [storage, { a: 1 }, { path: "7", customMetadata }]);
    await expect(saving).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "customMetadata: expected an object of what JSON can say",
    });
    expect(await storage.list("/")).toEqual([]);
  });
});

describe("a signal", () => {
  it("that is aborted before ends a save with its reason, and nothing is written", async () => {
    const storage = new MemoryStorage();
    const reason = new Error("enough");
    await expect(save(storage, { s: "x" }, { path: "7", signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(await storage.list("/")).toEqual([]);
  });

  it("that is aborted at any change before the renames leaves the old checkpoint and no T", async () => {
    const reason = new Error("enough");
    let aborted = 0;
    for (let at = 1; at < 100; at++) {
      const storage = new MemoryStorage();
      await save(storage, { a: 1 }, { path: "7" });
      const controller = new AbortController();
      let changes = 0;
      const { storage: watched } = faulty(storage, undefined, () => {
        if (++changes === at) controller.abort(reason);
      });
      const { signal } = controller;
      const outcome = await save(watched, { a: 2, s: "x" }, { path: "7", overwrite: true, signal }).catch(
        (error: unknown) => error,
      );
      expect((await storage.list("/"))?.map(({ name }) => name)).toEqual(["7"]);
      expect(await load(storage.within("/7"))).toEqual(outcome === reason ? { a: 1 } : { a: 2, s: "x" });
      if (outcome === reason) aborted++;
      if (changes < at) break;
    }
    expect(aborted).toBeGreaterThan(5);
  });
});

describe.each<[string, () => Promise<WritableStorage>, number, readonly Fault["kind"][]]>([
  ["MemoryStorage", async () => new MemoryStorage(), 100, ["stop", "stop within", "fail", "fail on"]],
  ["LocalStorage", async () => new LocalStorage(await newFolder()), 15, ["stop within", "fail"]],
])("in a %s", (_, open, numRuns, kinds) => {
  it("every tree comes back exactly", async () => {
    await fc.assert(
      fc.asyncProperty(trees(fc.oneof(leaves, fc.string({ unit: "grapheme" }))), async (tree) => {
        const storage = await open();
        const refusal = await save(storage, tree, { path: "7" }).catch((error: unknown) => error);
        if (refusal !== undefined) {
          // Equal parameter names, or a string whose path a JSON pointer cannot hold.
          expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT" });
          return;
        }
        const loaded = await load(storage.within("/7"), { exact: true });
        expect(dumpTree(loaded)).toEqual(dumpTree(asStored(tree)));
      }),
      { numRuns },
    );
  });

  const old: Tree = { v: 1, a: ndarray("uint8", [2000], new Uint8Array(2000).fill(1)), s: "old" };
  const next: Tree = { v: 2, a: ndarray("uint8", [3000], new Uint8Array(3000).fill(2)), e: [null] };

  it.each([
    ["new", undefined],
    ["old", old],
  ])("a %s step is whole at every moment of a save", async (_name, before) => {
    for (const kind of kinds) {
      for (let at = 1; ; at++) {
        const storage = await open();
        if (before !== undefined) await save(storage, before, { path: "7" });
        const { storage: broken, changes } = faulty(storage, { kind, at });
        const outcome = await save(broken, next, { path: "7", overwrite: true }).catch(
          (error: unknown) => error,
        );
        expect([undefined, FAULT, KILLED]).toContain(outcome);
        const seen = await load(storage, { exact: true }).catch((error: unknown) => error);
        const [oldDump, nextDump] = [before && dumpTree(asStored(before)), dumpTree(asStored(next))];
        if (before === undefined && outcome !== undefined && !isTree(seen)) {
          expect(seen).toMatchObject({ code: "NOT_FOUND" });
        } else if (isTree(seen)) {
          const possible =
            outcome === undefined ? [nextDump] : kind === "fail" ? [oldDump] : [oldDump, nextDump];
          expect(possible).toContainEqual(dumpTree(seen));
        } else {
          throw seen;
        }
        await save(storage, old, { path: "7", overwrite: true });
        expect(await load(storage)).toMatchObject({ v: 1, s: "old" });
        expect((await storage.list("/"))?.map(({ name }) => name)).toEqual(["7"]);
        if (changes() < at) break;
      }
    }
  });
});

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !(value instanceof Error);
}

/** Typed keys are stored as their words. */
function asStored(tree: Tree): Tree {
  if (PrngKey.is(tree)) return ndarray("uint32", [...tree.shape, tree.data.length], tree.data);
  if (Array.isArray(tree)) return tree.map(asStored);
  if (typeof tree !== "object" || tree === null || Object.getPrototypeOf(tree) !== null) return tree;
  return Object.assign(
    Object.create(null),
    Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, asStored(child)])),
  );
}

describe("an exact load that is saved again", () => {
  it("is the same in every leaf's value type, dtype, shape and bits", async () => {
    const storage = new MemoryStorage();
    const first = await load(join(FIXTURES, "pytree-strings"), {
      exact: true,
      // No string below a slash, which Orbax writes and nobody should.
      only: [
        "text",
        "empty",
        "unicode",
        "list",
        "a.b",
        "__proto__",
        "hole",
        "numpy_scalars",
        "numbers",
        "array",
      ].map((key) => [key]),
    });
    await save(storage, first, { path: "7" });
    const again = await load(storage.within("/7"), { exact: true });
    expect(flattenTree(again)).toEqual(flattenTree(first));
    const [original, written] = await Promise.all(
      [join(FIXTURES, "pytree-strings"), storage.within("/7")].map(async (source) => {
        const checkpoint = await openCheckpoint(source);
        return (await checkpoint.leaves()).map(({ path, valueType, dtype, shape }) => ({
          path,
          valueType,
          dtype,
          shape,
        }));
      }),
    );
    const kept = original?.filter(({ path }) => path[0] !== "p" && path[0] !== "jax");
    expect(written).toEqual(kept);
  });

  it("writes a plain load with JavaScript's own types", async () => {
    const storage = new MemoryStorage();
    const tree = {
      float: float(2),
      int: int(2),
      width: scalar("int8", 3),
      rank0: ndarray("int16", [], Int16Array.of(4)),
      t: tuple([1, tuple([])]),
    };
    await save(storage, tree, { path: "exact" });
    await save(storage, await load(storage.within("/exact")), { path: "plain" });
    expect(await load(storage.within("/plain"), { exact: true })).toEqual({
      float: int(2),
      int: int(2),
      width: int(3),
      rank0: int(4),
      t: [int(1), []],
    });
  });
});

describe("an array", () => {
  it("is written from its own memory, a part of a larger one too", async () => {
    const buffer = new Float64Array([1, 2, 3, 4, 5]);
    const storage = new MemoryStorage();
    await save(
      storage,
      { part: buffer.subarray(1, 4), key: prngKey([], new Uint32Array(8).subarray(2, 4)), placeholder },
      { path: "7" },
    );
    expect(await load(storage.within("/7"))).toMatchObject({
      part: ndarray("float64", [3], Float64Array.of(2, 3, 4)),
      key: ndarray("uint32", [2], new Uint32Array(2)),
      placeholder,
    });
  });

  it("of several megabytes is written and read in one piece", async () => {
    const data = Uint32Array.from({ length: 2_000_000 }, (_, index) => Math.imul(index, 2654435761));
    const path = join(await newFolder(), "7");
    await save(path, { large: ndarray("uint32", [1000, 2000], data) });
    const loaded = await load(path);
    const large: unknown = Reflect.get(Object(loaded), "large");
    expect(
      NdArray.is(large) && Buffer.compare(Buffer.from(large.data.buffer), Buffer.from(data.buffer)),
    ).toBe(0);
  });
});
