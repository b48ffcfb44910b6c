import { describe, expect, it } from "vitest";
import { chunkBytes, chunkKey } from "../../src/zarr/metadata.js";
import { plainMetadata } from "./plain-metadata.js";

describe("chunkKey", () => {
  it.each([
    ["v2", ".", "1.12", "0"],
    ["v2", "/", "1/12", "0"],
    ["default", "/", "c/1/12", "c"],
    ["default", ".", "c.1.12", "c"],
  ] as const)("of encoding %s with %s is %s, and %s for rank 0", (name, separator, key, scalarKey) => {
    const metadata = plainMetadata({ chunkKeys: { name, separator } });
    expect(chunkKey(metadata, [1, 12])).toBe(key);
    expect(chunkKey(metadata, [])).toBe(scalarKey);
  });
});

describe("chunkBytes", () => {
  it("counts the bytes of a whole chunk", () => {
    expect(chunkBytes(plainMetadata({ dtype: "complex128", chunkShape: [2, 3] }))).toBe(2 * 3 * 16);
    expect(chunkBytes(plainMetadata({ dtype: "float32", chunkShape: [] }))).toBe(4);
  });
});
