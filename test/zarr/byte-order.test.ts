import { describe, expect, it } from "vitest";
import { littleEndianBytes, swapWords } from "../../src/zarr/byte-order.js";

describe("swapWords", () => {
  it.each([
    [1, [1, 2, 3, 4, 5, 6, 7, 8]],
    [2, [2, 1, 4, 3, 6, 5, 8, 7]],
    [4, [4, 3, 2, 1, 8, 7, 6, 5]],
    [8, [8, 7, 6, 5, 4, 3, 2, 1]],
  ])("reverses words of %d bytes in place, at any alignment", (wordBytes, expected) => {
    const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8).subarray(1);
    swapWords(bytes, wordBytes);
    expect([...bytes]).toEqual(expected);
  });

  it("knows no words of other sizes", () => {
    expect(() => swapWords(new Uint8Array(3), 3)).toThrow("no words of 3 bytes");
  });
});

describe("littleEndianBytes", () => {
  it("starts with the lowest byte", () => {
    expect([...littleEndianBytes(Uint32Array.of(0x04030201), 4)]).toEqual([1, 2, 3, 4]);
  });

  it("covers a view, not its whole buffer", () => {
    expect([...littleEndianBytes(Uint16Array.of(1, 2, 3).subarray(1, 2), 2)]).toEqual([2, 0]);
  });
});
