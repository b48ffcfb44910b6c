import { beforeEach, describe, expect, it, vi } from "vitest";

const platform = vi.hoisted(() => ({ native: true, loads: 0 }));

/** Stands for Node's own zlib: answers every stream with `abc`. */
const engine = { inflate: () => Uint8Array.of(0x61, 0x62, 0x63), crc32: () => 0x352441c2 };

vi.mock("#native-zlib", () => ({ nativeZlib: () => (platform.native ? engine : undefined) }));
vi.mock("fflate", async (original) => {
  platform.loads++;
  return await original();
});

beforeEach(() => {
  vi.resetModules();
  Object.assign(platform, { native: true, loads: 0 });
});

describe("loading zlib and gzip", () => {
  const options = { what: "chunk", limit: 3, limitName: "arrayBytes" };
  const zlib = Uint8Array.of(0x78, 0x9c, 0x4b, 0x4c, 0x4a, 6, 0, 2, 0x4d, 1, 0x27); // abc

  it("loads no JavaScript decoder where the platform has one", async () => {
    const { loadZlib } = await import("../../src/bytes/zlib.js");
    expect((await loadZlib())(zlib, options)).toEqual(Uint8Array.of(0x61, 0x62, 0x63));
    expect(platform.loads).toBe(0);
  });

  it("loads a JavaScript decoder once, for both, where the platform has none", async () => {
    platform.native = false;
    const { loadZlib } = await import("../../src/bytes/zlib.js");
    const { loadGzip } = await import("../../src/bytes/gzip.js");
    const [decompress] = await Promise.all([loadZlib(), loadGzip(), loadZlib()]);
    expect(decompress(zlib, options)).toEqual(Uint8Array.of(0x61, 0x62, 0x63));
    expect(platform.loads).toBe(1);
  });
});
