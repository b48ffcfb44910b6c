import { describe, expect, it } from "vitest";
import * as zarr from "zarrita";
import { loadZstd } from "../../src/bytes/zstd.js";
import { planArray } from "../../src/zarr/array.js";
import { toChunk } from "../../src/zarr/convert.js";
import { type ChunkStore, lazyArray } from "../../src/zarr/lazy.js";
import type { ArrayMetadata } from "../../src/zarr/metadata.js";
import { allFixtureArrays, chunkOf, type FixtureArray, fixtureNamed, metadataOf } from "./fixture-arrays.js";

const zstd = await loadZstd();

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
  const plan = planArray(metadataOf(fixture), { missingChunks: "fill", what: "w", zstd });
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
    const metadata: ArrayMetadata = {
      ...metadataOf(fixtureNamed("order F")),
      dtype: "uint8",
      shape: [2, 3],
      chunkShape: [2, 3],
    };
    const stored = Uint8Array.of(0, 10, 1, 11, 2, 12);
    const array = await lazyArray({ get: () => stored }, metadata, { missingChunks: "fill", what: "w" });
    const chunk = await array.getChunk([0, 0]);
    expect(chunk).toEqual({ data: Uint8Array.of(0, 1, 2, 10, 11, 12), shape: [2, 3], stride: [3, 1] });
    const plain = await lazyArray(
      { get: () => stored },
      { ...metadata, order: "C" },
      {
        missingChunks: "fill",
        what: "w",
      },
    );
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
