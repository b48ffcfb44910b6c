import { describe, expect, it } from "vitest";
import * as zarr from "zarrita";
import { planArray } from "../../src/zarr/array.js";
import { loadCodecs } from "../../src/zarr/codecs.js";
import { toChunk } from "../../src/zarr/convert.js";
import { type ChunkStore, lazyArray } from "../../src/zarr/lazy.js";
import { allFixtureArrays, chunkOf, type FixtureArray, fixtureNamed, metadataOf } from "./fixture-arrays.js";
import { plainMetadata } from "./plain-metadata.js";

/** The chunks of a fixture behind zarrita's interface, and the keys that were asked for. */
function storeOf(fixture: FixtureArray): ChunkStore & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    get: (key) => {
      asked.push(key);
      return Promise.resolve(chunkOf(fixture, key.slice(1)));
    },
  };
}

/** Opens a fixture lazily; with the store, to count what is read. */
async function open(
  fixture: FixtureArray,
  options: { raw?: boolean; missingChunks?: "fill" | "error" } = {},
) {
  const store = storeOf(fixture);
  const array = await lazyArray(store, metadataOf(fixture), {
    missingChunks: "error",
    what: "params.w",
    ...options,
  });
  return { array, asked: store.asked };
}

/** What a whole load gives, as zarrita shows it. */
async function loaded(fixture: FixtureArray, raw: boolean) {
  const metadata = metadataOf(fixture);
  const codecs = await loadCodecs([metadata]);
  const plan = planArray(metadata, { missingChunks: "fill", what: "w", codecs });
  plan.chunks.forEach(({ key }, number) => plan.accept(number, chunkOf(fixture, key)));
  return await toChunk(plan.finish(), { raw });
}

const withElements = allFixtureArrays.filter(({ data, shape }) => data !== "" && shape.length > 0);

describe.each([false, true])("lazyArray, raw %s", (raw) => {
  it.each(withElements)("equals the loaded array: $name", async (fixture) => {
    const { array } = await open(fixture, { raw, missingChunks: "fill" });
    const { data, shape, stride } = await zarr.get(array);
    const whole = await loaded(fixture, raw);
    expect([shape, stride]).toEqual([whole.shape, whole.stride]);
    expect([...data]).toEqual([...whole.data]);
  });
});

describe("lazyArray", () => {
  const fixture = fixtureNamed("padded chunks"); // 5 × 7 in chunks of 2 × 3

  it("is a zarrita array and reads nothing before it is asked", async () => {
    const { array, asked } = await open(fixture);
    expect(array).toBeInstanceOf(zarr.Array);
    expect(array).toMatchObject({ shape: [5, 7], chunks: [2, 3], dtype: "uint16", storedDtype: "uint16" });
    expect(asked).toEqual([]);
  });

  it("reads only the chunks of a row", async () => {
    const { array, asked } = await open(fixture);
    const row = await zarr.get(array, [2, null]);
    const whole = await loaded(fixture, false);
    expect([...row.data]).toEqual([...whole.data].slice(14, 21));
    expect(asked.toSorted()).toEqual(["/1.0", "/1.1", "/1.2"]);
  });

  it("reads only the chunk of an element", async () => {
    const { array, asked } = await open(fixture);
    expect(await zarr.get(array, [4, 6])).toBe([...(await loaded(fixture, false)).data][34]);
    expect(asked).toEqual(["/2.2"]);
  });

  it("slices with steps over the edges of chunks", async () => {
    const { array } = await open(fixture);
    const { data, shape } = await zarr.get(array, [zarr.slice(1, 5, 2), zarr.slice(0, 7, 3)]);
    const whole = [...(await loaded(fixture, false)).data];
    expect(shape).toEqual([2, 3]);
    expect([...data]).toEqual([7, 10, 13, 21, 24, 27].map((at) => whole[at]));
  });

  it("gives the one element of rank 0", async () => {
    const { array, asked } = await open(fixtureNamed("rank 0"));
    expect(await zarr.get(array)).toBe(-9005301551473695489n);
    expect(asked).toEqual(["/0"]);
  });

  it("follows the separator", async () => {
    const { array, asked } = await open(fixtureNamed("slash"));
    await zarr.get(array, [3, 0]);
    expect(asked).toEqual(["/1/0"]);
  });

  it("shows complex numbers with one more axis", async () => {
    const complex = fixtureNamed("complex64 zstd");
    const { array, asked } = await open(complex);
    expect(array).toMatchObject({ shape: [3, 5, 2], dtype: "float32", storedDtype: "complex64" });
    const imaginary = await zarr.get(array, [1, 2, 1]);
    expect(imaginary).toBe([...(await loaded(complex, false)).data][(5 + 2) * 2 + 1]);
    expect(asked).toEqual(["/0.0"]);
  });

  it("says DATA_LOSS for a missing chunk, unless that stands for the fill value", async () => {
    const missing = fixtureNamed("a chunk missing");
    const strict = await open(missing);
    await expect(zarr.get(strict.array, [0, 3])).rejects.toThrow(
      expect.objectContaining({ code: "DATA_LOSS", message: "params.w: chunk 0.1 is missing" }),
    );
    const lenient = await open(missing, { missingChunks: "fill" });
    expect(await zarr.get(lenient.array, [0, 3])).toBe(-7);
  });

  it("says DATA_LOSS for a chunk of a wrong length", async () => {
    const store: ChunkStore = { get: () => new Uint8Array(3) };
    const metadata = metadataOf(fixtureNamed("int16 uncompressed"));
    const array = await lazyArray(store, metadata, { missingChunks: "fill", what: "w" });
    await expect(zarr.get(array, [0, 0])).rejects.toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: "w: chunk 0.0: chunk length is 3, expected 30 bytes",
      }),
    );
  });

  it.each([[[3, 0]], [[0, -1]], [[0.5, 0]], [[0]], [[0, 0, 0]]])("has no chunk %j", async (coordinates) => {
    const { array, asked } = await open(fixture);
    await expect(array.getChunk(coordinates)).rejects.toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    expect(asked).toEqual([]);
  });

  it("hands a chunk out in memory of its own, in C order", async () => {
    const metadata = plainMetadata({ dtype: "uint8", shape: [2, 3], chunkShape: [2, 3], order: "F" });
    const stored = Uint8Array.of(0, 10, 1, 11, 2, 12);
    const options = { missingChunks: "fill", what: "w" } as const;
    const array = await lazyArray({ get: () => stored }, metadata, options);
    const chunk = await array.getChunk([0, 0]);
    expect(chunk).toEqual({ data: Uint8Array.of(0, 1, 2, 10, 11, 12), shape: [2, 3], stride: [3, 1] });
    const inOrder = plainMetadata({ dtype: "uint8", shape: [2, 3], chunkShape: [2, 3] });
    const plain = await lazyArray({ get: () => stored }, inOrder, options);
    const { data } = await plain.getChunk([0, 0]);
    expect(data).toEqual(stored);
    expect(data).not.toBe(stored);
  });

  it("passes the signal on and rethrows what the store throws", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const store: ChunkStore = {
      get: (_key, options) => {
        controller.abort(reason);
        options?.signal?.throwIfAborted();
        return undefined;
      },
    };
    const array = await lazyArray(store, metadataOf(fixture), { missingChunks: "fill", what: "w" });
    await expect(array.getChunk([0, 0], { signal: controller.signal })).rejects.toBe(reason);
  });

  it.each([
    ["fill <i8 -9223372036854775808", -9223372036854775808n],
    ["fill |b1 true", true],
    ["int64 zstd", 0n],
    ["bool zstd", false],
    ["float32 zstd", 0],
    ["complex64 zstd", 0],
    ['fill <c8 [1.5, "-Infinity"]', null],
  ])("tells zarrita the fill value of %s", async (name, fill) => {
    const { array } = await open(fixtureNamed(name));
    expect(array.fillValue).toBe(fill);
  });
});

/** A store that reads ranges, and the reads that it was asked for. */
function rangeStoreOf(
  fixture: FixtureArray,
  change: (stored: Uint8Array) => Uint8Array = (stored) => stored,
) {
  const asked: string[] = [];
  const valueOf = (key: string) => {
    const stored = chunkOf(fixture, key.slice(1));
    return stored === undefined ? undefined : change(stored);
  };
  const store: ChunkStore = {
    get: (key) => {
      asked.push(key);
      return valueOf(key);
    },
    getRange: (key, range) => {
      const stored = valueOf(key);
      const size = stored?.length ?? 0;
      const start = "offset" in range ? range.offset : Math.max(0, size - range.suffixLength);
      const end = "offset" in range ? Math.min(size, range.offset + range.length) : size;
      asked.push(
        "offset" in range ? `${key} ${range.offset}+${range.length}` : `${key} -${range.suffixLength}`,
      );
      return Promise.resolve(stored?.subarray(start, end));
    },
  };
  return { store, asked };
}

const sharded = withElements.filter(({ document }) => document.includes("sharding_indexed"));

describe("lazyArray of shards", () => {
  const inner = fixtureNamed("v3: shards: inner chunks"); // 7 × 9 in shards of 4 × 6, inner chunks of 2 × 3
  const INDEX_BYTES = 4 * 16 + 4;

  async function openShards(
    fixture: FixtureArray,
    { missingChunks = "error", change = (stored) => stored }: ShardOptions = {},
  ) {
    const { store, asked } = rangeStoreOf(fixture, change);
    const array = await lazyArray(store, metadataOf(fixture), { missingChunks, what: "params.w" });
    return { array, asked };
  }

  type ShardOptions = {
    readonly missingChunks?: "fill" | "error";
    readonly change?: (stored: Uint8Array) => Uint8Array;
  };

  it.each(sharded)("equals the loaded array: $name", async (fixture) => {
    const { array } = await openShards(fixture, { missingChunks: "fill" });
    const { data, shape } = await zarr.get(array);
    const whole = await loaded(fixture, false);
    expect(shape).toEqual(whole.shape);
    expect([...data]).toEqual([...whole.data]);
  });

  it("has the inner chunks for chunks", async () => {
    const { array, asked } = await openShards(inner);
    expect(array).toMatchObject({ shape: [7, 9], chunks: [2, 3] });
    expect(asked).toEqual([]);
  });

  it("has them in the array's axes where the shard is transposed", async () => {
    const { array } = await openShards(fixtureNamed("v3: shards: transposed")); // inner 3 × 2 of 6 × 4
    expect(array.chunks).toEqual([2, 3]);
  });

  it("reads the index and the inner chunk of an element", async () => {
    const { array, asked } = await openShards(inner);
    const whole = [...(await loaded(inner, false)).data];
    expect(await zarr.get(array, [2, 4])).toBe(whole[2 * 9 + 4]); // inner chunk 1.1 of shard 0.0
    expect(asked).toEqual([`/c/0/0 -${INDEX_BYTES}`, "/c/0/0 36+12"]);
  });

  it("reads the index of a shard once, also for inner chunks that are wanted at the same time", async () => {
    const { array, asked } = await openShards(inner);
    await zarr.get(array);
    await zarr.get(array);
    expect(asked.filter((read) => read.endsWith(` -${INDEX_BYTES}`)).toSorted()).toEqual(
      ["0/0", "0/1", "1/0", "1/1"].map((key) => `/c/${key} -${INDEX_BYTES}`),
    );
  });

  it("reads an index at the start", async () => {
    const { array, asked } = await openShards(fixtureNamed("v3: shards: index at the start"));
    await zarr.get(array, [0, 0]);
    expect(asked[0]).toBe(`/c/0/0 0+${INDEX_BYTES}`);
  });

  it("reads a shard of one inner chunk whole", async () => {
    const { array, asked } = await openShards(fixtureNamed("v3: shards: one inner chunk"));
    expect(array.chunks).toEqual([4, 6]);
    await zarr.get(array, [0, 0]);
    expect(asked).toEqual(["/c/0/0"]);
  });

  it("reads whole shards where the store reads no ranges", async () => {
    const { array, asked } = await open(inner);
    expect(array.chunks).toEqual([4, 6]);
    await zarr.get(array, [0, 0]);
    expect(asked).toEqual(["/c/0/0"]);
  });

  it("reads whole shards where these are compressed", async () => {
    const metadata = metadataOf(inner);
    const codec = { ...metadata.codec, compressors: [{ kind: "crc32c" } as const] };
    const { store } = rangeStoreOf(inner);
    const array = await lazyArray(store, { ...metadata, codec }, { missingChunks: "error", what: "w" });
    expect(array.chunks).toEqual([4, 6]);
  });

  it("says DATA_LOSS for inner chunks and shards that are missing, unless that stands for the fill value", async () => {
    const half = fixtureNamed("v3: an inner chunk missing");
    const { array } = await openShards(half);
    await expect(zarr.get(array, [0, 0])).rejects.toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: "params.w: chunk c/0/0: inner chunk 0.0 is missing",
      }),
    );
    expect(await zarr.get(array, [1, 1])).toBe(2);
    const lenient = await openShards(half, { missingChunks: "fill" });
    expect(await zarr.get(lenient.array, [0, 0])).toBe(-7);
    const absent = await openShards(fixtureNamed("v3: a shard missing"));
    await expect(zarr.get(absent.array, [0, 0])).rejects.toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
  });

  it.each<[string, (stored: Uint8Array) => Uint8Array]>([
    ["is cut before its index", (stored) => stored.subarray(0, INDEX_BYTES - 1)],
    ["is empty", () => new Uint8Array(0)],
    [
      "has a damaged index",
      (stored) => stored.map((byte, at) => (at === stored.length - 1 ? byte ^ 1 : byte)),
    ],
  ])("says DATA_LOSS for a shard that %s", async (_name, change) => {
    const { array } = await openShards(inner, { change });
    await expect(zarr.get(array, [3, 5])).rejects.toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
  });

  it("says DATA_LOSS for an inner chunk that ends behind the shard", async () => {
    const fixture = fixtureNamed("v3: shards: index at the start");
    const { array } = await openShards(fixture, {
      change: (stored) => stored.subarray(0, stored.length - 1),
    });
    expect(await zarr.get(array, [0, 0])).toBe([...(await loaded(fixture, false)).data][0]);
    await expect(zarr.get(array, [3, 5])).rejects.toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: expect.stringContaining("inner chunk 1.1: range in the shard"),
      }),
    );
  });

  it.each(["v3: shards: inner chunks", "v3: shards: index at the start"])(
    "tries again after another caller's reading was aborted: %s",
    async (name) => {
      const { store } = rangeStoreOf(fixtureNamed(name));
      const controller = new AbortController();
      let reads = 0;
      const slow: ChunkStore = {
        get: () => undefined,
        getRange: async (key, range, options) => {
          reads++;
          await Promise.resolve();
          options?.signal?.throwIfAborted();
          return store.getRange?.(key, range, options);
        },
      };
      const array = await lazyArray(slow, metadataOf(fixtureNamed(name)), {
        missingChunks: "error",
        what: "w",
      });
      const reason = new Error("enough");
      const first = array.getChunk([0, 0], { signal: controller.signal });
      const second = array.getChunk([0, 1]);
      controller.abort(reason);
      await expect(first).rejects.toBe(reason);
      expect((await second).shape).toEqual([2, 3]);
      expect(reads).toBe(3); // the aborted index, the index, the inner chunk
    },
  );

  it("passes the signal on to every read", async () => {
    const { store } = rangeStoreOf(inner);
    const signals: unknown[] = [];
    const noting: ChunkStore = {
      get: () => undefined,
      getRange: async (key, range, options) => {
        signals.push(options?.signal);
        return store.getRange?.(key, range, options);
      },
    };
    const array = await lazyArray(noting, metadataOf(inner), { missingChunks: "error", what: "w" });
    const { signal } = new AbortController();
    await array.getChunk([0, 0], { signal });
    expect(signals).toEqual([signal, signal]);
  });
});
