import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskBits, narrowBits, signExtend } from "../../src/zarr/narrow-integers.js";

describe("narrowBits", () => {
  it("is told by the dtype, and by integers with a sign only", () => {
    expect([narrowBits("int4"), narrowBits("int2")]).toEqual([4, 2]);
    expect([narrowBits("int8"), narrowBits("uint4"), narrowBits("float4_e2m1fn")]).toEqual(
      Array(3).fill(undefined),
    );
  });
});

describe("signExtend", () => {
  // docs/spec/orbax-layout.md section 9, and what TensorStore 0.1.86 reads where the upper bits are not 0.
  it.each([
    ["int4", 4, [0x08, 0x0f, 0x07, 0x00], [-8, -1, 7, 0]],
    ["int2", 2, [0x02, 0x03, 0x01, 0x00], [-2, -1, 1, 0]],
    ["int4 with other upper bits", 4, [0xf8, 0x18, 0x07, 0xff], [-8, -8, 7, -1]],
    ["int2 with other upper bits", 2, [0xfe, 0xfd, 0x01, 0x07], [-2, 1, 1, -1]],
  ])("reads %s", (_, bits, stored, values) => {
    const bytes = Uint8Array.from(stored);
    signExtend(bytes, bits);
    expect([...new Int8Array(bytes.buffer)]).toEqual(values);
  });

  it("gives back what maskBits stored", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -8, max: 7 })), (values) => {
        const bytes = new Uint8Array(Int8Array.from(values).buffer);
        maskBits(bytes, 4);
        expect(bytes.every((byte) => byte <= 0x0f)).toBe(true);
        signExtend(bytes, 4);
        expect([...new Int8Array(bytes.buffer)]).toEqual(values);
      }),
    );
  });
});

describe("maskBits", () => {
  it.each([
    ["int4", 4, [-8, -1, 7, 0], [0x08, 0x0f, 0x07, 0x00]],
    ["int2", 2, [-2, -1, 1, 0], [0x02, 0x03, 0x01, 0x00]],
  ])("writes %s with upper bits of 0", (_, bits, values, stored) => {
    const bytes = new Uint8Array(Int8Array.from(values).buffer);
    maskBits(bytes, bits);
    expect([...bytes]).toEqual(stored);
  });
});
