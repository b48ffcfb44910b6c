import { deflateSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import fixture from "../../fixtures/codecs/zlib.json" with { type: "json" };
import { nativeZlib as browserZlib } from "../../src/bytes/no-native-zlib.js";
import { decompressZlib, loadZlib } from "../../src/bytes/zlib.js";
import type { ZlibEngine } from "../../src/bytes/zlib-engine.js";
import { failure } from "../failure.js";
import {
  describeStreams,
  forEachMutation,
  options,
  streamNamed,
  streamsOf,
  verdict,
} from "./codec-streams.js";
import { engines } from "./zlib-engines.js";

const streams = streamsOf(fixture);
const sound = streams.filter(({ sha256 }) => sha256 !== undefined);

function engineThat(inflate: ZlibEngine["inflate"]): ZlibEngine {
  return { inflate, crc32: () => 0 };
}

for (const [name, engine] of engines) {
  describeStreams(`zlib streams (${name})`, streams, (stored, more) => decompressZlib(engine, stored, more));
}

describe.each(engines)("zlib (%s)", (_, engine) => {
  const decompress = (stored: Uint8Array, more = options) => decompressZlib(engine, stored, more);

  it("never takes a changed stream for other content", () => {
    forEachMutation(sound, 600, (stored, { size, sha256 }) => {
      expect([sha256, "DATA_LOSS", "UNSUPPORTED"]).toContain(verdict(decompress, stored, size));
    });
  });

  it("never takes a changed stream of unknown length for other content", () => {
    forEachMutation(sound, 300, (stored, { sha256 }) => {
      expect([sha256, "DATA_LOSS", "UNSUPPORTED", "LIMIT_EXCEEDED"]).toContain(verdict(decompress, stored));
    });
  });

  it("decodes what Node encodes, at any level, with any strategy", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.nat(7), { maxLength: 40 }),
        fc.nat(9),
        fc.nat(4),
        (words, order, level, strategy) => {
          const content = Uint8Array.from(order.flatMap((index) => [...(words[index] ?? [])]));
          const stored = deflateSync(content, { level, strategy });
          expect(decompress(stored, { ...options, size: content.length })).toEqual(content);
          expect(decompress(stored)).toEqual(content);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("ends a bomb at the limit", () => {
    const bomb = deflateSync(new Uint8Array(20_000_000), { level: 9 });
    expect(bomb.length).toBeLessThan(20_000);
    expect(() => decompress(bomb, { ...options, limit: 1_000_000 })).toThrow(
      failure("LIMIT_EXCEEDED", { limit: "arrayBytes", field: "zlib content size" }),
    );
  });

  it("finds the end of a stream that is followed by what looks like another one", () => {
    const { stored } = streamNamed(streams, "level 6");
    const looksLikeGzip = [0, 0, 0, 0, 0, 0, 0, 0, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    const body = stored.subarray(2, -4);
    const twice = [...body, ...looksLikeGzip, ...body];
    expect(() => decompress(Uint8Array.from([0x78, 0x9c, ...twice, ...stored.subarray(-4)]))).toThrow(
      failure("DATA_LOSS"),
    );
    const many = Array.from({ length: 20_000 }, () => [3, 0, ...looksLikeGzip]).flat(); // each is a stream of nothing
    expect(() => decompress(Uint8Array.from([0x78, 0x9c, ...many, ...stored.subarray(-4)]))).toThrow(
      failure("DATA_LOSS"),
    );
  });

  it("says that a dictionary is not supported", () => {
    expect(() => decompress(streamNamed(streams, "dictionary").stored)).toThrow(
      failure("UNSUPPORTED", { field: "zlib dictionary" }),
    );
  });
});

describe("zlib, whatever decodes", () => {
  const { stored, size } = streamNamed(streams, "level 6");

  it("refuses exactly what TensorStore refuses, but for streams without their whole checksum", () => {
    const accepted = streams.filter(({ tensorstore }) => tensorstore.includes("accepts"));
    expect(accepted.filter(({ sha256 }) => sha256 === undefined).map(({ name }) => name)).toEqual([
      "cut before the checksum",
      "cut in the checksum",
    ]);
  });

  it("offers room for the size, or for what is possible up to the limit", () => {
    const inflate = vi.fn<ZlibEngine["inflate"]>(() => ({ failure: "damaged" }));
    expect(verdict((bytes, more) => decompressZlib(engineThat(inflate), bytes, more), stored, size)).toBe(
      "DATA_LOSS",
    );
    expect(inflate).toHaveBeenLastCalledWith(stored.subarray(2, -4), { capacity: size, exact: true });
    verdict((bytes, more) => decompressZlib(engineThat(inflate), bytes, { ...more, limit: 1000 }), stored);
    expect(inflate).toHaveBeenLastCalledWith(stored.subarray(2, -4), { capacity: 1000, exact: false });
    verdict((bytes, more) => decompressZlib(engineThat(inflate), bytes, more), stored);
    const capacity = (stored.length - 6) * 1032;
    expect(inflate).toHaveBeenLastCalledWith(stored.subarray(2, -4), { capacity, exact: false });
  });

  it("tells what this platform cannot hold from damage", () => {
    const cause = new RangeError("Array buffer allocation failed");
    const engine = engineThat(() => ({ failure: "too large", cause }));
    expect(() => decompressZlib(engine, stored, options)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED", cause }),
    );
  });

  it("keeps the engine's own error as the cause", () => {
    const cause = new Error("invalid stored block lengths");
    const engine = engineThat(() => ({ failure: "damaged", cause }));
    expect(() => decompressZlib(engine, stored, options)).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", message: "chunk 0.0: damaged zlib stream", cause }),
    );
  });

  it("does not believe an engine that gives another number of bytes", () => {
    const engine = engineThat(() => new Uint8Array(3));
    expect(() => decompressZlib(engine, stored, { ...options, size })).toThrow(
      failure("DATA_LOSS", { field: "zlib content size", found: 3, expected: `${size} bytes` }),
    );
  });

  it("is loaded once", async () => {
    expect(loadZlib()).toBe(loadZlib());
    const decompress = await loadZlib();
    expect(decompress(stored, options)).toHaveLength(size);
  });

  it("has no engine of the platform in browsers", () => {
    expect(browserZlib()).toBeUndefined();
  });
});
