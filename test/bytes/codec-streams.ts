import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decompress, DecompressOptions } from "../../src/bytes/decompressor.js";
import { isOrbaxError } from "../../src/errors.js";
import { failure } from "../failure.js";

/** A file of fixtures/codecs: streams with the size of the array that they belong to. */
type Fixture = {
  readonly streams: readonly {
    readonly name: string;
    readonly stored: string;
    readonly size: number;
    /** What TensorStore makes of it: `accepts`, `refuses` or `reads something else`. */
    readonly zarr2: string;
    readonly zarr3?: string;
    /** Of the content; only sound streams have it. */
    readonly sha256?: string;
  }[];
};

/** One of them. */
export type Stream = {
  readonly name: string;
  readonly stored: Uint8Array;
  readonly size: number;
  readonly sha256: string | undefined;
  readonly tensorstore: readonly string[];
};

export function streamsOf({ streams }: Fixture): Stream[] {
  return streams.map(({ name, stored, size, sha256, zarr2, zarr3 }) => ({
    name,
    stored: Uint8Array.from(Buffer.from(stored, "base64")),
    size,
    sha256,
    tensorstore: zarr3 === undefined ? [zarr2] : [zarr2, zarr3],
  }));
}

export function streamNamed(streams: readonly Stream[], name: string): Stream {
  const found = streams.find((stream) => stream.name === name);
  if (found === undefined) throw new Error(`no stream ${name}`);
  return found;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export const options: DecompressOptions = { what: "chunk 0.0", limit: 2 ** 26, limitName: "arrayBytes" };

/** Hash of the content, or the code of the error; anything that is no `OrbaxError` gets out. */
export function verdict(decompress: Decompress, stored: Uint8Array, size?: number): string {
  try {
    return sha256(decompress(stored, { ...options, size }));
  } catch (error) {
    if (isOrbaxError(error)) return error.code;
    throw error;
  }
}

/** A copy with one to three bytes changed, or cut, or with bytes after it. */
const mutation = fc.oneof(
  fc
    .array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 })
    .map((changes) => (stored: Uint8Array) => {
      const copy = Uint8Array.from(stored);
      for (const [place, mask] of changes)
        copy[place % copy.length] = (copy[place % copy.length] ?? 0) ^ mask;
      return copy;
    }),
  fc.nat().map((place) => (stored: Uint8Array) => stored.slice(0, place % stored.length)),
  fc
    .uint8Array({ minLength: 1, maxLength: 12 })
    .map((tail) => (stored: Uint8Array) => Uint8Array.from([...stored, ...tail])),
);

/** Calls `check` with a changed copy of one of the streams, `numRuns` times, the same ones every time. */
export function forEachMutation(
  streams: readonly Stream[],
  numRuns: number,
  check: (stored: Uint8Array, original: Stream) => void,
): void {
  fc.assert(
    fc.property(fc.constantFrom(...streams), mutation, (original, mutate) => {
      check(mutate(original.stored), original);
    }),
    { numRuns, seed: 20_240_517 },
  );
}

/** What every decompressor has to do with the streams of its fixture. */
export function describeStreams(title: string, streams: readonly Stream[], decompress: Decompress): void {
  const sound = streams.filter((stream) => stream.sha256 !== undefined);
  const damaged = streams.filter((stream) => stream.sha256 === undefined);

  describe(title, () => {
    it.each(sound)("decodes: $name", ({ stored, size, sha256: hash }) => {
      expect(sha256(decompress(stored, { ...options, size }))).toBe(hash);
      expect(sha256(decompress(stored, options))).toBe(hash);
    });

    it.each(sound)("gives away an array of its own: $name", ({ stored, size }) => {
      for (const known of [size, undefined]) {
        const content = decompress(stored, { ...options, size: known });
        expect(content.constructor).toBe(Uint8Array);
        expect(content.byteOffset).toBe(0);
        expect(content.buffer.byteLength).toBe(content.length);
        expect(content.buffer).not.toBe(stored.buffer);
      }
    });

    it.each(damaged)("refuses: $name", ({ stored, size }) => {
      expect(() => decompress(stored, { ...options, size })).toThrow(
        expect.objectContaining({
          name: "OrbaxError",
          code: expect.stringMatching(/^(DATA_LOSS|UNSUPPORTED)$/),
          message: expect.stringContaining("chunk 0.0: "),
        }),
      );
    });

    it("reads a stream in the middle of a larger array", () => {
      for (const { stored, size, sha256: hash } of sound) {
        const file = Uint8Array.from([1, 2, 3, ...stored, 4, 5]);
        expect(verdict(decompress, file.subarray(3, 3 + stored.length), size)).toBe(hash);
      }
    });

    it("takes content up to the limit and no further", () => {
      for (const { stored, size } of sound) {
        expect(decompress(stored, { ...options, limit: size })).toHaveLength(size);
        for (const limit of [size - 1, Math.floor(size / 3), 0]) {
          expect(() => decompress(stored, { ...options, limit })).toThrow(
            failure("LIMIT_EXCEEDED", { limit: "arrayBytes" }),
          );
        }
      }
    });

    it("refuses content that ought to have another length", () => {
      for (const { stored, size } of sound) {
        for (const wrong of [size - 1, size + 1, 0, 2 * size, 2 ** 25]) {
          expect(verdict(decompress, stored, wrong)).toBe("DATA_LOSS");
        }
      }
    });

    it("refuses a size above the limit", () => {
      for (const { stored, size } of sound) {
        expect(() => decompress(stored, { ...options, limit: size - 1, size })).toThrow(
          failure("LIMIT_EXCEEDED", { limit: "arrayBytes" }),
        );
      }
    });

    it("does not believe a size that so few bytes cannot have", () => {
      const { stored } = sound[0] ?? streamNamed(streams, "");
      const size = 2 ** 45;
      expect(() => decompress(stored, { ...options, limit: size, size })).toThrow(failure("DATA_LOSS"));
    });

    it("still works after 3,000 rejected streams", () => {
      for (let round = 0; round < 3000; round++) {
        const { stored, size } = damaged[round % damaged.length] ?? streamNamed(streams, "");
        verdict(decompress, stored, size);
      }
      for (const { stored, size, sha256: hash } of sound)
        expect(verdict(decompress, stored, size)).toBe(hash);
    });
  });
}
