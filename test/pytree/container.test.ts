import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { dictOf, isDict, isList, isMap } from "../../src/pytree/container.js";
import { complex, int, placeholder, prngKey, tuple } from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";

class Instance {
  readonly field = 1;
}

describe("isDict", () => {
  it.each([
    ["an object literal", { a: 1 }],
    ["an object without prototype", Object.create(null)],
    ["an object of another realm", runInNewContext("({ a: 1 })")],
    ["an object that looks like a Scalar", { dtype: "int64", value: 1 }],
  ])("takes %s", (_, value) => {
    expect(isDict(value)).toBe(true);
  });

  it.each([
    ["null", null],
    ["an array", [1]],
    ["an array of another realm", runInNewContext("[1]")],
    ["a Map", new Map()],
    ["a typed array", Int8Array.of(1)],
    ["a class's instance", new Instance()],
    ["a date", new Date(0)],
    ["a function", () => 1],
    ["an int", int(1)],
    ["a tuple", tuple([])],
    ["a complex number", complex(1, 2)],
    ["a key", prngKey([], Uint32Array.of(0, 1))],
    ["a placeholder", placeholder],
    ["an array with dtype", ndarray("int8", [1], Int8Array.of(1))],
  ])("does not take %s", (_, value) => {
    expect(isDict(value)).toBe(false);
  });
});

describe("isList and isMap", () => {
  it("tell arrays and Maps from everything else", () => {
    expect([[], {}, new Map(), "a", null, Int8Array.of(1)].map(isList)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect([new Map(), new Set(), {}, [], null].map(isMap)).toEqual([true, false, false, false, false]);
  });
});

describe("dictOf", () => {
  it("makes an object in which every key is just a key", () => {
    const dict = dictOf([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
    expect(Object.getPrototypeOf(dict)).toBeNull();
    expect(Object.entries(dict)).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
  });
});
