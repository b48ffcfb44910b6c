import { describe, expect, it } from "vitest";
import { parseTaggedJson } from "../../../src/datarax/tagged-json.js";
import { rowAverage } from "../../../src/grain/packing/row-average.js";
import { complex } from "../../../src/pytree/value.js";
import { NdArray } from "../../../src/zarr/nd-array.js";
import { failure } from "../../failure.js";
import { readVectors } from "./vectors.js";

describe("rowAverage", () => {
  it("rounds as NumPy does, whatever the order of its additions", () => {
    const { averages } = readVectors();
    expect(averages.map(({ row }) => rowAverage(parseTaggedJson(row)))).toEqual(
      averages.map(({ average }) => average),
    );
  });

  it("is 0 where no value is other than 0, and with a value that is no number", () => {
    expect([rowAverage([]), rowAverage([0, 0]), rowAverage([1, Number.NaN])]).toEqual([0, 0, 0]);
  });

  it("takes the largest number for infinity", () => {
    const row = new NdArray("float32", [1], Float32Array.of(Number.NEGATIVE_INFINITY));
    expect(rowAverage(row)).toBe(-Number.MAX_VALUE);
  });

  it.each([[["a"]], [[complex(1, 2)]], [new NdArray("bfloat16", [1], Uint16Array.of(1))]])(
    "refuses what NumPy does not add up or order: %#",
    (row) => {
      expect(() => rowAverage(row)).toThrow(failure("UNSUPPORTED"));
    },
  );
});
