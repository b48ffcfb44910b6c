import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/bytes/json.js";
import { formatTaggedJson, parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { isDict, isList } from "../../src/pytree/container.js";
import { arrayOfElements } from "../../src/pytree/element.js";
import {
  complex,
  float,
  int,
  placeholder,
  prngKey,
  scalar,
  type Tree,
  tuple,
} from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";

function vectorCases(name: string): { [field: string]: unknown }[] {
  const file = new URL(`../../docs/spec/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).cases;
}

/** States as Python's restore gave them (docs/spec/datarax.md section 9). */
const restored = ["codec", "samplers", "sources", "pipelines"].flatMap((name) =>
  vectorCases(name).flatMap((vector, index) =>
    "restored" in vector ? [[`${name} ${index}`, vector["restored"]] as const] : [],
  ),
);

/** The same tagged JSON with int keys as JavaScript has them: objects with decimal keys. */
function withoutIntMaps(json: unknown): unknown {
  if (isList(json)) return json.map(withoutIntMaps);
  if (!isDict(json)) return json;
  const pairs = json["$map"];
  if (!isList(pairs)) {
    return Object.fromEntries(Object.entries(json).map(([key, child]) => [key, withoutIntMaps(child)]));
  }
  return Object.fromEntries(
    pairs.map((pair) => (isList(pair) ? [String(pair[0]), withoutIntMaps(pair[1])] : [])),
  );
}

const ONE_CPU = '{"sharding_type":"SingleDeviceSharding","device_str":"cpu:0"}';

const forms: [string, Tree, JsonValue][] = [
  ["an int", int(5), 5],
  ["a large int", int(2n ** 53n), { $int: "9007199254740992" }],
  ["the largest int", int(2n ** 64n - 1n), { $int: "18446744073709551615" }],
  ["a float", float(2), { $float: "2.0" }],
  ["NaN", float(Number.NaN), { $float: "nan" }],
  ["negative zero", float(-0), { $float: "-0.0" }],
  ["a bool", scalar("bool", true), true],
  ["None", null, null],
  ["a string", "$float", "$float"],
  ["a list", [int(1), []], [1, []]],
  ["a tuple", tuple([int(1), tuple([])]), { $tuple: [1, { $tuple: [] }] }],
  ["a dict", { a: int(1), 7: {} }, { a: 1, 7: {} }],
  [
    "an array",
    ndarray("float32", [2], Float32Array.of(0.1, Number.NEGATIVE_INFINITY)),
    { $array: { kind: "numpy", dtype: "float32", shape: [2], data: [0.10000000149011612, "-inf"] } },
  ],
  [
    "an array of large ints",
    ndarray("uint64", [2], BigUint64Array.of(1n, 2n ** 64n - 1n)),
    { $array: { kind: "numpy", dtype: "uint64", shape: [2], data: [1, "18446744073709551615"] } },
  ],
  [
    "an array of bools",
    ndarray("bool", [2, 1], Uint8Array.of(1, 0)),
    { $array: { kind: "numpy", dtype: "bool", shape: [2, 1], data: [true, false] } },
  ],
  [
    "a bfloat16 array",
    ndarray("bfloat16", [1], Uint16Array.of(0x3fc0)),
    { $array: { kind: "numpy", dtype: "bfloat16", shape: [1], data: [1.5] } },
  ],
  [
    "a complex array",
    ndarray("complex64", [1], Float32Array.of(1, -0.5)),
    { $array: { kind: "numpy", dtype: "complex64", shape: [1], data: ["1.0,-0.5"] } },
  ],
  [
    "a jax.Array",
    arrayOfElements("int32", [], [3], ONE_CPU) ?? null,
    { $array: { kind: "jax", dtype: "int32", shape: [], data: [3] } },
  ],
  ["a key", prngKey([], Uint32Array.of(0, 42)), { $key: { shape: [], data: [0, 42] } }],
  ["keys", prngKey([1], Uint32Array.of(0, 42)), { $key: { shape: [1], data: [0, 42] } }],
];

describe("tagged JSON", () => {
  it.each(restored)("of %s comes back as it was read", (_, json) => {
    expect(formatTaggedJson(parseTaggedJson(json))).toEqual(withoutIntMaps(json));
  });

  it("is held to the states of all vectors", () => {
    expect(restored.length).toBeGreaterThan(250);
  });

  it.each(forms)("has a form for %s", (_, tree, json) => {
    expect(formatTaggedJson(tree)).toEqual(json);
    expect(parseTaggedJson(json)).toStrictEqual(parseTaggedJson(JSON.parse(JSON.stringify(json))));
    expect(parseTaggedJson(json)).toEqual(tree);
  });
});

describe("formatTaggedJson", () => {
  it.each<[string, Tree, JsonValue]>([
    ["a number", 5, 5],
    ["a number with a fraction", 0.5, { $float: "0.5" }],
    ["a number that is no int", -0, { $float: "-0.0" }],
    ["a bigint", 5n, 5],
    ["a large bigint", -(2n ** 60n), { $int: "-1152921504606846976" }],
    [
      "a bare typed array",
      Int8Array.of(1),
      { $array: { kind: "numpy", dtype: "int8", shape: [1], data: [1] } },
    ],
    ["a Map", new Map([[-1, true]]), { "-1": true }],
    ["a scalar of another width", scalar("float32", 0.5), { $float: "0.5" }],
    ["a complex number", scalar("complex128", complex(1, 2)), { $python: "(1+2j)" }],
    ["a placeholder", placeholder, { $python: "Ellipsis" }],
  ])("takes %s", (_, tree, json) => {
    expect(formatTaggedJson(tree)).toEqual(json);
  });

  it("writes a dict that has keys with $ as a map, where ints are ints but for dicts in lists", () => {
    const dict = { $float: "x", 5: true, "05": true, "9007199254740993": null };
    const map = [
      [5, true],
      [{ $int: "9007199254740993" }, null],
      ["$float", "x"],
      ["05", true],
    ];
    expect(formatTaggedJson({ v: dict })).toEqual({ v: { $map: expect.arrayContaining(map) } });
    expect(formatTaggedJson([{ $a: 1, 5: 2 }])).toEqual([
      {
        $map: [
          ["5", 2],
          ["$a", 1],
        ],
      },
    ]);
  });

  it("keeps every key of a dict", () => {
    expect(JSON.stringify(formatTaggedJson(JSON.parse('{"__proto__": 1}')))).toBe('{"__proto__":1}');
  });

  it("refuses a tree deeper than the limit", () => {
    let deep: Tree = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(() => formatTaggedJson(deep)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
    expect(formatTaggedJson([[1]], { depth: 2 })).toEqual([[1]]);
  });
});

describe("parseTaggedJson", () => {
  it("reads int keys as such, which only a Map can hold", () => {
    const json = {
      $map: [
        [0, 1],
        ["a", 2],
        [{ $int: "9007199254740993" }, 3],
      ],
    };
    expect(parseTaggedJson(json)).toEqual(
      new Map<string | number | bigint, Tree>([
        [0, int(1)],
        ["a", int(2)],
        [9007199254740993n, int(3)],
      ]),
    );
  });

  it("reads an int beyond 64 bits, which no Scalar holds, as a bigint", () => {
    expect(parseTaggedJson({ $int: "18446744073709551616" })).toBe(2n ** 64n);
  });

  it("reads a NumPy scalar as an array of rank 0", () => {
    const json = { $array: { kind: "np_scalar", dtype: "int64", shape: [], data: [7] } };
    expect(parseTaggedJson(json)).toEqual(ndarray("int64", [], BigInt64Array.of(7n)));
  });

  it.each([[[1, -0.5]], [["1.0", "-0.5"]], ["1.0,-0.5"]])("reads %j as a complex element", (element) => {
    const json = { $array: { kind: "numpy", dtype: "complex64", shape: [], data: [element] } };
    expect(parseTaggedJson(json)).toEqual(ndarray("complex64", [], Float32Array.of(1, -0.5)));
  });

  it.each<[string, unknown]>([
    [
      "a complex element of one part",
      { $array: { kind: "numpy", dtype: "complex64", shape: [], data: [[1]] } },
    ],
    ["a fraction without a tag", 0.5],
    ["an int without a tag that is not exact", 2 ** 53],
    ["undefined", undefined],
    ["an unknown tag", { $other: 1 }],
    ["Python code", { $python: "{1, 2}" }],
    ["a tag beside a key", { $int: "1", a: 2 }],
    ["an int that is none", { $int: "1.0" }],
    ["an int without end", { $int: "9".repeat(100_000) }],
    ["a float that is none", { $float: "1e" }],
    ["a float that is a number", { $float: 1.5 }],
    ["a tuple that is no list", { $tuple: {} }],
    ["a map of no pairs", { $map: [[1]] }],
    ["a map with a list for a key", { $map: [[[1], 2]] }],
    ["an array of no kind", { $array: { dtype: "int8", shape: [], data: [1] } }],
    ["an array of an unknown dtype", { $array: { kind: "numpy", dtype: "<U1", shape: [1], data: ["a"] } }],
    ["an array with too few elements", { $array: { kind: "numpy", dtype: "int8", shape: [2], data: [1] } }],
    [
      "an array with a shape that is huge",
      { $array: { kind: "numpy", dtype: "int8", shape: [2 ** 40, 2 ** 40], data: [] } },
    ],
    ["an array with a negative size", { $array: { kind: "numpy", dtype: "int8", shape: [-1], data: [] } }],
    [
      "an array with an element out of range",
      { $array: { kind: "numpy", dtype: "int8", shape: [], data: [200] } },
    ],
    [
      "an array with an element that is text",
      { $array: { kind: "numpy", dtype: "int8", shape: [], data: ["x"] } },
    ],
    ["an array with an object", { $array: { kind: "numpy", dtype: "float32", shape: [], data: [{}] } }],
    ["a key whose words are no uint32", { $key: { shape: [], data: [0, -1] } }],
    ["a key whose words do not divide", { $key: { shape: [2], data: [0, 1, 2] } }],
  ])("refuses %s", (_, json) => {
    expect(() => parseTaggedJson(json)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("refuses JSON deeper than the limit", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = { $tuple: [deep] };
    expect(() => parseTaggedJson(deep)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
  });
});
