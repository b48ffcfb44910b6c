import { describe, expect, it } from "vitest";
import { decodeArrayDocument } from "../../src/zarr/array-document.js";
import { ARRAY_DOCUMENT } from "../../src/zarr/metadata.js";
import { fixtureNamed } from "./fixture-arrays.js";

const V2 = new TextEncoder().encode(fixtureNamed("float32 zstd").document);
const V3 = new TextEncoder().encode(fixtureNamed("v3: zstd").document);

describe("decodeArrayDocument", () => {
  it("reads the document of either version", () => {
    expect(decodeArrayDocument(V2, ARRAY_DOCUMENT[2], undefined, 2).zarr).toBe(2);
    expect(decodeArrayDocument(V3, ARRAY_DOCUMENT[3], undefined, 3).zarr).toBe(3);
  });

  it.each([
    [V2, 3],
    [V3, 2],
  ] as const)("refuses the document of the other version", (document, zarr) => {
    expect(() => decodeArrayDocument(document, "document", undefined, zarr)).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: `document: zarr_format is ${5 - zarr}, expected ${zarr}`,
      }),
    );
  });

  it("hands the limits on", () => {
    expect(() => decodeArrayDocument(V3, "document", { arrayBytes: 10 }, 3)).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
  });
});
