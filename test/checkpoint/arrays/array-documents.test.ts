import { describe, expect, it } from "vitest";
import { ArrayDocuments } from "../../../src/checkpoint/arrays/array-documents.js";
import { DEFAULT_LIMITS } from "../../../src/limits.js";
import { zarray } from "../stored-item.js";

const text = (value: string) => new TextEncoder().encode(value);
const named = (name: string) => ({ name, path: name.split(".") });

describe("the documents of an item's arrays", () => {
  it("are decoded, and those with the same bytes once", () => {
    const documents = new ArrayDocuments(2, DEFAULT_LIMITS);
    const one = documents.decode(text(zarray({ shape: [4], chunks: [2] })), named("a"));
    expect(one).toMatchObject({ zarr: 2, dtype: "int64", shape: [4], chunkShape: [2] });
    expect(documents.decode(text(zarray({ shape: [4], chunks: [2] })), named("b"))).toBe(one);
    expect(documents.decode(text(zarray({ shape: [4], chunks: [1] })), named("c")).chunkShape).toEqual([1]);
  });

  it("are told apart by bytes that are no text", () => {
    const documents = new ArrayDocuments(2, DEFAULT_LIMITS);
    documents.decode(text(zarray()), named("a"));
    const damaged = Uint8Array.of(0xff, ...text(zarray()));
    expect(() => documents.decode(damaged, named("b"))).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining({ key: "b" }) }),
    );
  });

  it.each([
    [2, ".zarray"],
    [3, "zarr.json"],
  ] as const)("are named where there is none: zarr v%i", (zarr, file) => {
    const documents = new ArrayDocuments(zarr, DEFAULT_LIMITS);
    expect(() => documents.decode(undefined, named("p.w"))).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: `p/w: ${file}: "nothing", expected the array's metadata`,
        details: expect.objectContaining({ key: "p/w" }),
      }),
    );
  });

  it("name the leaf where they are damaged", () => {
    const documents = new ArrayDocuments(2, DEFAULT_LIMITS);
    expect(() => documents.decode(text("{"), named("p.w"))).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: expect.stringMatching(/^p\/w: \.zarray: /),
        details: expect.objectContaining({ key: "p/w" }),
      }),
    );
  });
});
