import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import fixture from "../../fixtures/zstd/frames.json" with { type: "json" };
import type { DecompressOptions } from "../../src/bytes/decompressor.js";
import { nativeZstd } from "../../src/bytes/native-zstd.js";
import { nativeZstd as browserZstd } from "../../src/bytes/no-native-zstd.js";
import { loadWasmZstd } from "../../src/bytes/wasm-zstd.js";
import { decompressZstd, loadZstd, zstdEncoder } from "../../src/bytes/zstd.js";
import type { ZstdDecoder } from "../../src/bytes/zstd-engine.js";
import { isOrbaxError } from "../../src/errors.js";
import { failure } from "../failure.js";
import { bomb, DESCRIPTOR, MAGIC, rawBlock, rleBlock, u32le, windowFrame } from "./zstd-blocks.js";

const MiB = 2 ** 20;
const native = nativeZstd();
const wasm = await loadWasmZstd();
/** Every decoder that this platform can run. */
const decoders: [string, ZstdDecoder][] = [["WebAssembly", wasm.decompress]];
if (native !== undefined) decoders.push(["native", native.decompress]);

const options: DecompressOptions = {
  what: "B+tree node",
  limit: 64 * MiB,
  limitName: "decodedNodeBytes",
};
const textBytes = 26400;

/** Frames that libzstd decodes, as the fixture says. */
const sound = fixture.frames.flatMap(({ name, frame, libzstd }) =>
  typeof libzstd === "string"
    ? []
    : [{ name, frame: Uint8Array.from(Buffer.from(frame, "base64")), ...libzstd }],
);
const refused = fixture.frames.flatMap(({ name, frame, libzstd }) =>
  typeof libzstd === "string" ? [{ name, frame: Uint8Array.from(Buffer.from(frame, "base64")) }] : [],
);
/** Nothing is wrong with these: they ask for more than we have. The others are damaged. */
const beyondUs = new Set(["window of 256 MiB", "dictionary"]);

function fixtureFrame(name: string): Uint8Array {
  const found = [...sound, ...refused].find((frame) => frame.name === name);
  if (found === undefined) throw new Error(`no frame ${name}`);
  return Uint8Array.from(found.frame);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const untouched: ZstdDecoder = () => {
  throw new Error("the decoder was asked");
};

/** What comes out, in a form that two decoders can be compared by. */
function verdict(decode: ZstdDecoder, frame: Uint8Array, more: Partial<DecompressOptions> = {}): string {
  try {
    return sha256(decompressZstd(decode, frame, { ...options, ...more }));
  } catch (error) {
    if (isOrbaxError(error)) return error.code;
    throw error;
  }
}

describe.each(decoders)("zstd (%s)", (_, decode) => {
  it.each(sound)("decodes a frame with $name", ({ frame, length, sha256: hash }) => {
    const content = decompressZstd(decode, frame, options);
    expect(content).toHaveLength(length);
    expect(sha256(content)).toBe(hash);
  });

  it.each(sound)("gives away an array of its own for a frame with $name", ({ frame }) => {
    const content = decompressZstd(decode, frame, options);
    expect(content.constructor).toBe(Uint8Array);
    expect(content.byteOffset).toBe(0);
    expect(content.buffer.byteLength).toBe(content.length);
  });

  it.each(refused)("refuses as libzstd does: $name", ({ name, frame }) => {
    const code = beyondUs.has(name) ? "UNSUPPORTED" : "DATA_LOSS";
    expect(() => decompressZstd(decode, frame, options)).toThrow(failure(code));
  });

  it("reads a frame in the middle of a larger array", () => {
    const frame = fixtureFrame("content size, checksum");
    const file = Uint8Array.from([1, 2, 3, ...frame, 4, 5]);
    expect(decompressZstd(decode, file.subarray(3, 3 + frame.length), options)).toHaveLength(textBytes);
  });

  it("decodes the frame of the specification", () => {
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x03, 0x19, 0, 0, 0x61, 0x62, 0x63);
    expect(decompressZstd(decode, frame, options)).toEqual(Uint8Array.of(0x61, 0x62, 0x63));
  });

  it.each([
    "content size",
    "no content size",
    "blocks under 128 KiB, no content size, checksum",
    "six blocks",
  ])("takes a frame with %s up to the limit and no further", (name) => {
    const frame = fixtureFrame(name);
    const { length } = decompressZstd(decode, frame, options);
    expect(decompressZstd(decode, frame, { ...options, limit: length })).toHaveLength(length);
    for (const limit of [length - 1, Math.floor(length / 3), 1]) {
      expect(() => decompressZstd(decode, frame, { ...options, limit })).toThrow(
        failure("LIMIT_EXCEEDED", { limit: "decodedNodeBytes" }),
      );
    }
  });

  it("tells damage from excess where the content may be longer than the limit", () => {
    // One compressed block, up to 128 KiB; the content of 26400 bytes is within this limit.
    const limit = 30_000;
    expect(verdict(decode, fixtureFrame("no content size, checksum"), { limit })).toMatch(/^[0-9a-f]{64}$/);
    expect(verdict(decode, fixtureFrame("wrong checksum, no content size"), { limit })).toBe("DATA_LOSS");
    expect(verdict(decode, fixtureFrame("damaged block, no content size"), { limit })).toBe("DATA_LOSS");
  });

  it("accepts the size that the content has, from a header or not", () => {
    for (const name of ["content size", "no content size", "window of 128 MiB"]) {
      expect(decompressZstd(decode, fixtureFrame(name), { ...options, size: textBytes })).toHaveLength(
        textBytes,
      );
    }
  });

  it.each([textBytes - 1, textBytes + 1, 0, 2 * MiB])("refuses content that ought to be %i bytes", (size) => {
    for (const name of ["content size", "no content size", "no content size, checksum"]) {
      expect(verdict(decode, fixtureFrame(name), { size })).toBe("DATA_LOSS");
    }
  });

  it("refuses a size above the limit", () => {
    const limit = textBytes - 1;
    expect(verdict(decode, fixtureFrame("no content size"), { limit, size: textBytes })).toBe(
      "LIMIT_EXCEEDED",
    );
  });

  it("gives no bytes for empty frames, whatever the limit", () => {
    for (const name of ["empty", "empty, checksum", "empty, no content size, checksum"]) {
      expect(decompressZstd(decode, fixtureFrame(name), { ...options, limit: 0, size: 0 })).toHaveLength(0);
    }
    expect(decompressZstd(decode, windowFrame(rawBlock([]), rleBlock(1, 0, true)), options)).toHaveLength(0);
    expect(verdict(decode, fixtureFrame("empty"), { size: 1 })).toBe("DATA_LOSS");
  });

  it("decodes raw blocks and repeated bytes of any lengths", () => {
    const block = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ bytes, rle: false })),
      fc
        .tuple(fc.nat(255), fc.nat(3000))
        .map(([byte, length]) => ({ bytes: new Uint8Array(length).fill(byte), rle: true })),
    );
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 12 }), (blocks) => {
        const stored = blocks.map(({ bytes, rle }, index) => {
          const last = index === blocks.length - 1;
          return rle ? rleBlock(bytes[0] ?? 0, bytes.length, last) : rawBlock(bytes, last);
        });
        const content = blocks.flatMap(({ bytes }) => Array.from(bytes));
        const plain = windowFrame(...stored);
        const sized = Uint8Array.from([
          ...MAGIC,
          DESCRIPTOR.size4 & ~DESCRIPTOR.size1, // a window as well, since a single segment allows shorter blocks only
          plain[5] ?? 0,
          ...u32le(content.length),
          ...stored.flat(),
        ]);
        expect(decompressZstd(decode, plain, options)).toEqual(Uint8Array.from(content));
        expect(decompressZstd(decode, sized, { ...options, size: content.length })).toEqual(
          Uint8Array.from(content),
        );
      }),
      { numRuns: 50 },
    );
  });

  it("never takes a changed frame with a checksum for other content", () => {
    const frames = ["content size, checksum", "no content size, checksum"].map(fixtureFrame);
    const whole = frames.map((frame) => verdict(decode, frame));
    fc.assert(
      fc.property(fc.nat(1), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, place, mask) => {
        const frame = Uint8Array.from(frames[which] ?? []);
        const at = place % frame.length;
        frame[at] = (frame[at] ?? 0) ^ mask;
        // Bit 2 of the descriptor takes the checksum away, which then are bytes too many. Bits without meaning,
        // larger windows and the like leave the content as it is.
        expect([whole[which], "DATA_LOSS", "UNSUPPORTED", "LIMIT_EXCEEDED"]).toContain(
          verdict(decode, frame),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("still works after 3,000 rejected frames", () => {
    const frames = [
      "wrong checksum",
      "damaged block",
      "damaged block, no content size",
      "content size one too small",
    ];
    const damaged = frames.map(fixtureFrame);
    for (let round = 0; round < 750; round++) {
      for (const frame of damaged) expect(verdict(decode, frame)).toBe("DATA_LOSS");
    }
    expect(decompressZstd(decode, fixtureFrame("content size, checksum"), options)).toHaveLength(textBytes);
  });

  it("decodes what needs more memory than a WebAssembly module starts with", () => {
    const frame = bomb(40 * MiB);
    const content = decompressZstd(decode, frame, options);
    expect(content).toHaveLength(40 * MiB);
    expect(content.every((byte) => byte === 7)).toBe(true);
  });
});

describe("zstd, whatever decodes", () => {
  it("refuses a bomb of 300 MB in 9.6 kB before anything is decoded", () => {
    const frame = bomb(300e6);
    expect(frame.length).toBeLessThan(9600);
    expect(() => decompressZstd(untouched, frame, options)).toThrow(
      failure("LIMIT_EXCEEDED", { limit: "decodedNodeBytes", field: "zstd content size" }),
    );
  });

  it("refuses a content size over the limit before anything is decoded", () => {
    const frame = fixtureFrame("six blocks"); // 681760 bytes in 95
    expect(() => decompressZstd(untouched, frame, { ...options, limit: 681_759 })).toThrow(
      failure("LIMIT_EXCEEDED", { found: 681_760, expected: "at most 681759 bytes" }),
    );
  });

  it.each(["content size above what the blocks can hold", "two frames", "cut in the block", "trailing byte"])(
    "refuses before anything is decoded: %s",
    (name) => {
      expect(() => decompressZstd(untouched, fixtureFrame(name), options)).toThrow(failure("DATA_LOSS"));
    },
  );

  it("never offers more room than the limit", () => {
    const decode = vi.fn<ZstdDecoder>(() => new Uint8Array(1));
    decompressZstd(decode, fixtureFrame("no content size"), { ...options, limit: 1000 });
    expect(decode).toHaveBeenCalledWith(expect.any(Uint8Array), { capacity: 1000, fit: "unknown" });
  });

  it("does not believe a decoder that gives less than the header says", () => {
    expect(() => decompressZstd(() => new Uint8Array(3), fixtureFrame("content size"), options)).toThrow(
      failure("DATA_LOSS", { found: 3, expected: "26400 bytes" }),
    );
    expect(() => decompressZstd(() => new Uint8Array(0), fixtureFrame("no content size"), options)).toThrow(
      failure("DATA_LOSS", { found: 0, expected: "at least 1 bytes" }),
    );
  });

  it("tells what this platform cannot hold from damage", () => {
    const cause = new RangeError("Array buffer allocation failed");
    const decode: ZstdDecoder = () => ({ failure: "too large", cause });
    expect(() => decompressZstd(decode, fixtureFrame("content size"), options)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED", cause }),
    );
  });

  it("keeps the decoder's own error as the cause", () => {
    const cause = new Error("Data corruption detected");
    expect(() =>
      decompressZstd(() => ({ failure: "damaged", cause }), fixtureFrame("content size"), options),
    ).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", message: "B+tree node: damaged zstd frame", cause }),
    );
  });
});

describe("the WebAssembly decoder", () => {
  it("says so when 3 GB do not fit into its memory, and goes on", () => {
    expect(verdict(wasm.decompress, bomb(3e9), { limit: 2 ** 40 })).toBe("UNSUPPORTED");
    expect(verdict(wasm.decompress, fixtureFrame("content size"))).toMatch(/^[0-9a-f]{64}$/);
  });
});

/** Only where there are two decoders to compare. */
describe.each(native === undefined ? [] : [native.decompress])("the native decoder", (decode) => {
  it("judges changed frames without checksum as WebAssembly does", () => {
    const frames = ["content size", "no content size", "six blocks", "one-byte content size"].map(
      fixtureFrame,
    );
    const mutation = { which: fc.nat(3), place: fc.nat(), mask: fc.integer({ min: 1, max: 255 }) };
    const limit = fc.constantFrom(1000, 100_000, 2 ** 26);
    fc.assert(
      fc.property(fc.record(mutation), limit, ({ which, place, mask }, limit) => {
        const frame = Uint8Array.from(frames[which] ?? []);
        const at = place % frame.length;
        frame[at] = (frame[at] ?? 0) ^ mask;
        expect(verdict(decode, frame, { limit })).toBe(verdict(wasm.decompress, frame, { limit }));
      }),
      { numRuns: 1000 },
    );
  });
});

/** Node has zstd since 22.15; on older ones there is nothing to encode with. */
const encoders = native?.compress === undefined ? [] : [native.compress];

describe.each(encoders)("the native encoder", (compress) => {
  it("makes frames that every decoder reads, with content size, and a checksum where wanted", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5000 }),
        fc.constantFrom(-5, 1, 3, 19, 22),
        fc.boolean(),
        (data, level, checksum) => {
          const frame = compress(data, { level, checksum });
          expect(((frame[4] ?? 0) & 4) !== 0).toBe(checksum);
          expect(frame.buffer.byteLength).toBe(frame.length);
          for (const [, decode] of decoders) {
            expect(decompressZstd(decode, frame, { ...options, size: data.length })).toEqual(data);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("writes the content size even where it is 0", () => {
    expect(Array.from(compress(new Uint8Array(0), { level: 1, checksum: false }))).toEqual([
      ...MAGIC,
      DESCRIPTOR.size1,
      0,
      ...rawBlock([], true),
    ]);
  });

  it.each([1.5, Number.NaN, 23, -131073])("refuses level %d", (level) => {
    expect(() => compress(new Uint8Array(1), { level, checksum: false })).toThrow(
      failure("INVALID_ARGUMENT"),
    );
  });
});

describe("loadZstd", () => {
  it("gives the same decompressor every time", async () => {
    const decompress = await loadZstd();
    expect(await loadZstd()).toBe(decompress);
    expect(decompress(fixtureFrame("content size"), options)).toHaveLength(textBytes);
  });

  it("has an encoder exactly where Node has one", () => {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    const there = major > 22 || (major === 22 && minor >= 15);
    expect(zstdEncoder() !== undefined).toBe(there);
  });

  it("finds nothing native in a browser", () => {
    expect(browserZstd()).toBeUndefined();
  });
});
