import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Config } from "../../src/ocdbt/format/config.js";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import { type NewEntry, type WriteOcdbtOptions, writeOcdbt } from "../../src/ocdbt/writer.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { FileSink, StorageKey, WritableStorage } from "../../src/storage/storage.js";
import { hex, textOf, toHex, u64le, utf8 } from "./bytes.js";
import { refusal } from "./errors.js";
import { byteStrings } from "./format/arbitraries.js";
import { contentOf, keysOf } from "./sample-databases.js";

type Changes = NonNullable<WriteOcdbtOptions["config"]>;

async function written(entries: readonly NewEntry[], options?: WriteOcdbtOptions) {
  const storage = new MemoryStorage();
  await writeOcdbt(storage, entries, options);
  return { storage, database: await openOcdbt(storage), files: [...storage.files().keys()] };
}

function textEntries(content: Readonly<Record<string, string>>): NewEntry[] {
  return Object.entries(content).map(([key, value]) => [key, utf8(value)]);
}

function dataFileOf(files: readonly StorageKey[]): StorageKey {
  return files.find((file) => file.startsWith("/d/")) ?? "/d";
}

/** Nodes as they are, so that sizes can be told. */
const RAW: Changes = { compression: { method: "none" } };

describe("writeOcdbt", () => {
  it("writes one data file and the manifest, and says what it wrote", async () => {
    const storage = new MemoryStorage();
    const report = await writeOcdbt(storage, textEntries({ a: "1", b: "2" }));
    expect(report).toEqual({ keys: 2, generation: 1n });
    const [data, manifest] = [...storage.files().keys()].sort();
    expect(data).toMatch(/^\/d\/[0-9a-f]{32}$/);
    expect(manifest).toBe("/manifest.ocdbt");
  });

  it("takes entries in any order", async () => {
    const { database } = await written(textEntries({ b: "2", "a/x": "3", "": "0", a: "1" }));
    expect(await keysOf(database)).toEqual(["", "a", "a/x", "b"]);
    expect(await contentOf(database)).toEqual({ "": "0", a: "1", "a/x": "3", b: "2" });
  });

  it("orders keys by their bytes, not as JavaScript orders strings", async () => {
    const { database } = await written(textEntries({ "\uffff": "1", "\u{10000}": "2" }));
    expect(await keysOf(database)).toEqual(["\uffff", "\u{10000}"]);
  });

  it("takes keys that are no text", async () => {
    const { database } = await written([
      [hex("ff00"), utf8("2")],
      [hex("00"), utf8("1")],
    ]);
    expect(await database.get(hex("ff00"))).toEqual(utf8("2"));
  });

  it("takes values from functions, one after another", async () => {
    let under = 0;
    const make = (text: string) => async () => {
      expect(++under).toBe(1);
      await Promise.resolve();
      under--;
      return utf8(text);
    };
    const entries: NewEntry[] = [
      ["b", make("2")],
      ["a", make("1")],
      ["c", () => utf8("3")],
    ];
    expect(await contentOf((await written(entries)).database)).toEqual({ a: "1", b: "2", c: "3" });
  });

  it("writes into a directory of a storage", async () => {
    const storage = new MemoryStorage();
    await writeOcdbt(storage, textEntries({ a: "1" }), { path: "runs/7" });
    expect(storage.files().has("/runs/7/manifest.ocdbt")).toBe(true);
    expect(await contentOf(await openOcdbt(storage, { path: "runs/7" }))).toEqual({ a: "1" });
  });

  it("writes an empty database without a data file", async () => {
    const { database, files } = await written([]);
    expect(files).toEqual(["/manifest.ocdbt"]);
    expect(await keysOf(database)).toEqual([]);
    expect(database.version).toMatchObject({ generation: 1n, root: undefined, keys: 0n });
  });

  it("writes the configuration with which Orbax opens a database to write (section 12)", async () => {
    const { database, storage } = await written([]);
    expect(database.config).toMatchObject({
      manifestKind: "single",
      maxInlineValueBytes: 1024,
      maxDecodedNodeBytes: 100_000_000,
      versionTreeArityLog2: 4,
      compression: { method: "zstd", level: 0 },
    });
    const other = await written([]);
    expect(toHex(database.config.uuid)).not.toBe(toHex(other.database.config.uuid));
    expect(storage.files().get("/manifest.ocdbt")?.length).toBeLessThan(100);
  });

  it("writes the same bytes as TensorStore for an empty database (section 16)", async () => {
    const config: Changes = {
      uuid: hex("000102030405060708090a0b0c0d0e0f"),
      maxInlineValueBytes: 100,
      maxDecodedNodeBytes: 8388608,
      compression: { method: "none" },
    };
    const { storage, database } = await written([], { config });
    const bytes = toHex(storage.files().get("/manifest.ocdbt") ?? hex("")).slice(0, -2 * 13);
    const time = u64le(database.version?.commitTime ?? 0n);
    expect(time).not.toBe(u64le(1));
    expect(bytes).toBe(
      "0cdb3a2a51000000000000000000000102030405060708090a0b0c0d0e0f006480808004040001000001010000" +
        "ffffffffffffffffff01ffffffffffffffffff01000000",
    );
  });

  it.each<[number, string[]]>([
    [0, [""]],
    [3, ["", "abc"]],
    [4, ["", "abc", "abcd"]],
  ])("puts values of up to %d bytes into the leaf", async (maxInlineValueBytes, inline) => {
    const content = { 0: "", 3: "abc", 4: "abcd" };
    const { database } = await written(textEntries(content), { config: { maxInlineValueBytes } });
    const found: string[] = [];
    for await (const { value } of database.list()) {
      if (value.kind === "inline") found.push(textOf(value.bytes));
    }
    expect(found).toEqual(inline);
    expect(await contentOf(database)).toEqual(content);
  });

  it("begins another data file when one has reached its size", async () => {
    const content = { a: "x".repeat(60), b: "y".repeat(60), c: "z".repeat(60), d: "w".repeat(10) };
    const options = { config: { maxInlineValueBytes: 0 }, targetDataFileBytes: 100 };
    const { database, files } = await written(textEntries(content), options);
    expect(files.filter((file) => file.startsWith("/d/"))).toHaveLength(2); // a and b; c, d and the root
    expect(await contentOf(database)).toEqual(content);
  });

  it("writes exact statistics (7.5)", async () => {
    const content = { a: "12345", b: "1234567890", c: "1" };
    const config: Changes = { ...RAW, maxInlineValueBytes: 1 };
    const { database, storage, files } = await written(textEntries(content), { config });
    const size = storage.files().get(dataFileOf(files))?.length ?? 0;
    expect(database.version).toMatchObject({
      rootHeight: 0,
      keys: 3n,
      treeBytes: BigInt(size - 15),
      indirectValueBytes: 15n,
    });
  });

  it("counts the nodes of all levels", async () => {
    const entries = Array.from({ length: 500 }, (_, index): NewEntry => [`key ${index}`, utf8("1")]);
    const { database, storage, files } = await written(entries, {
      config: { ...RAW, maxDecodedNodeBytes: 500 },
    });
    const size = storage.files().get(dataFileOf(files))?.length ?? 0;
    expect(database.version).toMatchObject({ keys: 500n, treeBytes: BigInt(size) });
    expect(database.version?.rootHeight).toBeGreaterThan(1);
    expect(await keysOf(database)).toHaveLength(500);
  });

  it("stamps the commit with the time", async () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const { database } = await written([]);
    const after = BigInt(Date.now()) * 1_000_000n;
    expect(database.version?.commitTime).toBeGreaterThanOrEqual(before);
    expect(database.version?.commitTime).toBeLessThanOrEqual(after);
  });

  it("takes keys of 65535 bytes and refuses longer ones", async () => {
    const longest = "k".repeat(65535);
    expect(await contentOf((await written(textEntries({ [longest]: "1" }))).database)).toEqual({
      [longest]: "1",
    });
    const longer = writeOcdbt(new MemoryStorage(), textEntries({ [`${longest}k`]: "1" }));
    await expect(longer).rejects.toEqual(refusal("INVALID_ARGUMENT"));
  });

  it("refuses a key that is there twice", async () => {
    const storage = new MemoryStorage();
    const twice: NewEntry[] = [
      ["é", utf8("1")],
      ["b", utf8("2")],
      [utf8("é"), utf8("3")],
    ];
    await expect(writeOcdbt(storage, twice)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { key: "é" },
    });
    expect(storage.files().size).toBe(0);
  });

  it("refuses a key with half a surrogate pair", async () => {
    const write = writeOcdbt(new MemoryStorage(), [["a\ud800", utf8("1")]]);
    await expect(write).rejects.toEqual(refusal("INVALID_ARGUMENT"));
  });

  it("refuses to write where a database is", async () => {
    const { storage } = await written(textEntries({ a: "1" }));
    const before = [...storage.files().keys()];
    const again = writeOcdbt(storage, textEntries({ b: "2" }));
    await expect(again).rejects.toEqual(refusal("ALREADY_EXISTS", { file: "manifest.ocdbt" }));
    expect([...storage.files().keys()]).toEqual(before);
  });

  it.each<[string, WriteOcdbtOptions]>([
    ["inline values over 1 MiB", { config: { maxInlineValueBytes: 2 ** 20 + 1 } }],
    ["arity 2^0", { config: { versionTreeArityLog2: 0 } }],
    ["a short identity", { config: { uuid: hex("00") } }],
    ["zstd level 23", { config: { compression: { method: "zstd", level: 23 } } }],
    ["data files of no size", { targetDataFileBytes: 0 }],
    ["data files of no number", { targetDataFileBytes: Number.NaN }],
  ])("refuses %s before it writes", async (_, options) => {
    const storage = new MemoryStorage();
    const write = writeOcdbt(storage, textEntries({ a: "1".repeat(5000) }), options);
    await expect(write).rejects.toEqual(refusal("INVALID_ARGUMENT"));
    expect(storage.files().size).toBe(0);
  });

  it("refuses a destination that cannot be written", async () => {
    const destination: object = new Map();
    await expect(Reflect.apply(writeOcdbt, undefined, [destination, []])).rejects.toEqual(
      refusal("INVALID_ARGUMENT"),
    );
  });

  it("is read back whole, whatever is written", async () => {
    const entries = fc.uniqueArray(fc.tuple(byteStrings, fc.uint8Array({ maxLength: 80 })), {
      maxLength: 40,
      selector: ([key]) => toHex(key),
    });
    const options = fc.record({
      config: fc.record<Pick<Config, "maxInlineValueBytes" | "maxDecodedNodeBytes" | "compression">>({
        maxInlineValueBytes: fc.constantFrom(0, 8, 1024),
        maxDecodedNodeBytes: fc.constantFrom(0, 1, 200, 2000),
        compression: fc.constantFrom({ method: "none" }, { method: "zstd", level: 0 }),
      }),
      targetDataFileBytes: fc.constantFrom(1, 100, 2 ** 31),
    });
    await fc.assert(
      fc.asyncProperty(entries, options, async (rows, settings) => {
        const { database } = await written(rows, settings);
        const found = new Map<string, string>();
        for await (const { key } of database.list()) {
          found.set(toHex(key), toHex((await database.get(key)) ?? hex("")));
        }
        expect(found).toEqual(new Map(rows.map(([key, value]) => [toHex(key), toHex(value)])));
        expect(database.version?.keys).toBe(BigInt(rows.length));
      }),
      { numRuns: 60 },
    );
  });

  it("takes 200,000 keys", async () => {
    const entries = Array.from({ length: 200_000 }, (_, index): NewEntry => {
      const key = `params.layer_${String(index).padStart(6, "0")}.kernel/0.0`;
      return [key, () => utf8(String(index))];
    });
    const { database } = await written(entries, { config: { maxDecodedNodeBytes: 2 ** 20 } });
    expect(database.version).toMatchObject({ keys: 200_000n, rootHeight: 1 });
    let count = 0;
    for await (const { key, value } of database.list()) {
      if (textOf(key).slice(13, 19) !== String(count).padStart(6, "0")) throw new Error(textOf(key));
      if (value.kind === "inline" && textOf(value.bytes) !== String(count))
        throw new Error(textOf(value.bytes));
      count++;
    }
    expect(count).toBe(200_000);
  }, 60_000);
});

/** A storage whose calls fail from the `failing`th on that could change something, as on a full disk. */
class FailingStorage extends MemoryStorage {
  #left: number;
  readonly #fails: (call: string) => boolean;

  constructor(failing: number, fails: (call: string) => boolean = () => true) {
    super();
    this.#left = failing;
    this.#fails = fails;
  }

  #count(call: string): void {
    if (this.#fails(call) && this.#left-- === 0) throw new Error(`no space for ${call}`);
  }

  override async set(key: StorageKey, value: Uint8Array): Promise<void> {
    this.#count("set");
    await super.set(key, value);
  }

  override async sync(directory: StorageKey): Promise<void> {
    this.#count(directory === "/" ? "sync" : "sync data");
    await super.sync(directory);
  }

  override async create(key: StorageKey): Promise<FileSink> {
    this.#count("create");
    const sink = await super.create(key);
    return {
      write: async (parts) => {
        this.#count("write");
        await sink.write(parts);
      },
      close: async () => {
        this.#count("close");
        await sink.close();
      },
      abort: () => sink.abort(),
    };
  }
}

describe("a write that fails", () => {
  const entries = textEntries({ a: "1".repeat(50), b: "2".repeat(50), c: "3".repeat(50) });
  const options = { config: { maxInlineValueBytes: 0 }, targetDataFileBytes: 60 };

  it("leaves no file, whichever call it is", async () => {
    let failures = 0;
    for (let failing = 0; ; failing++) {
      const storage = new FailingStorage(failing);
      const error: unknown = await writeOcdbt(storage, entries, options).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) break;
      failures++;
      expect(error).toMatchObject({ message: expect.stringContaining("no space for") });
      expect([...storage.files().keys()]).toEqual([]);
    }
    // Two data files of values and nodes, created, written and closed; their directory, the manifest, its directory.
    expect(failures).toBe(2 * 3 + 3);
  });

  it("leaves no file when a value cannot be made", async () => {
    const storage = new MemoryStorage();
    const reason = new Error("no such tensor");
    const write = writeOcdbt(storage, [...entries, ["d", () => Promise.reject(reason)]], options);
    await expect(write).rejects.toBe(reason);
    expect(storage.files().size).toBe(0);
  });

  it("leaves no file when it is aborted", async () => {
    const storage = new MemoryStorage();
    const controller = new AbortController();
    const reason = new Error("enough");
    const abort = () => {
      controller.abort(reason);
      return utf8("4");
    };
    const write = writeOcdbt(storage, [...entries, ["d", abort], ["e", utf8("5")]], {
      ...options,
      signal: controller.signal,
    });
    await expect(write).rejects.toBe(reason);
    expect(storage.files().size).toBe(0);
  });

  it("tells the first failure, also when cleaning up fails as well", async () => {
    const storage: WritableStorage = new FailingStorage(0, (call) => call === "set");
    storage.delete = () => Promise.reject(new Error("read-only now"));
    await expect(writeOcdbt(storage, entries, options)).rejects.toThrow("no space for set");
  });

  it("after the commit keeps the data of a manifest that cannot be removed", async () => {
    const storage = new FailingStorage(0, (call) => call === "sync");
    storage.delete = () => Promise.reject(new Error("read-only now"));
    await expect(writeOcdbt(storage, entries, options)).rejects.toThrow("no space for sync");
    expect(Object.keys(await contentOf(await openOcdbt(storage)))).toEqual(["a", "b", "c"]);
  });
});
