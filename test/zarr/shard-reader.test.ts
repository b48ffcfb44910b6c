import { describe, expect, it } from "vitest";
import { type ChunkStore, ShardReader } from "../../src/zarr/shard-reader.js";
import { plainCodec, sharding } from "./plain-metadata.js";

/** Shards of so many inner chunks of one byte each, without a checksum; every entry names the first byte. */
function shardsOf(inner: number) {
  const layout = { sharding: sharding([1], { index: plainCodec(2) }), counts: [inner] };
  const index = new BigUint64Array(2 * inner);
  for (let at = 1; at < index.length; at += 2) index[at] = 1n;
  const asked: string[] = [];
  const store: ChunkStore = {
    get: () => undefined,
    getRange: async (key, range) => {
      asked.push("offset" in range ? "inner chunk" : `index of ${key}`);
      return "offset" in range ? Uint8Array.of(7) : new Uint8Array(index.buffer);
    },
  };
  return { reader: ShardReader.over(store, layout), asked };
}

describe("ShardReader", () => {
  it("keeps indexes, but no more than 16 MiB of them", async () => {
    const { reader, asked } = shardsOf(2 ** 19); // 8 MiB each
    for (const key of ["0", "0", "1", "0"]) {
      expect(await reader?.read({ key, within: [5], what: "w" }, {})).toEqual(Uint8Array.of(7));
    }
    expect(asked.filter((read) => read !== "inner chunk")).toEqual([
      "index of /0",
      "index of /1",
      "index of /0",
    ]);
  });

  it("keeps the indexes of many small shards", async () => {
    const { reader, asked } = shardsOf(2);
    for (let round = 0; round < 2; round++) {
      for (let shard = 0; shard < 100; shard++) {
        await reader?.read({ key: `${shard}`, within: [1], what: "w" }, {});
      }
    }
    expect(asked.filter((read) => read !== "inner chunk")).toHaveLength(100);
  });

  it("refuses an index longer than any file before it asks for it", async () => {
    const asked: unknown[] = [];
    const store: ChunkStore = {
      get: () => undefined,
      getRange: async (_key, range) => {
        asked.push(range);
        return undefined;
      },
    };
    const reader = ShardReader.over(store, { sharding: sharding([1]), counts: [2 ** 52] });
    await expect(reader?.read({ key: "0", within: [0], what: "w" }, {})).rejects.toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
    expect(asked).toEqual([]);
  });

  it("does without reading for an inner chunk of no bytes", async () => {
    const store: ChunkStore = {
      get: () => undefined,
      getRange: async (_key, range) => ("offset" in range ? undefined : new Uint8Array(16)),
    };
    const reader = ShardReader.over(store, {
      sharding: sharding([1], { index: plainCodec(2) }),
      counts: [1],
    });
    expect(await reader?.read({ key: "0", within: [0], what: "w" }, {})).toEqual(new Uint8Array(0));
  });
});
