import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import fixture from "../../fixtures/codecs/gzip.json" with { type: "json" };
import { decompressGzip, loadGzip } from "../../src/bytes/gzip.js";
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

for (const [name, engine] of engines) {
  describeStreams(`gzip files (${name})`, streams, (stored, more) => decompressGzip(engine, stored, more));
}

describe.each(engines)("gzip (%s)", (_, engine) => {
  const decompress = (stored: Uint8Array, more = options) => decompressGzip(engine, stored, more);

  it("never takes a changed file for other content", () => {
    forEachMutation(sound, 600, (stored, { size, sha256 }) => {
      expect([sha256, "DATA_LOSS"]).toContain(verdict(decompress, stored, size));
    });
  });

  it("decodes what Node encodes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(9), (content, level) => {
        const stored = gzipSync(content, { level });
        expect(decompress(stored, { ...options, size: content.length })).toEqual(content);
        expect(decompress(stored)).toEqual(content);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["wrong checksum", "gzip CRC-32"],
    ["wrong length", "gzip content size"],
    ["wrong header checksum", "gzip header CRC"],
    ["reserved flag", "gzip flags"],
    ["wrong magic", "gzip magic"],
    ["cut in the file name", "gzip file name"],
  ])("names what is wrong: %s", (name, field) => {
    expect(() => decompress(streamNamed(streams, name).stored)).toThrow(failure("DATA_LOSS", { field }));
  });
});

describe("gzip, whatever decodes", () => {
  it("refuses what TensorStore refuses, and damage that one of its two readers of zarr lets through", () => {
    const accepted = streams.filter(({ tensorstore }) => tensorstore.includes("accepts"));
    const damaged = accepted.filter(({ sha256 }) => sha256 === undefined);
    expect(damaged.map(({ name, tensorstore }) => `${name}: zarr v2 ${tensorstore.join(", v3 ")}`)).toEqual([
      "member of nothing after: zarr v2 refuses, v3 accepts",
      "trailing byte: zarr v2 refuses, v3 accepts",
      "trailing bytes: zarr v2 refuses, v3 accepts",
      "cut before the trailer: zarr v2 accepts, v3 refuses",
      "cut in the trailer: zarr v2 accepts, v3 refuses",
    ]);
  });

  it("is loaded once", async () => {
    expect(loadGzip()).toBe(loadGzip());
    const decompress = await loadGzip();
    const { stored, size } = streamNamed(streams, "level 9");
    expect(decompress(stored, options)).toHaveLength(size);
  });
});
