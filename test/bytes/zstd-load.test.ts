import { beforeEach, describe, expect, it, vi } from "vitest";

/** Stands for Node's own zstd: answers every frame with its last three bytes. */
const engine = {
  decompress: (frame: Uint8Array) => frame.slice(-3),
  compress: (data: Uint8Array) => data,
};
const abc = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x03, 0x19, 0, 0, 0x61, 0x62, 0x63);

const platform = vi.hoisted(() => ({ native: true, loads: 0, forbidden: false }));

vi.mock("#native-zstd", () => ({ nativeZstd: () => (platform.native ? engine : undefined) }));
vi.mock("zstddec", () => {
  platform.loads++;
  class ZSTDDecoder {
    async init() {
      if (platform.forbidden) throw new TypeError("fetch failed");
    }
    decode(frame: Uint8Array) {
      return frame.slice(-3);
    }
  }
  return { ZSTDDecoder };
});

beforeEach(() => {
  vi.resetModules();
  Object.assign(platform, { native: true, loads: 0, forbidden: false });
});

describe("loading zstd", () => {
  const options = { what: "node", limit: 3, limitName: "decodedNodeBytes" };

  it("loads no WebAssembly where the platform has zstd", async () => {
    const { loadZstd, zstdEncoder } = await import("../../src/bytes/zstd.js");
    const decompress = await loadZstd();
    expect(decompress(abc, options)).toEqual(Uint8Array.of(0x61, 0x62, 0x63));
    expect(zstdEncoder()).toBe(engine.compress);
    expect(platform.loads).toBe(0);
  });

  it("loads no WebAssembly to look for an encoder", async () => {
    platform.native = false;
    const { zstdEncoder } = await import("../../src/bytes/zstd.js");
    expect(zstdEncoder()).toBeUndefined();
    expect(platform.loads).toBe(0);
  });

  it("loads WebAssembly once where the platform has none", async () => {
    platform.native = false;
    const { loadZstd } = await import("../../src/bytes/zstd.js");
    const [first, second] = await Promise.all([loadZstd(), loadZstd()]);
    expect(first).toBe(second);
    expect(first(abc, options)).toEqual(Uint8Array.of(0x61, 0x62, 0x63));
    expect(platform.loads).toBe(1);
  });

  it("says what is forbidden where WebAssembly cannot be loaded", async () => {
    Object.assign(platform, { native: false, forbidden: true });
    const { loadZstd } = await import("../../src/bytes/zstd.js");
    await expect(loadZstd()).rejects.toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        message: "zstd: WebAssembly cannot be loaded: fetch failed",
        cause: expect.any(TypeError),
      }),
    );
  });
});
