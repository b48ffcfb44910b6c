import { describe, expect, it } from "vitest";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import { expectedOf, fixtureNames, fixturePath, listHashed, versionsOf } from "./fixtures.js";

describe.each(fixtureNames())("the database %s that TensorStore wrote", (name) => {
  const expected = expectedOf(name);

  it("holds the keys and values that TensorStore finds", async () => {
    const database = await openOcdbt(fixturePath(name));
    expect(await listHashed(database)).toEqual(expected.newest);
  });

  it("gives each value by its key", async () => {
    const database = await openOcdbt(fixturePath(name));
    for (const { key, length } of expected.newest) {
      const bytes = await database.get(Uint8Array.from(Buffer.from(key, "hex")));
      expect(bytes).toHaveLength(length);
    }
  });

  it("has the versions that TensorStore finds", async () => {
    const database = await openOcdbt(fixturePath(name));
    expect(await versionsOf(database)).toEqual(expected.versions);
    expect(database.version).toMatchObject({ generation: BigInt(expected.versions.at(-1)?.generation ?? 0) });
  });

  it("opens at every generation that it has", async () => {
    for (const { generation, num_keys } of expected.versions) {
      const database = await openOcdbt(fixturePath(name), { generation });
      expect(database.version?.generation).toBe(BigInt(generation));
      const listed = await listHashed(database);
      expect(listed).toHaveLength(num_keys);
      const known = expected.generations[generation];
      if (known !== undefined) expect(listed).toEqual(known);
    }
  });

  it("has no other generation", async () => {
    const last = expected.versions.at(-1)?.generation ?? 0;
    for (const generation of [0, last + 1, 2n ** 63n, -1]) {
      await expect(openOcdbt(fixturePath(name), { generation })).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
  });
});

it("there are fixtures", () => {
  expect(fixtureNames()).toContain("many-versions");
});
