import { describe, expect, it } from "vitest";
import { toPlain } from "../../src/pytree/plain.js";
import {
  bytes,
  complex,
  float,
  int,
  placeholder,
  prngKey,
  scalar,
  type Tree,
  Tuple,
  tuple,
} from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";

describe("toPlain", () => {
  it.each<[string, Tree, Tree]>([
    ["an int", int(5), 5],
    ["a large int", int(2n ** 63n), 2n ** 63n],
    ["a float", float(2), 2],
    ["a bool", scalar("bool", true), true],
    ["a complex number", scalar("complex128", complex(1, 2)), complex(1, 2)],
    ["an array of rank 0", ndarray("int64", [], BigInt64Array.of(5n)), 5],
    ["a bool array of rank 0", ndarray("bool", [], Uint8Array.of(0)), false],
    ["a bfloat16 of rank 0", ndarray("bfloat16", [], Uint16Array.of(0x3fc0)), 1.5],
    ["a complex array of rank 0", ndarray("complex64", [], Float32Array.of(1, 2)), complex(1, 2)],
    ["bytes", bytes(Uint8Array.of(1, 2)), Uint8Array.of(1, 2)],
    ["a tuple", tuple([int(1), tuple([])]), [1, []]],
    ["a named tuple", new Tuple([int(1), float(2)], ["mu", "nu"], "Adam"), { mu: 1, nu: 2 }],
    ["containers in each other", { a: [int(1), { b: tuple([int(2)]) }] }, { a: [1, { b: [2] }] }],
    ["a Map", new Map([[3, int(1)]]), new Map([[3, 1]])],
  ])("makes %s plain", (_, exact, plain) => {
    expect(toPlain(exact)).toEqual(plain);
  });

  it.each<[string, Tree]>([
    ["an array", ndarray("int32", [1], Int32Array.of(5))],
    ["a key", prngKey([], Uint32Array.of(0, 1))],
    ["a placeholder", placeholder],
    ["a string", "x"],
    ["None", null],
    ["a plain number", -0],
  ])("leaves %s as it is", (_, value) => {
    expect(toPlain(value)).toBe(value);
  });

  it("makes dicts in which every key is just a key", () => {
    const plain = toPlain(JSON.parse('{"__proto__": [1]}'));
    expect(Object.entries(plain ?? {})).toEqual([["__proto__", [1]]]);
    expect(Object.getPrototypeOf(plain)).toBeNull();
  });

  it("refuses a tree deeper than the limit, and takes one that is not", () => {
    let deep: Tree = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(() => toPlain(deep)).toThrow(
      expect.objectContaining({
        code: "LIMIT_EXCEEDED",
        details: expect.objectContaining({ limit: "depth" }),
      }),
    );
    expect(toPlain([[[int(1)]]], { depth: 3 })).toEqual([[[1]]]);
    expect(() => toPlain([[[[int(1)]]]], { depth: 3 })).toThrow();
  });
});
