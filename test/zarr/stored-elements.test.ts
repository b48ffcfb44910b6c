import { describe, expect, it } from "vitest";
import { allocateArray, finishElements } from "../../src/zarr/stored-elements.js";

describe("allocateArray", () => {
  it("gives zeroed elements", () => {
    expect(allocateArray("complex64", [2], "w")).toEqual(new Float32Array(4));
  });

  it("says UNSUPPORTED where there is not the memory", () => {
    expect(() => allocateArray("float64", [2 ** 30, 2 ** 20], "w")).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        message: "w: float64 [1073741824, 1048576] is more than this platform can hold",
      }),
    );
  });
});

describe("finishElements", () => {
  it("gives int4 its sign, whatever the upper bits are", () => {
    const bytes = Uint8Array.of(0x07, 0x08, 0xff);
    finishElements(bytes, "int4", "w");
    expect(Array.from(new Int8Array(bytes.buffer))).toEqual([7, -8, -1]);
  });

  it("leaves uint4 as it is stored", () => {
    const bytes = Uint8Array.of(0x0f);
    finishElements(bytes, "uint4", "w");
    expect(bytes[0]).toBe(0x0f);
  });

  it("refuses a bool that is neither 0 nor 1", () => {
    expect(() => finishElements(Uint8Array.of(1, 2), "bool", "w")).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", message: "w: bool is 2, expected 0 or 1 (byte 1)" }),
    );
  });
});
