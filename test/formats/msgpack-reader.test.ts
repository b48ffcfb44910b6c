import { decode, encode } from "@msgpack/msgpack";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MsgpackItem, MsgpackReader } from "../../src/formats/msgpack-reader.js";

const readAll = (...bytes: number[]): MsgpackItem[] => {
  const reader = new MsgpackReader(Uint8Array.from(bytes), "file");
  const items: MsgpackItem[] = [];
  while (reader.offset < bytes.length) items.push(reader.next());
  return items;
};
const damage = (details: object) =>
  expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining(details) });

/** What an object of one item means: numbers and texts as they are. */
function valueOf(item: MsgpackItem): unknown {
  if (item.kind === "str") return new TextDecoder().decode(item.bytes);
  if (item.kind === "bin") return item.bytes;
  return "value" in item ? item.value : null;
}

describe("MsgpackReader", () => {
  it("reads what the msgpack package writes", () => {
    const values = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      fc.string({ unit: "grapheme", maxLength: 300 }).filter((text) => !/\p{Surrogate}/u.test(text)),
      fc.uint8Array({ maxLength: 300 }),
    );
    fc.assert(
      fc.property(values, fc.boolean(), (value, forceFloat32) => {
        const bytes = encode(value, { forceFloat32 });
        const reader = new MsgpackReader(bytes, "file");
        expect(valueOf(reader.next())).toEqual(decode(bytes));
        reader.end();
      }),
    );
  });

  it.each<[string, number[], MsgpackItem]>([
    ["fixarray", [0x92, 0, 0], { kind: "array", length: 2 }],
    ["array 16", [0xdc, 0, 2, 0, 0], { kind: "array", length: 2 }],
    ["array 32", [0xdd, 0, 0, 0, 2, 0, 0], { kind: "array", length: 2 }],
    ["fixmap", [0x81, 0, 0], { kind: "map", length: 1 }],
    ["map 16", [0xde, 0, 1, 0, 0], { kind: "map", length: 1 }],
    ["map 32", [0xdf, 0, 0, 0, 1, 0, 0], { kind: "map", length: 1 }],
    ["fixext 1", [0xd4, 5, 9], { kind: "ext", code: 5, start: 2, end: 3 }],
    ["fixext 4", [0xd6, 0xff, 9, 9, 9, 9], { kind: "ext", code: -1, start: 2, end: 6 }],
    ["ext 8", [0xc7, 3, 5, 9, 9, 9], { kind: "ext", code: 5, start: 3, end: 6 }],
    ["ext 16", [0xc8, 0, 1, 5, 9], { kind: "ext", code: 5, start: 4, end: 5 }],
    ["ext 32", [0xc9, 0, 0, 0, 1, 5, 9], { kind: "ext", code: 5, start: 6, end: 7 }],
    ["bin 16", [0xc5, 0, 1, 9], { kind: "bin", bytes: Uint8Array.of(9) }],
    ["bin 32", [0xc6, 0, 0, 0, 1, 9], { kind: "bin", bytes: Uint8Array.of(9) }],
    ["str 8", [0xd9, 1, 0x61], { kind: "str", bytes: Uint8Array.of(0x61) }],
    ["str 16", [0xda, 0, 1, 0x61], { kind: "str", bytes: Uint8Array.of(0x61) }],
    ["str 32", [0xdb, 0, 0, 0, 1, 0x61], { kind: "str", bytes: Uint8Array.of(0x61) }],
    ["negative fixint", [0xe0], { kind: "int", value: -32 }],
    ["uint 16", [0xcd, 1, 2], { kind: "int", value: 258 }],
    ["uint 32", [0xce, 0xff, 0xff, 0xff, 0xff], { kind: "int", value: 2 ** 32 - 1 }],
    ["uint 64", [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0], { kind: "int", value: 2n ** 53n }],
    ["int 8", [0xd0, 0x80], { kind: "int", value: -128 }],
    ["int 32", [0xd2, 0x80, 0, 0, 0], { kind: "int", value: -(2 ** 31) }],
    ["int 64", [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], { kind: "int", value: -1 }],
  ])("reads %s", (_, bytes, item) => {
    expect(readAll(...bytes)[0]).toEqual(item);
  });

  it.each<[string, number[], number, number]>([
    ["an array", [0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0], 5, 2 ** 32 - 1],
    ["a map", [0xdf, 0, 0, 0, 2, 0, 0, 0], 5, 2],
  ])("refuses the length of %s that the bytes left cannot hold", (_, bytes, offset, found) => {
    expect(() => readAll(...bytes)).toThrow(damage({ offset, found }));
  });

  it.each<[string, number[], number]>([
    ["nothing", [], 0],
    ["a head without its length", [0xdd, 0, 0], 1],
    ["text that is cut", [0xa3, 0x61], 1],
    ["2^32-1 bytes that are not there", [0xc6, 0xff, 0xff, 0xff, 0xff, 0], 5],
    ["half a float", [0xcb, 0, 0], 1],
    ["an extension without its code", [0xc7, 1], 2],
    ["an extension that is cut", [0xd8, 1, 0], 2],
  ])("refuses %s", (_, bytes, offset) => {
    const reader = new MsgpackReader(Uint8Array.from(bytes), "file");
    expect(() => reader.next()).toThrow(damage({ offset, found: expect.stringContaining("cut short") }));
  });

  it("refuses the byte that msgpack never uses", () => {
    expect(() => readAll(0xc0, 0xc1)).toThrow(damage({ offset: 1, found: 0xc1 }));
  });

  it("stays within the body of an extension", () => {
    const reader = new MsgpackReader(Uint8Array.of(0xd5, 1, 0xa2, 0x61, 0x62), "file");
    const item = reader.next();
    if (item.kind !== "ext") throw new Error("no extension");
    const body = reader.within(item.start, item.end);
    expect(() => body.next()).toThrow(damage({ offset: 3 }));
  });
});
