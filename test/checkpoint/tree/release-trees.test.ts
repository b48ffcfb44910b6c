import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../../../src/checkpoint/open-checkpoint.js";
import { openTree, type TreePlace } from "../../../src/checkpoint/tree/open-tree.js";
import { dumpLeaves, parseDump } from "../dump-tree.js";
import { type ExpectedDump, type ReleaseFixture, releaseFixtures, unpackRelease } from "../releases.js";

/** Where the tree of a dump lies. */
async function placeOf(
  fixture: ReleaseFixture,
  { path, step, item, salvage }: ExpectedDump,
): Promise<TreePlace> {
  const storage = await unpackRelease(fixture);
  if (storage.files().has(`/${path}`)) return { storage, file: path };
  const folder = storage.within(`/${path}`);
  if (salvage === true && path.endsWith(".partial_save")) return { storage: folder };
  const checkpoint = await openCheckpoint(folder, { step: step ?? undefined, item: item ?? undefined });
  const { storage: place, fileName: file, handler } = await checkpoint.item();
  return { storage: place, file, handler };
}

const isTree = ({ dump }: ExpectedDump) => dump?.kind === "pytree";
const withTrees = releaseFixtures().filter(({ dumps }) => dumps.some(isTree));

describe("trees of all releases", () => {
  it("are there", () => {
    expect(withTrees.length).toBeGreaterThan(100);
  });

  it.each(withTrees.map((fixture) => [`${fixture.release}/${fixture.name}`, fixture] as const))(
    "are read as the release that wrote them restores them: %s",
    async (_, fixture) => {
      for (const expected of fixture.dumps.filter(isTree)) {
        const messages: string[] = [];
        const place = await placeOf(fixture, expected);
        const tree = await openTree(place, { onSalvage: (message) => messages.push(message) });
        expect(dumpLeaves(await tree.load())).toEqual(parseDump(expected.dump));
        expect(messages).toHaveLength(expected.salvage === true ? 1 : 0);
      }
    },
  );
});

/** What a message about a loss must hold; other texts are the command line's own. */
const LOSSES: readonly (string | undefined)[] = ["--salvage", "missing"];
const withLosses = releaseFixtures().filter(({ dumps }) =>
  dumps.some(({ refused }) => LOSSES.includes(refused)),
);

describe("trees that lost something", () => {
  it.each(withLosses.map((fixture) => [`${fixture.release}/${fixture.name}`, fixture] as const))(
    "are refused with the loss or the way out: %s",
    async (_, fixture) => {
      for (const expected of fixture.dumps.filter(({ refused }) => LOSSES.includes(refused))) {
        const onSalvage = expected.salvage === true ? () => undefined : undefined;
        const loading = placeOf(fixture, expected).then(async (place) =>
          (await openTree(place, { onSalvage })).load(),
        );
        await expect(loading).rejects.toMatchObject({
          name: "OrbaxError",
          message: expect.stringContaining(expected.refused ?? ""),
        });
      }
    },
  );
});
