import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { load, openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import { encodeItem } from "../../src/checkpoint/save/encode-item.js";
import { saveItem } from "../../src/checkpoint/save/save.js";
import { isOrbaxError } from "../../src/errors.js";
import type { Tree } from "../../src/pytree/value.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { type Dump, dumpTree, FIXTURES } from "../checkpoint/dump-tree.js";
import { SEVEN, storedItem, zarray } from "../checkpoint/stored-item.js";

vi.setConfig({ testTimeout: 120_000 }); // thousands of loads

type Files = ReadonlyMap<string, Uint8Array>;

/** All files below a folder on disk, by storage key. */
function filesOnDisk(folder: string, prefix = ""): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const path = `${prefix}/${entry.name}`;
    if (entry.isDirectory()) for (const [key, bytes] of filesOnDisk(folder, path)) files.set(key, bytes);
    else files.set(path, new Uint8Array(readFileSync(join(folder, path))));
  }
  return files;
}

/** A checkpoint of this package: every kind of leaf, values inline and out of line. */
async function ownFiles(): Promise<Map<string, Uint8Array>> {
  const storage = new MemoryStorage();
  const tree = {
    large: ndarray("float32", [40, 50], new Float32Array(2000).fill(0.5)),
    small: ndarray("int16", [2], Int16Array.of(1, -2)),
    flags: ndarray("bool", [3], Uint8Array.of(1, 0, 1)),
    numbers: [1, 0.5, true, 2n ** 60n],
    text: "hi",
    empties: [{}, [], null],
  };
  await saveItem(storage, "own", encodeItem(tree), {});
  return new Map(
    Array.from(storage.within("/own").files(), ([key, bytes]) => [key.replace(/^\/own/, ""), bytes]),
  );
}

const CHECKPOINTS: readonly (readonly [string, () => Promise<Map<string, Uint8Array>>])[] = [
  ["files-zarr2", async () => filesOnDisk(join(FIXTURES, "files-zarr2"))],
  ["pytree-strings", async () => filesOnDisk(join(FIXTURES, "pytree-strings"))],
  ["manager", async () => filesOnDisk(join(FIXTURES, "manager"))],
  ["one of this package", ownFiles],
];

/** Uses a checkpoint in every way there is. Gives its dump, or the error of this package that it threw. */
async function readAll(files: Files): Promise<Dump | Error> {
  const storage = new MemoryStorage(files);
  try {
    const checkpoint = await openCheckpoint(storage);
    await checkpoint.leaves();
    await checkpoint.load();
    return dumpTree(await checkpoint.load({ exact: true }));
  } catch (error) {
    if (isOrbaxError(error)) return error;
    throw error;
  }
}

/** Which leaves two dumps differ in. */
function changedLeaves(before: Dump, after: Dump): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}

/** Whether the format protects every byte of a file with a checksum. */
function isProtected(key: string): boolean {
  return key.endsWith("manifest.ocdbt");
}

/** Positions of a file to damage: all of a small one, else its ends and some between. */
function positions(length: number, seed: number): number[] {
  const most = 48 * effort;
  if (length <= most) return Array.from({ length }, (_, index) => index);
  const ends = Array.from({ length: 8 }, (_, index) => [index, length - 1 - index]).flat();
  const between = fc.sample(fc.integer({ min: 0, max: length - 1 }), { seed, numRuns: most - ends.length });
  return [...new Set([...ends, ...between])];
}

const seed = Number(process.env["DAMAGE_SEED"] ?? Date.now() % 2 ** 31);
/** How many times as much is tried as in every run. */
const effort = Number(process.env["DAMAGE_EFFORT"] ?? 1);

describe.each(CHECKPOINTS)("a checkpoint with damage: %s", (_, filesOf) => {
  let files: Map<string, Uint8Array>;
  let whole: Dump;
  beforeAll(async () => {
    files = await filesOf();
    const dump = await readAll(files);
    if (dump instanceof Error) throw dump;
    whole = dump;
  });

  /** Reads the checkpoint with one file replaced. */
  async function readWith(key: string, bytes: Uint8Array | undefined): Promise<Dump | Error> {
    const damaged = new Map(files);
    if (bytes === undefined) damaged.delete(key);
    else damaged.set(key, bytes);
    return readAll(damaged);
  }

  it(`is an error or another value for a flipped bit anywhere (DAMAGE_SEED=${seed})`, async () => {
    let errors = 0;
    for (const [key, bytes] of files) {
      for (const at of positions(bytes.length, seed)) {
        const flipped = bytes.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << ((at + seed) % 8));
        const outcome = await readWith(key, flipped);
        if (outcome instanceof Error) errors++;
        else if (isProtected(key)) expect(changedLeaves(whole, outcome), `${key} at ${at}`).toEqual([]);
      }
    }
    expect(errors).toBeGreaterThan(50);
  });

  it("is an error or another value for a file that is cut, longer, empty or missing", async () => {
    for (const [key, bytes] of files) {
      const lengths = [0, 1, bytes.length >> 1, bytes.length - 1].filter((length) => length < bytes.length);
      const cut = lengths.map((length) => bytes.subarray(0, length));
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      for (const replaced of [...cut, longer, undefined]) await readWith(key, replaced);
    }
  });

  it("is an error for a manifest or a node that is damaged or missing", async () => {
    const manifests = [...files.keys()].filter((key) =>
      /^(?:\/\d+\/state)?\/(?:manifest\.ocdbt|d\/.*)$/.test(key),
    );
    const newest = manifests.filter((key) => !key.startsWith("/10/"));
    for (const key of newest) {
      expect(await readWith(key, undefined), key).toMatchObject({ code: "DATA_LOSS" });
      const bytes = files.get(key) ?? new Uint8Array(0);
      expect(await readWith(key, bytes.subarray(0, bytes.length - 1)), key).toMatchObject({
        code: "DATA_LOSS",
      });
    }
  });

  it("is an error or another tree for a value of another type anywhere in its JSON", async () => {
    const replacements = [null, true, 0, -1, 0.5, 2 ** 31, 1e300, "", "x", [], {}, [[]], { __proto__: null }];
    for (const [key, bytes] of files) {
      const json = parse(bytes);
      if (json === undefined) continue;
      const places = fc.sample(fc.constantFrom(...placesIn(json)), { seed, numRuns: 8 * effort });
      for (const place of places) {
        for (const replacement of replacements) {
          await readWith(key, new TextEncoder().encode(JSON.stringify(replacedAt(json, place, replacement))));
        }
      }
    }
  });

  it("is an error or another tree for numbers and names that JavaScript reads otherwise", async () => {
    const texts = [
      "NaN",
      "-Infinity",
      "1e999",
      "9007199254740993",
      "9".repeat(400),
      '"\\ud800"',
      '{"__proto__": 1}',
    ];
    for (const [key, bytes] of files) {
      const json = parse(bytes);
      if (json === undefined) continue;
      for (const place of fc.sample(fc.constantFrom(...placesIn(json)), { seed, numRuns: 8 * effort })) {
        for (const text of texts) {
          const marked = JSON.stringify(replacedAt(json, place, "@here@"));
          await readWith(key, new TextEncoder().encode(marked.replace('"@here@"', text)));
        }
      }
    }
  });
});

/** A file's JSON; `undefined` if it is none, or nothing that has members. */
function parse(bytes: Uint8Array): unknown {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof json === "object" && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Paths of all members of a JSON value. */
function placesIn(json: unknown): string[][] {
  if (typeof json !== "object" || json === null) return [[]];
  const places: string[][] = [[]];
  for (const [key, child] of Object.entries(json)) {
    for (const place of placesIn(child)) places.push([key, ...place]);
  }
  return places;
}

function replacedAt(json: unknown, [first, ...rest]: readonly string[], replacement: unknown): unknown {
  if (first === undefined) return replacement;
  if (typeof json !== "object" || json === null) return json;
  const copy: unknown = Array.isArray(json) ? [...json] : { ...json };
  Object.defineProperty(copy, first, {
    value: replacedAt(Reflect.get(json, first), rest, replacement),
    enumerable: true,
  });
  return copy;
}

const damage = (details: object) =>
  expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining(details) });

describe("a leaf", () => {
  it("whose array is missing is named", async () => {
    const storage = storedItem({ a: SEVEN, b: SEVEN });
    await storage.delete("/b");
    await expect(load(storage)).rejects.toEqual(damage({ key: "b" }));
    await expect((await openCheckpoint(storage)).leaves()).rejects.toEqual(damage({ key: "b" }));
  });

  it("whose array is missing where it would tell the layout is named", async () => {
    const storage = storedItem({ a: SEVEN });
    await storage.delete("/a");
    await expect(load(storage)).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: "a/.zarray: not found, expected the metadata of an array",
      details: { file: "a/.zarray" },
    });
  });

  it("that is a number must have rank 0", async () => {
    const array = { zarray: { shape: [1], chunks: [1] }, chunks: { "0": "0700000000000000" } };
    await expect(load(storedItem({ a: array }))).rejects.toEqual(
      damage({ key: "a", field: "rank of a scalar", found: 1 }),
    );
    expect(await load(storedItem({ a: { ...array, type: "np.ndarray" } }))).toEqual({
      a: ndarray("int64", [1], BigInt64Array.of(7n)),
    });
  });

  it.each([
    ["too short", { "0": "07" }, "chunk length"],
    ["too long", { "0": "070000000000000000" }, "chunk length"],
    ["empty", { "0": "" }, "chunk length"],
  ])("whose chunk is %s is named", async (_, chunks, field) => {
    await expect(load(storedItem({ a: { chunks } }))).rejects.toEqual(damage({ key: "a", field }));
  });

  it("of no bool is named", async () => {
    const array = { zarray: { dtype: "|b1" }, chunks: { "0": "02" } };
    await expect(load(storedItem({ a: array }))).rejects.toEqual(damage({ key: "a", field: "bool" }));
  });

  it("whose string is missing is named, and so is the file", async () => {
    const entries = [{ path: ["s", 0], valueType: "string", skipDeserialize: false }];
    await expect(load(storedItem({}, { entries }))).rejects.toEqual(damage({ file: "_strings.json" }));
    const storage = storedItem({}, { entries, files: { "/_strings.json": '{"s": ["x"]}' } });
    await expect(load(storage)).rejects.toEqual(damage({ file: "_strings.json", key: "s.0" }));
  });

  it("that claims more than there is costs an error, not memory", async () => {
    const huge = { type: "np.ndarray", zarray: { shape: [2 ** 36], chunks: [2 ** 36] } };
    for (const chunks of [{}, { "0": "0700000000000000" }]) {
      await expect(load(storedItem({ a: { ...huge, chunks } }))).rejects.toMatchObject({ code: "DATA_LOSS" });
    }
    const chunked = { type: "np.ndarray", zarray: { shape: [2 ** 36], chunks: [1] } };
    await expect(load(storedItem({ a: chunked }))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { limit: "arrayChunks", key: "a" },
    });
    await expect(load(storedItem({ a: huge }), { limits: { arrayBytes: 1e6 } })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { limit: "arrayBytes", key: "a" },
    });
  });
});

const withMetadata = (text: string) => {
  const storage = storedItem({ a: SEVEN });
  return new MemoryStorage([...storage.files(), ["/_METADATA", new TextEncoder().encode(text)]]);
};

describe("an array of two hundred thousand chunks", () => {
  const array = { type: "np.ndarray", zarray: { shape: [200_000], chunks: [1] } };

  it("that are all missing is zeros where that is allowed", async () => {
    const storage = storedItem({ a: array }, { storesAllChunks: false });
    const loaded: unknown = Reflect.get(Object(await load(storage)), "a");
    expect(NdArray.is(loaded) && loaded.data).toEqual(new BigInt64Array(200_000));
    expect(await (await openCheckpoint(storage)).leaves()).toMatchObject([
      { shape: [200_000], chunkShape: [1] },
    ]);
  });

  it("is damage else", async () => {
    await expect(load(storedItem({ a: array }))).rejects.toEqual(damage({ key: "a" }));
  });
});

describe("a tree", () => {
  it("of a name of many slashes is refused in no time", async () => {
    const name = `${"/".repeat(3_000_000)}a`;
    const entry = {
      key_metadata: [{ key: name, key_type: 2 }],
      value_metadata: { value_type: "scalar", skip_deserialize: false },
    };
    const text = JSON.stringify({ tree_metadata: { x: entry }, use_ocdbt: false });
    await expect(load(withMetadata(text))).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  it("of two million brackets is refused", async () => {
    await expect(load(withMetadata("[".repeat(2_000_000)))).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it("that is larger than the limit is not read", async () => {
    await expect(
      load(withMetadata(" ".repeat(1000)), { limits: { metadataBytes: 999 } }),
    ).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { file: "_METADATA", limit: "metadataBytes" },
    });
  });
});

describe("a name that leads elsewhere", () => {
  let top: string;
  beforeAll(async () => {
    top = await mkdtemp(join(tmpdir(), "orbax-ts-damage-"));
    await mkdir(join(top, "outside"));
    await writeFile(join(top, "outside", ".zarray"), zarray());
    await writeFile(join(top, "outside", "0"), new Uint8Array(8));
  });
  afterAll(() => rm(top, { recursive: true }));

  /** An item on disk with one number of this name. */
  async function itemWithName(folder: string, name: string): Promise<string> {
    const entry = {
      key_metadata: [{ key: name, key_type: 2 }],
      value_metadata: { value_type: "scalar", skip_deserialize: false },
    };
    const path = join(top, folder);
    await mkdir(path);
    await writeFile(
      join(path, "_METADATA"),
      JSON.stringify({ tree_metadata: { x: entry }, use_ocdbt: false }),
    );
    return path;
  }

  it.each(["../outside", "a/../../outside", "..", ".", "./../outside", "a//b", "/outside", "a\0b", "\ud800"])(
    "is refused in the file layout: %j",
    async (name) => {
      const path = await itemWithName(`item-${Math.random()}`, name);
      const loading: Promise<Tree> = load(path);
      await expect(loading).rejects.toSatisfy((error) => isOrbaxError(error));
    },
  );

  it("is refused where a link leads it", async () => {
    const path = await itemWithName("linked", "link");
    await symlink(join(top, "outside"), join(path, "link"));
    await expect(load(path)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("a symbolic link leads outside"),
    });
  });

  it("is what the same name inside is not", async () => {
    const path = await itemWithName("inside", "a/b");
    await mkdir(join(path, "a", "b"), { recursive: true });
    await writeFile(join(path, "a", "b", ".zarray"), zarray());
    await writeFile(join(path, "a", "b", "0"), Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0));
    expect(await load(path)).toEqual({ "a/b": 5 });
  });
});
