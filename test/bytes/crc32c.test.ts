import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "../../src/bytes/crc32c.js";

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The definition, bit by bit: polynomial 1EDC6F41, most significant coefficient in the lowest bit. */
function bitByBit(bytes: Uint8Array): number {
  let register = 0xffffffffn;
  for (const byte of bytes) {
    register ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) register = (register >> 1n) ^ (register & 1n ? 0x82f63b78n : 0n);
  }
  return Number(register ^ 0xffffffffn);
}

describe("crc32c", () => {
  it.each([
    ["no bytes", new Uint8Array(0), 0x00000000],
    ["a", ascii("a"), 0xc1d04330],
    ["123456789", ascii("123456789"), 0xe3069283],
    ["32 bytes 00", new Uint8Array(32), 0x8a9136aa],
    ["32 bytes ff", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["00 01 to 1f", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])("has the published value for %s", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it("follows the definition at every length and at every alignment", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(20), (bytes, start) => {
        const view = bytes.subarray(Math.min(start, bytes.length));
        expect(crc32c(view)).toBe(bitByBit(Uint8Array.from(view)));
      }),
      { numRuns: 300 },
    );
  });

  it("agrees with an envelope that TensorStore wrote", () => {
    // docs/spec/ocdbt.md section 16: version-tree node of height 1, 40 bytes, checksum in the last four.
    const hex = "0cdb1234280000000000000000000101010300642f78010200455002e80300000000000085d6c70d";
    const node = Uint8Array.from(Buffer.from(hex, "hex"));
    expect(node).toHaveLength(40);
    expect(crc32c(node.subarray(0, 36))).toBe(new DataView(node.buffer).getUint32(36, true));
  });
});
