import { describe, expect, it } from "vitest";
import fixture from "../../fixtures/codecs/bz2.json" with { type: "json" };
import { decompressBz2, loadBz2 } from "../../src/bytes/bz2.js";
import { failure } from "../failure.js";
import {
  describeStreams,
  forEachMutation,
  options,
  streamNamed,
  streamsOf,
  verdict,
} from "./codec-streams.js";

const streams = streamsOf(fixture);
const sound = streams.filter(({ sha256 }) => sha256 !== undefined);

describeStreams("bz2 streams", streams, decompressBz2);

describe("bz2", () => {
  const { stored } = streamNamed(streams, "level 9");

  /** A copy of a sound stream with the bits from `bit` on, highest first, replaced. */
  function withBits(bit: number, bits: string): Uint8Array {
    const copy = Uint8Array.from(stored);
    for (const [index, value] of bits.split("").entries()) {
      const at = (bit + index) >> 3;
      const mask = 0x80 >> ((bit + index) & 7);
      copy[at] = value === "1" ? (copy[at] ?? 0) | mask : (copy[at] ?? 0) & ~mask;
    }
    return copy;
  }

  it("never takes a changed stream for other content", () => {
    forEachMutation(sound, 600, (changed, { size, sha256 }) => {
      expect([sha256, "DATA_LOSS", "UNSUPPORTED"]).toContain(verdict(decompressBz2, changed, size));
    });
  });

  it("never takes a changed stream of unknown length for other content", () => {
    forEachMutation(sound, 300, (changed, { sha256 }) => {
      expect([sha256, "DATA_LOSS", "UNSUPPORTED", "LIMIT_EXCEEDED"]).toContain(
        verdict(decompressBz2, changed),
      );
    });
  });

  it("gives no bytes for a stream without blocks", () => {
    // BZh9, end magic, checksum 0
    const empty = Uint8Array.of(0x42, 0x5a, 0x68, 0x39, 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, 0, 0, 0, 0);
    expect(decompressBz2(empty, options)).toHaveLength(0);
    expect(decompressBz2(empty, { ...options, limit: 0, size: 0 })).toHaveLength(0);
    expect(verdict(decompressBz2, empty, 1)).toBe("DATA_LOSS");
  });

  it.each([
    ["magic", 0, "1"],
    ["block magic", 32, "1"],
    ["origin", 113, "1".repeat(24)], // behind magic 32, block magic 48, checksum 32, randomised 1
    ["byte values", 137, "0".repeat(16)],
  ])("names what is wrong: %s", (field, bit, bits) => {
    expect(() => decompressBz2(withBits(bit, bits), options)).toThrow(
      failure("DATA_LOSS", { field: `bz2 ${field}` }),
    );
  });

  it("says that randomised blocks are not supported", () => {
    expect(() => decompressBz2(withBits(112, "1"), options)).toThrow(
      failure("UNSUPPORTED", { field: "bz2 block", found: "randomised" }),
    );
  });

  it("refuses what TensorStore refuses, and streams without their whole end, which it accepts", () => {
    const accepted = streams.filter(({ tensorstore }) => tensorstore.includes("accepts"));
    expect(accepted.filter(({ sha256 }) => sha256 === undefined).map(({ name }) => name)).toEqual([
      "cut before the end",
      "cut in the checksum",
    ]);
  });

  it("is loaded as a function", async () => {
    expect(await loadBz2()).toBe(decompressBz2);
  });
});
