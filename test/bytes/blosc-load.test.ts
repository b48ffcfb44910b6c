import { describe, expect, it, vi } from "vitest";
import fixture from "../../fixtures/codecs/blosc.json" with { type: "json" };
import { options, streamNamed, streamsOf } from "./codec-streams.js";

const forbidden = vi.hoisted(() => new TypeError("WebAssembly is forbidden"));

vi.mock("../../src/bytes/zstd.js", () => ({ loadZstd: () => Promise.reject(forbidden) }));

describe("loading Blosc where zstd cannot be", () => {
  it("reads chunks that need no zstd", async () => {
    const { loadBlosc } = await import("../../src/bytes/blosc.js");
    const decompress = await loadBlosc();
    const streams = streamsOf(fixture);
    expect(decompress(streamNamed(streams, "lz4, shuffle").stored, options)).toHaveLength(3000);
    expect(() => decompress(streamNamed(streams, "zstd, shuffle").stored, options)).toThrow(forbidden);
  });
});
