import { afterEach, describe, expect, it } from "vitest";
import { nativeZstd } from "#native-zstd";
import { loadZstd } from "../../src/bytes/zstd.js";
import { startZstdSooner } from "../../src/cli/zstd-start.js";
import { hex } from "../ocdbt/bytes.js";

const { fetch } = globalThis;
afterEach(() => void Object.assign(globalThis, { fetch }));

describe("startZstdSooner", () => {
  it("leaves a process alone that has zstd of its own, and zstd works either way", async () => {
    await startZstdSooner();
    expect(globalThis.fetch === undefined).toBe(nativeZstd() === undefined);
    const decompress = await loadZstd();
    const frame = hex('28 b5 2f fd 20 03 19 00 00 "abc"'); // docs/spec/ocdbt.md section 16
    const content = decompress(frame, { what: "frame", limit: 3, limitName: "valueBytes" });
    expect(content).toEqual(hex('"abc"'));
  });
});
