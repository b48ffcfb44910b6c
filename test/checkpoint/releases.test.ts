import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import type { Layout, StepLayout } from "../../src/checkpoint/recognise/layout.js";
import { recogniseSource } from "../../src/checkpoint/recognise/recognise-source.js";
import type { ReadableStorage } from "../../src/storage/storage.js";
import { type ExpectedDump, type ReleaseFixture, releaseFixtures, unpackRelease } from "./releases.js";

const all = releaseFixtures();

let top: string;
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "orbax-ts-releases-"));
});
afterAll(() => rm(top, { recursive: true }));

/** A layout as `ls --json` prints it. */
function listed(layout: Layout): unknown {
  if (layout.kind !== "steps")
    return { kind: "checkpoint", steps: [{ step: null, dir: ".", ...content(layout) }] };
  const steps = layout.steps.map(({ step, name, layout: step_ }) => ({ step, dir: name, ...content(step_) }));
  const unfinished = layout.unfinished.length > 0 ? { unfinished: layout.unfinished } : {};
  return { kind: "steps", steps, ...unfinished };
}

function content(layout: StepLayout): object {
  if (layout.kind === "item") return { kind: layout.item };
  const deleting = layout.deleting.length > 0 ? { deleting: layout.deleting } : {};
  return { items: Object.fromEntries(layout.items), ...deleting };
}

const cases = all.map((fixture) => [`${fixture.release}/${fixture.name}`, fixture] as const);

describe("checkpoints of all releases", () => {
  it("are there", () => {
    expect(all.length).toBeGreaterThan(100);
  });

  const withListing = cases.filter(([, { listings }]) => listings.length > 0);
  it.each(withListing)("are listed as what they are: %s", async (_, fixture) => {
    for (const { path, ls } of fixture.listings) {
      const { layout } = await recogniseSource(await sourceOf(fixture, path));
      expect(listed(layout)).toEqual(ls);
    }
  });

  it.each(cases)("have the items that were saved: %s", async (_, fixture) => {
    for (const expected of fixture.dumps) {
      const { kind } = expected.dump ?? {};
      if (kind !== undefined && expected.salvage !== true)
        expect((await opened(fixture, expected)).kind).toBe(kind);
    }
  });

  const refusals = cases.filter(([, { dumps }]) => dumps.some(({ refused }) => refused !== undefined));
  it.each(refusals)("are refused where they cannot be read: %s", async (_, fixture) => {
    for (const expected of fixture.dumps) {
      if (expected.refused === undefined) continue;
      const loading = opened(fixture, expected).then((item) => item.load());
      await expect(loading).rejects.toMatchObject({ name: "OrbaxError" });
      // What else a line of the command line says is that one's matter.
      if (expected.refused === "deletion") await expect(loading).rejects.toThrow("deletion");
    }
  });

  const others = cases.filter(([, { dumps }]) =>
    dumps.some(({ dump }) => (dump?.kind ?? "pytree") !== "pytree"),
  );
  it.each(others)("have items that are no trees: %s", async (_, fixture) => {
    for (const expected of fixture.dumps) {
      if (expected.dump === undefined || expected.dump.kind === "pytree") continue;
      expect(await valueOf(fixture, expected)).toEqual(withoutDigests(expected.dump));
    }
  });
});

/** A directory in memory; a file on disk, since only a path can be one. */
async function sourceOf(fixture: ReleaseFixture, path: string): Promise<ReadableStorage | string> {
  const storage = await unpackRelease(fixture);
  if (storage.files().get(`/${path}`) === undefined) return storage.within(`/${path}`);
  const file = join(top, `${fixture.release}-${fixture.name}-${path.replaceAll("/", "-")}`);
  await writeFile(file, (await storage.get(`/${path}`)) ?? new Uint8Array(0));
  return file;
}

async function opened(fixture: ReleaseFixture, { path, step, item }: ExpectedDump) {
  const checkpoint = await openCheckpoint(await sourceOf(fixture, path), {
    step: step ?? undefined,
    item: item ?? undefined,
  });
  return checkpoint.item();
}

async function valueOf(fixture: ReleaseFixture, expected: ExpectedDump): Promise<unknown> {
  const item = await opened(fixture, expected);
  if (item.kind === "json") return { kind: "json", json: tagged(await item.load()) };
  if (item.kind === "proto-text") return { kind: item.kind, text: await item.text() };
  const files: Record<string, unknown> = {};
  for (const [name, size] of await item.files()) {
    files[name] = item.kind === "grain" ? await item.text(name) : { size };
  }
  return { kind: item.kind, files };
}

/** Digests are not this test's matter: sizes are. */
function withoutDigests(dump: unknown): unknown {
  return JSON.parse(JSON.stringify(dump, (name, value: unknown) => (name === "sha256" ? undefined : value)));
}

/** JSON as the fixtures have it: read by `JSON.parse`, special floats tagged. */
function tagged(value: unknown): unknown {
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === "bigint") return Number(member);
    return typeof member === "number" && !Number.isFinite(member) ? { $float: String(member) } : member;
  });
  return JSON.parse(text);
}
