import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOrbaxError } from "../../src/errors.js";
import { type ArrayPlan, planArray } from "../../src/zarr/array.js";
import { loadCodecs } from "../../src/zarr/codecs.js";
import { bytesOf, type Dtype } from "../../src/zarr/dtype.js";
import type { ArrayMetadata } from "../../src/zarr/metadata.js";
import { allFixtureArrays, chunkOf, fixtureNamed, metadataOf, toHex } from "./fixture-arrays.js";
import { type PlainMetadata, plainMetadata } from "./plain-metadata.js";

const codecs = await loadCodecs(allFixtureArrays.map(metadataOf));

const METADATA = plainMetadata();
const ZSTD = { kind: "zstd", level: 1, checksum: false } as const;

function plan(metadata: ArrayMetadata, missingChunks: "fill" | "error" = "error"): ArrayPlan {
  return planArray(metadata, { missingChunks, what: "params.w", codecs });
}

function isInto(metadata: ArrayMetadata): boolean[] {
  return plan(metadata).chunks.map(({ into }) => into !== undefined);
}

describe("planArray with TensorStore's arrays", () => {
  it.each(allFixtureArrays)("reads $name", (fixture) => {
    const reading = plan(metadataOf(fixture), "fill");
    for (const [number, { key }] of reading.chunks.entries()) reading.accept(number, chunkOf(fixture, key));
    const array = reading.finish();
    expect(array).toMatchObject({ dtype: fixture.dtype, shape: fixture.shape });
    expect(toHex(bytesOf(array.data))).toBe(fixture.data);
  });

  it.each(allFixtureArrays)("reads $name into its place where that is offered", (fixture) => {
    const reading = plan(metadataOf(fixture), "fill");
    for (const [number, { key, storedBytes, into }] of reading.chunks.entries()) {
      const stored = chunkOf(fixture, key);
      if (into === undefined || stored === undefined) {
        reading.accept(number, stored);
        continue;
      }
      expect([into.length, storedBytes]).toEqual([stored.length, stored.length]);
      into.set(stored);
      reading.accept(number, into);
    }
    expect(toHex(bytesOf(reading.finish().data))).toBe(fixture.data);
  });

  it.each(allFixtureArrays)("names the keys of $name and no others", (fixture) => {
    const keys = plan(metadataOf(fixture)).chunks.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(Object.keys(fixture.chunks)));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("where stored bytes are final bytes", () => {
  it.each<[string, PlainMetadata]>([
    ["one chunk", { chunkShape: [4, 6] }],
    ["whole rows", {}],
    ["pieces of one row", { chunkShape: [1, 3] }],
    ["single elements", { chunkShape: [1, 1] }],
    ["rank 0", { shape: [], chunkShape: [] }],
    ["order F of one dimension", { shape: [4, 1], chunkShape: [2, 1], order: "F" }],
    ["big-endian bytes", { byteOrder: "big", dtype: "uint8" }],
    ["layers", { shape: [3, 4, 6], chunkShape: [1, 2, 6] }],
  ])("offers them all: %s", (_name, changes) => {
    const flags = isInto(plainMetadata({ ...changes }));
    expect(flags.every(Boolean)).toBe(true);
  });

  it.each<[string, PlainMetadata]>([
    ["compressed", { compressors: [ZSTD] }],
    ["parts of several rows", { chunkShape: [2, 3] }],
    ["order F", { order: "F", chunkShape: [4, 6] }],
    ["big-endian words", { byteOrder: "big" }],
    ["padded at the far end of rows", { chunkShape: [2, 8] }],
    ["layers in parts", { shape: [4, 4, 6], chunkShape: [2, 2, 6] }],
    ["with a checksum", { compressors: [{ kind: "crc32c" }] }],
  ])("offers none: %s", (_name, changes) => {
    expect(isInto(plainMetadata({ ...changes }))).not.toContain(true);
  });

  it("offers no shards, whose index is no element", () => {
    const metadata = metadataOf(fixtureNamed("v3: shards: one of one"));
    expect(plan(metadata).chunks).toMatchObject([{ into: undefined, storedBytes: undefined }]);
  });

  it("does not offer a padded last chunk", () => {
    expect(isInto(plainMetadata({ shape: [5, 6] }))).toEqual([true, true, false]);
  });

  it("keeps what was read into its place, without a copy", () => {
    const reading = plan(METADATA);
    const places = reading.chunks.map(({ into }) => into ?? new Uint8Array(0));
    places.forEach((place, number) => place.fill(number + 1));
    places.forEach((place, number) => reading.accept(number, place));
    const { data } = reading.finish();
    expect(data.buffer).toBe(places[0]?.buffer);
    expect([data[0], data[23]]).toEqual([0x0101, 0x0202]);
  });

  it("refuses a value that filled its place only in part", () => {
    const reading = plan(METADATA);
    expect(() => reading.accept(0, reading.chunks[0]?.into?.subarray(0, 23))).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: "params.w: chunk 0.0: chunk length is 23, expected 24 bytes",
      }),
    );
  });

  it("checks bools that were read into their place", () => {
    const reading = plan(plainMetadata({ dtype: "bool" }));
    const into = reading.chunks[1]?.into ?? new Uint8Array(0);
    into[5] = 2;
    expect(() => reading.accept(1, into)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
  });

  it("gives int4 its sign in its place", () => {
    const reading = plan(plainMetadata({ dtype: "int4" }));
    for (const { into } of reading.chunks) into?.fill(0x0f);
    reading.chunks.forEach(({ into }, number) => reading.accept(number, into));
    expect(reading.finish().data).toEqual(new Int8Array(24).fill(-1));
  });

  it("copies other values, so that the result never lies in the reader's memory", () => {
    const reading = plan(plainMetadata({ chunkShape: [4, 6] }));
    const stored = new Uint8Array(48);
    reading.accept(0, stored);
    expect(reading.finish().data.buffer).not.toBe(stored.buffer);
  });

  it("makes a single decompressed chunk the result", () => {
    const content = new Uint8Array(48);
    const metadata = plainMetadata({ chunkShape: [4, 6], compressors: [ZSTD] });
    const plan = planArray(metadata, { missingChunks: "error", what: "w", codecs: { zstd: () => content } });
    plan.accept(0, new Uint8Array(0));
    expect(plan.finish().data.buffer).toBe(content.buffer);
  });
});

describe("missing chunks", () => {
  it("are damage where every chunk must be there", () => {
    expect(() => plan(METADATA).accept(1, undefined)).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: "params.w: chunk 1.0 is missing",
        details: { key: "1.0" },
      }),
    );
  });

  it("are damage within a shard, too, unless they stand for the fill value", () => {
    const fixture = fixtureNamed("v3: an inner chunk missing");
    const stored = chunkOf(fixture, "c/0/0");
    expect(() => plan(metadataOf(fixture)).accept(0, stored)).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: "params.w: chunk c/0/0: inner chunk 0.0 is missing",
      }),
    );
    const reading = plan(metadataOf(fixture), "fill");
    reading.accept(0, stored);
    expect(reading.finish().data).toEqual(Int32Array.of(-7, -7, 1, 2));
  });

  it("read as zeros without a fill value", () => {
    const reading = plan(plainMetadata({ chunkShape: [4, 6] }), "fill");
    reading.accept(0, undefined);
    expect(reading.finish().data).toEqual(new Int16Array(24));
  });

  it("read as the fill value, beside chunks that are there", () => {
    const reading = plan(plainMetadata({ shape: [3], chunkShape: [2], fillValue: -7 }), "fill");
    reading.accept(1, undefined);
    reading.accept(0, Uint8Array.of(1, 0, 2, 0));
    expect(reading.finish().data).toEqual(Int16Array.of(1, 2, -7));
  });
});

describe("bounds", () => {
  const tooMany = expect.objectContaining({
    code: "LIMIT_EXCEEDED",
    details: expect.objectContaining({ limit: "arrayChunks" }),
  });

  it("refuses more chunks than can be listed", () => {
    expect(() => plan(plainMetadata({ shape: [2 ** 40], chunkShape: [1] }))).toThrow(tooMany);
    expect(() => plan(plainMetadata({ shape: [2 ** 20, 2 ** 20], chunkShape: [1, 1] }))).toThrow(tooMany);
  });

  it("lets the caller choose how many those are", () => {
    const options = { missingChunks: "fill", what: "w" } as const;
    expect(() => planArray(METADATA, { ...options, arrayChunks: 1 })).toThrow(tooMany);
    expect(planArray(METADATA, { ...options, arrayChunks: 2 }).chunks).toHaveLength(2);
  });

  it("has no chunks for arrays of size 0, whatever the other sizes", () => {
    const empty = plan(plainMetadata({ shape: [2 ** 40, 0, 3], chunkShape: [1, 1, 1] }));
    expect(empty.chunks).toEqual([]);
    expect(empty.finish()).toMatchObject({ shape: [2 ** 40, 0, 3], data: new Int16Array(0) });
  });

  it("takes no memory before there is something to put into it", () => {
    const huge = plainMetadata({ shape: [2 ** 50], chunkShape: [2 ** 50] });
    const reading = plan(huge);
    expect(reading.chunks).toMatchObject([{ key: "0", storedBytes: 2 ** 51 }]);
    expect(() => reading.accept(0, new Uint8Array(8))).toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
    expect(() => reading.accept(0, undefined)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    expect(() => reading.chunks[0]?.into).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  });

  it("wants every chunk once", () => {
    const reading = plan(METADATA);
    reading.accept(0, new Uint8Array(24));
    expect(() => reading.accept(0, new Uint8Array(24))).toThrow("accepted before");
    expect(() => reading.accept(2, new Uint8Array(24))).toThrow("none of it");
    expect(() => reading.finish()).toThrow("chunk 1 was not accepted");
  });
});

/** Bytes of element `number` of the array that the property below stores; byte `part` of it. */
function elementByte(number: number, part: number): number {
  return (number * 31 + part * 7 + 1) % 256;
}

/** Cuts an array into chunks, an element at a time: the definition of the layout. */
function cut(metadata: ArrayMetadata, itemBytes: number, indices: readonly number[]): Uint8Array {
  const { shape, chunkShape, codec } = metadata;
  const count = chunkShape.reduce((product, size) => product * size, 1);
  const chunk = new Uint8Array(count * itemBytes).fill(0xee); // padding
  for (let at = 0; at < count; at++) {
    const within = chunkShape.map(() => 0);
    let rest = at;
    for (const axis of codec.axisOrder.toReversed()) {
      within[axis] = rest % (chunkShape[axis] ?? 1);
      rest = Math.floor(rest / (chunkShape[axis] ?? 1));
    }
    const index = within.map((i, axis) => i + (indices[axis] ?? 0) * (chunkShape[axis] ?? 1));
    if (index.some((i, axis) => i >= (shape[axis] ?? 0))) continue;
    const number = index.reduce((sum, i, axis) => sum * (shape[axis] ?? 1) + i, 0);
    for (let part = 0; part < itemBytes; part++) chunk[at * itemBytes + part] = elementByte(number, part);
  }
  return chunk;
}

describe("any cut of any array", () => {
  it("is put together again, in any order of arrival", () => {
    const axis = fc.record({ size: fc.integer({ min: 1, max: 5 }), chunk: fc.integer({ min: 1, max: 6 }) });
    const items: readonly (readonly [Dtype, number])[] = [
      ["uint8", 1],
      ["float16", 2],
      ["float32", 4],
      ["int64", 8],
      ["complex128", 16],
    ];
    fc.assert(
      fc.property(
        fc.array(axis, { maxLength: 4 }),
        fc.constantFrom("C" as const, "F" as const),
        fc.constantFrom(...items),
        fc.boolean(),
        fc.boolean(),
        (axes, order, [dtype, itemBytes], backwards, shift) => {
          const metadata = plainMetadata({
            shape: axes.map(({ size }) => size),
            chunkShape: axes.map(({ chunk }) => chunk),
            order,
            dtype,
          });
          const reading = plan(metadata);
          const numbers = [...reading.chunks.keys()];
          for (const number of backwards ? numbers.toReversed() : numbers) {
            const key = reading.chunks[number]?.key ?? "";
            const chunk = cut(metadata, itemBytes, axes.length === 0 ? [] : key.split(".").map(Number));
            reading.accept(number, shift ? Uint8Array.of(0, ...chunk).subarray(1) : chunk);
          }
          const bytes = bytesOf(reading.finish().data);
          const wrong = bytes.findIndex(
            (byte, at) => byte !== elementByte(Math.floor(at / itemBytes), at % itemBytes),
          );
          expect(wrong).toBe(-1);
        },
      ),
      { numRuns: 300 },
    );
  });
});

it("names array and chunk in the errors of zstd", () => {
  const reading = plan(metadataOf(fixtureNamed("padded chunks")));
  expect(() => reading.accept(4, Uint8Array.of(1, 2, 3))).toThrow("params.w: chunk 1.1");
});

describe("any damage to a stored chunk", () => {
  it("ends in an array or in an OrbaxError", () => {
    const withChunks = allFixtureArrays.filter(({ chunks }) => Object.keys(chunks).length > 0);
    const damage = fc.record({
      fixture: fc.constantFrom(...withChunks),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      removed: fc.nat(3),
      inserted: fc.uint8Array({ maxLength: 3 }),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(damage, ({ fixture, at, removed, inserted, cut }) => {
        const metadata = metadataOf(fixture);
        const reading = plan(metadata, "fill");
        try {
          for (const [number, { key }] of reading.chunks.entries()) {
            const stored = chunkOf(fixture, key);
            const place = Math.floor(at * (stored?.length ?? 0));
            const head = stored?.subarray(0, place) ?? [];
            const tail = cut ? [] : (stored?.subarray(place + removed) ?? []);
            reading.accept(number, stored && Uint8Array.of(...head, ...inserted, ...tail));
          }
          expect(reading.finish().shape).toEqual(fixture.shape);
        } catch (error) {
          expect(isOrbaxError(error), String(error)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
