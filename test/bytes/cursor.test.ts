import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../src/bytes/cursor.js";

function reader(...bytes: number[]): ByteReader {
  return new ByteReader(Uint8Array.from(bytes), "manifest");
}

function written(write: (writer: ByteWriter) => void): number[] {
  const writer = new ByteWriter();
  write(writer);
  return Array.from(writer.finish());
}

function damage(details: Record<string, unknown>) {
  return expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining(details) });
}

/** docs/spec/ocdbt.md section 16. */
const varints: [bigint, number[]][] = [
  [0n, [0x00]],
  [127n, [0x7f]],
  [128n, [0x80, 0x01]],
  [300n, [0xac, 0x02]],
  [1024n, [0x80, 0x08]],
  [16384n, [0x80, 0x80, 0x01]],
  [65535n, [0xff, 0xff, 0x03]],
  [100000000n, [0x80, 0xc2, 0xd7, 0x2f]],
  [2n ** 32n - 1n, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  [2n ** 53n, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
  [2n ** 64n - 1n, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
];

describe("varints", () => {
  it.each(varints)("write %d as in the specification and read it back", (value, bytes) => {
    expect(written((writer) => writer.varint(value))).toEqual(bytes);
    const at = reader(...bytes);
    expect(at.varint64("field")).toBe(value);
    at.end();
  });

  it.each(varints.filter(([value]) => value < 2n ** 53n))(
    "write and read the number %d alike",
    (value, bytes) => {
      expect(written((writer) => writer.varint(Number(value)))).toEqual(bytes);
      expect(reader(...bytes).varint53("field")).toBe(Number(value));
    },
  );

  it.each(varints.filter(([value]) => value < 2n ** 32n))("read %d in a 32-bit field", (value, bytes) => {
    expect(reader(...bytes).varint32("field")).toBe(Number(value));
  });

  it.each(varints.filter(([value]) => value < 2n ** 16n))("read %d in a 16-bit field", (value, bytes) => {
    expect(reader(...bytes).varint16("field")).toBe(Number(value));
  });

  it("may be padded", () => {
    const padded = [0xe4, 0x00];
    expect(reader(...padded).varint16("field")).toBe(100);
    expect(reader(...padded).varint32("field")).toBe(100);
    expect(reader(...padded).varint53("field")).toBe(100);
    expect(reader(...padded).varint64("field")).toBe(100n);
    const tenBytes = [0xe4, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00];
    expect(reader(...tenBytes).varint53("field")).toBe(100);
    expect(reader(...tenBytes).varint64("field")).toBe(100n);
  });

  it("must fit a 32-bit field", () => {
    expect(() => reader(0xff, 0xff, 0xff, 0xff, 0x1f).varint32("count")).toThrow(
      damage({ field: "count", offset: 0, found: 0x1ffffffff }),
    );
    expect(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x00).varint32("count")).toThrow(
      damage({ field: "count", offset: 0, expected: "at most 5 bytes" }),
    );
  });

  it("must fit a 16-bit field", () => {
    expect(() => reader(0x80, 0x80, 0x04).varint16("base")).toThrow(
      damage({ field: "base", found: 0x10000 }),
    );
    expect(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x00).varint16("base")).toThrow(
      damage({ expected: "at most 5 bytes" }),
    );
  });

  it("must fit a 64-bit field", () => {
    const ff = Array<number>(9).fill(0xff);
    expect(() => reader(...ff, 0x02).varint64("offset")).toThrow(damage({ field: "offset", offset: 0 }));
    expect(() => reader(...ff, 0xff, 0x00).varint64("offset")).toThrow(
      damage({ expected: "at most 10 bytes" }),
    );
    expect(() => reader(...ff, 0xff, 0x00).varint53("offset")).toThrow(
      damage({ expected: "at most 10 bytes" }),
    );
  });

  it("must be exact as numbers where a number is asked for", () => {
    const below = written((writer) => writer.varint(2n ** 53n - 1n));
    expect(reader(...below).varint53("length")).toBe(Number.MAX_SAFE_INTEGER);
    const above = written((writer) => writer.varint(2n ** 53n));
    expect(() => reader(...above).varint53("length")).toThrow(
      damage({ offset: 0, field: "length", found: 2n ** 53n }),
    );
  });

  it("end with the bytes", () => {
    for (const [, bytes] of varints) {
      const cut = bytes.slice(0, -1);
      expect(() => reader(...cut).varint64("field")).toThrow(damage({ field: "field", offset: cut.length }));
    }
  });

  it("survive a round trip in every range", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(63), (value, shift) => {
        const smaller = value >> BigInt(shift);
        const bytes = written((writer) => writer.varint(smaller));
        expect(bytes).toHaveLength(Math.max(1, Math.ceil(smaller.toString(2).length / 7)));
        expect(reader(...bytes).varint64("field")).toBe(smaller);
      }),
    );
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = written((writer) => writer.varint(value));
        expect(bytes).toEqual(written((writer) => writer.varint(BigInt(value))));
        expect(reader(...bytes).varint53("field")).toBe(value);
      }),
    );
  });
});

describe("a reader", () => {
  it("reads integers in the order that their names say", () => {
    const bytes = [0x01, 0x02, 0x03, 0x84];
    expect(reader(...bytes).u8("field")).toBe(1);
    expect(reader(...bytes).u32be("field")).toBe(0x01020384);
    expect(reader(...bytes).u32le("field")).toBe(0x84030201);
    expect(reader(...bytes).i32le("field")).toBe(0x84030201 - 2 ** 32);
    expect(reader(...bytes, 0, 0, 0, 0x80).u64le("field")).toBe(0x8000000084030201n);
  });

  it("starts where it is told, within a part of a larger buffer", () => {
    const part = Uint8Array.of(9, 9, 1, 2, 3, 9).subarray(2, 5);
    const at = new ByteReader(part, "manifest", 1);
    expect(at.remaining).toBe(2);
    expect(at.u8("field")).toBe(2);
    expect(Array.from(at.take(1, "field"))).toEqual([3]);
    expect(at.offset).toBe(3);
    at.end();
  });

  it("hands out views, not copies", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const view = new ByteReader(bytes, "manifest").take(2, "field");
    bytes[0] = 7;
    expect(Array.from(view)).toEqual([7, 2]);
  });

  it.each([
    ["u8", 1],
    ["u32be", 4],
    ["u32le", 4],
    ["i32le", 4],
    ["u64le", 8],
  ] as const)("refuses %s that is one byte short, and stays where it was", (method, size) => {
    const at = reader(...Array<number>(size).fill(0));
    at.u8("before");
    expect(() => at[method]("magic")).toThrow(
      damage({ offset: 1, field: "magic", found: `cut short with ${size - 1} bytes left` }),
    );
    expect(at.offset).toBe(1);
  });

  it("refuses to take more than there is, however much that is", () => {
    for (const length of [4, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(() => reader(1, 2, 3).take(length, "value")).toThrow(damage({ expected: `${length} bytes` }));
    }
  });

  it("names the structure, the field and the byte", () => {
    expect(() => reader(1, 2).u32le("generation")).toThrow(
      'manifest: generation is "cut short with 2 bytes left", expected 4 bytes (byte 0)',
    );
  });

  it("insists on the end", () => {
    expect(() => reader(1, 2).end()).toThrow(damage({ offset: 0, found: "2 bytes after the last field" }));
  });
});

describe("a writer", () => {
  it("writes integers in the order that their names say", () => {
    const bytes = written((writer) => {
      writer.u8(0xff);
      writer.u32be(0x0cdb3a2a);
      writer.u32le(0x0cdb3a2a);
      writer.i32le(-2);
      writer.u64le(0x8000000000000001n);
      writer.bytes(Uint8Array.of(7, 8));
    });
    expect(bytes).toEqual([
      0xff, 0x0c, 0xdb, 0x3a, 0x2a, 0x2a, 0x3a, 0xdb, 0x0c, 0xfe, 0xff, 0xff, 0xff, 0x01, 0, 0, 0, 0, 0, 0,
      0x80, 7, 8,
    ]);
  });

  it("puts in a length that is known only at the end", () => {
    const bytes = written((writer) => {
      writer.u8(1);
      writer.u64le(0n);
      writer.u8(2);
      writer.patchU64le(1, BigInt(writer.length));
    });
    expect(bytes).toEqual([1, 10, 0, 0, 0, 0, 0, 0, 0, 2]);
  });

  it("grows from any capacity without losing a byte", () => {
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
        (capacity, parts) => {
          const writer = new ByteWriter(capacity);
          for (const part of parts) {
            writer.bytes(part);
            writer.u8(part.length);
          }
          const expected = parts.flatMap((part) => [...part, part.length]);
          expect(Array.from(writer.finish())).toEqual(expected);
          expect(writer.length).toBe(expected.length);
        },
      ),
    );
  });
});

describe("a reader after a writer", () => {
  it("gives back every field", () => {
    const fields = fc.record({
      u8: fc.nat(255),
      u32: fc.nat(0xffffffff),
      i32: fc.integer(),
      u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      bytes: fc.uint8Array({ maxLength: 30 }),
    });
    fc.assert(
      fc.property(fields, ({ u8, u32, i32, u64, bytes }) => {
        const writer = new ByteWriter(1);
        writer.u8(u8);
        writer.u32be(u32);
        writer.u32le(u32);
        writer.i32le(i32);
        writer.u64le(u64);
        writer.varint(bytes.length);
        writer.bytes(bytes);
        const at = new ByteReader(writer.finish(), "fields");
        expect([at.u8(""), at.u32be(""), at.u32le(""), at.i32le(""), at.u64le("")]).toEqual([
          u8,
          u32,
          u32,
          i32,
          u64,
        ]);
        expect(at.take(at.varint32(""), "")).toEqual(bytes);
        at.end();
      }),
    );
  });
});
