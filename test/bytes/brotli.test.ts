import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as native from "../../src/bytes/native-zlib.js";
import { isOrbaxError } from "../../src/errors.js";
import { failure } from "../failure.js";

/** What the platform has. */
const platform = vi.hoisted(() => ({ native: true }));

vi.mock("#native-zlib", async (original) => {
  const real = await original<typeof native>();
  return { ...real, nativeBrotli: () => (platform.native ? real.nativeBrotli() : undefined) };
});

const { decompressBrotli } = await import("../../src/bytes/brotli.js");

const TEXT = new TextEncoder().encode("to be or not to be, ".repeat(50));
const compressed = (content: Uint8Array) => new Uint8Array(brotliCompressSync(content));
const options = (size?: number) => ({ what: "chunk", limit: 5000, limitName: "recordBytes", size });

/** Stands for a browser's stream that knows Brotli: gives the content in pieces, or fails as the standard says. */
class BrotliDecompressionStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(format: string) {
    if (format !== "brotli") throw new TypeError(`no format ${format}`);
    const stored: Uint8Array[] = [];
    super({
      transform: (part) => void stored.push(part),
      flush: (controller) => {
        let content: Uint8Array;
        try {
          content = brotliDecompressSync(Buffer.concat(stored));
        } catch (cause) {
          throw new TypeError("damaged", { cause });
        }
        for (let start = 0; start < content.length; start += 100) {
          controller.enqueue(content.subarray(start, start + 100));
        }
      },
    });
  }
}

describe.each(["Node's decoder", "a stream of the browser"])("Brotli by %s", (decoder) => {
  beforeEach(() => {
    platform.native = decoder === "Node's decoder";
    if (!platform.native) vi.stubGlobal("DecompressionStream", BrotliDecompressionStream);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    platform.native = true;
  });

  it("gives the content", async () => {
    expect(await decompressBrotli(compressed(TEXT), options())).toEqual(TEXT);
    expect(await decompressBrotli(compressed(TEXT), options(1000))).toEqual(TEXT);
  });

  it("gives the content of no bytes", async () => {
    expect(await decompressBrotli(compressed(new Uint8Array(0)), options(0))).toEqual(new Uint8Array(0));
  });

  it("refuses content of another size", async () => {
    await expect(decompressBrotli(compressed(TEXT), options(999))).rejects.toEqual(failure("DATA_LOSS"));
    await expect(decompressBrotli(compressed(TEXT), options(1001))).rejects.toEqual(failure("DATA_LOSS"));
  });

  it("refuses content over the limit", async () => {
    const large = compressed(new Uint8Array(5001));
    await expect(decompressBrotli(large, options())).rejects.toEqual(
      failure("LIMIT_EXCEEDED", { limit: "recordBytes" }),
    );
  });

  it("refuses a cut stream", async () => {
    await expect(decompressBrotli(compressed(TEXT).subarray(0, 20), options(1000))).rejects.toEqual(
      failure("DATA_LOSS"),
    );
  });
});

describe("Brotli", () => {
  it("refuses what follows the stream", async () => {
    const followed = Uint8Array.of(...compressed(TEXT), 0);
    await expect(decompressBrotli(followed, options(1000))).rejects.toEqual(failure("DATA_LOSS"));
  });

  it("reads streams with a large window", async () => {
    const params = { [constants.BROTLI_PARAM_LARGE_WINDOW]: 1, [constants.BROTLI_PARAM_LGWIN]: 30 };
    const stored = new Uint8Array(brotliCompressSync(TEXT, { params }));
    expect(await decompressBrotli(stored, options(1000))).toEqual(TEXT);
  });

  it("gives a buffer that belongs to the content alone", async () => {
    const content = await decompressBrotli(compressed(TEXT), options(1000));
    expect(content.buffer.byteLength).toBe(1000);
  });

  it("says where the platform has none that it is not supported", async () => {
    platform.native = false;
    vi.stubGlobal("DecompressionStream", undefined);
    try {
      await expect(decompressBrotli(compressed(TEXT), options())).rejects.toEqual(failure("UNSUPPORTED"));
    } finally {
      vi.unstubAllGlobals();
      platform.native = true;
    }
  });

  it("gives the content or an OrbaxError for any damage", async () => {
    const stored = compressed(TEXT);
    const damage = fc.tuple(fc.nat(stored.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(damage, async ([at, mask]) => {
        const damaged = stored.slice();
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        try {
          expect(await decompressBrotli(damaged, options(1000))).toHaveLength(1000);
        } catch (error) {
          if (!isOrbaxError(error)) throw error;
        }
      }),
    );
  });
});
