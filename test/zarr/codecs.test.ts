import { describe, expect, it } from "vitest";
import { loadCodecs } from "../../src/zarr/codecs.js";
import { fixtureNamed, metadataOf } from "./fixture-arrays.js";
import { plainMetadata } from "./plain-metadata.js";

async function kindsOf(...names: string[]): Promise<string[]> {
  const loaded = await loadCodecs(names.map((name) => metadataOf(fixtureNamed(name))));
  return Object.keys(loaded).toSorted();
}

describe("loadCodecs", () => {
  it("loads nothing for arrays that are not compressed", async () => {
    expect(await loadCodecs([])).toEqual({});
    expect(await loadCodecs([plainMetadata()])).toEqual({});
    expect(await kindsOf("v3: crc32c", "v3: shards: inner chunks")).toEqual([]);
  });

  it("loads what any of the arrays needs, on every level of shards", async () => {
    expect(await kindsOf("float32 zstd", "zlib 1 C <i2", "bz2 1 F >i2", "float32 uncompressed")).toEqual([
      "bz2",
      "zlib",
      "zstd",
    ]);
    expect(await kindsOf("v3: blosc", "v3: gzip")).toEqual(["blosc", "gzip"]);
    expect(await kindsOf("v3: shards: nested, one in one")).toEqual(["zstd"]);
  });
});
