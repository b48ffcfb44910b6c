import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copyArrays } from "../../src/pytree/copy.js";
import { flattenTree } from "../../src/pytree/flatten.js";
import { bytes, prngKey, Tuple } from "../../src/pytree/value.js";
import { NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { leaves, trees } from "./arbitraries.js";

describe("copyArrays", () => {
  it("gives the same tree", () => {
    fc.assert(
      fc.property(trees(leaves), (tree) => {
        expect(flattenTree(copyArrays(tree))).toEqual(flattenTree(tree));
      }),
    );
  });

  it("shares no memory of arrays, bare arrays, bytes and keys", () => {
    const words = Uint32Array.of(1, 2);
    const data = Float32Array.of(1);
    const bare = Uint8Array.of(1);
    const text = Uint8Array.of(1);
    const copy = copyArrays([
      prngKey([], words),
      ndarray("float32", [1], data),
      bytes(text),
      bare,
      new Map([["a", bare]]),
    ]);
    for (const array of [words, data, text, bare]) array.fill(9);
    expect(copy).toEqual([
      prngKey([], Uint32Array.of(1, 2)),
      ndarray("float32", [1], Float32Array.of(1)),
      bytes(Uint8Array.of(1)),
      ndarray("uint8", [1], Uint8Array.of(1)),
      new Map([["a", ndarray("uint8", [1], Uint8Array.of(1))]]),
    ]);
  });

  it("copies Node's Buffer, whose slice would be a view, and only the part that is seen of a larger one", () => {
    const large = new Uint8Array(100);
    const buffer = Buffer.from(large.buffer, 8, 4);
    const copy = copyArrays(ndarray("uint8", [4], buffer));
    large.fill(7);
    expect(NdArray.is(copy) && copy.data).toEqual(new Uint8Array(4));
    expect(NdArray.is(copy) && copy.data.buffer.byteLength).toBe(4);
  });

  it("keeps the sharding of arrays and the names of tuples", () => {
    const array = new NdArray("int8", [1], new Int8Array(1), "{}");
    const named = new Tuple([array], ["mu"], "Adam");
    expect(copyArrays(named)).toEqual(named);
  });
});
