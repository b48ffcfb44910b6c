import { describe, expect, it } from "vitest";
import { keyImplOf } from "../../../src/checkpoint/metadata/random-key.js";
import { describeLeaves } from "../../../src/checkpoint/tree/leaf-info.js";
import { openTree } from "../../../src/checkpoint/tree/open-tree.js";
import { dumpLeaves, expectedPart } from "../dump-tree.js";
import { type FixtureChanges, fixtureStorage } from "../fixture-storage.js";

const expected = (name: string) => expectedPart("single-items", name);
const open = (name: string, changes?: FixtureChanges) =>
  openTree({ storage: fixtureStorage(`single-items/1/${name}`, changes) });
const load = async (name: string, changes?: FixtureChanges) =>
  dumpLeaves(await (await open(name, changes)).load());

describe("a random key that was saved by itself", () => {
  it.each(["typed_key", "typed_keys", "untyped_key", "numpy_legacy", "numpy_dict"])(
    "is what Python restores: %s",
    async (name) => {
      expect(await load(name)).toEqual(expected(name));
    },
  );

  it("is described by metadata alone", async () => {
    expect(await describeLeaves(await open("typed_keys"))).toEqual([
      expect.objectContaining({
        path: [],
        kind: "prng-key",
        dtype: "uint32",
        shape: [2, 2, 2],
        impl: "threefry2x32",
        sharding: expect.stringContaining("SingleDeviceSharding"),
      }),
    ]);
    expect(await describeLeaves(await open("untyped_key"))).toMatchObject([{ kind: "array", shape: [2] }]);
  });

  it("is of older releases the same without _METADATA", async () => {
    const changes = { "jax_random_key/_METADATA": false, "jax_random_key/_sharding": false } as const;
    expect(await load("typed_key", changes)).toEqual(expected("typed_key"));
    expect(await load("untyped_key", changes)).toEqual(expected("untyped_key"));
  });

  it("is found in a storage that cannot list", async () => {
    const storage = fixtureStorage("single-items/1/typed_key");
    const item = await openTree({ storage: { get: (key) => storage.get(key).catch(() => undefined) } });
    expect(dumpLeaves(await item.load())).toEqual(expected("typed_key"));
    const numpy = fixtureStorage("single-items/1/numpy_legacy");
    const tree = await openTree({ storage: { get: (key) => numpy.get(key).catch(() => undefined) } });
    expect(dumpLeaves(await tree.load())).toEqual(expected("numpy_legacy"));
  });

  it("gives its words lazily", async () => {
    const words = await (await open("typed_key")).array([]);
    expect((await words.getChunk([0])).data).toEqual(Uint32Array.of(0, 3));
  });
});

describe("what tells whether a key is typed", () => {
  const file = "jax_random_key_metadata/metadata";

  it.each<[string, string | false]>([
    ["missing", false],
    ["empty", ""],
    ["no object", "[]"],
    ["without the field", "{}"],
    ["no boolean", '{"typed": 1}'],
  ])("is damage where it is %s", async (_, content) => {
    await expect(open("typed_key", { [file]: content })).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: expect.objectContaining({ file }),
    });
  });
});

describe("the generator of a typed key", () => {
  it.each<[number[], string]>([
    [[2], "threefry2x32"],
    [[3, 2], "threefry2x32"],
    [[4], "rbg"],
    [[4, 2], "threefry2x32"],
    [[], "threefry2x32"],
  ])("is told by its words: shape %j is of %s", (shape, impl) => {
    expect(keyImplOf(shape)).toBe(impl);
  });
});
